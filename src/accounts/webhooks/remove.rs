//! Removing what we registered at Lever, while the tokens still work.

use futures_util::future::join_all;

use super::table;
use crate::ids::TenantId;
use crate::lever::{Account, Lane};
use crate::state::AppState;

/// Deletes every recorded webhook of the organization at Lever, all at once because a person waits. Best effort: one that cannot be
/// deleted is logged and left, and its deliveries are refused once its key is destroyed ([`super::forget_all`], which is the
/// caller's to call).
pub async fn remove_all(state: &AppState, account: &Account, tenant: TenantId) {
    let recorded = match recorded(state, tenant).await {
        Ok(recorded) => recorded,
        Err(error) => return tracing::warn!(%tenant, %error, "the webhooks to remove at Lever cannot be read"),
    };
    let account = account.in_lane(Lane::Person);
    join_all(recorded.iter().map(|id| remove(&account, tenant, id))).await;
}

async fn recorded(state: &AppState, tenant: TenantId) -> Result<Vec<String>, sqlx::Error> {
    let mut tx = state.db.begin(tenant).await?;
    let active = table::active(&mut tx).await?;
    tx.commit().await?;
    Ok(active.into_iter().filter_map(|webhook| webhook.lever_id).collect())
}

async fn remove(account: &Account, tenant: TenantId, lever_id: &str) {
    match account.delete_webhook(lever_id).await {
        Ok(()) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => tracing::warn!(%tenant, webhook = lever_id, %error, "a webhook was left at Lever"),
    }
}
