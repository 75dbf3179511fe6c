//! Forgetting what came by webhook, when an organization's copy is purged: the deliveries name its candidates.

use crate::db::TenantTx;

/// Deletes every delivery, every expectation and every webhook of the organization; Lever has been told before.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM webhook_deliveries WHERE tenant_id = $1",
        "DELETE FROM webhook_expectations WHERE tenant_id = $1",
        "DELETE FROM webhooks WHERE tenant_id = $1",
    ] {
        sqlx::query(statement).bind(tx.tenant()).execute(&mut **tx).await?;
    }
    Ok(())
}
