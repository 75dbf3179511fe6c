//! Scheduling: how long an answer takes beyond Lever's own time for it, when nothing else goes on and while a backfill uses the whole
//! budget, against a budget without lanes: the same backfill with everybody's urgency. Edit and cancel likewise.
//!
//! Lever's own time is known: each request takes the stand-in's round trip, which is measured beside, times the requests that have to
//! wait for one another, which the ledger tells.
//!
//! `cargo bench --bench panels`; `-- idle backfill lanes` names the parts wanted.

mod common;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use common::numbers::{median, percentile};
use common::support::process::run_until;
use common::{Asked, ORGANIZATION, Rig, Wish, postgres};
use http::Method;
use lever_integration::accounts;
use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::{AccountView, Options};
use lever_integration::ids::TenantId;
use lever_integration::lever::{Lane, Paging};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const ROUND_TRIP: Duration = Duration::from_millis(100);
/// Between two people's clicks.
const PAUSE: Duration = Duration::from_millis(400);
/// As many requests as a sync has under way.
const AT_ONCE: usize = 16;
/// Panels that are made before any is measured.
const WARM_UP: usize = 10;
const KINDS: [&str; 3] = ["schedule", "edit", "cancel"];

#[tokio::main]
async fn main() {
    let asked = Asked::read();
    let cluster = postgres("panels").await;
    let mut during = None;
    if asked.part("idle") {
        let rig = start(&cluster, 40).await;
        run_until(&rig.admin, "the first sync has ended", |run| run["status"] == "succeeded").await;
        report("idle", &measure(&rig, 100).await);
        rig.stop().await;
    }
    if asked.part("backfill") {
        let rig = start(&cluster, 4_000).await;
        run_until(&rig.admin, "the sync is under way", |run| run["requests"].as_u64() > Some(80)).await;
        let took = measure(&rig, 120).await;
        report("during a backfill", &took);
        during = Some(took);
        rig.stop().await;
    }
    if asked.part("lanes") {
        let rig = start(&cluster, 4_000).await;
        run_until(&rig.admin, "the sync is under way", |run| run["requests"].as_u64() > Some(80)).await;
        let backfill = backfill_of_everybody(&rig).await;
        let took = measure(&rig, 12).await;
        drop(backfill);
        report("during a backfill without lanes", &took);
        if let Some(during) = during {
            for (kind, (with, without)) in KINDS.iter().zip(during.iter().zip(&took)) {
                println!("{kind}: {:.0} x as long without lanes (p50)", median(without) / median(with).max(1.0));
            }
        }
        rig.stop().await;
    }
    cluster.stop().await.expect("Postgres stops");
}

async fn start(cluster: &Cluster, opportunities: usize) -> Rig {
    let lever = Options { opportunities, accounts: 1, active_share: 0.5, round_trip: ROUND_TRIP, ..Options::default() };
    let mut rig = Rig::start(cluster, Wish::of(lever)).await;
    rig.connect().await;
    rig
}

/// What a sync would ask, in the lane of people.
async fn backfill_of_everybody(rig: &Rig) -> JoinSet<()> {
    let (account, _) = accounts::open(&rig.app.state, TenantId(ORGANIZATION)).await.expect("connected");
    let account = account.in_lane(Lane::Person);
    let mut backfill = JoinSet::new();
    for _ in 0..AT_ONCE {
        let account = account.clone();
        backfill.spawn(async move {
            loop {
                account.list_stages(&Paging::first()).await.expect("stages");
            }
        });
    }
    backfill
}

/// As [`spans`], of a service that has done each before: its first connections to Postgres know the statements.
async fn measure(rig: &Rig, panels: usize) -> [Vec<f64>; 3] {
    spans(rig, WARM_UP).await;
    spans(rig, panels).await
}

/// Schedules, edits and cancels so many panels; milliseconds beyond Lever's own time, for each kind.
async fn spans(rig: &Rig, panels: usize) -> [Vec<f64>; 3] {
    let account = rig.account();
    let day = Utc::now() + TimeDelta::days(60);
    let mut took: [Vec<(f64, usize)>; 3] = Default::default();
    let (mut ways, mut refused) = (Vec::new(), 0);
    for at in 0..panels {
        let opportunity = &account.active[at % account.active.len()];
        let start = day + TimeDelta::hours(at as i64);
        let (answer, scheduled) =
            timed(rig, opportunity, Method::POST, &format!("/v1/opportunities/{opportunity}/panels"), Some(panel(&account, start, at))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let path = format!("/v1/panels/{}", answer.json()["id"].as_str().expect("an id"));
        let (answer, edited) = timed(rig, opportunity, Method::PATCH, &path, Some(json!({"note": "The room has changed."}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let (answer, canceled) = timed(rig, opportunity, Method::DELETE, &path, None).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        for (kind, one) in took.iter_mut().zip([scheduled, edited, canceled]) {
            kind.push(one);
        }
        refused += rig.lever.violations().len();
        ways.push(round_trip(rig).await);
    }
    assert_eq!(refused, 0, "Lever refused requests");
    let way = median(&ways);
    took.map(|kind| kind.into_iter().map(|(took, requests)| took - requests as f64 * way).collect())
}

fn panel(account: &AccountView, start: DateTime<Utc>, at: usize) -> Value {
    let people: Vec<_> = account.users.iter().filter(|user| user.active).collect();
    json!({"timezone": "Europe/Lisbon", "interviews": [
        {"start": start, "durationMinutes": 45, "subject": "Systems", "interviewers": [{"id": people[at % people.len()].id}]}]})
}

/// One call: its answer, how many milliseconds it took, and how many requests to Lever waited for one another in it.
async fn timed(rig: &Rig, opportunity: &str, method: Method, path: &str, body: Option<Value>) -> (common::support::story::Answer, (f64, usize)) {
    tokio::time::sleep(PAUSE).await;
    rig.lever.clear_ledger();
    let began = Instant::now();
    let answer = rig.admin.call(method, path, body, &[]).await;
    let took = began.elapsed().as_secs_f64() * 1e3;
    let (itself, its_panels, its_interviews) = (
        format!("/v1/opportunities/{opportunity}"),
        format!("/v1/opportunities/{opportunity}/panels"),
        format!("/v1/opportunities/{opportunity}/interviews"),
    );
    // Panels are read beside the candidate, not after.
    let waits = |method: &str, path: &str| {
        path == itself || path == its_interviews || (path.starts_with(&its_panels) && !(method == "GET" && path == its_panels))
    };
    let requests = rig.lever.ledger().iter().filter(|entry| waits(&entry.method, &entry.path)).count();
    (answer, (took, requests))
}

/// A request and its answer with nothing behind it, in milliseconds: it has no token, so it is refused and costs no budget.
async fn round_trip(rig: &Rig) -> f64 {
    let address = format!("{}/stages", rig.lever.api_url());
    let began = Instant::now();
    let answer = rig.admin.http.get(address).send().await.expect("the stand-in answers");
    assert_eq!(answer.status(), 401);
    began.elapsed().as_secs_f64() * 1e3
}

fn report(when: &str, took: &[Vec<f64>; 3]) {
    for (kind, took) in KINDS.iter().zip(took) {
        println!(
            "{kind} {when}: above Lever's own time p50 {:.1} ms, p99 {:.1} ms ({} times)",
            percentile(took, 50),
            percentile(took, 99),
            took.len()
        );
    }
}
