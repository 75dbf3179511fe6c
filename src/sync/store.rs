//! The `sync_runs` and `sync_steps` tables: where each run and each of its lists stands.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plan::{Kind, Step};
use crate::db::TenantTx;
use crate::ids::RunId;

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RunKind {
    Full,
    Incremental,
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

/// One run of the sync.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) kind: RunKind,
    pub(super) status: Status,
    /// Of the connection it began under.
    pub(super) epoch: i64,
    pub(super) error: Option<String>,
    /// Requests to Lever whose answers were stored.
    pub(super) requests: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
}

impl Status {
    /// Nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One list of a run.
#[derive(Debug, Clone, FromRow)]
pub(super) struct StepRow {
    pub(super) run_id: RunId,
    pub(super) position: i32,
    pub(super) step: Step,
    pub(super) object: Kind,
    /// Lever's offset of the next page, or the last id done; `None` before the first page is stored.
    pub(super) cursor: Option<String>,
    /// Before the first page was asked for.
    pub(super) began_at: Option<DateTime<Utc>>,
    pub(super) synced: i64,
    /// Known when the list has been read to its end.
    pub(super) total: Option<i64>,
    /// What could not be read.
    pub(super) skipped: i64,
    pub(super) visited: i64,
    pub(super) to_visit: Option<i64>,
    /// Why the list was given up.
    pub(super) trouble: Option<String>,
    pub(super) done: bool,
}

/// What one transaction adds to a list.
#[derive(Debug, Default)]
pub(super) struct Advance {
    pub(super) cursor: Option<String>,
    pub(super) synced: usize,
    pub(super) skipped: usize,
    pub(super) visited: usize,
    pub(super) requests: usize,
    pub(super) done: bool,
}

/// Makes a run with its steps. `None`: one is under way already.
pub(super) async fn create(
    tx: &mut TenantTx,
    steps: &[Step],
    requested_by: Option<&str>,
    epoch: i64,
    now: DateTime<Utc>,
) -> Result<Option<RunId>, sqlx::Error> {
    let run = sqlx::query_scalar(
        "INSERT INTO sync_runs (tenant_id, id, kind, status, requested_by, epoch, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (tenant_id, kind) WHERE status IN ('queued', 'running') DO NOTHING RETURNING id",
    )
    .bind(tx.tenant())
    .bind(RunId::new())
    .bind(RunKind::Full)
    .bind(Status::Queued)
    .bind(requested_by)
    .bind(epoch)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(run) = run {
        create_steps(tx, run, steps).await?;
    }
    Ok(run)
}

async fn create_steps(tx: &mut TenantTx, run: RunId, steps: &[Step]) -> Result<(), sqlx::Error> {
    let kinds: Vec<Kind> = steps.iter().map(|step| step.kind()).collect();
    sqlx::query(
        "INSERT INTO sync_steps (tenant_id, run_id, position, step, object)
         SELECT $1, $2, list.position, list.step, list.object
         FROM UNNEST($3::text[], $4::text[]) WITH ORDINALITY AS list (step, object, position)",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(steps)
    .bind(kinds)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// One run.
pub(super) async fn find(tx: &mut TenantTx, run: RunId) -> Result<Option<Run>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, status, epoch, error, requests, created_at, started_at, finished_at
         FROM sync_runs WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(run)
    .fetch_optional(&mut **tx)
    .await
}

/// The full sync that is under way.
pub(super) async fn under_way(tx: &mut TenantTx) -> Result<Option<RunId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM sync_runs WHERE tenant_id = $1 AND kind = 'full' AND status IN ('queued', 'running')")
        .bind(tx.tenant())
        .fetch_optional(&mut **tx)
        .await
}

/// Runs, the newest first, from the one after `after` on.
pub(super) async fn list(tx: &mut TenantTx, after: Option<(DateTime<Utc>, Uuid)>, rows: i64) -> Result<Vec<Run>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, kind, status, epoch, error, requests, created_at, started_at, finished_at
         FROM sync_runs
         WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR created_at < $2 OR (created_at = $2 AND id < $3))
         ORDER BY created_at DESC, id DESC LIMIT $4",
    )
    .bind(tx.tenant())
    .bind(after.map(|(created, _)| created))
    .bind(after.map(|(_, id)| id))
    .bind(rows)
    .fetch_all(&mut **tx)
    .await
}

