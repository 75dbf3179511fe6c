//! What the connection says about itself.

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::json;

use super::support::story::Story;
use super::{NORTH, connection};

#[tokio::test]
async fn an_organization_without_lever_is_disconnected_and_nothing_else() {
    let story = Story::begin().await;
    let shown = connection(&story.member(NORTH)).await;
    let expected = json!({
        "status": "disconnected", "environment": null, "account": null, "connectedBy": null, "connectedAt": null, "grantedScopes": [], "missingScopes": [],
        "token": null, "webhooks": [], "warnings": [], "lastSyncAt": null,
    });
    assert_eq!(shown, expected);
    story.end().await;
}

#[tokio::test]
async fn it_says_until_when_it_lasts() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let connected_at = story.clock.now();
    story.connect_and_sync(&mut admin, 0).await;
    let until =
        |shown: &serde_json::Value| -> DateTime<Utc> { shown["token"]["refreshableUntil"].as_str().expect("a time").parse().expect("RFC 3339") };
    assert_eq!(until(&connection(&admin).await), connected_at + TimeDelta::days(90));
    assert!(until(&connection(&admin).await) < connected_at + Months::new(12));
    story.end().await;
}

#[tokio::test]
async fn the_required_webhooks_are_listed_with_their_state() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect(&mut admin, 0).await;
    let states = |shown: &serde_json::Value| -> Vec<(String, bool, String)> {
        let all = shown["webhooks"].as_array().expect("a list").iter();
        let required = all.filter(|webhook| webhook["required"] == true);
        required
            .map(|it| (it["event"].as_str().expect("text").into(), it["registered"] == true, it["state"].as_str().expect("text").into()))
            .collect()
    };
    let named = |registered: bool, state: &str| ["candidateArchiveChange", "interviewDeleted"].map(|event| (event.into(), registered, state.into()));
    assert_eq!(states(&connection(&admin).await), named(false, "waiting"));
    story.work().await;
    assert_eq!(states(&connection(&admin).await), named(true, "waiting"));
    story.end().await;
}

#[tokio::test]
async fn trouble_with_the_one_who_connected_is_said_before_lever_refuses() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let grantor = account.super_admin().id.clone();

    story.lever.inside(&account.id).quietly().set_access_role(&grantor, "admin").expect("a user");
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), shown["warnings"][0]["code"].as_str()), (Some("degraded"), Some("grantor_not_super_admin")));
    assert_eq!(shown["connectedBy"]["accessRole"], "admin");
    story.end().await;
}

#[tokio::test]
async fn a_revoked_grant_asks_for_a_reconnect() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    story.lever.revoke_grant(&story.account(0).id);
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;

    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), &shown["token"]), (Some("reauthorization_required"), &json!(null)));
    let page = admin.browse("/integrations").await.expect(200).text;
    assert!(page.contains("Reconnect needed") && page.contains("signed in to Lever as a Super Admin"), "{page}");

    story.connect(&mut admin, 0).await;
    assert_eq!(connection(&admin).await["status"], "connected");
    story.work().await;
    story.end().await;
}
