//! Storing what became of a write: the operation and our copy of the panel, in one transaction.

use super::look::Found;
use super::write::{Operation, Write};
use crate::db::TenantTx;
use crate::error::Result;
use crate::failpoint::Step;
use crate::ids::TenantId;
use crate::jobs::{self, Job};
use crate::mirror::panels;
use crate::operations::failure::Failure;
use crate::operations::store::{self, Made};
use crate::operations::{Keep, again_when_undone, keep};
use crate::state::AppState;

/// It happened. The operation as it is stored now.
///
/// # Errors
/// The database failed: the outcome may or may not be stored.
pub(super) async fn succeeded(state: &AppState, tenant: TenantId, operation: &Operation, found: &Found) -> Result<Operation> {
    again_when_undone(|| store_success(state, tenant, operation, found)).await
}

async fn store_success(state: &AppState, tenant: TenantId, operation: &Operation, found: &Found) -> Result<Operation> {
    let mut tx = state.db.begin(tenant).await?;
    let keep = keep(&mut tx, operation).await?;
    let made = Made {
        lever_status: found.lever_status,
        opportunity: Some(&found.opportunity),
        panel: found.panel_id.as_deref(),
        interview: found.interview_id.as_deref(),
        note: None,
    };
    let operation = match store::succeed(&mut tx, operation, &made, state.clock.now()).await? {
        Some(settled) => {
            match keep {
                Keep::Answer => mirror(state, &mut tx, operation, found).await?,
                Keep::Reread => refresh(state, &mut tx, operation).await?,
                Keep::Nothing => {}
            }
            settled
        }
        None => reread(&mut tx, operation).await?,
    };
    tx.commit().await?;
    state.failpoints.after(Step::Stored).await;
    state.work.notify_one();
    tracing::info!(operation = %operation.id, kind = operation.kind, attempts = operation.attempts, "a write happened at Lever");
    Ok(operation)
}

/// It did not happen. The operation as it is stored now.
///
/// # Errors
/// As [`succeeded`].
pub(super) async fn failed(state: &AppState, tenant: TenantId, operation: &Operation, failure: &Failure) -> Result<Operation> {
    again_when_undone(|| store_failure(state, tenant, operation, failure)).await
}

async fn store_failure(state: &AppState, tenant: TenantId, operation: &Operation, failure: &Failure) -> Result<Operation> {
    let now = state.clock.now();
    let mut tx = state.db.begin(tenant).await?;
    let keep = keep(&mut tx, operation).await?;
    store::fail(&mut tx, operation, failure, now).await?;
    // Lever saw it otherwise than our copy: look again what is there.
    if failure.refusal.is_some() && keep != Keep::Nothing {
        refresh(state, &mut tx, operation).await?;
    }
    let operation = reread(&mut tx, operation).await?;
    tx.commit().await?;
    state.failpoints.after(Step::Stored).await;
    state.work.notify_one();
    tracing::info!(operation = %operation.id, kind = operation.kind, code = failure.code, "a write did not happen at Lever");
    Ok(operation)
}

/// No answer came. The operation as it is stored now; `None` when somebody else knows better.
///
/// # Errors
/// As [`succeeded`].
pub(super) async fn unknown(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Option<Operation>> {
    again_when_undone(|| store_unknown(state, tenant, operation)).await
}

async fn store_unknown(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Option<Operation>> {
    let mut tx = state.db.begin(tenant).await?;
    let operation = store::ended_unknown(&mut tx, operation, state.clock.now()).await?;
    tx.commit().await?;
    Ok(operation)
}

/// What it is about has moved to this opportunity. The operation as it is stored now; `None` when it was settled meanwhile.
///
/// # Errors
/// As [`succeeded`].
pub(super) async fn moved(state: &AppState, tenant: TenantId, operation: &Operation, to: &str) -> Result<Option<Operation>> {
    again_when_undone(|| store_move(state, tenant, operation, to)).await
}

async fn store_move(state: &AppState, tenant: TenantId, operation: &Operation, to: &str) -> Result<Option<Operation>> {
    let mut tx = state.db.begin(tenant).await?;
    let operation = store::move_to(&mut tx, operation, to).await?;
    tx.commit().await?;
    Ok(operation)
}

/// The operation as it is stored now: somebody else may have found out what became of it.
///
/// # Errors
/// The database failed.
pub(super) async fn as_it_stands(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Operation> {
    let mut tx = state.db.begin(tenant).await?;
    let operation = reread(&mut tx, operation).await?;
    tx.commit().await?;
    Ok(operation)
}

/// Makes our copy show what was made.
async fn mirror(state: &AppState, tx: &mut TenantTx, operation: &Operation, found: &Found) -> Result<(), sqlx::Error> {
    match (&found.panel, &operation.request) {
        (Some(panel), _) => {
            panels::upsert(tx, &found.opportunity, std::slice::from_ref(panel), found.read_at).await?;
            if found.put_together { refresh(state, tx, operation).await } else { Ok(()) }
        }
        (None, Write::CancelPanel { panel } | Write::RemoveDouble { panel }) => panels::mark_canceled(tx, panel, found.read_at, found.read_at).await,
        (None, _) => refresh(state, tx, operation).await,
    }
}

async fn refresh(state: &AppState, tx: &mut TenantTx, operation: &Operation) -> Result<(), sqlx::Error> {
    let now = state.clock.now();
    jobs::enqueue(tx, &Job::RefreshOpportunity { opportunity: operation.opportunity_id.clone() }, now, now).await
}

async fn reread(tx: &mut TenantTx, operation: &Operation) -> Result<Operation, sqlx::Error> {
    store::find(tx, operation.id).await?.ok_or(sqlx::Error::RowNotFound)
}
