//! The one place where a recorded write is sent, and where its outcome is told apart: it happened, it did not, or nobody knows.
//!
//! A write is sent once. When nobody knows, Lever is asked until the caller's patience ends; what is still unknown then is left to the
//! operation's job (`settle`). Nothing here sends a write a second time, but for one case that changes nothing twice: what is to be
//! taken away and has moved is taken away where it is.

use std::time::Duration;

use super::look::{Found, Seen, look};
use super::write::{Operation, Write};
use super::{answered, evidence, outcome};
use crate::error::Result;
use crate::failpoint::Step;
use crate::ids::TenantId;
use crate::lever::{self, Account, Interview, Outcome, Panel, Record};
use crate::mirror::panels;
use crate::operations::failure::Failure;
use crate::operations::patience::Patience;
use crate::state::AppState;

/// Between two looks while a caller waits; grows.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often what moves is followed.
const MOST_MOVES: usize = 3;

/// Sends a write that was just recorded and finds out what became of it, as far as that is possible while the caller waits. The
/// operation as it stands then; one that is still open settles by itself.
///
/// # Errors
/// Lever refused the write, or could not be reached at all: it did not happen.
pub(super) async fn carry_out(state: &AppState, tenant: TenantId, account: &Account, operation: Operation, patience: Patience) -> Result<Operation> {
    let (own_state, own_account, own) = (state.clone(), account.clone(), operation.clone());
    let work = async move { see_through(&own_state, tenant, &own_account, own, Some(patience)).await };
    match patience.wait_for(&state.clock, work).await? {
        Some(operation) => Ok(operation),
        // The task goes on: an answer that comes after all is used.
        None => Ok(outcome::as_it_stands(state, tenant, &operation).await.unwrap_or(operation)),
    }
}

/// As [`carry_out`], to the end of whatever is asked of Lever; without patience Lever is asked once what became of the write.
///
/// # Errors
/// As [`carry_out`].
pub(super) async fn see_through(
    state: &AppState,
    tenant: TenantId,
    account: &Account,
    mut operation: Operation,
    patience: Option<Patience>,
) -> Result<Operation> {
    let stored = match deliver(state, tenant, account, &mut operation).await {
        Delivered::Made(made) => {
            state.failpoints.after(Step::Answered).await;
            let found = complete(state, tenant, account, &operation, made).await;
            outcome::succeeded(state, tenant, &operation, &found).await
        }
        Delivered::Seen(found) => outcome::succeeded(state, tenant, &operation, &found).await,
        Delivered::Refused(error) => {
            outcome::failed(state, tenant, &operation, &Failure::of(&error)).await?;
            return Err(error.into());
        }
        Delivered::Unknown => wait_and_look(state, tenant, account, &operation, patience).await,
    };
    // What cannot be stored now is found out again by the job. It may have happened, so the caller is not told that it failed.
    Ok(stored.unwrap_or_else(|error| {
        tracing::warn!(operation = %operation.id, %error, "the outcome of a write could not be stored; its job will find it out again");
        operation
    }))
}

/// What a write that was answered has made.
pub(super) enum Made {
    Panel(Box<Record<Panel>>),
    Interview(Box<Record<Interview>>),
    /// The answer says only that it happened.
    Nothing,
}

/// What became of sending a write.
pub(super) enum Delivered {
    /// Lever has answered.
    Made(Made),
    /// It was not there to be taken away: somebody else has done it.
    Seen(Box<Found>),
    /// It definitely did not happen.
    Refused(lever::Error),
    Unknown,
}

/// Sends the write. What is to be taken away and is not where we believe it (404) is looked for: it may have moved with a merge, and
/// `operation` moves with it.
pub(super) async fn deliver(state: &AppState, tenant: TenantId, account: &Account, operation: &mut Operation) -> Delivered {
    for _ in 0..MOST_MOVES {
        let error = match send(account, operation).await {
            Ok(made) => return Delivered::Made(made),
            Err(error) => error,
        };
        if error.outcome() != Outcome::DefinitelyNot {
            tracing::info!(operation = %operation.id, kind = operation.kind, %error, "Lever did not answer a write; looking what became of it");
            return Delivered::Unknown;
        }
        if !(error.is_not_found() && operation.request.takes_away()) {
            return Delivered::Refused(error);
        }
        match look(state, tenant, account, operation).await {
            Ok(Seen::Done(found)) => return Delivered::Seen(Box::new(found)),
            Ok(Seen::NotDone(Some(place))) if place.opportunity != operation.opportunity_id => {
                match outcome::moved(state, tenant, operation, &place.opportunity).await {
                    Ok(Some(moved)) => *operation = moved,
                    _ => return Delivered::Unknown,
                }
            }
            // It is there: Lever means something else by its 404.
            Ok(Seen::NotDone(_)) => return Delivered::Refused(error),
            Ok(Seen::Gone | Seen::Unclear) | Err(_) => return Delivered::Unknown,
        }
    }
    Delivered::Unknown
}

