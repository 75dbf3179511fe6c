//! How many objects of a kind are here that were seen since a sync began, whichever list or run brought them: what it counts in the end.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;

/// Postings that were seen since then and that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn postings(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    count(tx, "SELECT count(*) FROM postings WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2", since).await
}

/// Opportunities that were seen since then and that Lever still has, active and archived.
///
/// # Errors
/// The database failed.
pub async fn opportunities(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    count(tx, "SELECT count(*) FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2", since).await
}

/// Panels that were seen since then and that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn panels(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    count(tx, "SELECT count(*) FROM panels WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2", since).await
}

/// Notes that were seen since then and that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn notes(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    count(tx, "SELECT count(*) FROM notes WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2", since).await
}

/// Resumes that were seen since then and that Lever still has.
///
/// # Errors
/// The database failed.
pub async fn resumes(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    count(tx, "SELECT count(*) FROM resumes WHERE tenant_id = $1 AND gone_at IS NULL AND synced_at >= $2", since).await
}

async fn count(tx: &mut TenantTx, statement: &'static str, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(statement).bind(tx.tenant()).bind(since).fetch_one(&mut **tx).await
}
