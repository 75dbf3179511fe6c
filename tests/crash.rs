//! kill -9 in the middle of a sync, with the real binary: the next start, or the other replica, goes on where it was, and ends complete.

mod support;

use std::collections::HashSet;

use chrono::Utc;
use lever_integration::fake_lever::{FakeLever, LedgerEntry, Options};
use lever_integration::jobs::LEASE;
use serde_json::Value;
use support::database::TestDatabase;
use support::process::{Service, free_port, run_until};
use support::story::{Person, Setting};
use uuid::Uuid;

#[tokio::test]
async fn a_sync_that_was_killed_goes_on_where_it_was() {
    let database = TestDatabase::create().await;
    // Slow enough to be killed in the middle.
    let options = Options { opportunities: 300, requests_per_second: 0.0, ..Options::default() };
    let setting = Setting { lever: options.clone(), requests_per_second: 40.0, ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let port = free_port();
    let service = Service::start(&setting, &lever, &database.url, port).await;

    let account = lever.accounts().swap_remove(0);
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    admin.connect(&lever, 0).await;
    run_until(&admin, "some panels were read", |run| run["requests"].as_u64() > Some(12)).await;
    service.kill().await;
    let before: Vec<(String, String)> = lever.ledger().iter().map(|entry| (entry.path.clone(), entry.query.clone())).collect();

    let service = Service::start(&setting, &lever, &database.url, port).await;
    let run = run_until(&admin, "the sync has ended", |run| run["status"] != "running" && run["status"] != "queued").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let counted = admin.count("/v1/opportunities?archived=any").await;
    let panels = admin.count("/v1/panels?status=any").await;
    service.kill().await;

    // Nothing that was stored is read again: at most what was under way when it was killed, and the lists of the incremental sync after it.
    let again: Vec<_> = lever.ledger()[before.len()..]
        .iter()
        .filter(|entry| is_of_one(&entry.path) && before.contains(&(entry.path.clone(), entry.query.clone())))
        .map(|entry| format!("{}?{}", entry.path, entry.query))
        .collect();
    assert!(again.len() <= 16, "{} requests were repeated: {again:#?}", again.len());
    let there = lever.counts(&account.id).expect("counts");
    assert_eq!(counted, there.opportunities);
    assert_eq!(panels, there.panels);
    assert!(there.active_opportunities > 20);
    assert!(lever.unexpected().is_empty(), "{:?}", lever.unexpected());
    lever.stop().await;
    drop(database);
}

/// What a dead replica held is free after its lease, and looked for several times a second.
const _: () = assert!(LEASE.as_secs() <= 8, "the sync must go on within ten seconds");

/// Two replicas on one database: either may be killed, the other goes on, and each page and set is read once but for what was under way.
#[tokio::test]
async fn either_replica_may_be_killed() {
    let database = TestDatabase::create().await;
    // Lever's limit is all that both may use together.
    let options = Options { opportunities: 250, requests_per_second: 40.0, burst: 40.0, ..Options::default() };
    let variables = vec![("LEVER_BURST", "40".to_owned())];
    let setting = Setting { lever: options.clone(), requests_per_second: 40.0, variables, ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let mut one = Service::start(&setting, &lever, &database.url, free_port()).await;
    let mut other = Service::start(&setting, &lever, &database.url, free_port()).await;
    let account = lever.accounts().swap_remove(0);
    let person = |service: &Service| Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    person(&one).connect(&lever, 0).await;
    for _ in 0..2 {
        let caller = person(&other);
        let before = run_until(&caller, "it goes on", |run| requests(run) > 12).await;
        one.kill().await;
        run_until(&caller, "the other one goes on", |run| requests(run) > requests(&before) + 60).await;
        // The next turn is the other's to be killed.
        one = other;
        other = Service::start(&setting, &lever, &database.url, free_port()).await;
    }
    let caller = person(&other);
    let run = run_until(&caller, "the sync has ended", |run| run["status"] != "running" && run["status"] != "queued").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let there = lever.counts(&account.id).expect("counts");
    assert_eq!(caller.count("/v1/opportunities?archived=any").await, there.opportunities);
    assert_eq!(caller.count("/v1/panels?status=any").await, there.panels);
    one.kill().await;
    other.kill().await;

    let sets: Vec<String> = lever.ledger().into_iter().map(|entry| entry.path).filter(|path| is_of_one(path)).collect();
    let different: HashSet<&String> = sets.iter().collect();
    assert_eq!(different.len(), 3 * there.opportunities);
    assert!(sets.len() - different.len() <= 2 * 16, "{} sets were read again", sets.len() - different.len());
    let pages: Vec<String> = lever.ledger().into_iter().filter(is_of_archived).map(|entry| entry.query).collect();
    let different: HashSet<&String> = pages.iter().collect();
    assert!(different.len() > 1 && pages.len() - different.len() <= 2, "{pages:#?}");
    assert!(lever.violations().is_empty(), "{:?}", lever.violations());
    assert!(lever.unexpected().is_empty(), "{:?}", lever.unexpected());
    lever.stop().await;
    drop(database);
}

/// The list that only a full sync reads.
fn is_of_archived(entry: &LedgerEntry) -> bool {
    entry.path == "/v1/opportunities" && entry.query.contains("archived=true")
}

fn requests(run: &Value) -> u64 {
    run["requests"].as_u64().unwrap_or_default()
}

/// Whether it is about what hangs on one candidate.
fn is_of_one(path: &str) -> bool {
    ["/panels", "/notes", "/resumes"].iter().any(|end| path.ends_with(end))
}
