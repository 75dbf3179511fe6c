//! Which Lever account: what was granted, and that two accounts' data is never merged.

use lever_integration::lever::scopes::SCOPES;

use super::support::story::Story;
use super::{NORTH, accept_at, connection, stored_secrets};

#[tokio::test]
async fn fewer_scopes_make_an_incomplete_connection_and_no_sync() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| !["panels:write:admin", "webhooks:write:admin"].contains(scope)).collect();
    let back = accept_at(&story, &admin.begin_connect().await, 0, Some(&granted));
    let answer = admin.browse(&back).await.expect(303);
    assert_eq!(answer.location(), "/integrations?outcome=incomplete");
    story.work().await;

    let shown = connection(&admin).await;
    assert_eq!(shown["status"], "degraded");
    assert_eq!(shown["missingScopes"], serde_json::json!(["panels:write:admin", "webhooks:write:admin"]));
    assert_eq!(shown["warnings"][0]["code"], "missing_scopes");
    assert_eq!(admin.get("/v1/lever/syncs").await.json()["data"], serde_json::json!([]), "nothing is synced");
    assert!(story.lever.webhooks(&story.account(0).id).expect("the account").is_empty());
    let page = admin.browse("/integrations").await.expect(200).text;
    assert!(page.contains("14 of the 16 permissions") && page.contains("<li>Manage all webhooks</li>"), "{page}");

    story.connect(&mut admin, 0).await;
    assert_eq!(connection(&admin).await["status"], "connected", "connecting again with everything mends it");
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn without_a_refresh_token_offline_access_is_missing() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "offline_access").collect();
    let back = accept_at(&story, &admin.begin_connect().await, 0, Some(&granted));
    assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=incomplete");
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), &shown["missingScopes"]), (Some("degraded"), &serde_json::json!(["offline_access"])));
    assert_eq!(stored_secrets(&story, NORTH).await, 1, "an access token, and no refresh token");
    story.end().await;
}

#[tokio::test]
async fn another_lever_account_is_refused_until_the_first_ones_data_is_deleted() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let first = connection(&admin).await;

    let back = accept_at(&story, &admin.begin_connect().await, 1, None);
    let answer = admin.browse(&back).await.expect(303);
    assert_eq!(answer.location(), "/integrations?outcome=another_account");
    assert!(admin.browse(&answer.location()).await.text.contains("That is another Lever account"));
    assert_eq!(connection(&admin).await, first, "the first connection is as it was");

    admin.delete("/v1/lever/connection").await.expect(204);
    let back = accept_at(&story, &admin.begin_connect().await, 1, None);
    assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=another_account", "the data is still here");
    let kept = admin.browse("/integrations").await.text;
    assert!(kept.contains(first["account"]["id"].as_str().expect("an account")), "the page says whose data is kept");

    admin.delete("/v1/lever/connection?purge=true").await.expect(204);
    story.connect_and_sync(&mut admin, 1).await;
    assert_eq!(connection(&admin).await["account"]["id"], story.account(1).id.as_str());
    story.end().await;
}

#[tokio::test]
async fn connecting_the_same_account_again_keeps_the_data() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    admin.delete("/v1/lever/connection").await.expect(204);
    let kept = admin.get("/v1/opportunities?limit=200&archived=any").await.expect(200).json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(40), "the copy stays");
    story.connect(&mut admin, 0).await;
    assert_eq!(connection(&admin).await["status"], "connected");
    assert_eq!(admin.get("/v1/opportunities?limit=200&archived=any").await.json(), kept);
    story.work().await;
    story.end().await;
}

/// Nothing of the first account is here, so nothing can be mixed.
#[tokio::test]
async fn an_account_that_never_brought_any_data_is_no_obstacle_to_another() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "panels:write:admin").collect();
    let back = accept_at(&story, &admin.begin_connect().await, 0, Some(&granted));
    assert_eq!(admin.browse(&back).await.expect(303).location(), "/integrations?outcome=incomplete");
    story.connect_and_sync(&mut admin, 1).await;
    assert_eq!(connection(&admin).await["account"]["id"], story.account(1).id.as_str());
    story.end().await;
}
