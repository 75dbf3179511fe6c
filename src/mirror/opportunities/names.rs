//! The names of candidates, for what only knows their ids.

use std::collections::HashMap;

use crate::db::TenantTx;

/// Candidates' names by opportunity; those without a name, unknown or gone are left out.
///
/// # Errors
/// The database failed.
pub async fn names(tx: &mut TenantTx, ids: &[String]) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT id, name FROM opportunities WHERE tenant_id = $1 AND id = ANY($2) AND gone_at IS NULL AND name <> ''")
            .bind(tx.tenant())
            .bind(ids)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().collect())
}
