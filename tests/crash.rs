//! kill -9 in the middle of a sync, with the real binary: the next start goes on where it was, and ends complete.

mod support;

use chrono::Utc;
use lever_integration::fake_lever::{FakeLever, Options};
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

    // Nothing that was stored is read again: at most what was under way when it was killed.
    let again: Vec<_> = lever.ledger()[before.len()..]
        .iter()
        .filter(|entry| entry.method == "GET" && !entry.path.ends_with("/webhooks") && before.contains(&(entry.path.clone(), entry.query.clone())))
        .map(|entry| format!("{}?{}", entry.path, entry.query))
        .collect();
    assert!(again.len() <= 9, "{} requests were repeated: {again:#?}", again.len());
    let there = lever.counts(&account.id).expect("counts");
    assert_eq!(counted, there.opportunities);
    assert_eq!(panels, there.panels_of_active);
    assert!(there.active_opportunities > 20);
    assert!(lever.unexpected().is_empty(), "{:?}", lever.unexpected());
    lever.stop().await;
    drop(database);
}
