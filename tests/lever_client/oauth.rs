//! The OAuth flow: the authorize URL and the two forms byte for byte, every answer, and nothing secret in what is printed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lever_integration::lever::{Account, Budget, Claims, Credentials, Endpoints, Grant, Lever, OAuthError, Options};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{CLIENT_SECRET, Tokens, header, lever_at, nobody, options, raw_server, received, requests};

fn callback() -> Url {
    Url::parse("https://app.example/integrations/lever/callback").expect("a URL")
}

fn jwt(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn refresh_at(origin: &str) -> Result<Grant, OAuthError> {
    lever_at(origin, options()).refresh(&SecretString::from("canary-refresh-1")).await
}

#[test]
fn the_authorize_url_asks_for_all_sixteen_scopes() {
    let credentials = Credentials { client_id: "an-app".into(), client_secret: CLIENT_SECRET.into() };
    let lever = Lever::new(Endpoints::production(), credentials, Options::default()).expect("a client");
    assert_eq!(
        lever.authorize_url(&callback(), "st4te").as_str(),
        "https://auth.lever.co/authorize?response_type=code&client_id=an-app&state=st4te\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fintegrations%2Flever%2Fcallback\
         &scope=offline_access+applications%3Aread%3Aadmin+archive_reasons%3Aread%3Aadmin+confidential%3Aaccess%3Aadmin\
         +contact%3Aread%3Aadmin+feedback_templates%3Aread%3Aadmin+interviews%3Awrite%3Aadmin+notes%3Awrite%3Aadmin\
         +opportunities%3Awrite%3Aadmin+panels%3Awrite%3Aadmin+postings%3Aread%3Aadmin+resumes%3Aread%3Aadmin\
         +stages%3Aread%3Aadmin+tags%3Aread%3Aadmin+users%3Aread%3Aadmin+webhooks%3Awrite%3Aadmin\
         &audience=https%3A%2F%2Fapi.lever.co%2Fv1%2F"
    );
}

#[tokio::test]
async fn a_code_becomes_a_grant() {
    let token = jwt(&json!({
        "https://oauth.lever.co/userId": "u-1", "https://oauth.lever.co/accountId": "acc-1", "https://oauth.lever.co/clientId": "an-app",
    }));
    let answer = json!({"access_token": token, "refresh_token": "canary-refresh-1", "token_type": "Bearer", "scope": "offline_access users:read:admin", "expires_in": 1800});
    let server = answering(ResponseTemplate::new(200).set_body_json(answer)).await;
    let grant = lever_at(&server.uri(), options()).exchange_code("c0de", &callback()).await.expect("granted");

    assert_eq!(grant.access_token.expose_secret(), token);
    assert_eq!(grant.refresh_token.as_ref().map(ExposeSecret::expose_secret), Some("canary-refresh-1"));
    assert_eq!((grant.expires_in, grant.scope.join(" ").as_str()), (Duration::from_secs(1800), "offline_access users:read:admin"));
    let claims = Claims { user_id: Some("u-1".into()), account_id: Some("acc-1".into()) };
    assert_eq!(grant.claims, claims);
    let printed = format!("{grant:?}");
    assert!(!printed.contains("canary") && !printed.contains(&token), "{printed}");

    let requests = requests(&server).await;
    assert_eq!(received(&server).await, ["POST /oauth/token"]);
    assert_eq!(header(&requests[0], "content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header(&requests[0], "authorization"), "", "the secret goes in the form");
    assert_eq!(
        String::from_utf8_lossy(&requests[0].body),
        "grant_type=authorization_code&code=c0de&client_id=an-app&client_secret=canary-client-secret\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fintegrations%2Flever%2Fcallback"
    );
}

#[tokio::test]
async fn a_refresh_token_becomes_the_next_pair() {
    let answer = json!({"access_token": "opaque", "refresh_token": "canary-refresh-2", "token_type": "bearer"});
    let server = answering(ResponseTemplate::new(200).set_body_json(answer)).await;
    let grant = refresh_at(&server.uri()).await.expect("granted");
    assert_eq!(grant.refresh_token.as_ref().map(ExposeSecret::expose_secret), Some("canary-refresh-2"));
    assert_eq!((grant.expires_in, grant.scope.len(), grant.claims), (Duration::from_secs(3600), 16, Claims::default()));
    assert_eq!(
        String::from_utf8_lossy(&requests(&server).await[0].body),
        "grant_type=refresh_token&refresh_token=canary-refresh-1&client_id=an-app&client_secret=canary-client-secret"
    );
}

#[tokio::test]
async fn a_refresh_can_be_left_to_a_task_of_its_own() {
    let answer = json!({"access_token": "opaque", "refresh_token": "canary-refresh-2", "token_type": "Bearer"});
    let server = answering(ResponseTemplate::new(200).set_body_json(answer)).await;
    let lever = lever_at(&server.uri(), options());
    let task = tokio::spawn(async move { lever.refresh(&"canary-refresh-1".into()).await });
    assert!(task.await.expect("no panic").expect("granted").refresh_token.is_some());
}

#[tokio::test]
async fn scopes_are_taken_from_the_token_when_the_answer_does_not_say() {
    let token = jwt(&json!({"scope": "offline_access tags:read:admin"}));
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({"access_token": token, "token_type": "Bearer"}))).await;
    let grant = refresh_at(&server.uri()).await.expect("granted");
    assert_eq!(grant.scope, ["offline_access", "tags:read:admin"]);
    assert!(grant.refresh_token.is_none());
}

#[tokio::test]
async fn only_levers_own_word_kills_a_grant() {
    for status in [400, 401, 403] {
        let words = json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token.\n"});
        let server = answering(ResponseTemplate::new(status).set_body_json(words)).await;
        let Err(OAuthError::InvalidGrant { description }) = refresh_at(&server.uri()).await else { panic!("{status} is a dead grant") };
        assert_eq!(description.reveal(), "Unknown or invalid refresh token.");
    }
    let server = answering(ResponseTemplate::new(401).set_body_json(json!({"error": "access_denied", "error_description": "Unauthorized"}))).await;
    let refused = refresh_at(&server.uri()).await.expect_err("refused");
    assert!(matches!(&refused, OAuthError::Refused { code, status: 401, .. } if code == "access_denied"), "{refused}");
}

#[tokio::test]
async fn trouble_at_lever_leaves_the_grant_alive_and_is_not_tried_again() {
    for answer in [
        ResponseTemplate::new(500).set_body_json(json!({"error": "invalid_grant"})),
        ResponseTemplate::new(503).set_body_string("down"),
        ResponseTemplate::new(429).insert_header("retry-after", "9").set_body_json(json!({"error": "too_many_requests"})),
        ResponseTemplate::new(403).set_body_string("<html>blocked</html>"),
        ResponseTemplate::new(200).set_body_string("<html>maintenance</html>"),
        ResponseTemplate::new(200).set_body_raw(vec![b' '; 300 * 1024], "application/json"),
    ] {
        let server = answering(answer).await;
        let error = refresh_at(&server.uri()).await.expect_err("trouble");
        let OAuthError::Unavailable { status: Some(status), retry_after, sent: true } = error else { panic!("{error}") };
        assert_eq!(retry_after, (status == 429).then_some(Duration::from_secs(9)));
        assert_eq!(received(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn it_is_known_whether_a_refresh_token_left() {
    let gone = refresh_at(&nobody().await).await.expect_err("nobody there");
    assert!(matches!(gone, OAuthError::Unavailable { status: None, sent: false, .. }), "{gone}");
    for (answer, status) in [("", None), ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"access_t", Some(200))] {
        let (origin, connections) = raw_server(answer).await;
        let cut = refresh_at(&origin).await.expect_err("cut");
        assert!(matches!(cut, OAuthError::Unavailable { status: s, sent: true, .. } if s == status), "{cut}");
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
    let silent = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let lever = lever_at(&silent.uri(), Options { oauth_timeout: Duration::from_millis(500), ..options() });
    let late = lever.refresh(&"canary-refresh-1".into()).await.expect_err("silence");
    assert!(matches!(late, OAuthError::Unavailable { status: None, sent: true, .. }), "{late}");
}

#[tokio::test]
async fn an_answer_without_tokens_is_not_a_grant_and_prints_nothing() {
    let answer = json!({"access_token": "canary-access", "token_type": ["?"], "refresh_token": 5});
    let server = answering(ResponseTemplate::new(200).set_body_json(answer)).await;
    let error = refresh_at(&server.uri()).await.expect_err("unreadable");
    assert!(matches!(error, OAuthError::Unreadable), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn the_secret_follows_lever_only() {
    let server = MockServer::start().await;
    let (trap, caught) = raw_server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    Mock::given(path("/oauth/token")).respond_with(ResponseTemplate::new(307).insert_header("location", "/eu/oauth/token")).mount(&server).await;
    let answer = json!({"access_token": "t", "refresh_token": "canary-refresh-2", "token_type": "Bearer"});
    Mock::given(path("/eu/oauth/token")).respond_with(ResponseTemplate::new(200).set_body_json(answer)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/eu/oauth/token")).respond_with(ResponseTemplate::new(307).insert_header("location", trap.as_str())).mount(&server).await;
    refresh_at(&server.uri()).await.expect("followed within Lever");
    let requests = requests(&server).await;
    assert_eq!(requests[0].body, requests[1].body);
    assert!(matches!(refresh_at(&server.uri()).await, Err(OAuthError::Unavailable { .. })));
    assert_eq!(caught.load(Ordering::SeqCst), 0);
}

#[test]
fn nothing_secret_is_printed() {
    let credentials = Credentials { client_id: "an-app".into(), client_secret: CLIENT_SECRET.into() };
    let lever = lever_at("http://127.0.0.1:1", options());
    let account = Account::new(lever.clone(), std::sync::Arc::new(Tokens::default()), Budget::new(10.0, 20.0));
    let token = lever_integration::lever::AccessToken { secret: "canary-token-1".into(), version: 1 };
    let printed = format!("{credentials:?} {lever:?} {account:?} {token:?} {:?}", account.in_lane(lever_integration::lever::Lane::Webhook));
    assert!(!printed.contains("canary"), "{printed}");
}
