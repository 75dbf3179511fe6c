//! Crashes, lost leases and disconnects in the middle: nothing is read twice but what was under way, and nothing is stored by whoever
//! has no right to.

use std::collections::HashMap;
use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, LedgerEntry, Options};
use lever_integration::ids::TenantId;
use lever_integration::jobs::{LEASE, Outcome};
use lever_integration::{accounts, mirror};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, database, ids};
use crate::interrupt::{carry_on, claim_run, crash_after, until, work, worker};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// What hangs on candidates is asked for so many at once, and so many lists are read side by side: each of these lanes may lose the request
/// under way.
const LANES: usize = 16;
const LISTS: usize = 8;

/// Several pages of archived candidates and a few dozen panels.
fn setting() -> Setting {
    Setting { lever: Options { opportunities: 230, active_share: 0.08, requests_per_second: 0.0, ..Options::default() }, ..Setting::default() }
}

fn is_of_one(path: &str) -> bool {
    ["/panels", "/notes", "/resumes"].iter().any(|end| path.ends_with(end))
}

/// How many requests were sent again: those for lists, and those for what hangs on one candidate.
fn repeated(ledger: &[LedgerEntry]) -> (usize, usize) {
    let mut times: HashMap<(&str, &str), usize> = HashMap::new();
    for entry in ledger {
        *times.entry((&entry.path, &entry.query)).or_default() += 1;
    }
    let again = |of_one: bool| times.iter().filter(|((path, _), _)| is_of_one(path) == of_one).map(|(_, times)| times - 1).sum();
    (again(false), again(true))
}

#[tokio::test]
async fn a_run_that_crashes_anywhere_goes_on_from_its_last_page() {
    let lever = Options { opportunities: 40, active_share: 0.25, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut random = StdRng::seed_from_u64(29);
    let whole = {
        let mut admin = story.admin(ORGANIZATION);
        story.connect(&mut admin, 0).await;
        story.lever.clear_ledger();
        assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
        story.lever.ledger().len()
    };
    for run in 0..50 {
        let organization = Uuid::from_u128(1000 + run);
        let mut admin = story.admin(organization);
        story.connect(&mut admin, 0).await;
        story.lever.clear_ledger();
        let mut crashes: Vec<usize> = (0..random.random_range(1..=3)).map(|_| random.random_range(1..whole)).collect();
        crashes.sort_unstable();
        for at in &crashes {
            crash_after(&story, *at).await;
        }
        assert_eq!(carry_on(&story.app.state).await, Outcome::Done, "crashes at {crashes:?}");
        let (lists, children) = repeated(&story.lever.ledger());
        let allowed = (LISTS * crashes.len(), LANES * crashes.len());
        assert!(lists <= allowed.0 && children <= allowed.1, "crashes at {crashes:?}: {lists} pages and {children} sets again");
        assert_whole(&story, organization, 0).await;
        assert_eq!(newest(&admin).await["status"], "succeeded");
        forget_jobs(&story, organization).await;
    }
    forget_jobs(&story, ORGANIZATION).await;
    story.end().await;
}

/// What the regular sync would do now is told elsewhere, and would only be in the way of the next organization.
async fn forget_jobs(story: &Story, organization: Uuid) {
    sqlx::query("DELETE FROM jobs WHERE tenant_id = $1").bind(organization).execute(&mut database(story).await).await.expect("forgotten");
}

async fn newest(person: &crate::support::story::Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stores_nothing_more() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    for requests in [3, 9, 20] {
        let slow = worker(&story).await;
        story.lever.clear_ledger();
        let claim = claim_run(&slow.state).await;
        let mut working = Box::pin(work(&slow.state, &claim));
        assert!(until(&story.lever, requests, &mut working).await.is_none());
        // Another worker takes over, while the first one waits for Lever, and has done nothing yet.
        story.lever.fault(Fault::new("GET", "/v1/**", FaultKind::Delay { by: Duration::from_secs(3) }));
        story.clock.advance(LEASE);
        let take_over = async {
            let theirs = claim_run(&story.app.state).await;
            story.lever.clear_faults();
            (theirs, steps(&story).await)
        };
        // Side by side: the first one may be in the middle of a transaction that the claim waits for.
        let ((theirs, before), ended) = tokio::join!(take_over, working);
        assert_eq!(ended.expect("no error"), Outcome::Done);
        assert_eq!(steps(&story).await, before, "the loser has stored a page");
        claim.finish(slow.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
        slow.stop().await;
        assert_eq!(newest(&admin).await["status"], "running");
        theirs.hand_back(story.app.state.db.dispatch(), story.clock.now()).await.expect("the winner's claim still holds");
    }
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Where every step stands.
async fn steps(story: &Story) -> Vec<(i32, Option<String>, i64, bool)> {
    sqlx::query_as("SELECT position, cursor, synced, done FROM sync_steps ORDER BY run_id, position")
        .fetch_all(&mut database(story).await)
        .await
        .expect("steps")
}

#[tokio::test]
async fn a_disconnect_ends_the_run_and_nothing_is_stored_after_it() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    for requests in [2, 8, 25] {
        story.connect(&mut admin, 0).await;
        story.lever.clear_ledger();
        let claim = claim_run(&story.app.state).await;
        let mut working = Box::pin(work(&story.app.state, &claim));
        assert!(until(&story.lever, requests, &mut working).await.is_none());
        let disconnect = async {
            let mut tx = worker(&story).await.state.db.begin(TenantId(ORGANIZATION)).await.expect("a transaction");
            accounts::disconnect(&mut tx, story.clock.now()).await.expect("disconnected");
            mirror::purge(&mut tx).await.expect("purged");
            tx.commit().await.expect("committed");
        };
        // Side by side: the run may be in the middle of a transaction that the disconnect waits for.
        let ((), ended) = tokio::join!(disconnect, working);
        assert_eq!(ended.expect("no error"), Outcome::Done);
        claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
        assert!(newest(&admin).await.is_null(), "the run went with what it had brought");
        for table in ["users", "opportunities", "panels", "postings"] {
            assert!(ids(&story, ORGANIZATION, table).await.is_empty(), "{table}");
        }
        story.work().await;
    }
    assert_eq!(admin.post("/v1/lever/syncs", json!({})).await.expect(409).code(), "not_connected");
    story.end().await;
}

/// Connecting anew while a sync runs ends it; the new one begins from the beginning.
#[tokio::test]
async fn a_new_connection_begins_a_new_run() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    crash_after(&story, 6).await;
    story.connect(&mut admin, 0).await;
    story.work().await;
    let runs = admin.get("/v1/lever/syncs?kind=full").await.json();
    let statuses: Vec<&str> = runs["data"].as_array().expect("a list").iter().filter_map(|run| run["status"].as_str()).collect();
    assert_eq!(statuses, ["succeeded", "canceled"]);
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// A process that is told to end hands the run over at once, and another one goes on.
#[tokio::test]
async fn a_shutdown_hands_the_run_over() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let ending = worker(&story).await;
    let claim = claim_run(&ending.state).await;
    let mut working = Box::pin(work(&ending.state, &claim));
    assert!(until(&story.lever, 9, &mut working).await.is_none());
    ending.state.shutdown.cancel();
    let outcome = working.await.expect("no error");
    assert_eq!(outcome, Outcome::Again(story.clock.now()));
    claim.finish(ending.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    ending.stop().await;
    // Without waiting for a lease to run out.
    story.work().await;
    assert_eq!(newest(&admin).await["status"], "succeeded");
    assert!(repeated(&story.lever.ledger()).1 <= LANES);
    story.end().await;
}