/// The steps of these runs, in order.
pub(super) async fn steps(tx: &mut TenantTx, runs: &[RunId]) -> Result<Vec<StepRow>, sqlx::Error> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.0).collect();
    sqlx::query_as(
        "SELECT run_id, position, step, object, cursor, began_at, synced, total, skipped, visited, to_visit, trouble, done
         FROM sync_steps WHERE tenant_id = $1 AND run_id = ANY($2) ORDER BY run_id, position",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await
}

/// The run is being worked on. Keeps the time of its first start.
pub(super) async fn start(tx: &mut TenantTx, run: RunId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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

/// The run is over. One that ended before stays as it was.
pub(super) async fn end(tx: &mut TenantTx, run: RunId, status: Status, error: Option<&str>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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
pub(super) async fn cancel_stale(tx: &mut TenantTx, epoch: i64, why: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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

/// A list is about to be read. Keeps the time of its first start.
pub(super) async fn start_step(tx: &mut TenantTx, step: &StepRow, to_visit: Option<usize>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sync_steps SET began_at = coalesce(began_at, $4), to_visit = coalesce(visited + $5, to_visit)
         WHERE tenant_id = $1 AND run_id = $2 AND position = $3",
    )
    .bind(tx.tenant())
    .bind(step.run_id)
    .bind(step.position)
    .bind(now)
    .bind(to_visit.map(|count| count as i64))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// A part of a list was stored in this transaction.
pub(super) async fn advance(tx: &mut TenantTx, step: &StepRow, by: &Advance, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH step AS (
             UPDATE sync_steps
             SET cursor = $4, synced = synced + $5, skipped = skipped + $6, visited = visited + $7, done = $8, failures = 0,
                 total = CASE WHEN $8 THEN synced + $5 ELSE total END
             WHERE tenant_id = $1 AND run_id = $2 AND position = $3)
         UPDATE sync_runs SET requests = requests + $9, updated_at = $10 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(step.run_id)
    .bind(step.position)
    .bind(by.cursor.as_deref())
    .bind(by.synced as i64)
    .bind(by.skipped as i64)
    .bind(by.visited as i64)
    .bind(by.done)
    .bind(by.requests as i64)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// An answer could not be read; answers how many in a row by now.
pub(super) async fn count_failure(tx: &mut TenantTx, step: &StepRow) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("UPDATE sync_steps SET failures = failures + 1 WHERE tenant_id = $1 AND run_id = $2 AND position = $3 RETURNING failures")
        .bind(tx.tenant())
        .bind(step.run_id)
        .bind(step.position)
        .fetch_one(&mut **tx)
        .await
}

/// Begins a list again from its first page; answers how often that has happened by now. When it first began still counts:
/// what was seen since then was seen.
pub(super) async fn restart(tx: &mut TenantTx, step: &StepRow) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE sync_steps SET restarts = restarts + 1, cursor = NULL, synced = 0, skipped = 0
         WHERE tenant_id = $1 AND run_id = $2 AND position = $3 RETURNING restarts",
    )
    .bind(tx.tenant())
    .bind(step.run_id)
    .bind(step.position)
    .fetch_one(&mut **tx)
    .await
}

/// A list cannot be read to its end; the run goes on with the others.
pub(super) async fn give_up(tx: &mut TenantTx, step: &StepRow, why: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_steps SET done = true, total = NULL, trouble = $4 WHERE tenant_id = $1 AND run_id = $2 AND position = $3")
        .bind(tx.tenant())
        .bind(step.run_id)
        .bind(step.position)
        .bind(why)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Corrects what a kind counts, on its last step: the later lists brought some on top, or a shifting list brought some twice.
pub(super) async fn correct_count(tx: &mut TenantTx, last: &StepRow, by: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_steps SET synced = synced + $4, total = synced + $4 WHERE tenant_id = $1 AND run_id = $2 AND position = $3")
        .bind(tx.tenant())
        .bind(last.run_id)
        .bind(last.position)
        .bind(by)
        .execute(&mut **tx)
        .await
        .map(drop)
}
