//! The `sync_cursors` table: how far each list was read by this connection, or by the one before it to the same account.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::sync::plan::Step;

/// How far each list was read by the connection of this epoch.
pub(in crate::sync) async fn of_epoch(tx: &mut TenantTx, epoch: i64) -> Result<HashMap<Step, DateTime<Utc>>, sqlx::Error> {
    let rows: Vec<(Step, DateTime<Utc>)> = sqlx::query_as("SELECT step, read_until FROM sync_cursors WHERE tenant_id = $1 AND epoch = $2")
        .bind(tx.tenant())
        .bind(epoch)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// A list was read whole. The time is stored as it is, even when it lies before the one that is there: a clock that was ahead once must
/// not hide changes for ever.
pub(in crate::sync) async fn set(tx: &mut TenantTx, step: Step, epoch: i64, read_until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sync_cursors (tenant_id, step, epoch, read_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, step) DO UPDATE SET epoch = excluded.epoch, read_until = excluded.read_until",
    )
    .bind(tx.tenant())
    .bind(step)
    .bind(epoch)
    .bind(read_until)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Whether every one of these lists was read once, by whichever connection.
pub(in crate::sync) async fn are_begun(tx: &mut TenantTx, steps: &[Step]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) = cardinality($2) FROM sync_cursors WHERE tenant_id = $1 AND step = ANY($2::text[])")
        .bind(tx.tenant())
        .bind(steps)
        .fetch_one(&mut **tx)
        .await
}

/// A new connection to the same account goes on where the last one stood.
pub(in crate::sync) async fn carry_over(tx: &mut TenantTx, epoch: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sync_cursors SET epoch = $2 WHERE tenant_id = $1").bind(tx.tenant()).bind(epoch).execute(&mut **tx).await.map(drop)
}

/// Gives those lists a cursor that have none of this connection yet.
pub(in crate::sync) async fn begin(tx: &mut TenantTx, steps: &[Step], epoch: i64, read_until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sync_cursors (tenant_id, step, epoch, read_until) SELECT $1, step, $3, $4 FROM UNNEST($2::text[]) AS step
         ON CONFLICT (tenant_id, step) DO UPDATE SET epoch = excluded.epoch, read_until = excluded.read_until
         WHERE sync_cursors.epoch <> excluded.epoch",
    )
    .bind(tx.tenant())
    .bind(steps)
    .bind(epoch)
    .bind(read_until)
    .execute(&mut **tx)
    .await
    .map(drop)
}
