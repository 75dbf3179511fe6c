//! Whose panel a link in Lever belongs to.

use crate::db::TenantTx;

/// The opportunity of the panel that carries this `externalUrl`, canceled ones too.
///
/// # Errors
/// The database failed.
pub async fn opportunity_of_link(tx: &mut TenantTx, url: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT opportunity_id FROM panels WHERE tenant_id = $1 AND external_url = $2 AND gone_at IS NULL ORDER BY id LIMIT 1")
        .bind(tx.tenant())
        .bind(url)
        .fetch_optional(&mut **tx)
        .await
}
