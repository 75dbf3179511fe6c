//! An attempt that begins: written down before anything is sent.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;

use super::Operation;
use crate::accounts::Connection;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::ids::OperationId;
use crate::jobs;
use crate::operations::Write;
use crate::operations::steps::{StepOutcome, begun, ended};

/// A request is over by then, one way or another; from then on the job looks after its operation.
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// A write that is about to be sent.
pub struct NewOperation<'a, W> {
    pub caller: &'a str,
    pub caller_email: &'a str,
    pub perform_as: &'a str,
    pub opportunity: &'a str,
    pub mark: Option<&'a str>,
    /// The epoch of the connection that whoever sends it began with.
    pub epoch: Option<i64>,
    pub write: W,
}

impl<'a, W> NewOperation<'a, W> {
    /// A caller's write on an opportunity.
    pub fn by(caller: &'a Caller, connection: &Connection, perform_as: &'a str, opportunity: &'a str, write: W) -> Self {
        Self { caller: &caller.user_id, caller_email: &caller.email, perform_as, opportunity, mark: None, epoch: Some(connection.epoch), write }
    }
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
         VALUES ($1, $2, $3, 'sending', $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $13, $14, $15) RETURNING *",
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
    .bind(begun(new.perform_as, new.opportunity, now))
    .bind(new.epoch)
    .fetch_one(&mut **tx)
    .await?;
    jobs::enqueue(tx, &W::settle(id), now, now + LEASE).await?;
    Ok(operation)
}

/// Begins another attempt with this write, on this opportunity, over the connection of this epoch. `None` when the operation has been settled or sent again meanwhile.
///
/// # Errors
/// The database failed.
pub async fn begin_again<W: Write>(
    tx: &mut TenantTx,
    operation: &Operation<W>,
    write: &W,
    (opportunity, epoch): (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE operations SET status = 'sending', attempts = attempts + 1, request = $4, lease_until = $5, sent_at = $6, opportunity_id = $7,
                connection_epoch = $10,
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
    .bind(begun(&operation.perform_as, opportunity, now))
    // Whoever sent it before has ended without a word.
    .bind(ended(StepOutcome::Unknown, now, None, None))
    .bind(epoch)
    .fetch_optional(&mut **tx)
    .await
}
