//! Removing what we registered at Lever, when a connection has ended.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::accounts::webhooks::{self, Webhook};
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::OperationId;
use crate::jobs::{self, Job};
use crate::lever::{Account, Lane};
use crate::operations::webhooks::{Answered, WebhookWrite, give_up, record, settle};
use crate::state::AppState;

/// Somebody waits for the end of the connection, and Lever may hang.
const PATIENCE: Duration = Duration::from_secs(3);
/// Nothing of it is under way any more then.
const LOOK_AFTER: TimeDelta = TimeDelta::seconds(30);
/// In each, what is known of is deleted, and then looked for: one that nobody had recorded is so tried twice as well.
const ROUNDS: usize = 3;

/// A removal that is in the log of writes.
pub(super) struct Removal {
    operation: OperationId,
    lever_id: String,
}

/// Records the removal of each webhook that Lever has told us the id of, in the transaction that ends the connection; and that somebody
/// looks later whether it was said what became of them, should this process end first.
///
/// # Errors
/// The database failed.
pub(super) async fn plan(state: &AppState, tx: &mut TenantTx, caller: &Caller, registered: &[Webhook]) -> Result<Vec<Removal>> {
    let known = registered.iter().filter_map(|webhook| Some((webhook.lever_id.clone()?, webhook.event.clone())));
    let now = state.clock.now();
    jobs::enqueue(tx, &Job::RegisterWebhooks, now, now + LOOK_AFTER).await?;
    record_all(state, tx, caller, known).await
}

/// Deletes the organization's webhooks at Lever: those that are recorded, and those that Lever lists under our address though the answer
/// to their making was lost. Best effort, for the connection has ended already: what is left is refused once its key is destroyed, and goes
/// when somebody connects again.
pub(super) async fn remove_all(state: &AppState, account: &Account, caller: &Caller, planned: Vec<Removal>) {
    let tenant = caller.tenant;
    match timeout(PATIENCE, remove(state, account, caller, planned)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(left)) => tracing::warn!(%tenant, left, "webhooks were left at Lever"),
        Ok(Err(error)) => tracing::warn!(%tenant, %error, "webhooks may have been left at Lever"),
        Err(_) => tracing::warn!(%tenant, "webhooks may have been left at Lever: it took too long to answer"),
    }
    if let Err(error) = give_up_open(state, caller).await {
        tracing::warn!(%tenant, %error, "the log of writes does not say what became of some webhooks");
    }
}

async fn give_up_open(state: &AppState, caller: &Caller) -> Result<()> {
    let mut tx = state.db.begin(caller.tenant).await?;
    give_up(&mut tx, state.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Answers how many still stand.
async fn remove(state: &AppState, account: &Account, caller: &Caller, planned: Vec<Removal>) -> Result<usize> {
    let mut wanted = planned;
    for _ in 0..ROUNDS {
        // One that cannot be deleted is in the list.
        let answers = join_all(wanted.iter().map(|removal| delete(account, removal))).await;
        let mut tx = state.db.begin(caller.tenant).await?;
        for (operation, answer) in &answers {
            settle(&mut tx, *operation, answer, state.clock.now()).await?;
        }
        tx.commit().await?;
        let standing = standing(state, account, caller).await?;
        if standing.is_empty() {
            return Ok(0);
        }
        let mut tx = state.db.begin(caller.tenant).await?;
        wanted = record_all(state, &mut tx, caller, standing.into_iter()).await?;
        tx.commit().await?;
    }
    Ok(wanted.len())
}

/// Asks Lever to remove one, through a handle of its own: its answer is told apart from the others'.
async fn delete(account: &Account, removal: &Removal) -> (OperationId, Answered) {
    let account = account.in_lane(Lane::Person);
    let answer = account.delete_webhook(&removal.lever_id).await;
    (removal.operation, Answered::of_removal(&account, &answer))
}

async fn record_all(state: &AppState, tx: &mut TenantTx, caller: &Caller, webhooks: impl Iterator<Item = (String, String)>) -> Result<Vec<Removal>> {
    let mut removals = Vec::new();
    for (lever_id, event) in webhooks {
        let write = WebhookWrite::Remove { event: &event, lever_id: &lever_id };
        let operation = record(tx, Some(caller), &write, state.clock.now()).await?;
        removals.push(Removal { operation, lever_id });
    }
    Ok(removals)
}

/// Lever's ids and events of those that lie under our address with this organization in their own ids.
async fn standing(state: &AppState, account: &Account, caller: &Caller) -> Result<Vec<(String, String)>> {
    let account = account.in_lane(Lane::Person);
    let base = state.config.http.public("/webhooks/lever/");
    let is_ours = |url: &str| url.strip_prefix(&base).and_then(webhooks::tenant_of) == Some(caller.tenant);
    let listed = account.all_webhooks().await?;
    if listed.next.is_some() {
        let (tenant, read) = (caller.tenant, listed.records.len());
        tracing::warn!(%tenant, read, "Lever's list of webhooks has no end; more of ours may stand in it");
    }
    let ours = listed.records.iter().filter(|webhook| webhook.url.as_deref().is_some_and(is_ours));
    Ok(ours.map(|webhook| (webhook.id.clone(), webhook.event.clone().unwrap_or_default())).collect())
}
