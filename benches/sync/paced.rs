//! At Lever's limit: the share of the budget that is used, refusals, and how soon every active candidate is listed.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::Options;

use crate::common::{Rig, Wish, data_requests, set_of};
use crate::frugal::smallest;

const ROUND_TRIPS_MS: [u64; 3] = [20, 200, 800];
/// What may be sent at once is sent at once, whatever the network: the share counts from there.
const BURST: usize = 20;
const PER_SECOND: f64 = 10.0;
const ACTIVE_SHARE: f64 = 0.1;

/// Every candidate of an account, each round trip side by side (they wait most of the time): the full sync alone of a small one, and of a
/// large one with the regular sync beside it, as in production.
pub async fn run(cluster: &Cluster, whole_account: bool) {
    let (opportunities, beside) = if whole_account { (10_000, Beside::RegularSync) } else { (400, Beside::Nothing) };
    let mut rigs = Vec::new();
    for round_trip in ROUND_TRIPS_MS {
        rigs.push((round_trip, start(cluster, "paced", opportunities, round_trip, beside).await));
    }
    join_all(rigs.into_iter().map(|(round_trip, rig)| whole(rig, round_trip))).await;
}

/// How soon a large account can be worked with; the rest of its sync is not waited for.
pub async fn usable(cluster: &Cluster) {
    for round_trip in &ROUND_TRIPS_MS[..2] {
        let mut rig = start(cluster, "usable", 10_000, *round_trip, Beside::Nothing).await;
        let soon = connect_and_list(&mut rig).await;
        println!("usable at {round_trip} ms: all 1,000 active of 10,000 candidates listed {:.1} s after Connect", soon.as_secs_f64());
        rig.stop().await;
    }
}

/// What else asks Lever while the full sync does.
#[derive(Clone, Copy)]
enum Beside {
    Nothing,
    RegularSync,
}

async fn start(cluster: &Cluster, part: &str, opportunities: usize, round_trip: u64, beside: Beside) -> Rig {
    let lever = Options {
        opportunities,
        accounts: 1,
        active_share: ACTIVE_SHARE,
        round_trip: Duration::from_millis(round_trip),
        jitter: 0.3,
        requests_per_second: PER_SECOND,
        burst: BURST as f64,
        ..Options::default()
    };
    let variables = match beside {
        Beside::Nothing => vec![("SYNC_INTERVAL_SECONDS", "86400".to_owned())],
        Beside::RegularSync => Vec::new(),
    };
    Rig::start(cluster, Wish { database: format!("{part}_{round_trip}"), variables, ..Wish::of(lever) }).await
}

/// Connects; how long after the click every active candidate is listed.
async fn connect_and_list(rig: &mut Rig) -> Duration {
    let active = rig.account().active.len();
    let began = Instant::now();
    rig.connect().await;
    loop {
        let run = newest(rig).await;
        let listed = run["objects"].as_array().into_iter().flatten().find(|object| object["kind"] == "opportunities").cloned();
        if listed.is_some_and(|object| object["synced"].as_u64() >= Some(active as u64)) && rig.admin.count("/v1/opportunities").await == active {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn newest(rig: &Rig) -> serde_json::Value {
    rig.admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

async fn whole(mut rig: Rig, round_trip: u64) {
    let soon = connect_and_list(&mut rig).await;
    let run = loop {
        let run = newest(&rig).await;
        if run["status"] != "running" && run["status"] != "queued" {
            break run;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(run["status"], "succeeded", "{run}");
    let counts = rig.lever.counts(&rig.account().id).expect("counts");
    let requests = data_requests(&rig.lever);
    // From the first of the requests that can be side by side as many as one likes, to the last.
    let first = requests.iter().position(|entry| set_of(entry).is_some()).expect("sets are read") + BURST;
    let last = requests.iter().rposition(|entry| set_of(entry).is_some()).expect("sets are read");
    let span = (requests[last].at_ms - requests[first].at_ms) as f64 / 1e3;
    println!(
        "paced at {round_trip} ms: {:.1} % of the budget used over {span:.0} s, {} of {} requests refused; {:.3} requests per candidate, {:.3} x the \
         smallest number; active ones listed after {:.1} s",
        100.0 * (last - first) as f64 / (span * PER_SECOND),
        rig.lever.violations().len(),
        requests.len(),
        requests.len() as f64 / counts.opportunities as f64,
        requests.len() as f64 / smallest(&counts, counts.opportunities) as f64,
        soon.as_secs_f64()
    );
    rig.stop().await;
}
