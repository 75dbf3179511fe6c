//! The `operations` table: every write at Lever from before it is sent until its outcome is known.
//!
//! `attempts` is the fence: an outcome is stored only for the attempt it belongs to, and only once. Whoever comes second (the
//! request that waits, or the job that looks) reads what the other has stored.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::Write;
use super::failure::{Failure, Refusal};
use super::steps::{OperationStep, StepOutcome, ended};
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::ids::OperationId;
use crate::jobs;

/// A request is over by then, one way or another; from then on the job looks after its operation.
const LEASE: TimeDelta = TimeDelta::seconds(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// Committed here; sent, or about to be.
    Sending,
    /// Sent, and no answer came.
    Unknown,
    Succeeded,
    Failed,
}

/// One operation, with the write as its feature knows it. No `Debug`: the write is about people.
#[derive(Clone, FromRow)]
pub struct Operation<W = Value> {
    pub id: OperationId,
    pub kind: String,
    pub status: Status,
    /// The ModernLoop user who asked for it.
    pub caller: String,
    pub caller_email: String,
    /// The Lever user in whose name it is done.
    pub perform_as: String,
    pub opportunity_id: String,
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    /// The note that was written.
    pub note_id: Option<String>,
    /// The mark that a new panel carries.
    pub mark: Option<String>,
    #[sqlx(json)]
    pub request: W,
    pub attempts: i32,
    /// The epoch of the connection under which it was sent.
    pub connection_epoch: Option<i64>,
    pub lease_until: Option<DateTime<Utc>>,
    pub sent_at: DateTime<Utc>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub lever_status: Option<i32>,
    pub lever_code: Option<String>,
    pub lever_message: Option<String>,
    #[sqlx(json)]
    pub steps: Vec<OperationStep>,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
}

impl<W> Operation<W> {
    /// Nobody knows yet, and somebody is to find out.
    pub fn is_open(&self) -> bool {
        self.settled_at.is_none()
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Failure> {
        let refusal = self.lever_status.filter(|status| *status >= 400).map(|status| Refusal {
            status,
            code: self.lever_code.clone().unwrap_or_default(),
            message: self.lever_message.clone().unwrap_or_default(),
        });
        Some(Failure::stored(self.error_code.as_deref()?, self.error_message.as_deref().unwrap_or_default(), refusal))
    }
}

/// A write that is about to be sent.
pub struct NewOperation<'a, W> {
    pub caller: &'a str,
    pub caller_email: &'a str,
    pub perform_as: &'a str,
    pub opportunity: &'a str,
    pub mark: Option<&'a str>,
    pub write: W,
}

impl<'a, W> NewOperation<'a, W> {
    /// A caller's write on an opportunity.
    pub fn by(caller: &'a Caller, perform_as: &'a str, opportunity: &'a str, write: W) -> Self {
        Self { caller: &caller.user_id, caller_email: &caller.email, perform_as, opportunity, mark: None, write }
    }
}

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

/// Records a write as being sent, with the job that will find out its outcome should nobody else do.
///
/// # Errors
/// The database failed.
pub async fn record<W: Write>(tx: &mut TenantTx, new: NewOperation<'_, W>, now: DateTime<Utc>) -> Result<Operation<W>, sqlx::Error> {
    let id = OperationId::new();
    let operation = sqlx::query_as(
        "INSERT INTO operations (tenant_id, id, kind, status, caller, caller_email, perform_as, opportunity_id, panel_id, interview_id, mark,
                                 request, attempts, lease_until, sent_at, created_at, steps, connection_epoch)
         VALUES ($1, $2, $3, 'sending', $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $13, $14,
                 (SELECT epoch FROM connections WHERE tenant_id = $1)) RETURNING *",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(new.write.kind())
    .bind(new.caller)
    .bind(new.caller_email)
    .bind(new.perform_as)
    .bind(new.opportunity)
    .bind(new.write.panel())
    .bind(new.write.interview())
    .bind(new.mark)
    .bind(Json(&new.write))
    .bind(now + LEASE)
    .bind(now)
    .bind(Json([OperationStep::begun(Some(new.perform_as), Some(new.opportunity), now)]))
    .fetch_one(&mut **tx)
    .await?;
    jobs::enqueue(tx, &W::settle(id), now, now + LEASE).await?;
    Ok(operation)
}

/// One operation. Its write is of this feature, or just JSON.
///
/// # Errors
/// The database failed.
pub async fn find<W: DeserializeOwned + Send + Unpin + 'static>(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM operations WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(id).fetch_optional(&mut **tx).await
}

