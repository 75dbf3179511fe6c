//! Connecting anew: what is here already is not read a second time, and what happened meanwhile is found.

use std::time::Duration;

use lever_integration::fake_lever::Event;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use super::support::story::{Person, Story};
use super::{NORTH, connection};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The kinds of the runs so far that were worth a line, the newest first.
async fn runs(person: &Person) -> Vec<(String, String)> {
    let page = person.get("/v1/lever/syncs?limit=200").await.expect(200).json();
    let text = |run: &Value, name: &str| run[name].as_str().expect("text").to_owned();
    page["data"].as_array().expect("a list").iter().map(|run| (text(run, "kind"), text(run, "status"))).collect()
}

async fn full_runs(person: &Person) -> usize {
    runs(person).await.iter().filter(|(kind, _)| kind == "full").count()
}

#[tokio::test]
async fn reconnecting_is_no_second_first_sync_and_finds_what_happened_meanwhile() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    admin.delete("/v1/lever/connection").await.expect(204);
    story.clock.advance(DAY);
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
    let mut admin = story.admin(NORTH);
    let inside = story.lever.inside(&account.id).quietly();
    inside.archive(&account.active[0], &account.archive_reasons[0]).expect("archived");
    inside.delete_opportunity(&account.active[1]).expect("deleted");

    story.lever.clear_ledger();
    story.connect(&mut admin, 0).await;
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), &shown["warnings"]), (Some("connected"), &serde_json::json!([])), "it has only just come back: {shown}");
    story.work().await;
    assert_eq!(full_runs(&admin).await, 1, "{:?}", runs(&admin).await);
    assert!(runs(&admin).await.contains(&("reconcile".into(), "succeeded".into())), "{:?}", runs(&admin).await);
    let archived = admin.get(&format!("/v1/opportunities/{}", account.active[0])).await.expect(200).json();
    assert!(archived["archived"].is_object(), "{archived}");
    admin.get(&format!("/v1/opportunities/{}", account.active[1])).await.expect(404);
    assert!(story.lever.webhooks(&account.id).expect("the account").len() >= 10, "registered again");

    // And the regular sync goes on.
    inside.change_stage(&account.active[2], &account.stages[3]).expect("moved");
    story.clock.advance(Duration::from_secs(300));
    story.work().await;
    let moved = admin.get(&format!("/v1/opportunities/{}", account.active[2])).await.expect(200).json();
    assert_eq!(moved["stage"]["id"], account.stages[3].as_str());
    story.end().await;
}

#[tokio::test]
async fn a_copy_that_is_not_whole_too_old_or_deleted_is_read_as_a_whole() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    // Left before the first sync began.
    story.connect(&mut admin, 0).await;
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(full_runs(&admin).await, 1);

    admin.delete("/v1/lever/connection").await.expect(204);
    story.clock.advance(31 * DAY);
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(full_runs(&admin).await, 2, "{:?}", runs(&admin).await);

    admin.delete("/v1/lever/connection?purge=true").await.expect(204);
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(full_runs(&admin).await, 1, "the others went with the copy");
    story.end().await;
}

#[tokio::test]
async fn what_lever_told_while_nobody_could_read_is_read_after_the_reconnect() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    story.lever.switch(&account.id, Event::CandidateStageChange, true).expect("switched on");
    story.lever.revoke_grant(&account.id);
    story.lever.inside(&account.id).change_stage(&account.active[0], &account.stages[3]).expect("moved");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    assert_eq!(connection(&admin).await["status"], "reauthorization_required");
    let mut database = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    let mut open = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM webhook_deliveries WHERE settled_at IS NULL AND opportunity_id IS NOT NULL")
            .fetch_one(&mut database)
            .await
            .expect("the table is there")
    };
    assert_eq!(open().await, 1);
    story.connect(&mut admin, 0).await;
    story.work().await;
    assert_eq!(open().await, 0);
    story.end().await;
}
