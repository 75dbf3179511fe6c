//! The ends of runs: what Lever no longer lists is gone, the counts are made true, and each run says whether it was complete.

use chrono::{DateTime, Utc};

use super::answer::Wish;
use super::children::Children;
use super::plan::{CHANGES, Kind, LONG, SMALL};
use super::run::{Halt, Running};
use super::store::{RunKind, Status, StepRow, cursors, runs, steps};
use super::unasked;
use crate::accounts::{self, Synced};
use crate::db::TenantTx;
use crate::jobs::{self, Job};
use crate::mirror;

/// The regular sync may begin: whatever changed since this run began is looked for again, from Lever's own time then. Where it has begun
/// before, it goes on from where it is.
pub(super) async fn begin_regular(running: &Running<'_>) -> Result<(), Halt> {
    let lists = lists_of(running).await?;
    let mut tx = running.begin().await?;
    let read_until = lists.iter().filter_map(|step| step.until).min().unwrap_or(running.started_at).min(running.started_at);
    cursors::begin(&mut tx, &[CHANGES.as_slice(), &SMALL, &LONG].concat(), running.epoch, read_until).await?;
    running.commit(tx).await
}

/// All lists of a full sync are read, or given up: what was not in them is gone. Candidates are asked for by id first: a list that shifts
/// while it is read may have left one out, and only Lever's word that there is none is reason enough to forget a person.
pub(super) async fn settle_lists(running: &Running<'_>, children: &mut Children<'_>) -> Result<(), Halt> {
    let lists = lists_of(running).await?;
    let mut vanished = Vec::new();
    let mut tx = running.begin().await?;
    for kind in kinds(&lists) {
        let Some(since) = wholly_read_since(&lists, kind) else { continue };
        match kind {
            Kind::Opportunities => vanished = mirror::opportunities::unseen_since(&mut tx, since).await?,
            _ => mark_unseen_gone(&mut tx, kind, since).await?,
        }
    }
    running.commit(tx).await?;
    let since = running.read_at(None);
    children.read(&running.account, vanished.iter().map(|id| Wish { opportunity: id.clone(), set: None }).collect()).await?;
    unasked::put_aside(running, &vanished, since).await?;
    let mut tx = running.begin().await?;
    for kind in kinds(&lists).into_iter().filter(|kind| wholly_read_since(&lists, *kind).is_some()) {
        correct_count(&mut tx, &lists, kind, running.started_at).await?;
    }
    running.commit(tx).await
}

async fn lists_of(running: &Running<'_>) -> Result<Vec<StepRow>, Halt> {
    Ok(running.steps().await?.into_iter().filter(|step| !step.step.is_of_children()).collect())
}

/// Ends a full sync. What its last lists found changed is read at once, and what waited for its end.
pub(super) async fn full(running: &Running<'_>) -> Result<(), Halt> {
    let now = running.state.clock.now();
    let mut tx = running.begin().await?;
    let steps = steps::of_runs(&mut tx, &[running.id]).await?;
    jobs::enqueue(&mut tx, &Job::KeepFresh, now, now).await?;
    end(running, tx, &troubles(&steps)).await?;
    running.state.work.notify_one();
    Ok(())
}

/// Ends an incremental sync. Of those that changed nothing and met no trouble only the newest is worth a line: it says that all is well.
pub(super) async fn incremental(running: &Running<'_>) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    let steps = steps::of_runs(&mut tx, &[running.id]).await?;
    for kind in SMALL.map(|step| step.kind()) {
        if let Some(since) = wholly_read_since(&steps, kind) {
            mark_unseen_gone(&mut tx, kind, since).await?;
        }
    }
    let trouble = troubles(&steps);
    let changed = steps.iter().any(|step| !step.step.is_of_children() && step.synced > 0) || steps.iter().any(|step| step.skipped > 0);
    // Beside a full sync, everybody looks at that one.
    let is_alone = runs::under_way(&mut tx, RunKind::Full).await?.is_none();
    if !trouble.is_empty() {
        tracing::warn!(run = %running.id, trouble, "an incremental sync could not read everything");
    }
    if !is_alone {
        if trouble.is_empty() {
            record(running, &mut tx).await?;
        }
        runs::discard(&mut tx, running.id).await?;
        tx.commit().await?;
        return Ok(());
    }
    if trouble.is_empty() && !changed {
        runs::keep_one_quiet(&mut tx, running.id).await?;
    }
    runs::prune_incremental(&mut tx, running.id, (!trouble.is_empty()).then_some(trouble.as_str())).await?;
    end(running, tx, &trouble).await
}

/// Ends a run as succeeded, or as failed when there is something to say.
pub(super) async fn end(running: &Running<'_>, mut tx: TenantTx, trouble: &str) -> Result<(), Halt> {
    let now = running.state.clock.now();
    if trouble.is_empty() {
        runs::end(&mut tx, running.id, Status::Succeeded, None, now).await?;
        if !running.dry_run {
            record(running, &mut tx).await?;
        }
    } else {
        runs::end(&mut tx, running.id, Status::Failed, Some(trouble), now).await?;
    }
    running.commit(tx).await?;
    tracing::info!(run = %running.id, kind = ?running.kind, complete = trouble.is_empty(), "a sync has read all it could");
    Ok(())
}

