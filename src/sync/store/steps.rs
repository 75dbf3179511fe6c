//! The `sync_steps` table: where each list of a run stands. A page and its cursor are committed together.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::ids::RunId;
use crate::sync::plan::{Kind, Step};

/// One list of a run.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct StepRow {
    pub(in crate::sync) run_id: RunId,
    pub(in crate::sync) position: i32,
    pub(in crate::sync) step: Step,
    pub(in crate::sync) object: Kind,
    /// Lever's offset of the next page; `None` before the first page is stored.
    pub(in crate::sync) cursor: Option<String>,
    /// From when on changes are asked for; `None`: from a little before the run began.
    pub(in crate::sync) since: Option<DateTime<Utc>>,
    /// See [`crate::sync::window::until`]; `None` before the first page is stored.
    pub(in crate::sync) until: Option<DateTime<Utc>>,
    /// Before the first page was asked for.
    pub(in crate::sync) began_at: Option<DateTime<Utc>>,
    pub(in crate::sync) synced: i64,
    /// What it had synced when it was begun again, and counted anew.
    pub(in crate::sync) shown_before: Option<i64>,
    /// Known when the list has been read to its end.
    pub(in crate::sync) total: Option<i64>,
    /// What could not be read.
    pub(in crate::sync) skipped: i64,
    /// Opportunities asked about, of how many as far as they are listed.
    pub(in crate::sync) visited: i64,
    pub(in crate::sync) to_visit: Option<i64>,
    /// Answers in a row that could not be read.
    pub(in crate::sync) failures: i32,
    /// Why the list was given up.
    pub(in crate::sync) trouble: Option<String>,
    pub(in crate::sync) done: bool,
}

impl StepRow {
    /// How many objects it has brought, as it is shown: that does not fall when a list is begun again.
    pub(in crate::sync) fn shown(&self) -> i64 {
        self.shown_before.map_or(self.synced, |before| before.max(self.synced))
    }
}

/// What one transaction adds to a list.
#[derive(Debug, Default)]
pub(in crate::sync) struct Advance {
    pub(in crate::sync) cursor: Option<String>,
    pub(in crate::sync) until: Option<DateTime<Utc>>,
    pub(in crate::sync) synced: usize,
    pub(in crate::sync) skipped: usize,
    pub(in crate::sync) visited: usize,
    pub(in crate::sync) done: bool,
}

/// Makes the steps of a run, each with the time from which it asks for changes.
pub(in crate::sync) async fn create(tx: &mut TenantTx, run: RunId, steps: &[(Step, Option<DateTime<Utc>>)]) -> Result<(), sqlx::Error> {
    let column = |of: fn(&(Step, Option<DateTime<Utc>>)) -> Step| steps.iter().map(of).collect::<Vec<_>>();
    let kinds: Vec<Kind> = steps.iter().map(|(step, _)| step.kind()).collect();
    let since: Vec<Option<DateTime<Utc>>> = steps.iter().map(|(_, since)| *since).collect();
    sqlx::query(
        "INSERT INTO sync_steps (tenant_id, run_id, position, step, object, since)
         SELECT $1, $2, list.position, list.step, list.object, list.since
         FROM UNNEST($3::text[], $4::text[], $5::timestamptz[]) WITH ORDINALITY AS list (step, object, since, position)",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(column(|(step, _)| *step))
    .bind(kinds)
    .bind(since)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The steps of these runs, in order.
pub(in crate::sync) async fn of_runs(tx: &mut TenantTx, runs: &[RunId]) -> Result<Vec<StepRow>, sqlx::Error> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.0).collect();
    sqlx::query_as(
        "SELECT run_id, position, step, object, cursor, since, until, began_at, synced, shown_before, total, skipped, visited, to_visit, failures,
                trouble, done
         FROM sync_steps WHERE tenant_id = $1 AND run_id = ANY($2) ORDER BY run_id, position",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await
}

/// A list is about to be read. Keeps the time of its first start.
pub(in crate::sync) async fn start(tx: &mut TenantTx, step: &StepRow, to_visit: Option<usize>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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
pub(in crate::sync) async fn advance(tx: &mut TenantTx, step: &StepRow, by: &Advance) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sync_steps
         SET cursor = $4, synced = synced + $5, skipped = skipped + $6, visited = visited + $7, done = $8, failures = 0,
             until = coalesce(until, $9), total = CASE WHEN $8 THEN synced + $5 ELSE total END
         WHERE tenant_id = $1 AND run_id = $2 AND position = $3",
    )
    .bind(tx.tenant())
    .bind(step.run_id)
    .bind(step.position)
    .bind(by.cursor.as_deref())
    .bind(by.synced as i64)
    .bind(by.skipped as i64)
    .bind(by.visited as i64)
    .bind(by.done)
    .bind(by.until)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// An answer could not be read; answers how many in a row by now.
pub(in crate::sync) async fn count_failure(tx: &mut TenantTx, step: &StepRow) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("UPDATE sync_steps SET failures = failures + 1 WHERE tenant_id = $1 AND run_id = $2 AND position = $3 RETURNING failures")
        .bind(tx.tenant())
        .bind(step.run_id)
        .bind(step.position)
        .fetch_one(&mut **tx)
        .await
}

/// Begins a list again from its first page; answers how often that has happened by now. When it first began still counts:
/// what was seen since then was seen, and is not counted twice where every object counts once.
pub(in crate::sync) async fn restart(tx: &mut TenantTx, step: &StepRow) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE sync_steps
         SET restarts = restarts + 1, cursor = NULL, skipped = 0, synced = CASE WHEN $4 THEN synced ELSE 0 END,
             shown_before = CASE WHEN $4 THEN NULL ELSE GREATEST(shown_before, synced) END
         WHERE tenant_id = $1 AND run_id = $2 AND position = $3 RETURNING restarts",
    )
    .bind(tx.tenant())
    .bind(step.run_id)
    .bind(step.position)
    .bind(step.object.is_in_several_lists())
    .fetch_one(&mut **tx)
    .await
}

/// A list cannot be read to its end; the run goes on with the others.
pub(in crate::sync) async fn give_up(tx: &mut TenantTx, step: &StepRow, why: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_steps SET done = true, total = NULL, trouble = $4 WHERE tenant_id = $1 AND run_id = $2 AND position = $3")
        .bind(tx.tenant())
        .bind(step.run_id)
        .bind(step.position)
        .bind(why)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Corrects what a kind counts, on its last step.
pub(in crate::sync) async fn correct_count(tx: &mut TenantTx, last: &StepRow, by: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_steps SET synced = synced + $4, total = synced + $4 WHERE tenant_id = $1 AND run_id = $2 AND position = $3")
        .bind(tx.tenant())
        .bind(last.run_id)
        .bind(last.position)
        .bind(by)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// A step that nothing is known about yet.
#[cfg(test)]
pub(in crate::sync) fn sample(step: Step) -> StepRow {
    StepRow {
        run_id: RunId::new(),
        position: 1,
        step,
        object: step.kind(),
        cursor: None,
        since: None,
        until: None,
        began_at: None,
        synced: 0,
        shown_before: None,
        total: None,
        skipped: 0,
        visited: 0,
        to_visit: None,
        failures: 0,
        trouble: None,
        done: false,
    }
}
