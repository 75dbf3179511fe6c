//! The end of a connection.

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::json;

use super::support::story::Story;
use super::{NORTH, SOUTH, connection, stored_secrets};

#[tokio::test]
async fn disconnecting_removes_webhooks_and_destroys_tokens_and_keys() {
    let story = Story::begin().await;
    let (mut admin, member) = (story.admin(NORTH), story.member(NORTH));
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    assert!(!story.lever.webhooks(&account.id).expect("the account").is_empty());
    assert!(stored_secrets(&story, NORTH).await > 2);

    assert_eq!(member.delete("/v1/lever/connection").await.expect(403).code(), "admin_required");
    admin.delete("/v1/lever/connection").await.expect(204);
    assert_eq!(story.lever.webhooks(&account.id).expect("the account").len(), 0);
    assert_eq!(stored_secrets(&story, NORTH).await, 0);
    let shown = connection(&member).await;
    assert_eq!((shown["status"].as_str(), &shown["connectedBy"], &shown["token"]), (Some("disconnected"), &json!(null), &json!(null)));
    assert_eq!(shown["account"]["id"], account.id.as_str(), "whose data is kept");

    admin.delete("/v1/lever/connection").await.expect(204);
    assert_eq!(admin.post("/v1/lever/syncs", json!({})).await.expect(409).code(), "not_connected");
    story.end().await;
}

#[tokio::test]
async fn an_organization_that_never_connected_can_disconnect_too() {
    let story = Story::begin().await;
    let admin = story.admin(NORTH);
    admin.delete("/v1/lever/connection?purge=true").await.expect(204);
    assert_eq!(connection(&admin).await["account"], json!(null));
    story.end().await;
}

#[tokio::test]
async fn purging_deletes_this_organizations_copy_and_no_other() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    story.connect_and_sync(&mut north, 0).await;
    story.connect_and_sync(&mut south, 1).await;
    north.delete("/v1/lever/connection?purge=true").await.expect(204);

    for list in ["users", "stages", "tags", "archive-reasons", "feedback-templates", "postings", "opportunities", "panels", "interviews"] {
        let path = format!("/v1/{list}");
        assert_eq!(north.get(&path).await.expect(200).json()["data"], json!([]), "{list}");
        let others = south.get(&path).await.expect(200).json();
        assert!(others["data"].as_array().is_some_and(|all| !all.is_empty()) || list == "panels" || list == "interviews", "{list}");
    }
    let shown = connection(&north).await;
    assert_eq!((&shown["account"], &shown["lastSyncAt"]), (&json!(null), &json!(null)));
    story.end().await;
}

#[tokio::test]
async fn a_lever_that_is_down_keeps_nobody_connected() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    story.lever.fault(Fault::new("DELETE", "/v1/webhooks/*", FaultKind::Status { code: 500, retry_after_seconds: None }));
    admin.delete("/v1/lever/connection").await.expect(204);
    assert_eq!(connection(&admin).await["status"], "disconnected");
    assert_eq!(stored_secrets(&story, NORTH).await, 0);
    story.end().await;
}

#[tokio::test]
async fn what_was_asked_for_before_the_disconnect_stops() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect(&mut admin, 0).await;
    admin.delete("/v1/lever/connection").await.expect(204);
    story.lever.clear_ledger();
    story.work().await;
    assert!(story.lever.ledger().is_empty(), "nothing more is asked of Lever: {:?}", story.lever.ledger());
    assert!(story.lever.webhooks(&story.account(0).id).expect("the account").is_empty());
    story.end().await;
}

/// The end does not wait for Lever: while it hangs, nothing works any more.
#[tokio::test]
async fn a_lever_that_hangs_keeps_nobody_connected() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    for method in ["GET", "DELETE"] {
        story.lever.fault(Fault::new(method, "/v1/webhooks/**", FaultKind::RequestHeld));
    }
    let ended = async {
        story.lever.wait_held(1).await;
        assert_eq!(connection(&admin).await["status"], "disconnected");
        assert_eq!(stored_secrets(&story, NORTH).await, 0);
        assert_eq!(admin.post("/v1/lever/syncs", json!({})).await.expect(409).code(), "not_connected");
    };
    // Lever never answers, and this does.
    let (answer, ()) = tokio::join!(admin.delete("/v1/lever/connection"), ended);
    answer.expect(204);
    story.lever.clear_faults();
    story.lever.release().await;
    story.end().await;
}

#[tokio::test]
async fn a_webhook_whose_making_was_never_confirmed_is_removed_too() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::DropAfterCommit).times(1));
    story.connect(&mut admin, 0).await;
    story.work().await;
    let account = story.account(0).id;
    assert_eq!(story.lever.webhooks(&account).expect("the account").len(), 1, "made, and nobody knows");
    story.lever.fault(Fault::new("DELETE", "/v1/webhooks/*", FaultKind::Status { code: 500, retry_after_seconds: None }).times(1));
    admin.delete("/v1/lever/connection").await.expect(204);
    assert!(story.lever.webhooks(&account).expect("the account").is_empty());
    story.end().await;
}

/// The list leads from each page to the same one: what it shows goes all the same.
#[tokio::test]
async fn a_list_of_webhooks_without_an_end_keeps_none_of_them() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::DropAfterCommit).times(1));
    story.connect(&mut admin, 0).await;
    story.work().await;
    let account = story.account(0).id;
    assert_eq!(story.lever.webhooks(&account).expect("the account").len(), 1, "made, and nobody knows");
    story.lever.fault(Fault::new(
        "GET",
        "/v1/webhooks",
        FaultKind::altered(|_, body| (body["hasNext"], body["next"]) = (json!(true), json!("same"))),
    ));
    story.lever.clear_ledger();
    admin.delete("/v1/lever/connection").await.expect(204);
    assert!(story.lever.webhooks(&account).expect("the account").is_empty());
    let sent = |method: &str| story.lever.ledger().iter().filter(|it| it.method == method && it.path.starts_with("/v1/webhooks")).count();
    assert_eq!((sent("GET"), sent("DELETE")), (4, 1));
    story.end().await;
}

/// The tokens of an hour ago are refused: they are renewed once more, for this alone.
#[tokio::test]
async fn webhooks_are_removed_with_tokens_that_have_expired() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    admin.delete("/v1/lever/connection").await.expect(204);
    assert!(story.lever.webhooks(&story.account(0).id).expect("the account").is_empty());
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);
    story.end().await;
}
