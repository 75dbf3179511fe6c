//! Requests, counted by Lever: for everything, until interviews can be planned, for the lists alone, and once more after a little has
//! changed. Nothing here is about time, so there is no limit, and the clock is moved by hand.

use std::collections::HashSet;
use std::time::Duration;

use chrono::Utc;
use lever_integration::app::Jobs;
use lever_integration::clock::Clock;
use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::{Counts, Options};

use crate::common::{Rig, Wish, data_requests, set_of};

const OPPORTUNITIES: usize = 2_000;
const ACTIVE_SHARE: f64 = 0.15;
/// A regular sync's interval, however it varies.
const INTERVAL: Duration = Duration::from_secs(140);
/// Lists of what changed: opportunities updated, advanced, archived, created and deleted; postings updated and deleted.
const LISTS_OF_CHANGES: usize = 7;

/// The fewest requests that can bring an account over: its lists by the hundred, and three for each of these candidates.
pub fn smallest(counts: &Counts, candidates: usize) -> usize {
    let small = [counts.users, counts.stages, counts.archive_reasons, counts.tags, counts.feedback_templates, counts.postings];
    let lists: usize = small.into_iter().chain([counts.opportunities]).map(|many| many.div_ceil(100).max(1)).sum();
    lists + 3 * candidates
}

pub async fn run(cluster: &Cluster) {
    let lever = Options { opportunities: OPPORTUNITIES, accounts: 1, active_share: ACTIVE_SHARE, requests_per_second: 0.0, ..Options::default() };
    let clock = Clock::manual(Utc::now());
    let mut rig = Rig::start(cluster, Wish { database: "frugal".into(), jobs: Jobs::ByHand, clock: clock.clone(), ..Wish::of(lever) }).await;
    rig.connect().await;
    rig.work().await;
    first_sync(&rig);
    // The first regular sync also reads the small lists once more.
    clock.advance(INTERVAL);
    rig.work().await;
    rig.lever.clear_ledger();
    let changed = change(&rig);
    clock.advance(INTERVAL);
    rig.work().await;
    let sent = data_requests(&rig.lever).len();
    line("once more after 1 % changed", sent, LISTS_OF_CHANGES + 3 * changed);
    rig.stop().await;
}

fn first_sync(rig: &Rig) {
    let account = rig.account();
    let counts = rig.lever.counts(&account.id).expect("counts");
    let requests = data_requests(&rig.lever);
    let active: HashSet<&str> = account.active.iter().map(String::as_str).collect();
    let ready = 1 + requests.iter().rposition(|entry| set_of(entry).is_some_and(|of| active.contains(of))).expect("sets of active ones");
    let lists = requests.iter().filter(|entry| set_of(entry).is_none()).count();
    line("everything", requests.len(), smallest(&counts, counts.opportunities));
    line("until interviews can be planned (15 % active)", ready, smallest(&counts, active.len()));
    line("lists alone", lists, smallest(&counts, 0));
}

fn change(rig: &Rig) -> usize {
    let account = rig.account();
    let inside = rig.lever.inside(&account.id).quietly();
    let changed = OPPORTUNITIES / 100;
    for id in &account.active[..changed] {
        let now = rig.lever.opportunity(&account.id, id).expect("a candidate")["stage"].clone();
        let stage = account.stages.iter().find(|stage| now != stage.as_str()).expect("another");
        inside.change_stage(id, stage).expect("moved");
    }
    changed
}

fn line(what: &str, sent: usize, smallest: usize) {
    println!(
        "requests, {what}: {sent}, {:.4} per candidate, {:.3} x the smallest number ({smallest})",
        sent as f64 / OPPORTUNITIES as f64,
        sent as f64 / smallest as f64
    );
}
