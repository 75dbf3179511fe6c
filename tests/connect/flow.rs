//! The flow itself: where it leads, and who may end it, once, in time.

use std::collections::HashMap;
use std::time::Duration;

use lever_integration::accounts;
use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::ids::TenantId;
use serde_json::json;
use url::Url;
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::support::story::{Answer, Setting, Story};
use super::{NORTH, SOUTH, accept, connection, token_calls};

#[tokio::test]
async fn connect_leads_to_lever_with_exactly_what_the_product_needs() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let authorize = Url::parse(&admin.begin_connect().await).expect("an address");
    let asked: HashMap<String, String> = authorize.query_pairs().into_owned().collect();
    assert!(authorize.as_str().starts_with(&story.lever.authorize_url()));
    assert_eq!(asked["redirect_uri"], format!("{}/integrations/lever/callback", story.base));
    assert_eq!(asked["audience"], story.lever.audience());
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["scope"].split(' ').count(), 16);
    assert!(asked["state"].len() >= 43, "32 random bytes: {}", asked["state"]);
    assert_ne!(authorize.as_str(), admin.begin_connect().await, "every click has a state of its own");
    story.end().await;
}

#[tokio::test]
async fn accepting_connects_starts_the_sync_and_says_who_it_was() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect(&mut admin, 0).await;

    let account = story.account(0);
    let grantor = account.super_admin();
    let shown = connection(&admin).await;
    assert_eq!(shown["status"], "connected");
    assert_eq!(shown["account"]["id"], account.id.as_str());
    assert_eq!(shown["connectedBy"]["leverUserId"], grantor.id.as_str());
    assert_eq!(shown["connectedBy"]["name"], grantor.name.as_str());
    assert_eq!(shown["connectedBy"]["email"], grantor.email.as_str());
    assert_eq!(shown["connectedBy"]["accessRole"], "super admin");
    assert_eq!(shown["grantedScopes"].as_array().map(Vec::len), Some(16));
    assert_eq!(shown["missingScopes"], serde_json::json!([]));
    assert_eq!(connection(&story.member(SOUTH)).await["status"], "disconnected", "another organization sees nothing of it");

    story.work().await;
    let syncs = admin.get("/v1/lever/syncs").await.json();
    assert_eq!(syncs["data"][0]["status"], "succeeded", "{syncs}");
    assert!(connection(&admin).await["lastSyncAt"].is_string());
    story.end().await;
}

#[tokio::test]
async fn only_an_admin_in_a_browser_can_connect() {
    let story = Story::begin().await;
    let mut member = story.member(NORTH);
    member.sign_in().await;
    for path in ["/integrations/lever/connect", "/integrations/lever/callback?state=x&code=y"] {
        assert_eq!(member.get(path).await.expect(401).code(), "unauthenticated", "a bearer token is no browser: {path}");
        let refused = member.browse(path).await.expect(403);
        assert!(refused.header("content-type").starts_with("text/html"), "a browser gets a page");
        assert!(refused.text.contains("Only an admin of your organization"), "{}", refused.text);
    }
    story.end().await;
}

#[tokio::test]
async fn an_unknown_used_expired_or_foreign_state_is_refused_before_any_token_call() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    south.sign_in().await;

    let back = accept(&story, &north.begin_connect().await);
    refused(&south.browse(&back).await, 400, "invalid_state");
    refused(&north.browse("/integrations/lever/callback?state=made-up&code=x").await, 400, "invalid_state");
    refused(&north.browse("/integrations/lever/callback?code=x").await, 400, "invalid_state");
    refused(&north.browse("/integrations/lever/callback?state=made-up").await, 400, "invalid_callback");

    story.clock.advance(Duration::from_secs(600));
    refused(&north.browse(&back).await, 400, "invalid_state");
    assert_eq!(token_calls(&story), 0);

    let back = accept(&story, &north.begin_connect().await);
    story.clock.advance(Duration::from_secs(599));
    assert!(north.browse(&back).await.expect(303).location().ends_with("outcome=connected"));
    let calls = token_calls(&story);
    refused(&north.browse(&back).await, 400, "invalid_state");
    assert_eq!(token_calls(&story), calls, "a state is good for one use");
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn another_session_cannot_end_what_this_one_began_nor_spoil_it() {
    let story = Story::begin().await;
    let mut attacker = story.admin(NORTH);
    let back = accept(&story, &attacker.begin_connect().await);
    let mut victim = story.admin(NORTH);
    victim.sign_in().await;

    refused(&victim.browse(&back).await, 403, "another_session");
    assert_eq!(connection(&victim).await["status"], "disconnected");
    assert_eq!(token_calls(&story), 0);

    assert!(attacker.browse(&back).await.expect(303).location().ends_with("outcome=connected"));
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_refusal_at_lever_is_explained_and_uses_the_state_up() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let authorize = admin.begin_connect().await;
    let denied = story.lever.deny(&authorize).expect("the request is in order");
    let answer = admin.browse(denied.as_str()).await.expect(303);
    assert_eq!(answer.location(), "/integrations?outcome=denied");
    let page = admin.browse(&answer.location()).await.expect(200);
    assert!(page.text.contains("Only a Lever Super Admin can accept"), "{}", page.text);

    refused(&admin.browse(&accept(&story, &authorize)).await, 400, "invalid_state");
    assert_eq!(token_calls(&story), 0);
    story.end().await;
}

