//! The end of a run that has read all its lists: what Lever no longer lists is gone, the counts are made true, and the run says
//! whether it was complete.

use chrono::{DateTime, Utc};

use super::plan::Kind;
use super::run::{Halt, Running};
use super::store::{self, Status, StepRow};
use crate::accounts;
use crate::db::TenantTx;
use crate::mirror;

/// Ends the run, in one transaction.
pub(super) async fn finish(running: &Running<'_>) -> Result<(), Halt> {
    let now = running.state.clock.now();
    let mut tx = running.begin().await?;
    let steps = store::steps(&mut tx, &[running.id]).await?;
    for kind in kinds(&steps) {
        if let Some(since) = wholly_read_since(&steps, kind) {
            mark_unseen_gone(&mut tx, kind, since).await?;
            correct_count(&mut tx, &steps, kind).await?;
        }
    }
    let trouble = troubles(&steps);
    if trouble.is_empty() {
        store::end(&mut tx, running.id, Status::Succeeded, None, now).await?;
        accounts::record_sync(&mut tx, now).await?;
    } else {
        store::end(&mut tx, running.id, Status::Failed, Some(&trouble), now).await?;
    }
    tx.commit().await?;
    tracing::info!(run = %running.id, complete = trouble.is_empty(), "a sync has read all it could");
    Ok(())
}

fn kinds(steps: &[StepRow]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = steps.iter().map(|step| step.object).collect();
    kinds.dedup();
    kinds.sort_by_key(|kind| *kind as u8);
    kinds.dedup();
    kinds
}

/// Since when every object of a kind that Lever has must have been seen. `None` when some may have been missed: a list that was not
/// read whole proves nothing about what it does not show.
fn wholly_read_since(steps: &[StepRow], kind: Kind) -> Option<DateTime<Utc>> {
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
fn troubles(steps: &[StepRow]) -> String {
    let mut sentences: Vec<&str> = steps.iter().filter_map(|step| step.trouble.as_deref()).collect();
    sentences.dedup();
    sentences.join(" ")
}

async fn mark_unseen_gone(tx: &mut TenantTx, kind: Kind, since: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let gone = match kind {
        Kind::Users => mirror::users::mark_unseen_gone(tx, since).await?,
        Kind::Stages => mirror::stages::mark_unseen_gone(tx, since).await?,
        Kind::ArchiveReasons => mirror::archive_reasons::mark_unseen_gone(tx, since).await?,
        Kind::Tags => mirror::tags::mark_unseen_gone(tx, since).await?,
        Kind::FeedbackTemplates => mirror::feedback_templates::mark_unseen_gone(tx, since).await?,
        Kind::Postings => mirror::postings::mark_unseen_gone(tx, since).await?,
        Kind::Opportunities => mirror::opportunities::mark_unseen_gone(tx, since).await?,
        // Each opportunity's set was replaced as a whole when it was read.
        Kind::Panels => 0,
    };
    if gone > 0 {
        tracing::info!(kind = kind.words(), gone, "Lever no longer lists some objects");
    }
    Ok(())
}

/// Where several lists bring one kind, the same object may have come twice: what counts in the end is what is there.
async fn correct_count(tx: &mut TenantTx, steps: &[StepRow], kind: Kind) -> Result<(), sqlx::Error> {
    let there = match kind {
        Kind::Postings => mirror::count::postings(tx).await?,
        Kind::Opportunities => mirror::count::opportunities(tx).await?,
        _ => return Ok(()),
    };
    let counted: i64 = steps.iter().filter(|step| step.object == kind).map(|step| step.synced).sum();
    match steps.iter().rfind(|step| step.object == kind) {
        Some(last) => store::correct_count(tx, last, there - counted).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RunId;
    use crate::sync::plan::Step;

    fn step(step: Step, began: i64) -> StepRow {
        StepRow {
            run_id: RunId::new(),
            position: 1,
            step,
            object: step.kind(),
            cursor: None,
            began_at: DateTime::from_timestamp(began, 0),
            synced: 1,
            total: Some(1),
            skipped: 0,
            visited: 0,
            to_visit: None,
            trouble: None,
            done: true,
        }
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
        let mut steps = vec![step(Step::ActiveOpportunities, 1), step(Step::ArchivedOpportunities, 1), step(Step::Tags, 1)];
        assert_eq!(troubles(&steps), "");
        steps[0].trouble = Some("No opportunities.".into());
        steps[1].trouble = Some("No opportunities.".into());
        steps[2].trouble = Some("No tags.".into());
        assert_eq!(troubles(&steps), "No opportunities. No tags.");
    }

    #[test]
    fn every_kind_is_finished_once() {
        let steps: Vec<_> = crate::sync::plan::FULL.iter().map(|it| step(*it, 1)).collect();
        assert_eq!(kinds(&steps).len(), 8);
    }
}
