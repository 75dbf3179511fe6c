//! Tokens that are not what they should be: for somebody else, or with more or less than their list of scopes says.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lever_integration::accounts;
use lever_integration::ids::TenantId;
use lever_integration::lever::scopes::SCOPES;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::story::{Setting, Story};
use super::{NORTH, accept, connection};

/// A token endpoint that answers each kind of grant with this.
async fn answering(server: &MockServer, grant_type: &str, scope: Option<String>, claims: Value) {
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let answer = json!({"access_token": token, "refresh_token": "an-invented-token", "token_type": "Bearer", "expires_in": 3600, "scope": scope});
    Mock::given(path("/oauth/token"))
        .and(body_string_contains(format!("grant_type={grant_type}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(server)
        .await;
}

fn claims(account: &str) -> Value {
    json!({"https://oauth.lever.co/accountId": account})
}

fn without(missing: &[&str]) -> Option<String> {
    Some(SCOPES.into_iter().filter(|scope| !missing.contains(scope)).collect::<Vec<_>>().join(" "))
}

async fn story_with(server: &MockServer) -> Story {
    story_of_audience(server, None).await
}

/// A service whose tokens are for this audience; by default the stand-in's own.
async fn story_of_audience(server: &MockServer, audience: Option<&str>) -> Story {
    let mut variables = vec![("LEVER_TOKEN_URL", format!("{}/oauth/token", server.uri()))];
    variables.extend(audience.map(|audience| ("LEVER_AUDIENCE", audience.to_owned())));
    Story::with(Setting { variables, ..Setting::default() }).await
}

const PRODUCTION: &str = "https://api.lever.co/v1/";
const SANDBOX: &str = "https://api.sandbox.lever.co/v1/";

#[tokio::test]
async fn tokens_for_the_other_environment_are_thrown_away() {
    for (configured, said) in [(PRODUCTION, json!(SANDBOX)), (SANDBOX, json!([PRODUCTION, "https://elsewhere.example/"]))] {
        let server = MockServer::start().await;
        let mut claims = claims("an-account");
        claims["aud"] = said;
        answering(&server, "authorization_code", without(&[]), claims).await;
        let story = story_of_audience(&server, Some(configured)).await;
        let mut admin = story.admin(NORTH);
        let back = accept(&story, &admin.begin_connect().await);
        assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=failed");
        assert_eq!(connection(&admin).await["status"], "disconnected");
        story.end().await;
    }
}

/// Lever's documentation promises nothing of what a token says but whose it is.
#[tokio::test]
async fn what_a_token_says_of_its_audience_and_application_is_else_no_reason_to_refuse_it() {
    for (configured, name, value) in [
        (None, "aud", json!(PRODUCTION)),
        (Some(PRODUCTION), "aud", json!([PRODUCTION, SANDBOX])),
        (Some(SANDBOX), "aud", json!("https://elsewhere.example/")),
        (Some(PRODUCTION), "https://oauth.lever.co/clientId", json!("an-application-by-another-name")),
    ] {
        let server = MockServer::start().await;
        let mut claims = claims("an-account");
        claims[name] = value;
        answering(&server, "authorization_code", without(&[]), claims).await;
        let story = story_of_audience(&server, configured).await;
        let mut admin = story.admin(NORTH);
        let back = accept(&story, &admin.begin_connect().await);
        assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=connected");
        admin.delete("/v1/lever/connection").await.expect(204);
        story.work().await;
        story.end().await;
    }
}

#[tokio::test]
async fn a_refresh_token_is_offline_access_whatever_the_list_says() {
    let server = MockServer::start().await;
    answering(&server, "authorization_code", without(&["offline_access"]), claims("an-account")).await;
    let story = story_with(&server).await;
    let mut admin = story.admin(NORTH);
    let back = accept(&story, &admin.begin_connect().await);
    assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=connected");
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_permission_that_is_taken_back_at_a_refresh_is_said() {
    let server = MockServer::start().await;
    answering(&server, "authorization_code", without(&[]), claims("an-account")).await;
    answering(&server, "refresh_token", without(&["offline_access", "notes:write:admin"]), claims("an-account")).await;
    let story = story_with(&server).await;
    let mut admin = story.admin(NORTH);
    let back = accept(&story, &admin.begin_connect().await);
    // Nobody asks who connected: this stand-in does not know the token.
    story.lever.fault(lever_integration::fake_lever::Fault::new(
        "GET",
        "/v1/users/*",
        lever_integration::fake_lever::FaultKind::Status { code: 404, retry_after_seconds: None },
    ));
    assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=connected");
    assert_eq!(connection(&admin).await["warnings"], json!([]));
    story.clock.advance(Duration::from_secs(6 * 24 * 3600));
    accounts::keep_alive(&story.app.state, TenantId(NORTH)).await.expect("renewed");
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), &shown["missingScopes"]), (Some("degraded"), &json!(["notes:write:admin"])), "{shown}");
    assert!(shown["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "missing_scopes"), "{shown}");
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_flow_that_was_begun_with_another_environment_is_not_ended_here() {
    let sandbox = Setting { variables: vec![("LEVER_ENVIRONMENT", "sandbox".into())], ..Setting::default() };
    let story = Story::with(sandbox).await;
    let mut admin = story.admin(NORTH);
    let back = accept(&story, &admin.begin_connect().await);
    let (production, base) = story.replica(&Setting::default()).await;
    let calls = story.lever.token_calls();
    let refused = admin.browse(&back.replace(&story.base, &base)).await.expect(400);
    assert!(refused.text.contains("another of Lever"), "{}", refused.text);
    assert_eq!(story.lever.token_calls(), calls);
    assert_eq!(connection(&admin).await["status"], "disconnected");
    production.stop().await;
    story.end().await;
}
