//! Reads: answers per second of a list, a candidate and a panel, against bare axum handlers that run the same queries, with row-level
//! security (and its set-up in one round trip) and without.
//!
//! `cargo bench --bench reads`; `-- list candidate panel` names the parts wanted.

mod bare;
#[path = "../common/mod.rs"]
mod common;

use std::time::Duration;

use common::client::{get, rate};
use common::numbers::median;
use common::{Asked, Rig, Wish, postgres};
use lever_integration::app::Jobs;
use lever_integration::fake_lever::Options;

const ROUNDS: usize = 7;
const SPAN: Duration = Duration::from_millis(1_500);
const CONNECTIONS: usize = 16;

#[tokio::main]
async fn main() {
    let asked = Asked::read();
    let cluster = postgres("reads").await;
    let lever = Options { opportunities: 1_000, accounts: 1, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let mut rig = Rig::start(&cluster, Wish { jobs: Jobs::ByHand, ..Wish::of(lever) }).await;
    rig.connect().await;
    rig.work().await;
    let (guarded, open) = (bare::serve(&rig.database_url, true).await, bare::serve(&rig.database_url, false).await);
    let candidates: Vec<String> = rig.account().active.iter().take(100).map(|id| format!("/v1/opportunities/{id}")).collect();
    let panels = rig.admin.get("/v1/panels?status=any&limit=100").await.expect(200).json();
    let panels: Vec<String> =
        panels["data"].as_array().expect("a list").iter().map(|panel| format!("/v1/panels/{}", panel["id"].as_str().expect("an id"))).collect();
    if asked.part("list") {
        compare(&rig, &guarded, &open, "a page of 50 candidates", &["/v1/opportunities".to_owned()]).await;
    }
    if asked.part("candidate") {
        compare(&rig, &guarded, &open, "one candidate", &candidates).await;
    }
    if asked.part("panel") {
        compare(&rig, &guarded, &open, "one panel", &panels).await;
    }
    rig.stop().await;
    cluster.stop().await.expect("Postgres stops");
}

/// Turn by turn, so that what else the machine does concerns all three.
async fn compare(rig: &Rig, guarded: &str, open: &str, what: &str, paths: &[String]) {
    let token = format!("Bearer {}", rig.admin.token);
    let requests: Vec<Vec<u8>> = paths.iter().map(|path| get(path, ("authorization", &token))).collect();
    let mut rates: [Vec<f64>; 3] = Default::default();
    for round in 0..=ROUNDS {
        for (rates, base) in rates.iter_mut().zip([rig.admin.base.as_str(), guarded, open]) {
            let rate = rate(base, &requests, CONNECTIONS, SPAN).await;
            // The first round warms all up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let [ours, guarded, open] = &rates;
    // Of each round by itself: what the machine does changes from one to the next.
    let ratio = |theirs: &[f64]| median(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>());
    println!(
        "{what}: {:.0}/s; bare with row-level security {:.0}/s, ratio {:.2}; without {:.0}/s, ratio {:.2}",
        median(ours),
        median(guarded),
        ratio(guarded),
        median(open),
        ratio(open)
    );
}