/// Sends the write, once.
async fn send(account: &Account, operation: &Operation) -> Result<Made, lever::Error> {
    let (opportunity, by) = (operation.opportunity_id.as_str(), operation.perform_as.as_str());
    match &operation.request {
        Write::SchedulePanel { body } => account.create_panel(opportunity, by, body).await.map(|panel| Made::Panel(Box::new(panel))),
        Write::EditPanel { panel, body, .. } => account.replace_panel(opportunity, panel, by, body).await.map(|panel| Made::Panel(Box::new(panel))),
        Write::CancelPanel { panel } | Write::RemoveDouble { panel } => account.delete_panel(opportunity, panel, by).await.map(|()| Made::Nothing),
        Write::AddInterview { body, .. } => account.create_interview(opportunity, by, body).await.map(|made| Made::Interview(Box::new(made))),
        Write::EditInterview { interview, body, .. } => {
            account.replace_interview(opportunity, interview, by, body).await.map(|made| Made::Interview(Box::new(made)))
        }
        Write::CancelInterview { interview, .. } => account.delete_interview(opportunity, interview, by).await.map(|()| Made::Nothing),
    }
}

/// What was made, with the panel as Lever has it now: the answer itself, or, where it says less than all, read again. To be called before
/// anything else is asked of this account.
pub(super) async fn complete(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation, made: Made) -> Found {
    // The time of the answer and not of the request: a read that began in between may not have seen the write.
    let read_at = state.clock.now();
    let lever_status = account.last_status().map(i32::from);
    let opportunity = operation.opportunity_id.clone();
    let (panel_id, interview_id) = match &made {
        Made::Panel(panel) => (Some(panel.id.clone()), operation.interview_id.clone()),
        Made::Interview(interview) => (operation.panel_id.clone(), Some(interview.id.clone())),
        Made::Nothing => (operation.panel_id.clone(), operation.interview_id.clone()),
    };
    let made = match made {
        Made::Panel(panel) if answered::is_whole(&panel, &operation.request) => {
            return Found { opportunity, panel_id, interview_id, panel: Some(*panel), read_at, put_together: false, lever_status };
        }
        less => less,
    };
    let read = match &panel_id {
        Some(panel) => account.get_panel(&opportunity, panel).await.ok(),
        None => None,
    };
    let shown = match made {
        Made::Panel(_) => with_edit(state, tenant, operation, read).await,
        Made::Interview(answered) => with_answer(state, tenant, operation, read, &answered).await,
        // A read that is behind the write would undo it here.
        Made::Nothing => read.filter(|read| answered::is_taken_away(&read.raw, &operation.request)).map(|read| (read, false)),
    };
    let (panel, put_together) = shown.unzip();
    Found { opportunity, panel_id, interview_id, panel, read_at, put_together: put_together.unwrap_or(false), lever_status }
}

/// The panel as it was read; or, when it could not be read or the read is behind the edit, as our copy or the read has it with the edit in
/// it. With whether it had to be put together. `None` for a booking of which nothing could be read.
async fn with_edit(state: &AppState, tenant: TenantId, operation: &Operation, read: Option<Record<Panel>>) -> Option<(Record<Panel>, bool)> {
    let read = read.filter(Record::shows_its_interviews);
    let Write::EditPanel { body, before, .. } = &operation.request else { return Some((read?, false)) };
    let base = match read {
        Some(read) if evidence::edit_shows(before, body, &read.raw) => return Some((read, false)),
        Some(read) => read.raw,
        None => ours(state, tenant, operation.panel_id.as_deref()?).await.ok()??,
    };
    Some((Record::read(answered::edited(&base, body))?, true))
}

/// The panel with the interview as Lever answered it: as it was read, or as our copy has it when it could not be read. With whether it
/// had to be put together.
async fn with_answer(
    state: &AppState,
    tenant: TenantId,
    operation: &Operation,
    read: Option<Record<Panel>>,
    answered: &Record<Interview>,
) -> Option<(Record<Panel>, bool)> {
    let panel = match read {
        Some(read) => read,
        None => Record::read(ours(state, tenant, operation.panel_id.as_deref()?).await.ok()??)?,
    };
    match answered::put_in(&panel.raw, &operation.request, &answered.raw) {
        Some(changed) => Some((Record::read(changed)?, true)),
        None => Some((panel, false)),
    }
}

/// The panel as our copy has it.
async fn ours(state: &AppState, tenant: TenantId, panel: &str) -> Result<Option<serde_json::Value>, sqlx::Error> {
    let mut tx = state.db.begin(tenant).await?;
    let row = panels::find(&mut tx, panel).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.raw))
}

async fn wait_and_look(
    state: &AppState,
    tenant: TenantId,
    account: &Account,
    operation: &Operation,
    patience: Option<Patience>,
) -> Result<Operation> {
    let mut pause = FIRST_PAUSE;
    let Some(operation) = outcome::unknown(state, tenant, operation).await? else {
        return outcome::as_it_stands(state, tenant, operation).await;
    };
    loop {
        match look(state, tenant, account, &operation).await {
            Ok(Seen::Done(found)) => return outcome::succeeded(state, tenant, &operation, &found).await,
            Ok(Seen::Gone) => return outcome::failed(state, tenant, &operation, &Failure::gone()).await,
            Ok(Seen::NotDone(_) | Seen::Unclear) => {}
            Err(error) => tracing::info!(operation = %operation.id, %error, "Lever could not be asked what became of a write"),
        }
        let Some(patience) = patience.filter(|patience| !patience.is_over(&state.clock)) else {
            return outcome::as_it_stands(state, tenant, &operation).await;
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = patience.over(&state.clock) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
