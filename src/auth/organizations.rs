//! The `organizations` table: an organization exists from its first valid token on.

use crate::error::Result;
use crate::ids::TenantId;
use crate::state::AppState;

/// Makes sure that the organization exists. One query per process and organization.
pub(super) async fn ensure(state: &AppState, tenant: TenantId) -> Result<()> {
    if state.knows_organization(tenant) {
        return Ok(());
    }
    let mut tx = state.db.begin(tenant).await?;
    sqlx::query("INSERT INTO organizations (tenant_id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .bind(state.clock.now())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    state.remember_organization(tenant);
    Ok(())
}
