//! Whatever happened on the way, each wanted event has one webhook at Lever whose key we know.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lever_integration::accounts::webhooks::WANTED;
use lever_integration::app::App;
use lever_integration::connect;
use lever_integration::fake_lever::{Fault, FaultKind, WebhookView};
use lever_integration::worker;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::delivery::{body, deliver};
use crate::rows::{ask_to_register, connection};
use crate::support::story::{Person, Setting, Story};

/// More than the pause after a first failure.
const PAUSE: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

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
    let missing: Vec<&Value> = connection["webhooks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|webhook| webhook["registered"] == false && webhook["state"] == "waiting")
        .collect();
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

/// What passes while nobody asks for anything.
async fn pass(story: &Story, app: &App, span: Duration) {
    story.clock.advance(span);
    connect::tend_due(&app.state).await.expect("the database is there");
    worker::run_until_idle(&app.state).await.expect("the worker reaches the database");
}

#[tokio::test]
async fn a_service_that_moved_makes_its_webhooks_anew_within_minutes_of_its_start() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, &story.app, 6 * MINUTE).await;
    let before = standing(&story, 0);
    let (moved, base) = story.replica(&Setting::default()).await;
    pass(&story, &moved, 6 * MINUTE).await;
    let after = standing(&story, 0);
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|webhook| webhook.url.starts_with(&format!("{base}/webhooks/lever/"))), "{after:?}");
    moved.stop().await;
    story.app.stop().await;
    story.lever.stop().await;
}

#[tokio::test]
async fn webhooks_deleted_by_hand_are_back_after_a_full_sync_or_within_the_hour() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, &story.app, 6 * MINUTE).await;
    let lose = async || {
        let lost = "UPDATE webhooks SET lever_id = 'gone-' || lever_id WHERE retired_at IS NULL";
        sqlx::query(lost).execute(&mut connection(&story).await).await.expect("lost");
        standing(&story, 0)
    };
    let replaced = |before: &[WebhookView]| standing(&story, 0).iter().all(|webhook| before.iter().all(|old| old.id != webhook.id));
    let before = lose().await;
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert!(!replaced(&before));
    pass(&story, &story.app, 6 * MINUTE).await;
    assert!(replaced(&before), "after the full sync");

    let before = lose().await;
    for _ in 0..9 {
        pass(&story, &story.app, 6 * MINUTE).await;
        assert!(!replaced(&before));
    }
    pass(&story, &story.app, 6 * MINUTE).await;
    assert!(replaced(&before), "within the hour");
    assert_in_order(&story, 0).await;
    story.end().await;
}

#[tokio::test]
async fn one_that_lever_refused_is_asked_for_again_and_leaves_nothing_behind() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    let refusal = FaultKind::Status { code: 422, retry_after_seconds: None };
    story.lever.fault(Fault::new("POST", "/v1/webhooks", refusal));
    story.connect_and_sync(&mut admin, 0).await;
    for _ in 0..3 {
        pass(&story, &story.app, 11 * MINUTE).await;
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM webhooks").fetch_one(&mut connection(&story).await).await.expect("counted");
    assert_eq!((rows, standing(&story, 0).len()), (0, 0));
    story.lever.clear_faults();
    pass(&story, &story.app, 11 * MINUTE).await;
    assert_in_order(&story, 0).await;
    story.end().await;
}

/// What counts is the event: a webhook that was made anew brings what the one before it brought. Connecting again begins anew.
#[tokio::test]
async fn what_arrived_is_remembered_when_a_webhook_is_made_anew() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let event = "candidateStageChange";
    let old = standing(&story, 0).into_iter().find(|webhook| webhook.event == event).expect("registered");
    assert_eq!(deliver(&old.url, &body(&old, json!({}))).await, 200);
    sqlx::query("UPDATE webhooks SET signature_token = NULL WHERE event = $1")
        .bind(event)
        .execute(&mut connection(&story).await)
        .await
        .expect("its key is lost");
    ask_to_register(&story, organization).await;
    story.work().await;
    let state = async |admin: &Person| {
        let shown = admin.get("/v1/lever/connection").await.expect(200).json();
        let of_event = shown["webhooks"].as_array().expect("a list").iter().find(|it| it["event"] == event).expect("listed").clone();
        (of_event["state"].as_str().expect("text").to_owned(), of_event["firstDeliveryAt"].is_string())
    };
    assert_eq!(state(&admin).await, ("arriving".to_owned(), true));
    story.clock.advance(MINUTE);
    admin.delete("/v1/lever/connection").await.expect(204);
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(state(&admin).await, ("waiting".to_owned(), false));
    story.end().await;
}

/// A list of webhooks that leads on and on, to its own page or to ever new ones, for a few hundred pages at least.
fn leading_on(next: fn(usize) -> String, is_empty: bool) -> Fault {
    let pages = AtomicUsize::new(0);
    let altered = FaultKind::altered(move |_, body| {
        let page = pages.fetch_add(1, Ordering::Relaxed);
        (body["hasNext"], body["next"]) = (json!(page < 300), json!(next(page)));
        if is_empty {
            body["data"] = json!([]);
        }
    });
    Fault::new("GET", "/v1/webhooks", altered)
}

/// What was read of it is gone by. What was not may stand: it is left as it is.
#[tokio::test]
async fn a_list_of_webhooks_without_an_end_is_not_read_to_it() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let same: fn(usize) -> String = |_| "same".to_owned();
    for (next, is_empty, most) in [(same, false, 2), (same, true, 2), (|page| page.to_string(), false, 50), (|page| page.to_string(), true, 50)] {
        story.lever.clear_ledger();
        story.lever.fault(leading_on(next, is_empty));
        ask_to_register(&story, organization).await;
        story.work().await;
        let asked = story.lever.ledger().iter().filter(|entry| entry.path == "/v1/webhooks").count();
        assert_eq!((asked, writes(&story)), (most, vec![]));
        story.lever.clear_faults();
        assert_in_order(&story, 0).await;
    }
    story.end().await;
}

/// Whose answer was lost, and whom such a list shows all the same.
#[tokio::test]
async fn one_that_a_list_without_an_end_shows_is_made_anew() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::DropAfterCommit).times(1));
    story.lever.fault(leading_on(|_| "same".to_owned(), false));
    story.connect(&mut admin, 0).await;
    story.work().await;
    story.clock.advance(PAUSE);
    story.work().await;
    assert_in_order(&story, 0).await;
    story.lever.clear_faults();
    story.clock.advance(MINUTE);
    story.work().await;
    assert_in_order(&story, 0).await;
    story.end().await;
}
