//! The `changes` table. Triggers on the tables that people look at write it (see its migration); here it is read and kept short.

use sqlx::{FromRow, PgPool};

use crate::db::TenantTx;
use crate::ids::TenantId;

/// How many of all organizations' changes are kept.
const KEPT: i64 = 50_000;

/// Something that changed.
#[derive(Debug, FromRow)]
pub(super) struct Change {
    pub number: i64,
    /// `opportunity`, `panel`, `contact`, `operation`, `sync` or `connection`.
    pub kind: String,
    /// Empty: too many to name, or there is only one.
    pub ids: Vec<String>,
}

/// The organization's changes behind a number.
pub(super) async fn after(tx: &mut TenantTx, number: i64) -> Result<Vec<Change>, sqlx::Error> {
    sqlx::query_as("SELECT number, kind, ids FROM changes WHERE tenant_id = $1 AND number > $2 ORDER BY number")
        .bind(tx.tenant())
        .bind(number)
        .fetch_all(&mut **tx)
        .await
}

/// The number of the newest change of all; 0 when there is none.
pub(super) async fn newest(dispatch: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM changes").fetch_one(dispatch).await
}

/// Whose changes came behind a number, and their numbers.
pub(super) async fn owners_after(dispatch: &PgPool, number: i64) -> Result<Vec<(TenantId, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT tenant_id, number FROM changes WHERE number > $1").bind(number).fetch_all(dispatch).await
}

/// Deletes an organization's changes: they name what was just purged.
///
/// # Errors
/// The database failed.
pub async fn forget(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM changes WHERE tenant_id = $1").bind(tx.tenant()).execute(&mut **tx).await.map(drop)
}

/// Deletes all but the newest changes.
///
/// # Errors
/// The database failed.
pub async fn prune(dispatch: &PgPool) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query("DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - $1").bind(KEPT).execute(dispatch).await?;
    Ok(deleted.rows_affected())
}
