//! The `sync_runs` table: what each run is, and how it ended.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::ids::RunId;

/// Incremental syncs that are kept; each of them but one changed something or went wrong.
const KEPT_INCREMENTAL: i64 = 50;

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RunKind {
    /// Everything.
    Full,
    /// What changed since the last time.
    Incremental,
    /// Every list, compared with what is here.
    Reconcile,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    Queued,
    Running,
    Succeeded,
    Failed,
    Canceled,
}

impl Status {
    /// Nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One run of the sync.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct Run {
    pub(in crate::sync) id: RunId,
    pub(in crate::sync) kind: RunKind,
    /// Says what it would do and does nothing.
    pub(in crate::sync) dry_run: bool,
    pub(in crate::sync) status: Status,
    /// Of the connection it began under.
    pub(in crate::sync) epoch: i64,
    pub(in crate::sync) error: Option<String>,
    /// Requests sent to Lever.
    pub(in crate::sync) requests: i64,
    pub(in crate::sync) created_at: DateTime<Utc>,
    pub(in crate::sync) started_at: Option<DateTime<Utc>>,
    pub(in crate::sync) finished_at: Option<DateTime<Utc>>,
    pub(in crate::sync) updated_at: DateTime<Utc>,
}

/// A run that shall be.
#[derive(Debug, Clone, Copy)]
pub(in crate::sync) struct NewRun<'a> {
    pub(in crate::sync) kind: RunKind,
    pub(in crate::sync) dry_run: bool,
    /// Who asked for it; `None` for the service itself.
    pub(in crate::sync) requested_by: Option<&'a str>,
    /// Of the connection.
    pub(in crate::sync) epoch: i64,
}

/// Makes a run. `None`: one of its kind is under way already.
pub(in crate::sync) async fn create(tx: &mut TenantTx, new: NewRun<'_>, now: DateTime<Utc>) -> Result<Option<RunId>, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO sync_runs (tenant_id, id, kind, dry_run, status, requested_by, epoch, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (tenant_id, kind) WHERE status IN ('queued', 'running') DO NOTHING RETURNING id",
    )
    .bind(tx.tenant())
    .bind(RunId::new())
    .bind(new.kind)
    .bind(new.dry_run)
    .bind(Status::Queued)
    .bind(new.requested_by)
    .bind(new.epoch)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await
}

/// One run.
pub(in crate::sync) async fn find(tx: &mut TenantTx, run: RunId) -> Result<Option<Run>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, dry_run, status, epoch, error, requests, created_at, started_at, finished_at, updated_at
         FROM sync_runs WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(run)
    .fetch_optional(&mut **tx)
    .await
}

/// The run of that kind that is under way.
pub(in crate::sync) async fn under_way(tx: &mut TenantTx, kind: RunKind) -> Result<Option<RunId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM sync_runs WHERE tenant_id = $1 AND kind = $2 AND status IN ('queued', 'running')")
        .bind(tx.tenant())
        .bind(kind)
        .fetch_optional(&mut **tx)
        .await
}

/// Runs of that kind or of all, the newest first, from the one after `after` on. An incremental sync is listed when it has ended.
pub(in crate::sync) async fn list(
    tx: &mut TenantTx,
    kind: Option<RunKind>,
    after: Option<(DateTime<Utc>, Uuid)>,
    rows: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, dry_run, status, epoch, error, requests, created_at, started_at, finished_at, updated_at
         FROM sync_runs
         WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR created_at < $2 OR (created_at = $2 AND id < $3))
           AND ($5::text IS NULL OR kind = $5) AND (kind <> 'incremental' OR status NOT IN ('queued', 'running'))
         ORDER BY created_at DESC, id DESC LIMIT $4",
    )
    .bind(tx.tenant())
    .bind(after.map(|(created, _)| created))
    .bind(after.map(|(_, id)| id))
    .bind(rows)
    .bind(kind)
    .fetch_all(&mut **tx)
    .await
}

/// How the comparisons of every list with what is here have ended: full syncs and reconciliations that were no mere questions.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct Comparisons {
    /// The newest end of one that succeeded.
    pub(in crate::sync) succeeded_at: Option<DateTime<Utc>>,
    /// How many have failed since, and when the last of them did.
    pub(in crate::sync) failures: i64,
    pub(in crate::sync) failed_at: Option<DateTime<Utc>>,
}

