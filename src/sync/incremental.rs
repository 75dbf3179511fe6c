//! An incremental sync: what changed since the last one, and what hangs on it; then a part of the rolling sweep.
//!
//! What is to be read again because a list says so is remembered in the transaction that stores the list's page. So neither a crash
//! nor a spent share of the budget loses it: the next one goes on there.

use chrono::{DateTime, Utc};

use super::answer::{Wish, kind_of};
use super::children::Children;
use super::plan::{self, Step};
use super::run::{Halt, Running};
use super::store::due::{self, Due};
use super::store::{RunKind, StepRow, quarantine, runs};
use super::{finish, lists, sweep, unasked};
use crate::mirror;
use crate::mirror::children::Kind;
use crate::mirror::opportunities::StaleSets;

/// Opportunities whose sets are read before the next ones are looked up: what a crash repeats at most.
const AT_ONCE: i64 = 20;
/// Requests for one opportunity that changed.
const EACH: usize = 3;
/// Sets that are tried again in one sweep, of those that could not be read.
const RIPE: usize = 20;
/// The share of the rate that may go to what changed, so that the next look at the lists comes in time.
const SHARE: f64 = 0.7;

pub(super) async fn work(running: &Running<'_>) -> Result<(), Halt> {
    let steps = running.steps().await?;
    lists::read_all(running, steps.iter().filter(|step| !step.done && !step.step.is_of_children()).collect()).await?;
    ask_for_the_vanished(running).await?;

    let mut children = Children::open(running, &steps).await?;
    read_due(running, &mut children).await?;
    sweep_some(running, &mut children).await?;
    children.close().await?;
    finish::incremental(running).await
}

/// Who is no longer in the list of active candidates was archived, or deleted, or skipped by a list that shifted: asked one by one.
async fn ask_for_the_vanished(running: &Running<'_>) -> Result<(), Halt> {
    let steps = running.steps().await?;
    let read_whole = |step: &&StepRow| step.step == Step::ActiveOpportunities && step.done && step.trouble.is_none() && step.skipped == 0;
    let Some(began_at) = steps.iter().find(read_whole).and_then(|step| step.began_at) else { return Ok(()) };
    let mut tx = running.begin().await?;
    let vanished = mirror::opportunities::active_unseen_since(&mut tx, began_at).await?;
    due::add(&mut tx, &vanished, true, running.state.clock.now()).await?;
    running.commit(tx).await
}

/// Reads what changed, within a share of the budget; the rest is for the next time.
async fn read_due(running: &Running<'_>, children: &mut Children<'_>) -> Result<(), Halt> {
    let mut left = allowance(running);
    while left >= EACH {
        let since = running.read_at(None);
        let mut tx = running.begin().await?;
        let due = due::oldest(&mut tx, AT_ONCE).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(());
        }
        let itself: Vec<String> = due.iter().filter(|due| due.whole).map(|due| due.opportunity_id.clone()).collect();
        children.read(&running.account, itself.iter().map(|id| Wish { opportunity: id.clone(), set: None }).collect()).await?;
        unasked::put_aside(running, &itself, since).await?;
        let sets = unread_sets(running, &due).await?;
        children.read(&running.account, sets).await?;
        let done: Vec<String> = due.iter().map(|due| due.opportunity_id.clone()).collect();
        let mut tx = running.begin().await?;
        due::settle(&mut tx, &done, since).await?;
        running.commit(tx).await?;
        left = left.saturating_sub(done.len() * EACH);
    }
    tracing::warn!(run = %running.id, "more has changed than the budget can read; the rest is for the next incremental sync");
    metrics::counter!("lever_sync_behind_total", "what" => "changes").increment(1);
    Ok(())
}

