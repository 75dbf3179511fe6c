//! One list, read page by page to its end.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;

use super::endless::Endless;
use super::plan::{Kind, LONG, SMALL, Step};
use super::read::{self, Read};
use super::run::{Halt, Running};
use super::store::findings::{self, Finding};
use super::store::{Advance, RunKind, StepRow, cursors, due, steps};
use super::trouble::{self, MOST_RESTARTS, Remedy};
use super::{finish, pieces, step_over, window};
use crate::db::TenantTx;
use crate::lever;
use crate::mirror::compare::Standing;

/// How long what failed is left alone; each further time doubles it.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Reads a list from where it stands. A list that cannot be read just now is left for later, and the others go on.
pub(super) async fn read_to_end(running: &Running<'_>, mut step: StepRow) -> Result<(), Halt> {
    begin(running, &mut step).await?;
    // People wait for the candidates one can schedule with, and for nothing else that is read beside them.
    let ahead = running.kind == RunKind::Full && step.step == Step::ActiveOpportunities;
    let account = if ahead { &running.ahead } else { &running.account };
    let mut endless = Endless::default();
    while !step.done {
        if endless.repeats(step.cursor.as_deref()) {
            return give_up(running, &step, &trouble::endless(step.object)).await;
        }
        let read_at = running.read_at(step.began_at);
        let page = read::page(account, step.step, since(running, &step), step.cursor.as_deref());
        match running.unless_stopped(page).await? {
            Ok(page) if endless.is_proven_by(page.records.keys()) && page.next.is_some() => {
                return give_up(running, &step, &trouble::endless(step.object)).await;
            }
            Ok(page) => store_page(running, &mut step, page, read_at).await?,
            Err(error) => {
                if !mend(running, &mut step, error).await? {
                    return Ok(());
                }
                endless = Endless::default();
            }
        }
    }
    Ok(())
}

/// Reads lists side by side. In a run that was stopped one after the other: two that Lever is silent about must not look like a Lever that
/// is away, again and again.
pub(super) async fn read_all(running: &Running<'_>, steps: Vec<&StepRow>) -> Result<(), Halt> {
    if !running.resumed {
        return running.together(steps.into_iter().map(|step| read_to_end(running, step.clone()).boxed()).collect()).await;
    }
    for step in steps {
        read_to_end(running, step.clone()).await?;
    }
    Ok(())
}

/// How often in a row the lists have failed that were left for later; `None` when all are read, or given up.
pub(super) async fn left(running: &Running<'_>) -> Result<Option<i32>, Halt> {
    let steps = running.steps().await?;
    Ok(steps.iter().filter(|step| !step.done && !step.step.is_of_children()).map(|step| step.failures).max())
}

/// What was left for later keeps the run from its end: it is carried on after a pause, the longer the more often it has failed.
pub(super) fn wait_for(running: &Running<'_>, left: Option<i32>) -> Result<(), Halt> {
    match left {
        Some(failures) => Err(Halt::Later(running.state.clock.now() + PAUSE * (1 << (failures - 1).clamp(0, 10)))),
        None => Ok(()),
    }
}

/// From when on a list of changes is asked for.
pub(super) fn since(running: &Running<'_>, step: &StepRow) -> DateTime<Utc> {
    step.since.unwrap_or_else(|| window::since(running.started_at))
}

async fn begin(running: &Running<'_>, step: &mut StepRow) -> Result<(), Halt> {
    let now = running.state.clock.now();
    let mut tx = running.begin().await?;
    steps::start(&mut tx, step, None, now).await?;
    tx.commit().await?;
    step.began_at.get_or_insert(now);
    Ok(())
}

pub(super) async fn store_page(running: &Running<'_>, step: &mut StepRow, page: Read, read_at: DateTime<Utc>) -> Result<(), Halt> {
    let until = step.until.unwrap_or_else(|| window::until(step.began_at.unwrap_or(read_at), page.server_time));
    let mut tx = running.begin().await?;
    let synced = take_in(running, &mut tx, step, &page, read_at).await?;
    let by = Advance { done: page.next.is_none(), synced, skipped: page.unreadable, until: Some(until), cursor: page.next, ..Advance::default() };
    steps::advance(&mut tx, step, &by).await?;
    if by.done && has_cursor(running, step.step) {
        cursors::set(&mut tx, step.step, running.epoch, until).await?;
    }
    if by.done && running.kind == RunKind::Full && !step.step.counts() {
        make_count_true(running, &mut tx, step.object).await?;
    }
    running.commit(tx).await?;
    step.synced += by.synced as i64;
    step.skipped += by.skipped as i64;
    step.until = Some(until);
    step.cursor = by.cursor;
    step.done = by.done;
    Ok(())
}

/// Stores the records of a page; answers how many of them count.
pub(super) async fn take_in(running: &Running<'_>, tx: &mut TenantTx, step: &StepRow, page: &Read, read_at: DateTime<Utc>) -> Result<usize, Halt> {
    let counted = compare(running, tx, step, page).await?;
    if !running.dry_run {
        page.records.store(tx, step.synced + step.skipped, read_at).await?;
    }
    Ok(counted)
}

