//! One list, read page by page to its end.

use std::collections::HashSet;

use super::panels;
use super::plan::Step;
use super::read::{self, Read};
use super::run::{Halt, Running};
use super::store::{self, Advance, StepRow};
use super::trouble::{self, MOST_FAILURES, MOST_RESTARTS, Remedy};
use crate::lever;

/// Reads a list from where it stands.
pub(super) async fn read_to_end(running: &Running<'_>, mut step: StepRow) -> Result<(), Halt> {
    begin(running, &mut step).await?;
    // Offsets asked for: a list that leads back to one of them has no end.
    let mut asked: HashSet<Option<String>> = HashSet::new();
    while !step.done {
        if !asked.insert(step.cursor.clone()) {
            return give_up(running, &step, &trouble::endless(step.object)).await;
        }
        let read_at = running.read_at(&step);
        let page = read::page(&running.account, step.step, running.started_at, step.cursor.as_deref());
        match running.unless_shutting_down(page).await? {
            Ok(page) => store_page(running, &mut step, page, read_at).await?,
            Err(error) => {
                mend(running, &mut step, error).await?;
                asked.clear();
            }
        }
    }
    Ok(())
}

async fn begin(running: &Running<'_>, step: &mut StepRow) -> Result<(), Halt> {
    let now = running.state.clock.now();
    let mut tx = running.begin().await?;
    store::start_step(&mut tx, step, None, now).await?;
    tx.commit().await?;
    step.began_at.get_or_insert(now);
    Ok(())
}

async fn store_page(running: &Running<'_>, step: &mut StepRow, page: Read, read_at: chrono::DateTime<chrono::Utc>) -> Result<(), Halt> {
    let newcomers = match step.step {
        Step::ChangedOpportunities | Step::AdvancedOpportunities => panels::of_newcomers(running, page.records.active_opportunities()).await?,
        _ => Vec::new(),
    };
    let by = Advance {
        done: page.next.is_none(),
        synced: if step.step.counts() { page.records.len() } else { 0 },
        skipped: page.unreadable,
        requests: 1 + newcomers.iter().map(panels::Answer::requests).sum::<usize>(),
        cursor: page.next,
        ..Advance::default()
    };
    let mut tx = running.begin().await?;
    page.records.store(&mut tx, step.synced + step.skipped, read_at).await?;
    for answer in &newcomers {
        answer.store(&mut tx).await?;
    }
    store::advance(&mut tx, step, &by, running.state.clock.now()).await?;
    tx.commit().await?;
    step.synced += by.synced as i64;
    step.skipped += by.skipped as i64;
    step.cursor = by.cursor;
    step.done = by.done;
    Ok(())
}

/// Does what can be done about a page that could not be had. An error means that nothing can, for now.
async fn mend(running: &Running<'_>, step: &mut StepRow, error: lever::Error) -> Result<(), Halt> {
    match trouble::of_list(&error) {
        Remedy::Wait => Err(error.into()),
        Remedy::Stop => Err(Halt::ConnectionLost),
        Remedy::GiveUp => {
            step.done = true;
            give_up(running, step, &trouble::refused(step.object, &error)).await
        }
        Remedy::TryAgain => try_again(running, step, error).await,
        Remedy::Restart => restart(running, step).await,
    }
}

async fn try_again(running: &Running<'_>, step: &mut StepRow, error: lever::Error) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    let failures = store::count_failure(&mut tx, step).await?;
    tx.commit().await?;
    if failures < MOST_FAILURES {
        return Err(error.into());
    }
    step.done = true;
    give_up(running, step, &trouble::refused(step.object, &error)).await
}

async fn restart(running: &Running<'_>, step: &mut StepRow) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    let restarts = store::restart(&mut tx, step).await?;
    tx.commit().await?;
    if restarts > MOST_RESTARTS {
        step.done = true;
        return give_up(running, step, &trouble::restless(step.object)).await;
    }
    tracing::info!(run = %running.id, step = ?step.step, restarts, "Lever no longer accepts an offset; the list is begun again");
    (step.cursor, step.synced, step.skipped) = (None, 0, 0);
    Ok(())
}

/// The other lists go on; the run fails in the end and says why.
pub(super) async fn give_up(running: &Running<'_>, step: &StepRow, why: &str) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    store::give_up(&mut tx, step, why).await?;
    tx.commit().await?;
    tracing::error!(run = %running.id, step = ?step.step, why, "a list is given up");
    Ok(())
}