/// The sets of these, as far as they are there, that nobody has read since they were asked for.
async fn unread_sets(running: &Running<'_>, due: &[Due]) -> Result<Vec<Wish>, Halt> {
    let mut wishes = Vec::new();
    let mut tx = running.begin().await?;
    for due in due {
        let row = mirror::opportunities::find(&mut tx, &due.opportunity_id).await?;
        if row.as_ref().is_some_and(|row| row.gone_at.is_some()) {
            continue;
        }
        let read = |set| row.as_ref().and_then(|row| row.synced_at_of(set));
        // Whoever reads a candidate reads the panels in the same breath.
        let is_fresh = |set, at: DateTime<Utc>| if set == Kind::Panels { at >= due.asked_at } else { at > due.asked_at };
        let unread = [Kind::Panels, Kind::Notes, Kind::Resumes].into_iter().filter(|set| !read(*set).is_some_and(|at| is_fresh(*set, at)));
        wishes.extend(unread.map(|set| Wish { opportunity: due.opportunity_id.clone(), set: Some(set) }));
    }
    tx.commit().await?;
    Ok(wishes)
}

fn allowance(running: &Running<'_>) -> usize {
    let config = &running.state.config;
    match config.lever.requests_per_second {
        // The cast is exact for any rate there is.
        rate if rate > 0.0 => ((rate * config.sync.interval.as_secs_f64() * SHARE) as usize).max(EACH * AT_ONCE as usize),
        _ => usize::MAX,
    }
}

/// Reads again what has waited longest, within the sweep's share of the budget.
async fn sweep_some(running: &Running<'_>, children: &mut Children<'_>) -> Result<(), Halt> {
    let config = &running.state.config;
    let (now, since) = (running.state.clock.now(), running.read_at(None));
    let mut tx = running.begin().await?;
    let beside_full = runs::under_way(&mut tx, RunKind::Full).await?.is_some();
    let quota = sweep::quota(config.lever.requests_per_second, config.sync.interval, beside_full);
    // A few of those that could not be read are tried again first: each may take many requests.
    let ripe = quarantine::ripe(&mut tx, now, (quota / 4).clamp(1, RIPE) as i64).await?;
    let ripe: Vec<Wish> = ripe.into_iter().map(|(kind, opportunity)| Wish { opportunity, set: set_of_kind(kind) }).collect();
    let itself: Vec<String> = ripe.iter().filter(|wish| wish.set.is_none()).map(|wish| wish.opportunity.clone()).collect();
    let mut stale = Vec::new();
    for round in sweep::rounds(now, config.sync.interval) {
        // Those that cannot be read would be the first for ever.
        let tried = ripe.iter().filter(|wish| wish.set == Some(round.set)).map(|wish| wish.opportunity.as_str());
        let but: Vec<&str> = children.held_of(round.set).chain(tried).collect();
        // A candidate whom a webhook or a person brought, and a kind that was given up: nobody else comes back to these.
        let never_read = round.never_read(beside_full);
        let wanted = StaleSets { kind: round.set, among: round.among, before: round.before, never_read, but: &but };
        let found = mirror::opportunities::stale(&mut tx, wanted, now, round.most(quota) as i64).await?;
        stale.extend(found.into_iter().map(|(opportunity, read_at)| round.found(opportunity, read_at, now)));
    }
    tx.commit().await?;
    let (chosen, waiting) = sweep::choose(stale, quota.saturating_sub(ripe.len()));
    if waiting > 0 {
        tracing::info!(run = %running.id, quota, waiting, "the sweep takes longer than its period: its share of the budget is too small");
        metrics::counter!("lever_sync_behind_total", "what" => "sweep").increment(1);
    }
    let again = chosen.into_iter().map(|stale| Wish { opportunity: stale.opportunity, set: Some(stale.set) });
    children.read(&running.account, ripe.into_iter().chain(again).collect()).await?;
    unasked::put_aside(running, &itself, since).await.map(drop)
}

/// `None`: the opportunity itself.
fn set_of_kind(kind: plan::Kind) -> Option<Kind> {
    [Kind::Panels, Kind::Notes, Kind::Resumes].into_iter().find(|set| kind_of(*set) == kind)
}
