//! A replica dies without a word in the middle of the first sync: ten seconds later another has carried it on, and reads nothing again that
//! is stored.

use std::collections::HashSet;
use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, LedgerEntry, Options};
use lever_integration::jobs::Outcome;
use serde_json::json;
use uuid::Uuid;

use crate::copy::{assert_whole, database};
use crate::interrupt::carry_on;
use crate::support::replica::Replica;
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const NOTES: &str = "/v1/opportunities/*/notes";

/// What hangs on single candidates and is stored, as the paths it was read from.
async fn stored_sets(story: &Story) -> HashSet<String> {
    let statement = "SELECT '/v1/opportunities/' || id || '/' || kind FROM opportunities, LATERAL (VALUES
        ('panels', panels_synced_at), ('notes', notes_synced_at), ('resumes', resumes_synced_at)) AS sets (kind, read_at)
        WHERE read_at IS NOT NULL";
    let paths: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut database(story).await).await.expect("the copy can be read");
    paths.into_iter().collect()
}

/// Whether nobody holds the run any more.
async fn is_free(story: &Story) -> bool {
    let statement = "SELECT lease_until <= $1 FROM jobs WHERE kind = 'run_sync'";
    sqlx::query_scalar(statement).bind(story.clock.now()).fetch_one(&mut database(story).await).await.expect("a run")
}

/// The reads that Lever has received: lists, and what hangs on single candidates.
fn reads(story: &Story) -> (Vec<LedgerEntry>, Vec<LedgerEntry>) {
    let reads = story.lever.ledger().into_iter().filter(|entry| entry.method == "GET" && entry.path.starts_with("/v1/"));
    reads.partition(|entry| entry.path.split('/').count() < 5)
}

#[tokio::test]
async fn ten_seconds_after_a_replica_died_another_has_carried_its_first_sync_on() {
    let lever = Options { opportunities: 120, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    // A third of the active candidates' notes are read, and those that follow get no answer.
    story.lever.fault(Fault::new("GET", NOTES, FaultKind::altered(|_, _| {})).times(20));
    story.lever.fault(Fault::new("GET", NOTES, FaultKind::AnswerHeld));
    let dying = Replica::start(&story).await;
    dying.begin_to_work();
    story.lever.wait_held(1).await;
    dying.crash().await;
    story.lever.clear_faults();
    story.lever.release().await;
    let stored = stored_sets(&story).await;
    let (lists, _) = reads(&story);
    assert!(stored.len() >= 20 && stored.iter().any(|path| path.ends_with("/notes")), "it died in the middle: {}", stored.len());

    // It may still be there, as far as anybody can tell.
    story.lever.clear_ledger();
    story.work().await;
    assert_eq!(admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0]["status"], "running");
    assert!(reads(&story).1.is_empty(), "somebody else has gone on with it");

    story.lever.clear_ledger();
    story.clock.advance(Duration::from_secs(10));
    assert!(is_free(&story).await, "what the dead one held is still held");
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let run = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
    assert_eq!((&run["status"], &run["error"]), (&json!("succeeded"), &json!(null)));
    assert_whole(&story, ORGANIZATION, 0).await;
    let (lists_then, sets_then) = reads(&story);
    let again: Vec<&String> = sets_then.iter().map(|entry| &entry.path).filter(|path| stored.contains(*path)).collect();
    assert!(again.is_empty(), "read again although they were stored: {again:?}");
    let is_known = |entry: &&LedgerEntry| lists.iter().any(|before| (&before.path, &before.query) == (&entry.path, &entry.query));
    let again: Vec<String> = lists_then.iter().filter(is_known).map(|entry| format!("{}?{}", entry.path, entry.query)).collect();
    assert!(again.is_empty(), "pages that were read again: {again:?}");
    assert_eq!(stored.len() + sets_then.len(), 3 * 120, "and each of the others once");
    story.work().await;
    story.end().await;
}
