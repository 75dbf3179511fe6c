//! A Lever that answers from a list, and an account of it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lever_integration::lever::{AccessToken, Account, Budget, Credentials, Endpoints, Error, Lever, Options, TokenSource};
use secrecy::SecretString;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// One answer: method, path, offset, status, body.
pub type Said = (String, String, Option<String>, u16, Value);

struct Playback(Vec<Said>);

impl Respond for Playback {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let offset = request.url.query_pairs().find(|(name, _)| name == "offset").map(|(_, offset)| offset.into_owned());
        let asked = |said: &&Said| said.0 == request.method.as_str() && said.1 == request.url.path() && said.2 == offset;
        match self.0.iter().find(asked) {
            Some(said) => ResponseTemplate::new(said.3).set_body_json(&said.4),
            None => ResponseTemplate::new(404).set_body_json(serde_json::json!({"code": "ResourceNotFound", "message": ""})),
        }
    }
}

struct FixedToken;

impl TokenSource for FixedToken {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        async { Ok(AccessToken { secret: SecretString::from("a-token"), version: 1 }) }.boxed()
    }

    fn renew(&self, _: &AccessToken) -> BoxFuture<'_, Result<AccessToken, Error>> {
        async { Err(Error::ReauthorizationRequired) }.boxed()
    }
}

/// An account at a Lever that says this, and 404 to everything else. The server ends when it is dropped.
pub async fn lever_that_says(answers: Vec<Said>) -> (MockServer, Account) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Playback(answers)).mount(&server).await;
    let endpoints = Endpoints { api: format!("{}/v1", server.uri()).parse().expect("a url"), ..Endpoints::production() };
    let credentials = Credentials { client_id: "id".into(), client_secret: SecretString::from("secret") };
    let lever = Lever::new(endpoints, credentials, Options::default()).expect("a client");
    (server, Account::new(lever, Arc::new(FixedToken), Budget::new(0.0, 0.0)))
}