/// Every operation of a feature whose outcome is not known, oldest first.
///
/// # Errors
/// The database failed.
pub async fn open<W: Write>(tx: &mut TenantTx) -> Result<Vec<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "SELECT * FROM operations
         WHERE tenant_id = $1 AND status IN ('prepared', 'sending', 'unknown') AND settled_at IS NULL AND kind = ANY($2) ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(W::KINDS)
    .fetch_all(&mut **tx)
    .await
}

/// Whether a write on this panel has no known outcome.
///
/// # Errors
/// The database failed.
pub async fn is_busy(tx: &mut TenantTx, panel: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM operations WHERE tenant_id = $1 AND panel_id = $2 AND settled_at IS NULL)")
        .bind(tx.tenant())
        .bind(panel)
        .fetch_one(&mut **tx)
        .await
}

/// Whether this interview was canceled through us.
///
/// # Errors
/// The database failed.
pub async fn canceled_interview(tx: &mut TenantTx, panel: &str, interview: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operations
                        WHERE tenant_id = $1 AND panel_id = $2 AND interview_id = $3 AND kind = 'cancel_interview' AND status = 'succeeded')",
    )
    .bind(tx.tenant())
    .bind(panel)
    .bind(interview)
    .fetch_one(&mut **tx)
    .await
}

/// How often this very thing was to be taken away before: attempts that are open, and that failed.
///
/// # Errors
/// The database failed.
pub async fn removals<W: Write>(tx: &mut TenantTx, write: &W) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE settled_at IS NULL), count(*) FILTER (WHERE status = 'failed') FROM operations
         WHERE tenant_id = $1 AND panel_id = $2 AND interview_id IS NOT DISTINCT FROM $3 AND kind = $4",
    )
    .bind(tx.tenant())
    .bind(write.panel())
    .bind(write.interview())
    .bind(write.kind())
    .fetch_one(&mut **tx)
    .await
}

/// Interviews of this panel that other operations made: ids that are accounted for.
///
/// # Errors
/// The database failed.
pub async fn added_by_others<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT interview_id FROM operations WHERE tenant_id = $1 AND panel_id = $2 AND id <> $3 AND interview_id IS NOT NULL")
        .bind(tx.tenant())
        .bind(&operation.panel_id)
        .bind(operation.id)
        .fetch_all(&mut **tx)
        .await
}

/// Notes on this opportunity that other operations wrote.
///
/// # Errors
/// The database failed.
pub async fn notes_of_others<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT note_id FROM operations WHERE tenant_id = $1 AND opportunity_id = $2 AND id <> $3 AND note_id IS NOT NULL")
        .bind(tx.tenant())
        .bind(&operation.opportunity_id)
        .bind(operation.id)
        .fetch_all(&mut **tx)
        .await
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

/// It happened. False when somebody else has said so, or otherwise, before.
///
/// # Errors
/// The database failed.
pub async fn succeed<W>(tx: &mut TenantTx, operation: &Operation<W>, made: &Made<'_>, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query(
        "UPDATE operations
         SET status = 'succeeded', panel_id = coalesce($4, panel_id), interview_id = coalesce($5, interview_id), note_id = $6,
             opportunity_id = coalesce($8, opportunity_id), lever_status = $9, steps = with_step_ended(steps, $10), lease_until = NULL,
             settled_at = $7
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL",
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
    .execute(&mut **tx)
    .await?;
    Ok(settled.rows_affected() == 1)
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

/// Begins another attempt with this write, on this opportunity. `None` when the operation has been settled or sent again meanwhile.
///
/// # Errors
/// The database failed.
pub async fn begin_again<W: Write>(
    tx: &mut TenantTx,
    operation: &Operation<W>,
    write: &W,
    opportunity: &str,
    now: DateTime<Utc>,
) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE operations SET status = 'sending', attempts = attempts + 1, request = $4, lease_until = $5, sent_at = $6, opportunity_id = $7,
                connection_epoch = (SELECT epoch FROM connections WHERE tenant_id = $1),
                steps = CASE WHEN steps -> -1 ->> 'outcome' = 'sending' THEN with_step_ended(steps, $9) ELSE steps END || $8
         WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND settled_at IS NULL RETURNING *",
    )
    .bind(tx.tenant())
    .bind(operation.id)
    .bind(operation.attempts)
    .bind(Json(write))
    .bind(now + LEASE)
    .bind(now)
    .bind(opportunity)
    .bind(Json([OperationStep::begun(Some(&operation.perform_as), Some(opportunity), now)]))
    // Whoever sent it before has ended without a word.
    .bind(ended(StepOutcome::Unknown, now, None, None))
    .fetch_optional(&mut **tx)
    .await
}