/// See [`Comparisons`].
pub(in crate::sync) async fn comparisons(tx: &mut TenantTx) -> Result<Comparisons, sqlx::Error> {
    sqlx::query_as(
        "WITH ended AS (SELECT status, finished_at FROM sync_runs WHERE tenant_id = $1 AND kind IN ('full', 'reconcile') AND NOT dry_run),
              good AS (SELECT max(finished_at) AS at FROM ended WHERE status = 'succeeded'),
              bad AS (SELECT finished_at AS at FROM ended, good WHERE status = 'failed' AND finished_at > coalesce(good.at, '-infinity'))
         SELECT (SELECT at FROM good) AS succeeded_at, count(*) AS failures, max(at) AS failed_at FROM bad",
    )
    .bind(tx.tenant())
    .fetch_one(&mut **tx)
    .await
}

/// Whether a full sync has ever read everything.
pub(in crate::sync) async fn was_read_whole(tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM sync_runs WHERE tenant_id = $1 AND kind = 'full' AND status = 'succeeded')")
        .bind(tx.tenant())
        .fetch_one(&mut **tx)
        .await
}

/// The run is being worked on. Keeps the time of its first start.
pub(in crate::sync) async fn start(tx: &mut TenantTx, run: RunId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sync_runs SET status = 'running', started_at = coalesce(started_at, $3), updated_at = $3
         WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Adds requests that were sent for the run.
pub(in crate::sync) async fn count_requests(tx: &mut TenantTx, run: RunId, requests: i64, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_runs SET requests = requests + $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(run)
        .bind(requests)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// The run is over. One that ended before stays as it was.
pub(in crate::sync) async fn end(tx: &mut TenantTx, run: RunId, status: Status, error: Option<&str>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sync_runs SET status = $3, error = $4, finished_at = $5, updated_at = $5
         WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(status)
    .bind(error)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Cancels what began under another epoch of the connection: its next page would be refused anyway.
pub(in crate::sync) async fn cancel_stale(tx: &mut TenantTx, epoch: i64, why: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sync_runs SET status = 'canceled', error = $3, finished_at = $4, updated_at = $4
         WHERE tenant_id = $1 AND epoch <> $2 AND status IN ('queued', 'running')",
    )
    .bind(tx.tenant())
    .bind(epoch)
    .bind(why)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Takes a run out of the list that nobody looks for, with its steps.
pub(in crate::sync) async fn discard(tx: &mut TenantTx, run: RunId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_runs WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(run).execute(&mut **tx).await.map(drop)
}

/// This incremental sync found nothing; the one before that found nothing goes, with its steps.
pub(in crate::sync) async fn keep_one_quiet(tx: &mut TenantTx, newest: RunId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_runs WHERE tenant_id = $1 AND quiet").bind(tx.tenant()).execute(&mut **tx).await?;
    sqlx::query("UPDATE sync_runs SET quiet = true WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(newest)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Takes those incremental syncs out of the list that say the same as this one, and the oldest beyond a bound.
pub(in crate::sync) async fn prune_incremental(tx: &mut TenantTx, newest: RunId, error: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM sync_runs
         WHERE tenant_id = $1 AND kind = 'incremental' AND id <> $2
           AND (error = $3 OR id NOT IN (SELECT id FROM sync_runs WHERE tenant_id = $1 AND kind = 'incremental'
                                         ORDER BY created_at DESC, id DESC LIMIT $4))",
    )
    .bind(tx.tenant())
    .bind(newest)
    .bind(error)
    .bind(KEPT_INCREMENTAL)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// A run that has just begun.
#[cfg(test)]
pub(in crate::sync) fn sample(kind: RunKind) -> Run {
    Run {
        id: RunId::new(),
        kind,
        dry_run: false,
        status: Status::Running,
        epoch: 1,
        error: None,
        requests: 3,
        created_at: DateTime::UNIX_EPOCH,
        started_at: Some(DateTime::UNIX_EPOCH),
        finished_at: None,
        updated_at: DateTime::UNIX_EPOCH,
    }
}
