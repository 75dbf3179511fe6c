//! Every webhook that is made or removed at Lever is in the log of writes, with what became of it.

use std::collections::BTreeSet;
use std::time::Duration;

use lever_integration::accounts::webhooks::WANTED;
use lever_integration::fake_lever::{Fault, FaultKind};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::story::{Person, Story};

/// The log's entries of a kind, oldest first.
async fn logged(person: &Person, kind: &str) -> Vec<Value> {
    let page = person.get("/v1/operations?limit=200").await.expect(200).json();
    page["data"].as_array().expect("a list").iter().rev().filter(|it| it["kind"] == kind).cloned().collect()
}

fn events(entries: &[Value]) -> BTreeSet<&str> {
    entries.iter().map(|it| it["webhookEvent"].as_str().expect("an event")).collect()
}

fn outcomes(entries: &[Value]) -> Vec<(&str, &Value)> {
    entries.iter().map(|it| (it["status"].as_str().expect("a status"), &it["leverStatus"])).collect()
}

#[tokio::test]
async fn connecting_and_disconnecting_are_in_the_log_and_on_the_page() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let wanted: BTreeSet<&str> = WANTED.iter().map(|wanted| wanted.event).collect();
    let made = logged(&admin, "register_webhook").await;
    assert_eq!((made.len(), events(&made)), (WANTED.len(), wanted.clone()));
    let created = json!(201);
    assert!(outcomes(&made).iter().all(|outcome| *outcome == ("succeeded", &created)), "{made:?}");
    assert_eq!((&made[0]["caller"], &made[0]["callerEmail"], &made[0]["opportunityId"]), (&json!("service"), &Value::Null, &Value::Null));
    let one = admin.get(&format!("/v1/operations/{}", made[0]["id"].as_str().expect("an id"))).await.expect(200).json();
    assert_eq!(one, made[0]);

    admin.delete("/v1/lever/connection?purge=true").await.expect(204);
    let removed = logged(&admin, "remove_webhook").await;
    assert_eq!((removed.len(), events(&removed)), (WANTED.len(), wanted));
    let gone = json!(204);
    assert!(outcomes(&removed).iter().all(|outcome| *outcome == ("succeeded", &gone)), "{removed:?}");
    assert_eq!(removed[0]["callerEmail"], admin.email.as_str());
    let page = admin.browse("/integrations/activity").await.expect(200).text;
    for said in ["Message “A candidate is hired” set up in Lever", "Message “A candidate is hired” removed from Lever", "this service"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    story.end().await;
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_is_settled_by_levers_list() {
    // Done, and found in the list, removed and replaced; not done, and known only when it cannot come any more.
    for (kind, status, removals) in [(FaultKind::DropAfterCommit, "succeeded", 1), (FaultKind::DropBeforeCommit, "failed", 0)] {
        let story = Story::begin().await;
        let mut admin = story.admin(Uuid::new_v4());
        story.lever.fault(Fault::new("POST", "/v1/webhooks", kind).times(1));
        story.connect(&mut admin, 0).await;
        story.work().await;
        assert_eq!(outcomes(&logged(&admin, "register_webhook").await), [("unknown", &Value::Null)]);
        for _ in 0..2 {
            story.clock.advance(Duration::from_secs(60));
            story.work().await;
        }
        let made = logged(&admin, "register_webhook").await;
        assert_eq!((made.len(), outcomes(&made)[0]), (WANTED.len() + 1, (status, &Value::Null)), "{made:?}");
        assert_eq!(made.iter().filter(|it| it["webhookEvent"] == made[0]["webhookEvent"]).count(), 2, "and its replacement");
        assert_eq!(logged(&admin, "remove_webhook").await.len(), removals);
        story.end().await;
    }
}

#[tokio::test]
async fn what_lever_refuses_or_does_not_answer_is_told() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.lever.fault(Fault::new("POST", "/v1/webhooks", FaultKind::Status { code: 422, retry_after_seconds: None }).times(1));
    story.connect_and_sync(&mut admin, 0).await;
    let made = logged(&admin, "register_webhook").await;
    assert_eq!(outcomes(&made)[0], ("failed", &json!(422)));
    assert_eq!(made[0]["error"]["code"], "lever_rejected");

    story.lever.fault(Fault::new("DELETE", "/v1/webhooks/*", FaultKind::RequestHeld));
    admin.delete("/v1/lever/connection").await.expect(204);
    let removed = logged(&admin, "remove_webhook").await;
    assert!(
        removed.iter().all(|it| it["status"] == "unknown" && it["error"]["code"] == "outcome_unknown" && it["settledAt"].is_string()),
        "{removed:?}"
    );
    story.lever.clear_faults();
    story.lever.release().await;
    story.end().await;
}

/// The process ends between the end of the connection and what became of the removals: whoever works next says so.
#[tokio::test]
async fn removals_that_nobody_said_the_end_of_are_given_up_by_the_next_worker() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    admin.delete("/v1/lever/connection").await.expect(204);
    let mut database = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    let undone = sqlx::query("UPDATE operations SET status = 'sending', settled_at = NULL, lever_status = NULL WHERE kind = 'remove_webhook'");
    undone.execute(&mut database).await.expect("as if the process had ended");
    story.work().await;
    assert!(logged(&admin, "remove_webhook").await.iter().all(|it| it["status"] == "sending"), "whoever disconnected may still be at it");
    story.clock.advance(Duration::from_secs(30));
    story.work().await;
    let removed = logged(&admin, "remove_webhook").await;
    assert_eq!(removed.len(), WANTED.len());
    assert!(removed.iter().all(|it| it["status"] == "unknown" && it["error"]["code"] == "outcome_unknown" && it["settledAt"].is_string()));
    story.end().await;
}

/// What the version before this one reads of a row: every entry of the log was about a candidate, and in somebody's name.
#[derive(sqlx::FromRow)]
struct Before {
    caller_email: String,
    perform_as: String,
    opportunity_id: String,
    #[sqlx(json)]
    steps: Vec<StepBefore>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StepBefore {
    perform_as: String,
    opportunity_id: String,
}

/// While replicas are replaced one by one, both versions show the log.
#[tokio::test]
async fn the_version_before_can_read_the_entries_about_webhooks() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let mut database = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    let read = sqlx::query_as("SELECT * FROM operations WHERE kind = 'register_webhook'").fetch_all(&mut database).await;
    let rows: Vec<Before> = read.expect("rows of the form of before");
    assert_eq!(rows.len(), WANTED.len());
    for Before { caller_email, perform_as, opportunity_id, steps } in rows {
        let StepBefore { perform_as: step_performer, opportunity_id: step_place } = &steps[0];
        assert_eq!([&caller_email, &perform_as, &opportunity_id, step_performer, step_place], [""; 5]);
    }
    // Entries of the form that was written for a while are shown the same.
    let shown = logged(&admin, "register_webhook").await;
    assert_eq!((&shown[0]["performAs"], &shown[0]["steps"][0]["opportunityId"]), (&Value::Null, &Value::Null));
    let nulls = "UPDATE operations SET caller_email = NULL, perform_as = NULL, opportunity_id = NULL,
                 steps = jsonb_set(jsonb_set(steps, '{0,performAs}', 'null'), '{0,opportunityId}', 'null')";
    sqlx::query(nulls).execute(&mut database).await.expect("rewritten");
    assert_eq!(logged(&admin, "register_webhook").await, shown);
    story.end().await;
}
