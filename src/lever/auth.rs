//! OAuth with Lever: where to send the browser, and what a code or a refresh token is worth.
//!
//! Nothing here is repeated. A refresh token is good for one use, and using a spent one again revokes the whole connection, so
//! whether to try again is decided by whoever keeps the tokens.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::error::{Withheld, bounded_code, bounded_message};
use super::redirect::{self, Onward};
use super::scopes::SCOPES;
use super::{Error, Lever, answer, request};

/// Token answers are small; a larger one is not a token answer.
const MAX_ANSWER: usize = 256 * 1024;
/// What Lever grants, should an answer ever not say.
const LIFETIME: Duration = Duration::from_secs(3600);

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// What Lever grants for a code or a refresh token.
#[derive(Clone)]
pub struct Grant {
    pub access_token: SecretString,
    /// The next refresh token; the one used is spent. `None` without `offline_access`.
    pub refresh_token: Option<SecretString>,
    /// From when the answer was received, not from any clock.
    pub expires_in: Duration,
    /// What was granted: as the answer says, else as the token says, else (as OAuth has it) all that was asked for.
    pub scope: Vec<String>,
    /// Whether the answer or the token said so. A refresh that does not say leaves what was granted before.
    pub scope_is_said: bool,
    pub claims: Claims,
    /// Whom the access token is for: the API of one environment. Empty when it does not say.
    pub audiences: Vec<String>,
}

/// Who the access token speaks for. Read from the token for identity only; its signature is Lever's business. A token that
/// cannot be read has none of them, and is a token all the same: a rotated pair must never be lost over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The Lever user who connected.
    pub user_id: Option<String>,
    /// The Lever account.
    pub account_id: Option<String>,
}

/// A code or refresh token that led to no grant.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OAuthError {
    /// The code or refresh token is dead: expired, spent, revoked, or its user deactivated.
    #[error("Lever no longer accepts this grant")]
    InvalidGrant { description: Withheld },
    /// Lever refused for another reason, such as a wrong client secret or redirect address.
    #[error("Lever refused the authorization (status {status}, code {code:?})")]
    Refused { code: String, description: Withheld, status: u16 },
    /// Lever could not be asked, or could not answer. `sent` is false when no byte left: the token is certainly unspent.
    #[error("Lever's authorization server is unavailable (status {status:?}, request sent: {sent})")]
    Unavailable { status: Option<u16>, retry_after: Option<Duration>, sent: bool },
    /// Lever says yes, and the tokens in its answer cannot be read: a refresh token used for it is spent.
    #[error("the answer of Lever's authorization server could not be read")]
    Unreadable,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl Lever {
    /// Where to send the browser of somebody who connects. `redirect_uri` must be one registered at Lever, letter by letter.
    pub fn authorize_url(&self, redirect_uri: &Url, state: &str) -> Url {
        let client = self.oauth().set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
        let state = CsrfToken::new(state.to_owned());
        client
            .authorize_url(move || state)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("audience", self.endpoints().audience.clone())
            .url()
            .0
    }

    /// Turns the code of a callback into tokens. A code is good for one use.
    pub async fn exchange_code(&self, code: &str, redirect_uri: &Url) -> Result<Grant, OAuthError> {
        let client = self.oauth().set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
        let send = self.sender();
        let answer = client.exchange_code(AuthorizationCode::new(code.to_owned())).request_async(&send).await;
        answer.map(granted).map_err(failed)
    }

    /// Turns a refresh token into a new pair; the one given is spent, whether or not the answer arrives.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Grant, OAuthError> {
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let send = self.sender();
        let answer = self.oauth().exchange_refresh_token(&token).request_async(&send).await;
        answer.map(granted).map_err(failed)
    }

    /// The HTTP of the OAuth library as it wants it: a function that owns all it needs, so that its futures can cross threads.
    fn sender(&self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, OAuthError>> + Send + Sync + use<> {
        let lever = self.clone();
        move |request| {
            let lever = lever.clone();
            async move { lever.post_for_token(request).await }.boxed()
        }
    }

    fn oauth(&self) -> Client {
        let credentials = self.credentials();
        BasicClient::new(ClientId::new(credentials.client_id.clone()))
            .set_client_secret(ClientSecret::new(credentials.client_secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(self.endpoints().authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.endpoints().token.clone()))
    }

    /// Posts what the OAuth library built; it is left to read the tokens.
    async fn post_for_token(&self, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
        let late = OAuthError::Unavailable { status: None, retry_after: None, sent: true };
        timeout(self.options().oauth_timeout, self.post_and_follow(request)).await.unwrap_or(Err(late))
    }

    async fn post_and_follow(&self, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
        let (parts, form) = request.into_parts();
        let own = &self.endpoints().token;
        let mut url = own.clone();
        for _ in 0..=redirect::MAX_HOPS {
            let call = self.http().post(url.clone()).headers(parts.headers.clone()).body(form.clone());
            let response = call.send().await.map_err(|error| unavailable(None, &request::failure(&error)))?;
            match redirect::onward(&url, response.status(), response.headers(), own) {
                Onward::To(next) => url = next,
                Onward::Refused => break,
                Onward::Stay => return word(response).await,
            }
        }
        Err(OAuthError::Unavailable { status: None, retry_after: None, sent: true })
    }
}

/// Passes on an answer with tokens. Only JSON is the word of the authorization server; anything else is something in between
/// that does not know whether the grant is dead.
async fn word(response: reqwest::Response) -> Result<HttpResponse, OAuthError> {
    let status = response.status();
    let retry_after = answer::retry_after(response.headers());
    let kind = response.headers().get(CONTENT_TYPE).cloned();
    let is_json = kind.as_ref().and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("json"));
    if status.is_server_error() || status.as_u16() == 429 || !is_json {
        return Err(OAuthError::Unavailable { status: Some(status.as_u16()), retry_after, sent: true });
    }
    let body = answer::body(response, MAX_ANSWER).await.map_err(|error| unavailable(Some(status.as_u16()), &error))?;
    if !status.is_success() {
        return Err(refusal(status.as_u16(), &body));
    }
    let mut answer = HttpResponse::new(body);
    answer.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    Ok(answer)
}

