//! Operations that are looked for: one, those that are open, and what others have made.

use serde::de::DeserializeOwned;

use super::Operation;
use crate::db::TenantTx;
use crate::ids::OperationId;
use crate::operations::Write;

/// One operation. Its write is of this feature, or just JSON.
///
/// # Errors
/// The database failed.
pub async fn find<W: DeserializeOwned + Send + Unpin + 'static>(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation<W>>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM operations WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(id).fetch_optional(&mut **tx).await
}

/// Every operation of a feature whose outcome is not known, oldest first.
///
/// # Errors
/// The database failed.
pub async fn open<W: Write>(tx: &mut TenantTx) -> Result<Vec<Operation<W>>, sqlx::Error> {
    sqlx::query_as(
        "SELECT * FROM operations
         WHERE tenant_id = $1 AND status IN ('prepared', 'sending', 'unknown') AND settled_at IS NULL AND kind = ANY($2) ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(W::KINDS)
    .fetch_all(&mut **tx)
    .await
}

/// Whether a write on this panel has no known outcome.
///
/// # Errors
/// The database failed.
pub async fn is_busy(tx: &mut TenantTx, panel: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM operations WHERE tenant_id = $1 AND panel_id = $2 AND settled_at IS NULL)")
        .bind(tx.tenant())
        .bind(panel)
        .fetch_one(&mut **tx)
        .await
}

/// Whether this interview was canceled through us.
///
/// # Errors
/// The database failed.
pub async fn canceled_interview(tx: &mut TenantTx, panel: &str, interview: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operations
                        WHERE tenant_id = $1 AND panel_id = $2 AND interview_id = $3 AND kind = 'cancel_interview' AND status = 'succeeded')",
    )
    .bind(tx.tenant())
    .bind(panel)
    .bind(interview)
    .fetch_one(&mut **tx)
    .await
}

/// How often this very thing was to be taken away before: attempts that are open, and that failed.
///
/// # Errors
/// The database failed.
pub async fn removals<W: Write>(tx: &mut TenantTx, write: &W) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE settled_at IS NULL), count(*) FILTER (WHERE status = 'failed') FROM operations
         WHERE tenant_id = $1 AND panel_id = $2 AND interview_id IS NOT DISTINCT FROM $3 AND kind = $4",
    )
    .bind(tx.tenant())
    .bind(write.panel())
    .bind(write.interview())
    .bind(write.kind())
    .fetch_one(&mut **tx)
    .await
}

/// Interviews of this panel that other operations made: ids that are accounted for.
///
/// # Errors
/// The database failed.
pub async fn added_by_others<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT interview_id FROM operations WHERE tenant_id = $1 AND panel_id = $2 AND id <> $3 AND interview_id IS NOT NULL")
        .bind(tx.tenant())
        .bind(&operation.panel_id)
        .bind(operation.id)
        .fetch_all(&mut **tx)
        .await
}

/// Notes on this opportunity that other operations wrote.
///
/// # Errors
/// The database failed.
pub async fn notes_of_others<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT note_id FROM operations WHERE tenant_id = $1 AND opportunity_id = $2 AND id <> $3 AND note_id IS NOT NULL")
        .bind(tx.tenant())
        .bind(&operation.opportunity_id)
        .bind(operation.id)
        .fetch_all(&mut **tx)
        .await
}