#[tokio::test]
async fn an_error_of_levers_own_is_no_refusal_by_a_person() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let authorize = Url::parse(&admin.begin_connect().await).expect("an address");
    let state = authorize.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    let answer = admin.browse(&format!("/integrations/lever/callback?error=server_error&error_description=x&state={state}")).await;
    assert_eq!(answer.expect(303).location(), "/integrations?outcome=failed");
    assert_eq!(token_calls(&story), 0);
    story.end().await;
}

#[tokio::test]
async fn nothing_in_the_request_decides_where_the_browser_goes() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    admin.sign_in().await;
    for target in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", target).append_pair("next", target).finish();
        let authorize = admin.browse(&format!("/integrations/lever/connect?{query}")).await.expect(303).location();
        assert!(authorize.starts_with(&story.lever.authorize_url()) && !authorize.contains("evil"), "{authorize}");
        let back = format!("{}&{query}", story.lever.deny(&authorize).expect("the request is in order"));
        assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=denied");
        let page = admin.browse(&format!("/integrations?{query}&outcome={target}")).await.expect(200);
        assert!(!page.text.contains("evil") && !page.text.contains("alert(1)"));
    }
    story.end().await;
}

#[tokio::test]
async fn of_two_callbacks_at_once_one_connects() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let back = accept(&story, &admin.begin_connect().await);
    let answers = futures_util::future::join_all((0..8).map(|_| admin.browse(&back))).await;
    let (connected, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert_eq!(connected.len(), 1);
    assert!(connected[0].location().ends_with("outcome=connected"));
    others.iter().for_each(|answer| refused(answer, 400, "invalid_state"));
    assert_eq!(token_calls(&story), 1);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn when_lever_gives_no_tokens_nothing_is_stored() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::Status { code: 500, retry_after_seconds: None }));
    let back = accept(&story, &admin.begin_connect().await);
    let answer = admin.browse(&back).await.expect(303);
    assert_eq!(answer.location(), "/integrations?outcome=failed");
    assert!(admin.browse(&answer.location()).await.text.contains("Nothing was changed here"));
    assert_eq!(connection(&admin).await["status"], "disconnected");
    story.end().await;
}

#[tokio::test]
async fn that_lever_does_not_say_who_connected_spoils_nothing() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.lever.fault(Fault::new("GET", "/v1/users/*", FaultKind::Status { code: 404, retry_after_seconds: None }));
    story.connect(&mut admin, 0).await;
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), shown["connectedBy"]["name"].as_str()), (Some("connected"), None));
    story.work().await;
    assert_eq!(connection(&admin).await["connectedBy"]["name"], story.account(0).super_admin().name.as_str(), "the sync of users fills the gap");
    story.end().await;
}

#[tokio::test]
async fn the_data_centre_that_lever_redirects_to_is_remembered() {
    let elsewhere = MockServer::start().await;
    let moved = ResponseTemplate::new(307);
    let user = json!({ "data": { "id": "u", "name": "Ada Example", "accessRole": "super admin" } });
    Mock::given(path_regex("^/v1/users/"))
        .respond_with(move |request: &Request| moved.clone().insert_header("location", format!("/eu{}", request.url.path())))
        .mount(&elsewhere)
        .await;
    Mock::given(path_regex("^/eu/v1/users/")).respond_with(ResponseTemplate::new(200).set_body_json(user)).mount(&elsewhere).await;
    let setting = Setting { variables: vec![("LEVER_API_URL", format!("{}/v1", elsewhere.uri()))], ..Setting::default() };
    let story = Story::with(setting).await;
    let mut admin = story.admin(NORTH);
    story.connect(&mut admin, 0).await;

    assert_eq!(connection(&admin).await["connectedBy"]["name"], "Ada Example");
    let mut tx = story.app.state.db.begin(TenantId(NORTH)).await.expect("the database is there");
    let stored = accounts::find(&mut tx).await.expect("the database is there").expect("a connection");
    tx.commit().await.expect("the database is there");
    assert_eq!(stored.api_root, Some(format!("{}/eu/v1", elsewhere.uri())));
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    story.end().await;
}

/// A browser is told with a page that says why.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.text);
    let words = match code {
        "invalid_state" => "unknown, was used already, or took longer than ten minutes",
        "another_session" => "begun in another browser session",
        "invalid_callback" => "neither a code nor an error",
        other => panic!("no words for {other}"),
    };
    assert!(answer.text.contains(words), "{}", answer.text);
}