fn refusal(status: u16, body: &[u8]) -> OAuthError {
    let words: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name| words.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, description) = (bounded_code(text("error")), bounded_message(text("error_description")));
    match code.as_str() {
        "invalid_grant" => OAuthError::InvalidGrant { description },
        _ => OAuthError::Refused { code, description, status },
    }
}

fn unavailable(status: Option<u16>, error: &Error) -> OAuthError {
    OAuthError::Unavailable { status, retry_after: None, sent: !matches!(error, Error::NotSent { .. }) }
}

fn failed(error: RequestTokenError<OAuthError, BasicErrorResponse>) -> OAuthError {
    match error {
        RequestTokenError::Request(error) => error,
        // These may hold the whole answer, tokens included: nothing of them is kept.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) | RequestTokenError::ServerResponse(_) => OAuthError::Unreadable,
    }
}

fn granted(answer: BasicTokenResponse) -> Grant {
    let secret = answer.access_token().secret();
    let payload = payload(secret).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let claim = |name: &str| text(&format!("https://oauth.lever.co/{name}"));
    let words = |scope: String| scope.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let answered = answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect());
    let said: Option<Vec<String>> = answered.or_else(|| text("scope").map(words));
    Grant {
        access_token: secret.as_str().into(),
        refresh_token: answer.refresh_token().map(|token| token.secret().as_str().into()),
        expires_in: answer.expires_in().unwrap_or(LIFETIME),
        scope_is_said: said.is_some(),
        scope: said.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec()),
        audiences: audiences(payload.get("aud")),
        claims: Claims { user_id: claim("userId"), account_id: claim("accountId") },
    }
}

/// One or several, as the token has it.
fn audiences(aud: Option<&Value>) -> Vec<String> {
    let several = aud.and_then(Value::as_array).into_iter().flatten();
    aud.into_iter().chain(several).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The claims of a JWT, unverified.
fn payload(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload) = (parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}
