//! Removing what we registered at Lever, when a connection has ended.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::table;
use crate::error::Result;
use crate::ids::TenantId;
use crate::lever::{self, Account, Lane, Paging};
use crate::state::AppState;

/// Somebody waits for the end of the connection, and Lever may hang.
const PATIENCE: Duration = Duration::from_secs(3);
/// In each, what is known of is deleted, and then looked for: one that nobody had recorded is so tried twice as well.
const ROUNDS: usize = 3;

/// Deletes the organization's webhooks at Lever: those that are recorded, and those that Lever lists under our address though the answer
/// to their making was lost. Best effort: what is left is refused once its key is destroyed, and goes when somebody connects again.
pub async fn remove_all(state: &AppState, account: &Account, tenant: TenantId, recorded: Vec<String>) {
    let account = account.in_lane(Lane::Person);
    let base = state.config.http.public("/webhooks/lever/");
    match timeout(PATIENCE, remove(&account, tenant, &base, recorded)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(left)) => tracing::warn!(%tenant, left, "webhooks were left at Lever"),
        Ok(Err(error)) => tracing::warn!(%tenant, %error, "webhooks may have been left at Lever"),
        Err(_) => tracing::warn!(%tenant, "webhooks may have been left at Lever: it took too long to answer"),
    }
}

/// Answers how many still stand.
async fn remove(account: &Account, tenant: TenantId, base: &str, recorded: Vec<String>) -> Result<usize, lever::Error> {
    let mut wanted = recorded;
    for _ in 0..ROUNDS {
        // One that cannot be deleted is in the list.
        join_all(wanted.iter().map(|id| account.delete_webhook(id))).await;
        wanted = standing(account, tenant, base).await?;
        if wanted.is_empty() {
            break;
        }
    }
    Ok(wanted.len())
}

/// Lever's ids of those that lie under our address with this organization in their own ids.
async fn standing(account: &Account, tenant: TenantId, base: &str) -> Result<Vec<String>, lever::Error> {
    let mut ours = Vec::new();
    let mut paging = Some(Paging::first());
    while let Some(page) = paging {
        let page = account.list_webhooks(&page).await?;
        let is_ours = |url: &str| url.strip_prefix(base).and_then(table::tenant_of) == Some(tenant);
        ours.extend(page.records.iter().filter(|webhook| webhook.url.as_deref().is_some_and(is_ours)).map(|webhook| webhook.id.clone()));
        paging = page.next.map(Paging::from);
    }
    Ok(ours)
}
