//! `kill -9` of the real binary in the middle of a sync: how soon after its restart it asks Lever again, and what it asks twice.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::Utc;
use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::{FakeLever, Options};

use crate::common::support::process::{Service, free_port, run_until};
use crate::common::support::story::Person;
use crate::common::{ORGANIZATION, Wish, data_requests};

/// Enough to see everything that was under way asked again.
const AFTERWARDS: usize = 100;

pub async fn run(cluster: &Cluster) {
    for (database, wait) in [("killed_early", 30), ("killed_late", 250)] {
        cluster.recreate_database(database).await.expect("a database");
        let options = Options { opportunities: 1_000, accounts: 1, round_trip: Duration::from_millis(200), jitter: 0.3, ..Options::default() };
        let setting = Wish::of(options.clone()).setting();
        let lever = FakeLever::start(options).await.expect("the stand-in starts");
        let (url, port) = (cluster.url(database), free_port());
        let service = Service::start(&setting, &lever, &url, port).await;
        let mut admin = Person::new(&service.base, ORGANIZATION, "admin", Utc::now());
        admin.connect(&lever, 0).await;
        run_until(&admin, "the sync is under way", |run| run["requests"].as_u64() > Some(wait)).await;

        let killed = Instant::now();
        service.kill().await;
        // What was on its way arrives all the same.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (before, there) = (data_requests(&lever), lever.ledger().len());
        let service = Service::start(&setting, &lever, &url, port).await;
        let ready = killed.elapsed();
        lever.wait_ledger(|ledger| ledger.len() > there).await;
        let asked = killed.elapsed();
        lever.wait_ledger(|ledger| ledger.len() > there + AFTERWARDS).await;
        service.kill().await;

        let seen: HashSet<(&str, &str)> = before.iter().map(|entry| (entry.path.as_str(), entry.query.as_str())).collect();
        let again = data_requests(&lever).split_off(before.len());
        let twice = again.iter().filter(|entry| seen.contains(&(entry.path.as_str(), entry.query.as_str()))).count();
        println!(
            "killed after {} requests: ready again after {:.1} s, asks Lever {:.1} s after the kill; {twice} requests twice",
            before.len(),
            ready.as_secs_f64(),
            asked.as_secs_f64()
        );
        lever.stop().await;
    }
}
