//! What a sync says about how far it is, from its first request to its last: true, and never less than before.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lever_integration::fake_lever::{Fault, FaultKind, Options};
use serde_json::Value;
use uuid::Uuid;

use crate::copy::assert_whole;
use crate::interrupt::{claim_run, until, work};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Requests between two looks, and how long each of them takes.
const REQUESTS: usize = 4;
const EACH: Duration = Duration::from_millis(100);

/// One look at a run: (kind, synced, total, progress).
fn objects(run: &Value) -> Vec<(String, u64, Option<u64>, Option<f64>)> {
    let object = |it: &Value| {
        let kind = it["kind"].as_str().expect("a kind").to_owned();
        (kind, it["synced"].as_u64().expect("a count"), it["total"].as_u64(), it["progress"].as_f64())
    };
    run["objects"].as_array().expect("objects").iter().map(object).collect()
}

/// Lists begin again in the middle, and a candidate moves from one that was read to one that was not.
#[tokio::test]
async fn what_is_said_of_a_first_sync_never_falls_and_is_true() {
    let lever = Options { opportunities: 420, active_share: 0.3, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::BadOffset).with_query("archived=false").with_query("offset=").times(1));
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::BadOffset).with_query("archived=true").with_query("offset=").times(1));
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    let mut runs = Vec::new();
    let mut moved = false;
    let outcome = loop {
        let before = story.lever.ledger().len();
        let ended = until(&story.lever, before + REQUESTS, &mut working).await;
        story.clock.advance(EACH * (story.lever.ledger().len() - before) as u32);
        let run = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
        // The active ones are listed, and the archived ones are not.
        if !moved && objects(&run).iter().any(|(kind, synced, ..)| kind == "opportunities" && *synced >= account.active.len() as u64) {
            moved = true;
            story.lever.inside(&account.id).quietly().archive(&account.active[0], &account.archive_reasons[0]).expect("archived");
        }
        runs.push((story.clock.now(), run));
        if let Some(outcome) = ended {
            break outcome.expect("no error");
        }
    };
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    drop(working);
    let end = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
    assert_eq!(end["status"], "succeeded", "{end}");
    runs.push((story.clock.now(), end.clone()));

    let truth: HashMap<String, u64> = objects(&end).into_iter().map(|(kind, synced, ..)| (kind, synced)).collect();
    let mut before: HashMap<String, (u64, Option<f64>)> = HashMap::new();
    for (_, run) in &runs {
        for (kind, synced, total, progress) in objects(run) {
            let (least, furthest) = before.insert(kind.clone(), (synced, progress)).unwrap_or_default();
            assert!(synced >= least, "{kind}: {synced} after {least}");
            assert!(total.is_none_or(|total| synced <= total && total.abs_diff(truth[&kind]) <= 1), "{kind}: {synced} of {total:?}");
            // Unknown is not far, and not known to be less.
            assert!(progress.is_none_or(|progress| furthest.is_none_or(|furthest| progress >= furthest)), "{kind}: {progress:?} after {furthest:?}");
            assert!(furthest.is_none_or(|furthest| furthest == 0.0 || progress.is_some()), "{kind}: unknown after {furthest:?}");
        }
    }
    assert_eq!(truth["opportunities"], 420);
    // Whoever says when it will have ended is not far from the truth, and soonest at the end.
    let (ended, all) = (runs.last().expect("looks").0, end["requests"].as_u64().expect("a count"));
    let mut estimates = 0;
    for (at, run) in runs.iter().filter(|(_, run)| run["estimatedEndAt"].is_string()) {
        let said: DateTime<Utc> = run["estimatedEndAt"].as_str().expect("a time").parse().expect("a time");
        let (left, truly) = ((said - *at).as_seconds_f64(), (ended - *at).as_seconds_f64());
        assert!(
            left >= 0.6 * truly - 5.0 && left <= 1.6 * truly + 5.0,
            "{left} s are said to be left, and {truly} are: {} of {all} requests",
            run["requests"]
        );
        estimates += 1;
    }
    assert!(estimates > 20, "{estimates} of {} looks", runs.len());
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
