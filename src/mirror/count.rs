//! How many objects of a kind a sync has brought: what it counts where several of Lever's lists bring the same kind.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;

/// Postings that were seen since then and that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn postings(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM postings WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2")
        .bind(tx.tenant())
        .bind(since)
        .fetch_one(&mut **tx)
        .await
}

/// Opportunities that were seen since then and that Lever still has, active and archived.
///
/// # Errors
/// The database failed.
pub async fn opportunities(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2")
        .bind(tx.tenant())
        .bind(since)
        .fetch_one(&mut **tx)
        .await
}
