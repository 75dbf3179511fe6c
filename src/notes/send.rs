//! The one place where a note is sent, once; and looked for when nobody knows what became of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::evidence::Sought;
use super::write::{Operation, Write};
use crate::error::Result;
use crate::ids::TenantId;
use crate::lever::notes::CreatedNote;
use crate::lever::{self, Account, Note, Outcome, Record};
use crate::mirror::notes;
use crate::operations::failure::Failure;
use crate::operations::patience::Patience;
use crate::operations::store::{self, Made};
use crate::operations::{Keep, again_when_undone, keep};
use crate::state::AppState;

/// Between two looks while a caller waits; grows.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A note at Lever, and when that was read.
pub(super) struct Found {
    note: Record<Note>,
    read_at: DateTime<Utc>,
    /// The status of Lever's answer; `None` when it was found by reading.
    lever_status: Option<i32>,
}

/// Sends a note that was just recorded and finds out what became of it, as far as that is possible while the caller waits.
///
/// # Errors
/// Lever refused the note, or could not be reached at all: it was not written.
pub(super) async fn carry_out(state: &AppState, tenant: TenantId, account: &Account, operation: Operation, patience: Patience) -> Result<Operation> {
    let (own_state, own_account, own) = (state.clone(), account.clone(), operation.clone());
    let work = async move { see_through(&own_state, tenant, &own_account, own, patience).await };
    match patience.wait_for(&state.clock, work).await? {
        Some(operation) => Ok(operation),
        // The task goes on: an answer that comes after all is used.
        None => Ok(as_it_stands(state, tenant, &operation).await.unwrap_or(operation)),
    }
}

async fn see_through(state: &AppState, tenant: TenantId, account: &Account, operation: Operation, patience: Patience) -> Result<Operation> {
    let Write::WriteNote { body, .. } = &operation.request;
    let stored = match account.create_note(&operation.opportunity_id, Some(&operation.perform_as), body).await {
        Ok(made) => {
            let found = complete(state, account, &operation, made).await;
            succeeded(state, tenant, &operation, &found).await
        }
        Err(error) if error.outcome() == Outcome::DefinitelyNot => {
            again_when_undone(|| failed(state, tenant, &operation, &error)).await?;
            return Err(error.into());
        }
        Err(error) => {
            tracing::info!(operation = %operation.id, %error, "Lever did not answer a note; looking what became of it");
            wait_and_look(state, tenant, account, &operation, patience).await
        }
    };
    // What cannot be stored now is found out again by the job. It may have happened, so the caller is not told that it failed.
    Ok(stored.unwrap_or_else(|error| {
        tracing::warn!(operation = %operation.id, %error, "the outcome of a note could not be stored; its job will find it out again");
        operation
    }))
}

/// Lever refused the note.
async fn failed(state: &AppState, tenant: TenantId, operation: &Operation, error: &lever::Error) -> Result<()> {
    let mut tx = state.db.begin(tenant).await?;
    store::fail(&mut tx, operation, &Failure::of(error), state.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Looks whether the note is there; `None` when it is not, or when part of the answer could not be read.
///
/// # Errors
/// Lever or the database failed.
pub(super) async fn look(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation) -> Result<Option<Found>> {
    let Write::WriteNote { body, known } = &operation.request;
    let read_at = state.clock.now();
    let page = account.all_notes(&operation.opportunity_id).await?;
    let mut tx = state.db.begin(tenant).await?;
    let mut others = store::notes_of_others(&mut tx, operation).await?;
    tx.commit().await?;
    others.extend(known.iter().cloned());
    let value = body["value"].as_str().unwrap_or_default();
    let sought = Sought { author: &operation.perform_as, value, sent_at: operation.sent_at, others: &others };
    Ok(sought.among(&page.records).map(|note| Found { note: note.clone(), read_at, lever_status: None }))
}

/// The note was written: says so, and stores it in our copy. The operation as it is stored now.
///
/// # Errors
/// The database failed: the outcome may or may not be stored.
pub(super) async fn succeeded(state: &AppState, tenant: TenantId, operation: &Operation, found: &Found) -> Result<Operation> {
    again_when_undone(|| store_success(state, tenant, operation, found)).await
}

async fn store_success(state: &AppState, tenant: TenantId, operation: &Operation, found: &Found) -> Result<Operation> {
    let mut tx = state.db.begin(tenant).await?;
    let keep = keep(&mut tx, operation).await?;
    let made = Made { note: Some(&found.note.id), lever_status: found.lever_status, ..Made::default() };
    if store::succeed(&mut tx, operation, &made, state.clock.now()).await?.is_some() && keep == Keep::Answer {
        notes::upsert(&mut tx, &operation.opportunity_id, std::slice::from_ref(&found.note), found.read_at).await?;
    }
    let operation = store::find(&mut tx, operation.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    tracing::info!(operation = %operation.id, "a note was written at Lever");
    Ok(operation)
}

/// The whole note: the answer itself, or else read again, or else what is known of it because we sent it.
async fn complete(state: &AppState, account: &Account, operation: &Operation, made: CreatedNote) -> Found {
    // The time of the answer and not of the request: a read that began in between may not have seen the note.
    let read_at = state.clock.now();
    let lever_status = account.last_status().map(i32::from);
    let whole = made.note.filter(|note| note.fields.iter().any(|field| field.value.is_some()));
    let note = match whole {
        Some(note) => Some(note),
        None => account.get_note(&operation.opportunity_id, &made.id).await.ok(),
    };
    let note = note.or_else(|| Record::read(as_sent(operation, &made.id))).expect("an answer without an id is an error");
    Found { note, read_at, lever_status }
}

fn as_sent(operation: &Operation, id: &str) -> Value {
    let Write::WriteNote { body, .. } = &operation.request;
    let (user, at) = (&operation.perform_as, operation.sent_at.timestamp_millis());
    let field = json!({"type": "note", "value": body["value"], "user": user, "createdAt": at});
    json!({"id": id, "text": "Note", "fields": [field], "user": user, "secret": body.get("secret").unwrap_or(&Value::Bool(false)), "createdAt": at})
}

async fn wait_and_look(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation, patience: Patience) -> Result<Operation> {
    let mut tx = state.db.begin(tenant).await?;
    store::mark_unknown(&mut tx, operation).await?;
    tx.commit().await?;
    let mut pause = FIRST_PAUSE;
    loop {
        match look(state, tenant, account, operation).await {
            Ok(Some(found)) => return succeeded(state, tenant, operation, &found).await,
            Ok(None) => {}
            Err(error) => tracing::info!(operation = %operation.id, %error, "Lever could not be asked what became of a note"),
        }
        if patience.is_over(&state.clock) {
            return as_it_stands(state, tenant, operation).await;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = patience.over(&state.clock) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The operation as it is stored now.
async fn as_it_stands(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Operation> {
    let mut tx = state.db.begin(tenant).await?;
    let operation = store::find(&mut tx, operation.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(operation)
}
