//! Whatever happened on the way, each wanted event has one webhook at Lever whose key we know.

use std::collections::BTreeSet;
use std::time::Duration;

use lever_integration::accounts::webhooks::WANTED;
use lever_integration::fake_lever::{Fault, FaultKind, WebhookView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::delivery::{body, deliver};
use crate::rows::ask_to_register;
use crate::support::story::{Person, Story};

/// More than the pause after a first failure.
const PAUSE: Duration = Duration::from_secs(5);

fn standing(story: &Story, account: usize) -> Vec<WebhookView> {
    story.lever.webhooks(&story.account(account).id).expect("the account is there")
}

/// One webhook per wanted event, each at an address of its own, each believed.
async fn assert_in_order(story: &Story, account: usize) {
    let standing = standing(story, account);
    let events: BTreeSet<&str> = standing.iter().map(|webhook| webhook.event.as_str()).collect();
    assert_eq!(events, WANTED.iter().map(|wanted| wanted.event).collect());
    assert_eq!(standing.len(), WANTED.len(), "no doubles");
    let urls: BTreeSet<&str> = standing.iter().map(|webhook| webhook.url.as_str()).collect();
    assert_eq!(urls.len(), WANTED.len());
    for webhook in &standing {
        assert!(webhook.url.starts_with(&format!("{}/webhooks/lever/", story.base)), "{}", webhook.url);
        assert_eq!(deliver(&webhook.url, &body(webhook, json!({}))).await, 200, "{}", webhook.event);
    }
}

async fn registered(person: &Person) -> usize {
    let connection = person.get("/v1/lever/connection").await.expect(200).json();
    connection["webhooks"].as_array().expect("a list").iter().filter(|webhook| webhook["registered"] == true).count()
}

fn writes(story: &Story) -> Vec<(String, String)> {
    story
        .lever
        .ledger()
        .into_iter()
        .filter(|entry| entry.method != "GET" && entry.path.starts_with("/v1"))
        .map(|entry| (entry.method, entry.path))
        .collect()
}

#[tokio::test]
async fn connecting_registers_every_wanted_event_once_and_again_changes_nothing() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    assert_in_order(&story, 0).await;
    assert_eq!(registered(&admin).await, WANTED.len());

    story.lever.clear_ledger();
    for _ in 0..3 {
        ask_to_register(&story, organization).await;
        story.work().await;
    }
    assert_eq!(writes(&story), []);
    assert_in_order(&story, 0).await;
    story.end().await;
}

#[tokio::test]
async fn one_whose_answer_was_lost_is_found_and_made_anew() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::DropAfterCommit).times(1));
    story.connect(&mut admin, 0).await;
    story.work().await;
    assert_eq!(registered(&admin).await, 0, "the job failed at its first webhook");
    assert_eq!(standing(&story, 0).len(), 1, "and Lever has it");

    story.clock.advance(PAUSE);
    story.work().await;
    assert_in_order(&story, 0).await;
    assert_eq!(registered(&admin).await, WANTED.len());
    story.end().await;
}

#[tokio::test]
async fn one_that_lever_refuses_keeps_none_of_the_others_back() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::Status { code: 422, retry_after_seconds: None }).times(1));
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!((standing(&story, 0).len(), registered(&admin).await), (WANTED.len() - 1, WANTED.len() - 1));
    let connection = admin.get("/v1/lever/connection").await.expect(200).json();
    let missing: Vec<&Value> = connection["webhooks"].as_array().expect("a list").iter().filter(|webhook| webhook["state"] == "missing").collect();
    assert_eq!(missing.len(), 1);

    ask_to_register(&story, organization).await;
    story.work().await;
    assert_in_order(&story, 0).await;
    story.end().await;
}

/// Lever's list shows the webhooks of everybody on the account.
#[tokio::test]
async fn another_organizations_webhooks_on_the_same_account_are_left_alone() {
    let story = Story::begin().await;
    let (ours, theirs) = (Uuid::new_v4(), Uuid::new_v4());
    let (mut us, mut them) = (story.admin(ours), story.admin(theirs));
    story.connect_and_sync(&mut them, 0).await;
    let before: BTreeSet<String> = standing(&story, 0).into_iter().map(|webhook| webhook.id).collect();
    story.connect_and_sync(&mut us, 0).await;
    let both = standing(&story, 0);
    assert_eq!(both.len(), 2 * WANTED.len());

    us.delete("/v1/lever/connection").await.expect(204);
    let after: BTreeSet<String> = standing(&story, 0).into_iter().map(|webhook| webhook.id).collect();
    assert_eq!(after, before);
    assert_eq!(registered(&them).await, WANTED.len());
    story.end().await;
}

#[tokio::test]
async fn connecting_again_replaces_the_webhooks_of_before() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let before = standing(&story, 0);
    admin.delete("/v1/lever/connection").await.expect(204);
    story.connect_and_sync(&mut admin, 0).await;
    assert_in_order(&story, 0).await;
    for webhook in &before {
        assert_eq!(deliver(&webhook.url, &body(webhook, json!({}))).await, 404, "its key was destroyed");
    }
    story.end().await;
}