/// The last list of a kind may bring what no other did: it is not shown as whole without these.
async fn make_count_true(running: &Running<'_>, tx: &mut TenantTx, kind: Kind) -> Result<(), Halt> {
    let steps = steps::of_runs(tx, &[running.id]).await?;
    if steps.iter().filter(|step| step.object == kind).all(|step| step.done) {
        finish::correct_count(tx, &steps, kind, running.started_at).await?;
    }
    Ok(())
}

/// Only the regular sync moves its cursors: a full one reads no list of deletions.
fn has_cursor(running: &Running<'_>, step: Step) -> bool {
    running.kind == RunKind::Incremental && (step.has_span() || SMALL.contains(&step) || LONG.contains(&step))
}

/// What the page means for this kind of run, before it is stored; answers how many of its records count. What hangs on an opportunity
/// that changed is to be read again, except by a run that reads it anyway.
async fn compare(running: &Running<'_>, tx: &mut TenantTx, step: &StepRow, page: &Read) -> Result<usize, Halt> {
    if running.kind == RunKind::Full && !step.step.has_span() {
        return Ok(if step.step.counts() { page.records.counted(tx, running.started_at).await? } else { 0 });
    }
    let standings = page.records.standings(tx).await?;
    let differing: Vec<String> = standings.iter().filter(|(_, standing)| *standing != Standing::Same).map(|(id, _)| id.clone()).collect();
    if page.records.are_opportunities() && !running.dry_run {
        due::add(tx, &differing, false, running.state.clock.now()).await?;
    }
    match running.kind {
        RunKind::Incremental => Ok(differing.len()),
        RunKind::Full => Ok(0),
        RunKind::Reconcile => {
            let found: Vec<(String, Finding)> = standings.into_iter().map(|(id, standing)| (id, Finding::of(standing))).collect();
            let new = findings::add(tx, running.id, step.object, &found).await?;
            let brought = if step.object.is_in_several_lists() { new } else { page.records.len() };
            Ok(if step.step.counts() { brought } else { 0 })
        }
    }
}

/// Does what can be done about a page that could not be had. False: the list rests for now. An error means that no list can be read.
async fn mend(running: &Running<'_>, step: &mut StepRow, error: lever::Error) -> Result<bool, Halt> {
    match trouble::of_list(&error, step.cursor.is_some()) {
        Remedy::Doubt => match running.silence(step.step).await? {
            None => try_again(running, step, error).await,
            Some(silence) => Err(silence.into()),
        },
        Remedy::Wait => Err(error.into()),
        Remedy::Stop => Err(Halt::ConnectionLost),
        Remedy::GiveUp if trouble::is_not_offered(step.step, &error) => skip(running, step).await,
        Remedy::GiveUp => give_up(running, step, &trouble::refused(step.object, &error)).await.map(|()| false),
        Remedy::Restart => restart(running, step).await,
    }
}

/// Lever's own clients know the list, this account has none: nothing is missed.
async fn skip(running: &Running<'_>, step: &mut StepRow) -> Result<bool, Halt> {
    let mut tx = running.begin().await?;
    steps::advance(&mut tx, step, &Advance { done: true, ..Advance::default() }).await?;
    running.commit(tx).await?;
    Ok(false)
}

async fn try_again(running: &Running<'_>, step: &mut StepRow, error: lever::Error) -> Result<bool, Halt> {
    let mut tx = running.begin().await?;
    let failures = steps::count_failure(&mut tx, step).await?;
    running.commit(tx).await?;
    tracing::warn!(run = %running.id, step = ?step.step, failures, %error, "a page cannot be read, though Lever answers");
    // The regular sync has no time to wait: its next one asks for the same span again.
    let is_patient = running.kind != RunKind::Incremental;
    let is_last = failures >= trouble::most_failures(&error) || !is_patient;
    if is_last || (failures >= trouble::NO_ACCIDENT && step_over::can_others_be_read(running, step).await?) {
        let is_past = step_over::step_over(running, step).await?;
        if is_past || (is_patient && pieces::read_in_pieces(running, step).await?) {
            return Ok(true);
        }
    }
    if is_last {
        give_up(running, step, &trouble::refused(step.object, &error)).await?;
    }
    Ok(false)
}

async fn restart(running: &Running<'_>, step: &mut StepRow) -> Result<bool, Halt> {
    let restarts = begin_anew(running, step).await?;
    if restarts > MOST_RESTARTS {
        return give_up(running, step, &trouble::restless(step.object)).await.map(|()| false);
    }
    tracing::info!(run = %running.id, step = ?step.step, restarts, "Lever no longer accepts an offset; the list is begun again");
    Ok(true)
}

/// The list from its first page; answers how often that has happened by now.
pub(super) async fn begin_anew(running: &Running<'_>, step: &mut StepRow) -> Result<i32, Halt> {
    let mut tx = running.begin().await?;
    let restarts = steps::restart(&mut tx, step).await?;
    running.commit(tx).await?;
    (step.cursor, step.synced, step.skipped) = (None, 0, 0);
    Ok(restarts)
}

/// The rest of the list is quarantined: the other lists go on; the run fails in the end and says why.
pub(super) async fn give_up(running: &Running<'_>, step: &StepRow, why: &str) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    steps::give_up(&mut tx, step, why).await?;
    running.commit(tx).await?;
    metrics::counter!("lever_sync_quarantined_total", "kind" => step.object.words()).increment(1);
    tracing::error!(run = %running.id, step = ?step.step, why, "a list is given up");
    Ok(())
}
