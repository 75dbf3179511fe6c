//! Tokens at expiry: refreshed by one holder at a time, whoever asks and however many.

mod support;

use std::time::Duration;

use futures_util::future::join_all;
use lever_integration::accounts;
use lever_integration::ids::TenantId;
use lever_integration::lever::Lane;
use support::story::{Setting, Story};
use uuid::Uuid;

/// Fifty requests on each of three replicas find the access token refused: one refresh at Lever, and every one succeeds.
#[tokio::test]
async fn fifty_requests_on_three_replicas_at_expiry_make_one_refresh() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let (second, _) = story.replica(&Setting::default()).await;
    let (third, _) = story.replica(&Setting::default()).await;
    let user = story.account(0).users[0].id.clone();

    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    let requests = [&story.app, &second, &third].into_iter().flat_map(|app| std::iter::repeat_n(app, 50)).map(|app| async {
        let (account, _) = accounts::open(&app.state, TenantId(organization)).await.expect("connected");
        account.in_lane(Lane::Person).get_user(&user).await
    });
    for answer in join_all(requests).await {
        assert_eq!(answer.expect("nobody sees the expiry").id, user);
    }
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);

    // Ahead of expiry the same holds without Lever refusing anything.
    story.clock.advance(Duration::from_secs(3600));
    let (account, _) = accounts::open(&story.app.state, TenantId(organization)).await.expect("connected");
    account.get_user(&user).await.expect("refreshed in time");
    assert_eq!(story.lever.token_calls().refresh_token - before, 2);

    second.stop().await;
    third.stop().await;
    story.end().await;
}

/// A dead grant is said once, in words, and nothing hammers the token endpoint.
#[tokio::test]
async fn a_revoked_grant_asks_for_a_new_authorization() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut admin, 0).await;
    story.lever.revoke_grant(&story.account(0).id);
    admin.post("/v1/lever/syncs", serde_json::json!({})).await.expect(202);
    story.work().await;
    let connection = admin.get("/v1/lever/connection").await.expect(200).json();
    assert_eq!(connection["status"], "reauthorization_required");
    assert!(connection["warnings"][0]["message"].as_str().is_some_and(|said| said.contains("admin")), "{connection}");
    let run = admin.get("/v1/lever/syncs").await.json()["data"][0].clone();
    assert_eq!(run["status"], "failed");
    assert!(run["error"].is_string(), "{run}");

    let calls = story.lever.token_calls().refresh_token;
    assert_eq!(admin.post("/v1/lever/syncs", serde_json::json!({})).await.code(), "lever_reauthorization_required");
    story.work().await;
    assert_eq!(story.lever.token_calls().refresh_token, calls, "a dead token is not tried again");
    story.end().await;
}
