//! The `sync_due` table: opportunities that are to be read again. Written in the transaction that stores why: by the lists of the sync,
//! and by the table of opportunities itself, which knows of every change, whoever found it.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::db::TenantTx;

/// An opportunity to read again.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct Due {
    pub(in crate::sync) opportunity_id: String,
    /// It itself too, and not only what hangs on it.
    pub(in crate::sync) whole: bool,
    pub(in crate::sync) asked_at: DateTime<Utc>,
}

/// Asks for these to be read again.
pub(in crate::sync) async fn add(tx: &mut TenantTx, opportunities: &[String], whole: bool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    if opportunities.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO sync_due (tenant_id, opportunity_id, whole, asked_at) SELECT $1, id, $3, $4 FROM (SELECT DISTINCT UNNEST($2::text[]) AS id ORDER BY 1) ids
         ON CONFLICT (tenant_id, opportunity_id) DO UPDATE SET whole = sync_due.whole OR excluded.whole, asked_at = excluded.asked_at",
    )
    .bind(tx.tenant())
    .bind(opportunities)
    .bind(whole)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Those that have waited longest.
pub(in crate::sync) async fn oldest(tx: &mut TenantTx, rows: i64) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as("SELECT opportunity_id, whole, asked_at FROM sync_due WHERE tenant_id = $1 ORDER BY asked_at, opportunity_id LIMIT $2")
        .bind(tx.tenant())
        .bind(rows)
        .fetch_all(&mut **tx)
        .await
}

/// These were read by requests sent from `since` on: whoever asked before then has what he wanted.
pub(in crate::sync) async fn settle(tx: &mut TenantTx, opportunities: &[String], since: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_due WHERE tenant_id = $1 AND opportunity_id = ANY($2) AND asked_at <= $3")
        .bind(tx.tenant())
        .bind(opportunities)
        .bind(since)
        .execute(&mut **tx)
        .await
        .map(drop)
}
