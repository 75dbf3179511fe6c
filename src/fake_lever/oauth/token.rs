//! `POST /oauth/token`: codes and refresh tokens for new pairs of tokens.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::dice::fresh_token;
use super::super::state::State;
use super::Access;
use super::grants::ACCESS_LIFE_S;
use super::jwt::{Claims, token};

/// What the token endpoint is set up with.
pub struct Endpoint<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub issuer: &'a str,
    pub audience: &'a str,
    pub refresh_overlap_ms: i64,
}

/// Answers a token request: status and body. Refusals look as Auth0's do.
pub fn answer(state: &mut State, endpoint: &Endpoint, form: &[u8]) -> (u16, Value) {
    let values: Vec<(String, String)> = form_urlencoded::parse(form).into_owned().collect();
    let value = |name: &str| values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let now = state.now();
    let granted = if (value("client_id"), value("client_secret")) != (endpoint.client_id, endpoint.client_secret) {
        Err((401, "access_denied", "Unauthorized"))
    } else {
        match value("grant_type") {
            "authorization_code" => {
                state.grants.calls.authorization_code += 1;
                let (code, uri) = (value("code"), value("redirect_uri"));
                (state.grants.take_code(code, uri, endpoint.client_id, now).map(|it| (it, now))).ok_or((
                    403,
                    "invalid_grant",
                    "Invalid authorization code",
                ))
            }
            "refresh_token" => {
                state.grants.calls.refresh_token += 1;
                refresh(state, endpoint, value("refresh_token"), now).ok_or((403, "invalid_grant", "Unknown or invalid refresh token."))
            }
            _ => Err((400, "unsupported_grant_type", "Unsupported grant type")),
        }
    };
    match granted {
        Ok((access, family_began_at)) => (200, pair(state, endpoint, access, family_began_at, now)),
        Err((status, error, description)) => {
            state.grants.calls.refused += 1;
            (status, json!({"error": error, "error_description": description}))
        }
    }
}

fn refresh(state: &mut State, endpoint: &Endpoint, token: &str, now: i64) -> Option<(Access, i64)> {
    let overlap = endpoint.refresh_overlap_ms;
    let (access, began_at) = state.grants.spend(token, endpoint.client_id, overlap, now)?;
    // The grant dies with the standing of the person who gave it.
    let user = state.account(&access.account).ok()?.user(&access.user)?;
    user.is_active().then_some((access, began_at))
}

fn pair(state: &mut State, endpoint: &Endpoint, access: Access, family_began_at: i64, now: i64) -> Value {
    let scope = access.scopes.joined();
    let issued_at = now / 1_000;
    let access_token = token(&Claims {
        issuer: endpoint.issuer,
        audience: endpoint.audience,
        account: &access.account,
        user: &access.user,
        client: &access.client,
        scope: &scope,
        issued_at,
        expires_at: issued_at + ACCESS_LIFE_S,
    });
    state.grants.add_access_token(access_token.clone(), access.clone(), now);
    let mut answer = json!({"access_token": access_token});
    if access.scopes.contains("offline_access") {
        let refresh_token = format!("v1.{}", fresh_token());
        answer["refresh_token"] = json!(refresh_token);
        state.grants.add_refresh_token(refresh_token, access, family_began_at, now);
    }
    answer["scope"] = json!(scope);
    answer["expires_in"] = json!(ACCESS_LIFE_S);
    answer["token_type"] = json!("Bearer");
    answer
}
