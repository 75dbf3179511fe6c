//! Deleting an organization's whole copy: after a disconnect that asked for it.

use crate::db::TenantTx;

/// Deletes everything of the copy, and the runs that brought it: where they stood names candidates too, and the next copy begins
/// anew. Nothing at Lever changes.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM contacts WHERE tenant_id = $1",
        "DELETE FROM opportunities WHERE tenant_id = $1",
        "DELETE FROM panels WHERE tenant_id = $1",
        "DELETE FROM interviews WHERE tenant_id = $1",
        "DELETE FROM notes WHERE tenant_id = $1",
        "DELETE FROM resumes WHERE tenant_id = $1",
        "DELETE FROM postings WHERE tenant_id = $1",
        "DELETE FROM users WHERE tenant_id = $1",
        "DELETE FROM stages WHERE tenant_id = $1",
        "DELETE FROM archive_reasons WHERE tenant_id = $1",
        "DELETE FROM tags WHERE tenant_id = $1",
        "DELETE FROM feedback_templates WHERE tenant_id = $1",
        "DELETE FROM sync_runs WHERE tenant_id = $1",
        "DELETE FROM sync_cursors WHERE tenant_id = $1",
        "DELETE FROM sync_due WHERE tenant_id = $1",
        "DELETE FROM sync_quarantine WHERE tenant_id = $1",
    ] {
        sqlx::query(statement).bind(tx.tenant()).execute(&mut **tx).await?;
    }
    Ok(())
}
