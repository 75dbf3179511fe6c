//! What became of an attempt, each fenced by it.

use chrono::{DateTime, Utc};

use super::Operation;
use crate::db::TenantTx;
use crate::operations::Write;
use crate::operations::failure::Failure;
use crate::operations::steps::{StepOutcome, ended};

/// What a write made or changed, as far as it is known.
#[derive(Clone, Copy, Default)]
pub struct Made<'a> {
    /// The status of Lever's answer; `None` when a read has shown that it happened.
    pub lever_status: Option<i32>,
    /// Where it is, when that is not where the write was sent.
    pub opportunity: Option<&'a str>,
    pub panel: Option<&'a str>,
    pub interview: Option<&'a str>,
    pub note: Option<&'a str>,
}

/// No answer came.
///
/// # Errors
/// The database failed.
pub async fn mark_unknown<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE operations SET status = 'unknown' WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL")
        .bind(tx.tenant())
        .bind(operation.id)
        .bind(operation.attempts)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// An attempt ended without an answer: from now on it may be on its way, however long it waited here before it was sent. `None` when the
/// operation was settled or sent again meanwhile.
///
/// # Errors
/// The database failed.
pub async fn ended_unknown<W: Write>(tx: &mut TenantTx, operation: &Operation<W>, now: DateTime<Utc>) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE operations SET status = 'unknown', sent_at = $4, steps = with_step_ended(steps, $5)
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL RETURNING *",
    )
    .bind(tx.tenant())
    .bind(operation.id)
    .bind(operation.attempts)
    .bind(now)
    .bind(ended(StepOutcome::Unknown, now, None, None))
    .fetch_optional(&mut **tx)
    .await
}

/// What it is about is on another opportunity now. `None` as for [`ended_unknown`].
///
/// # Errors
/// The database failed.
pub async fn move_to<W: Write>(tx: &mut TenantTx, operation: &Operation<W>, opportunity: &str) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as("UPDATE operations SET opportunity_id = $4 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL RETURNING *")
        .bind(tx.tenant())
        .bind(operation.id)
        .bind(operation.attempts)
        .bind(opportunity)
        .fetch_optional(&mut **tx)
        .await
}

/// It happened. `None` when somebody else has said so, or otherwise, before.
///
/// # Errors
/// The database failed.
pub async fn succeed<W: Write>(
    tx: &mut TenantTx,
    operation: &Operation<W>,
    made: &Made<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE operations
         SET status = 'succeeded', panel_id = coalesce($4, panel_id), interview_id = coalesce($5, interview_id), note_id = $6,
             opportunity_id = coalesce($8, opportunity_id), lever_status = $9, steps = with_step_ended(steps, $10), lease_until = NULL,
             settled_at = $7
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL RETURNING *",
    )
    .bind(tx.tenant())
    .bind(operation.id)
    .bind(operation.attempts)
    .bind(made.panel)
    .bind(made.interview)
    .bind(made.note)
    .bind(now)
    .bind(made.opportunity)
    .bind(made.lever_status)
    .bind(ended(if made.lever_status.is_some() { StepOutcome::Done } else { StepOutcome::Found }, now, made.lever_status, None))
    .fetch_optional(&mut **tx)
    .await
}

/// It did not happen. Fenced as [`succeed`].
///
/// # Errors
/// The database failed.
pub async fn fail<W>(tx: &mut TenantTx, operation: &Operation<W>, failure: &Failure, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query(
        "UPDATE operations
         SET status = 'failed', error_code = $4, error_message = $5, lever_status = $6, lever_code = $7, lever_message = $8, lease_until = NULL,
             steps = with_step_ended(steps, $10), settled_at = $9
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(operation.id)
    .bind(operation.attempts)
    .bind(failure.code)
    .bind(&failure.message)
    .bind(failure.refusal.as_ref().map(|refusal| refusal.status))
    .bind(failure.refusal.as_ref().map(|refusal| &refusal.code))
    .bind(failure.refusal.as_ref().map(|refusal| &refusal.message))
    .bind(now)
    .bind(ended(
        StepOutcome::Refused,
        now,
        failure.refusal.as_ref().map(|refusal| refusal.status),
        failure.refusal.as_ref().map(|refusal| refusal.code.as_str()),
    ))
    .execute(&mut **tx)
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// Nobody can find out any more: it stays unknown, with a word on what to do, and is in nobody's way.
///
/// # Errors
/// The database failed.
pub async fn give_up<W>(tx: &mut TenantTx, operation: &Operation<W>, message: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE operations
         SET status = 'unknown', error_code = 'outcome_unknown', lease_until = NULL, error_message = $5,
             settled_at = $4
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(operation.id)
    .bind(operation.attempts)
    .bind(now)
    .bind(message)
    .execute(&mut **tx)
    .await
    .map(drop)
}
