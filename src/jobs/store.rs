//! The `jobs` table: enqueue in the caller's transaction, claim with a lease, settle with a fence.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgPool};

use super::{Job, Outcome};
use crate::db::TenantTx;
use crate::ids::TenantId;

/// How long a claim holds without a heartbeat. A dead worker's jobs are taken over after this.
pub const LEASE: Duration = Duration::from_secs(5);
/// How many jobs of one priority an organization may have under way at once, all replicas together (when two claim in the same
/// moment, a few more). What hangs for one organization leaves the worker to the others.
pub const AT_ONCE_EACH: i64 = 16;
/// The pauses between two tries of a failing job.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Asks for a job, in the transaction that makes it true. Asking for one that waits changes nothing but may bring it forward;
/// asking for one that runs makes it run once more afterwards.
///
/// # Errors
/// The database failed.
pub async fn enqueue(tx: &mut TenantTx, job: &Job, now: DateTime<Utc>, run_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT enqueue_job($1, $2, $3, $4, $5, $6, $7)")
        .bind(tx.tenant())
        .bind(job.kind())
        .bind(job.key())
        .bind(job.payload())
        .bind(job.priority())
        .bind(now)
        .bind(run_at)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// What held the organization's failed jobs up is over: they need not wait for their next try.
///
/// # Errors
/// The database failed.
pub async fn wake_failed(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE jobs SET run_at = $2 WHERE (tenant_id, kind, key) IN (
             SELECT tenant_id, kind, key FROM jobs
             WHERE tenant_id = $1 AND last_error IS NOT NULL AND lease_until IS NULL AND run_at > $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(tx.tenant())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// What waits for longer than the longest of these pauses, though nothing has failed, need not: it was planned when they were longer.
/// Those of different organizations come at different moments.
///
/// # Errors
/// The database failed.
pub async fn bring_forward(dispatch: &PgPool, job: &Job, now: DateTime<Utc>, pauses: RangeInclusive<TimeDelta>) -> Result<u64, sqlx::Error> {
    let (shortest, longest) = (now + *pauses.start(), now + *pauses.end());
    let brought = sqlx::query(
        "UPDATE jobs SET run_at = $2 + random() * ($3 - $2)
         WHERE kind = $1 AND run_at > $3 AND last_error IS NULL AND lease_until IS NULL",
    )
    .bind(job.kind())
    .bind(shortest)
    .bind(longest)
    .execute(dispatch)
    .await?;
    Ok(brought.rows_affected())
}

/// Takes back what asks for single candidates to be read: their ids are in it.
///
/// # Errors
/// The database failed.
pub async fn forget_readings(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM jobs WHERE tenant_id = $1 AND kind IN ('refresh_opportunity', 'refresh_contact')")
        .bind(tx.tenant())
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// A job that this worker holds.
#[derive(Debug, Clone, FromRow)]
pub struct Claim {
    pub tenant_id: TenantId,
    kind: String,
    key: String,
    payload: Value,
    /// Tries so far, this one included.
    pub attempts: i32,
    generation: i64,
    epoch: i64,
}

/// Takes up to `limit` due jobs of any organization, the most urgent first, none less urgent than `least_urgent`, and of none more
/// than its share. Each comes with a lease of [`LEASE`].
///
/// Twice as many as wanted are looked at, because another worker may be about to take the same ones; what a job must be to be claimed
/// is asked once more when its row is locked.
///
/// # Errors
/// The database failed.
pub async fn claim_due(dispatch: &PgPool, now: DateTime<Utc>, limit: i64, least_urgent: i16) -> Result<Vec<Claim>, sqlx::Error> {
    sqlx::query_as(
        "WITH lanes AS (
             SELECT tenant_id, priority, count(*) FILTER (WHERE lease_until > $1) AS under_way FROM jobs WHERE priority <= $4
             GROUP BY tenant_id, priority HAVING bool_or(run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1))
         ), waiting AS (
             SELECT w.place FROM lanes l CROSS JOIN LATERAL (
                 SELECT ctid AS place, run_at FROM jobs
                 WHERE tenant_id = l.tenant_id AND priority = l.priority AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
                 ORDER BY run_at LIMIT greatest($5 - l.under_way, 0)) w
             ORDER BY l.priority, w.run_at LIMIT 2 * $3
         ), next AS (
             SELECT tenant_id, kind, key FROM jobs
             WHERE ctid = ANY (ARRAY(SELECT place FROM waiting)) AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
             ORDER BY priority, run_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs j SET lease_until = $2, epoch = nextval('job_claims'), attempts = attempts + 1
         FROM next n WHERE (j.tenant_id, j.kind, j.key) = (n.tenant_id, n.kind, n.key)
         RETURNING j.tenant_id, j.kind, j.key, payload, attempts, generation, epoch",
    )
    .bind(now)
    .bind(now + LEASE)
    .bind(limit)
    .bind(least_urgent)
    .bind(AT_ONCE_EACH)
    .fetch_all(dispatch)
    .await
}

/// When the next job can be claimed; `None` when there is none at all.
///
/// # Errors
/// The database failed.
pub async fn next_due(dispatch: &PgPool) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("SELECT min(greatest(run_at, coalesce(lease_until, run_at))) FROM jobs").fetch_one(dispatch).await
}

impl Claim {
    /// What is to be done; `None` when a newer version of this service enqueued something that we do not know.
    pub fn job(&self) -> Option<Job> {
        serde_json::from_value(self.payload.clone()).ok()
    }

    /// The job's kind, for logs.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Prolongs the lease. False: it was lost, and whatever is being done must stop.
    ///
    /// Never waits for the row: while a transaction of the job's own holds it (see [`Claim::holds`]), nobody else can claim it, and a
    /// heartbeat that waited would keep one of the few dispatch connections from everybody.
    ///
    /// # Errors
    /// The database failed.
    pub async fn renew(&self, dispatch: &PgPool, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "WITH free AS (
                 SELECT tenant_id, kind, key FROM jobs
                 WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4 FOR NO KEY UPDATE SKIP LOCKED
             ), renewed AS (
                 UPDATE jobs j SET lease_until = $5 FROM free f WHERE (j.tenant_id, j.kind, j.key) = (f.tenant_id, f.kind, f.key)
             )
             SELECT EXISTS (SELECT FROM jobs WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4)",
        )
        .bind(self.tenant_id)
        .bind(&self.kind)
        .bind(&self.key)
        .bind(self.epoch)
        .bind(now + LEASE)
        .fetch_one(dispatch)
        .await
    }

    /// The fence: true while no other worker has claimed the job. Asked in the transaction that stores the work's result, where
    /// it also keeps others from claiming until that transaction ends.
    ///
    /// # Errors
    /// The database failed.
    pub async fn holds(&self, tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
        let held = sqlx::query("SELECT 1 FROM jobs WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4 FOR NO KEY UPDATE")
            .bind(tx.tenant())
            .bind(&self.kind)
            .bind(&self.key)
            .bind(self.epoch)
            .fetch_optional(&mut **tx)
            .await?;
        Ok(held.is_some())
    }

    /// Ends the claim. A job that was asked for again while it ran stays and is due at once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn finish(&self, dispatch: &PgPool, outcome: Outcome, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        match outcome {
            Outcome::Done => {
                if !self.end(dispatch).await? {
                    self.release(dispatch, now, None).await?;
                }
                Ok(())
            }
            Outcome::Again(at) => self.release(dispatch, at, None).await,
            Outcome::Rest(until) => self.rest(dispatch, until).await,
            Outcome::Ended => Ok(()),
        }
    }

    /// Ends the claim of a job that is done: what is looked for after that sees everybody who took the job for one that will still
    /// run. False, and the job is still there, when it was asked for again or taken over.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end(&self, dispatch: &PgPool) -> Result<bool, sqlx::Error> {
        let deleted = sqlx::query("DELETE FROM jobs WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4 AND generation = $5")
            .bind(self.tenant_id)
            .bind(&self.kind)
            .bind(&self.key)
            .bind(self.epoch)
            .bind(self.generation)
            .execute(dispatch)
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// What is asked for from now on does not wake it: see `store_webhook_deliveries`.
    async fn rest(&self, dispatch: &PgPool, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE jobs SET lease_until = NULL, last_error = NULL, run_at = $5, attempts = 0
             WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4",
        )
        .bind(self.tenant_id)
        .bind(&self.kind)
        .bind(&self.key)
        .bind(self.epoch)
        .bind(until)
        .execute(dispatch)
        .await
        .map(drop)
    }

    /// Gives the job back after a failure. It is tried again after `pause`, when whatever failed has said how long it will; else after
    /// one that doubles from a second up to ten minutes.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fail(&self, dispatch: &PgPool, error: &str, pause: Option<Duration>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let doubled = || Duration::from_secs(1 << self.attempts.clamp(1, 10).cast_unsigned().saturating_sub(1)).min(LONGEST_PAUSE);
        let pause = pause.map_or_else(doubled, |said| said.max(SHORTEST_PAUSE));
        self.release(dispatch, now + pause, Some(error)).await
    }

    /// Hands the job back untouched: another worker may take it at once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hand_back(&self, dispatch: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        self.release(dispatch, now, None).await
    }

    async fn release(&self, dispatch: &PgPool, run_at: DateTime<Utc>, error: Option<&str>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE jobs SET lease_until = NULL, last_error = $6, run_at = CASE WHEN generation = $5 THEN $7 ELSE least(run_at, $7) END,
                    attempts = CASE WHEN $6 IS NULL THEN 0 ELSE attempts END
             WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND epoch = $4",
        )
        .bind(self.tenant_id)
        .bind(&self.kind)
        .bind(&self.key)
        .bind(self.epoch)
        .bind(self.generation)
        .bind(error)
        .bind(run_at)
        .execute(dispatch)
        .await
        .map(drop)
    }
}