/// The copy is as Lever has it: not before a full sync that is under way has ended, unless it was so before that began.
async fn record(running: &Running<'_>, tx: &mut TenantTx) -> Result<(), Halt> {
    let now = running.state.clock.now();
    let synced = if runs::under_way(tx, RunKind::Full).await?.is_some() { Synced::Newer } else { Synced::Whole };
    Ok(accounts::record_sync(tx, synced, now).await?)
}

pub(super) fn kinds(steps: &[StepRow]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = steps.iter().map(|step| step.object).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Since when every object of a kind that Lever has must have been seen. `None` when some may have been missed: a list that was not
/// read whole proves nothing about what it does not show.
pub(super) fn wholly_read_since(steps: &[StepRow], kind: Kind) -> Option<DateTime<Utc>> {
    let mut of_kind = steps.iter().filter(|step| step.object == kind).peekable();
    of_kind.peek()?;
    let mut since = None;
    for step in of_kind {
        if !step.done || step.skipped > 0 || step.trouble.is_some() {
            return None;
        }
        let began = step.began_at?;
        since = Some(since.map_or(began, |earliest: DateTime<Utc>| earliest.min(began)));
    }
    since
}

/// Why the run is not complete, in sentences; empty when it is.
pub(super) fn troubles(steps: &[StepRow]) -> String {
    let mut sentences: Vec<&str> = Vec::new();
    for sentence in steps.iter().filter_map(|step| step.trouble.as_deref()) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join(" ")
}

/// Marks what was not seen since then gone; nothing hangs on the kinds that have no list of their own.
pub(super) async fn mark_unseen_gone(tx: &mut TenantTx, kind: Kind, since: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let gone = match kind {
        Kind::Users => mirror::users::mark_unseen_gone(tx, since).await?,
        Kind::Stages => mirror::stages::mark_unseen_gone(tx, since).await?,
        Kind::ArchiveReasons => mirror::archive_reasons::mark_unseen_gone(tx, since).await?,
        Kind::Tags => mirror::tags::mark_unseen_gone(tx, since).await?,
        Kind::FeedbackTemplates => mirror::feedback_templates::mark_unseen_gone(tx, since).await?,
        Kind::Postings => mirror::postings::mark_unseen_gone(tx, since).await?,
        // A candidate is asked for by id, and each set was replaced as a whole when it was read.
        Kind::Opportunities | Kind::Panels | Kind::Notes | Kind::Resumes => 0,
    };
    if gone > 0 {
        tracing::info!(kind = kind.words(), gone, "Lever no longer lists some objects");
    }
    Ok(())
}

/// A run counts what it brings itself, and where several lists bring one kind, each counts what no other brought before. In the end the
/// count is made whole: with what lists of changes and others than this run have brought meanwhile, and without what has left Lever since it
/// was counted.
pub(super) async fn correct_count(tx: &mut TenantTx, lists: &[StepRow], kind: Kind, since: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let there = match kind {
        Kind::Postings => mirror::count::postings(tx, since).await?,
        Kind::Opportunities => mirror::count::opportunities(tx, since).await?,
        Kind::Panels => mirror::count::panels(tx, since).await?,
        Kind::Notes => mirror::count::notes(tx, since).await?,
        Kind::Resumes => mirror::count::resumes(tx, since).await?,
        _ => return Ok(()),
    };
    let counted: i64 = lists.iter().filter(|step| step.object == kind).map(|step| step.synced).sum();
    match lists.iter().rfind(|step| step.object == kind) {
        Some(last) => steps::correct_count(tx, last, there - counted).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::plan::{self, Step};
    use crate::sync::store::steps::sample;

    fn step(step: Step, began: i64) -> StepRow {
        StepRow { began_at: DateTime::from_timestamp(began, 0), synced: 1, total: Some(1), done: true, ..sample(step) }
    }

    #[test]
    fn what_is_unseen_is_gone_only_when_every_list_of_its_kind_was_read_whole() {
        let whole = [step(Step::ArchivedOpportunities, 20), step(Step::ActiveOpportunities, 10), step(Step::Tags, 5)];
        assert_eq!(wholly_read_since(&whole, Kind::Opportunities), DateTime::from_timestamp(10, 0));
        assert_eq!(wholly_read_since(&whole, Kind::Users), None);
        for spoil in
            [|step: &mut StepRow| step.skipped = 1, |step: &mut StepRow| step.done = false, |step: &mut StepRow| step.trouble = Some("x".into())]
        {
            let mut spoiled = whole.clone();
            spoil(&mut spoiled[0]);
            assert_eq!(wholly_read_since(&spoiled, Kind::Opportunities), None);
            assert!(wholly_read_since(&spoiled, Kind::Tags).is_some());
        }
    }

    #[test]
    fn a_sentence_is_said_once() {
        let mut steps = vec![step(Step::ActiveOpportunities, 1), step(Step::Tags, 1), step(Step::ArchivedOpportunities, 1)];
        assert_eq!(troubles(&steps), "");
        steps[0].trouble = Some("No opportunities.".into());
        steps[1].trouble = Some("No tags.".into());
        steps[2].trouble = Some("No opportunities.".into());
        assert_eq!(troubles(&steps), "No opportunities. No tags.");
    }

    #[test]
    fn every_kind_is_finished_once() {
        let steps: Vec<_> = plan::full().into_iter().map(|it| step(it, 1)).collect();
        assert_eq!(kinds(&steps).len(), 10);
    }
}
