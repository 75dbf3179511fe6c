//! The one place where a recorded write is sent, and where its outcome is told apart: it happened, it did not, or nobody knows.
//!
//! A write is sent once. When nobody knows, Lever is asked until the caller's patience ends; what is still unknown then is left to the
//! operation's job (`settle`). Nothing here sends a write a second time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{Found, Seen, look};
use super::outcome;
use super::write::{Operation, Write};
use crate::error::Result;
use crate::failpoint::Step;
use crate::ids::TenantId;
use crate::lever::{self, Account, Outcome};
use crate::operations::failure::Failure;
use crate::operations::store;
use crate::state::AppState;

/// A caller who has waited this long is told where to ask later.
const PATIENCE: TimeDelta = TimeDelta::seconds(10);
/// Between two looks while a caller waits; grows.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Sends a write that was just recorded and finds out what became of it, as far as that is possible while the caller waits. The
/// operation as it stands then; one that is still open settles by itself.
///
/// # Errors
/// Lever refused the write, or could not be reached at all: it did not happen.
pub(super) async fn carry_out(state: &AppState, tenant: TenantId, account: &Account, operation: Operation) -> Result<Operation> {
    carry_out_within(state, tenant, account, operation, PATIENCE).await
}

/// As [`carry_out`] for whoever waits that long; with no patience Lever is asked once what became of the write.
///
/// # Errors
/// As [`carry_out`].
pub(super) async fn carry_out_within(
    state: &AppState,
    tenant: TenantId,
    account: &Account,
    operation: Operation,
    patience: TimeDelta,
) -> Result<Operation> {
    let deadline = state.clock.now() + patience;
    let stored = match send(account, &operation).await {
        Ok(made) => {
            state.failpoints.after(Step::Answered).await;
            let found = complete(state, account, &operation, made).await;
            outcome::succeeded(state, tenant, &operation, &found).await
        }
        Err(error) if error.outcome() == Outcome::DefinitelyNot => {
            outcome::failed(state, tenant, &operation, &Failure::of(&error)).await?;
            return Err(error.into());
        }
        Err(error) => {
            tracing::info!(operation = %operation.id, kind = operation.kind, %error, "Lever did not answer a write; looking what became of it");
            wait_and_look(state, tenant, account, &operation, deadline).await
        }
    };
    // What cannot be stored now is found out again by the job. It may have happened, so the caller is not told that it failed.
    Ok(stored.unwrap_or_else(|error| {
        tracing::warn!(operation = %operation.id, %error, "the outcome of a write could not be stored; its job will find it out again");
        operation
    }))
}

/// What a write that was answered has made.
pub(super) enum Made {
    Panel(Box<lever::Record<lever::Panel>>),
    Interview(String),
    /// The answer says only that it happened.
    Nothing,
}

/// Sends the write, once.
///
/// # Errors
/// See [`lever::Error::outcome`] for what that means for the write.
pub(super) async fn send(account: &Account, operation: &Operation) -> Result<Made, lever::Error> {
    let (opportunity, by) = (operation.opportunity_id.as_str(), operation.perform_as.as_str());
    match &operation.request {
        Write::SchedulePanel { body } => account.create_panel(opportunity, by, body).await.map(|panel| Made::Panel(Box::new(panel))),
        Write::EditPanel { panel, body, .. } => account.replace_panel(opportunity, panel, by, body).await.map(|panel| Made::Panel(Box::new(panel))),
        Write::CancelPanel { panel } | Write::RemoveDouble { panel } => gone(account.delete_panel(opportunity, panel, by).await),
        Write::AddInterview { body, .. } => {
            account.create_interview(opportunity, by, body).await.map(|interview| Made::Interview(interview.id.clone()))
        }
        Write::EditInterview { interview, body, .. } => account.replace_interview(opportunity, interview, by, body).await.map(|_| Made::Nothing),
        Write::CancelInterview { interview, .. } => gone(account.delete_interview(opportunity, interview, by).await),
    }
}

/// What is not there has been taken away.
fn gone(answer: Result<(), lever::Error>) -> Result<Made, lever::Error> {
    match answer {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(Made::Nothing),
    }
}

/// What was made, with the panel as Lever has it now: the answer itself, or else read again.
pub(super) async fn complete(state: &AppState, account: &Account, operation: &Operation, made: Made) -> Found {
    // The time of the answer and not of the request: a read that began in between may not have seen the write.
    let read_at = state.clock.now();
    let (mut panel_id, mut interview_id) = (operation.panel_id.clone(), operation.interview_id.clone());
    match made {
        Made::Panel(panel) => return Found { panel_id: Some(panel.id.clone()), interview_id, panel: Some(*panel), read_at },
        Made::Interview(id) => interview_id = Some(id),
        Made::Nothing => {}
    }
    let panel = match panel_id.as_mut() {
        Some(panel) => account.get_panel(&operation.opportunity_id, panel).await.ok(),
        None => None,
    };
    Found { panel_id, interview_id, panel, read_at }
}

async fn wait_and_look(
    state: &AppState,
    tenant: TenantId,
    account: &Account,
    operation: &Operation,
    deadline: DateTime<Utc>,
) -> Result<Operation, sqlx::Error> {
    let mut pause = FIRST_PAUSE;
    let mut tx = state.db.begin(tenant).await?;
    store::mark_unknown(&mut tx, operation).await?;
    tx.commit().await?;
    loop {
        match look(account, &state.clock, operation).await {
            Ok(Seen::Done(found)) => return outcome::succeeded(state, tenant, operation, &found).await,
            Ok(Seen::Gone) => return outcome::failed(state, tenant, operation, &Failure::gone()).await,
            Ok(Seen::NotDone(_) | Seen::Unclear) => {}
            Err(error) => tracing::info!(operation = %operation.id, %error, "Lever could not be asked what became of a write"),
        }
        if state.clock.now() >= deadline {
            return outcome::as_it_stands(state, tenant, operation).await;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = state.clock.sleep_until(deadline) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
