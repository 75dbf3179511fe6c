//! How many objects of a kind the copy holds: what a sync counts where several of Lever's lists bring the same kind.

use crate::db::TenantTx;

/// Postings that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn postings(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM postings WHERE tenant_id = $1 AND gone_at IS NULL").bind(tx.tenant()).fetch_one(&mut **tx).await
}

/// Opportunities that Lever still has, active and archived.
///
/// # Errors
/// The database failed.
pub async fn opportunities(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL").bind(tx.tenant()).fetch_one(&mut **tx).await
}
