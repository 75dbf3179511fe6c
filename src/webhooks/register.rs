//! The job that makes the webhooks at Lever equal to what is wanted; without a connection it ends what the log of writes says of them. It
//! may run at any time and as often as one likes.
//!
//! Lever has no idempotency keys, accepts the same webhook twice and tells its key once. So each one is recorded, with an id nobody
//! else can have in its url, before Lever is asked for it. If the answer never comes, the next run finds the url in Lever's list, deletes
//! it, and makes another: without its key it is worth nothing.

use chrono::{DateTime, Utc};

use super::compare::{Difference, Standing, compare};
use super::work::Work;
use crate::accounts;
use crate::accounts::webhooks::{self, Webhook};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::OperationId;
use crate::jobs::{Claim, Outcome};
use crate::lever;
use crate::operations::webhooks::{self as log, Answered, WebhookWrite};
use crate::state::AppState;

/// Compares and mends. The new ones are made before the old ones go, so that nothing is missed in between. A refusal (a scope that
/// is missing, an event that the account does not have) is logged, and the others go on.
///
/// # Errors
/// Lever or the database failed; the job is tried again and begins with a fresh look.
pub async fn register(state: &AppState, claim: &Claim) -> Result<Outcome> {
    let Some(work) = Work::open(state, claim).await? else { return give_up_removals(state, claim).await };
    let (mut listed, is_all) = match list(&work).await {
        Ok(read) => read,
        Err(error) => {
            work.failed(error)?;
            return Ok(Outcome::Done);
        }
    };
    let Some(mut tx) = work.begin().await? else { return Ok(Outcome::Done) };
    let recorded = webhooks::active(&mut tx).await?;
    let unsettled = settle(&mut tx, &listed, is_all, state.clock.now()).await?;
    tx.commit().await?;
    if !is_all {
        believe(&mut listed, &recorded);
    }
    let difference = compare(claim.tenant_id, &address(state, ""), &recorded, &listed);
    match (mend(&work, difference).await?, unsettled) {
        // One that may still be on its way: it is found then, or is known not to have come.
        (Outcome::Done, Some(until)) => Ok(Outcome::Again(until)),
        (outcome, _) => Ok(outcome),
    }
}

/// Nobody can ask Lever any more: what is not known of webhooks stays so, also when whoever disconnected ended before saying it.
async fn give_up_removals(state: &AppState, claim: &Claim) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    if accounts::hold_any(&mut tx).await?.is_none() && claim.holds(&mut tx).await? {
        log::give_up(&mut tx, state.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// The address of a webhook of ours.
fn address(state: &AppState, id: &str) -> String {
    state.config.http.public(&format!("/webhooks/lever/{id}"))
}

/// What Lever lists, and whether that is all of it.
async fn list(work: &Work<'_>) -> Result<(Vec<Standing>, bool), lever::Error> {
    let page = work.account.all_webhooks().await?;
    let is_all = page.next.is_none();
    if !is_all {
        let (tenant, read) = (work.claim.tenant_id, page.records.len());
        tracing::warn!(%tenant, read, "Lever's list of webhooks has no end; what was read of it is gone by");
    }
    let listed = page.records.into_iter().map(|record| Standing {
        lever_id: record.typed.id,
        event: record.typed.event.unwrap_or_default(),
        url: record.typed.url.unwrap_or_default(),
    });
    Ok((listed.collect(), is_all))
}

/// What is recorded and was not read in a list without an end may stand behind it: made anew each time, it would stand there ever more often.
fn believe(listed: &mut Vec<Standing>, recorded: &[Webhook]) {
    for webhook in recorded {
        let Some(lever_id) = &webhook.lever_id else { continue };
        if !listed.iter().any(|standing| standing.lever_id == *lever_id) {
            listed.push(Standing { lever_id: lever_id.clone(), event: webhook.event.clone(), url: webhook.url.clone() });
        }
    }
}

/// Settles in the log of writes what the list shows. One that is not all of it does not show what is missing.
async fn settle(tx: &mut TenantTx, listed: &[Standing], is_all: bool, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    if !is_all {
        return Ok(None);
    }
    let shown: Vec<(&str, &str)> = listed.iter().map(|standing| (standing.lever_id.as_str(), standing.url.as_str())).collect();
    Ok(log::settle_by_list(tx, &shown, now).await?)
}

async fn mend(work: &Work<'_>, difference: Difference) -> Result<Outcome> {
    let (created, removed) = (difference.create.len(), difference.delete.len());
    for event in difference.create {
        if work.state.shutdown.is_cancelled() {
            return Ok(Outcome::Again(work.state.clock.now()));
        }
        if !create(work, event).await? {
            return Ok(Outcome::Done);
        }
    }
    for standing in difference.delete {
        delete(work, &standing.lever_id, &standing.event).await?;
    }
    let Some(mut tx) = work.begin().await? else { return Ok(Outcome::Done) };
    for id in difference.retire {
        webhooks::retire(&mut tx, &id, work.state.clock.now()).await?;
    }
    tx.commit().await?;
    tracing::info!(tenant = %work.claim.tenant_id, created, removed, "the webhooks at Lever were compared with what is wanted");
    Ok(Outcome::Done)
}

/// Makes one webhook. False: the job or the connection is not ours any more.
async fn create(work: &Work<'_>, event: &'static str) -> Result<bool> {
    let (state, tenant) = (work.state, work.claim.tenant_id);
    let id = webhooks::new_id(tenant);
    let url = address(state, &id);
    let Some(mut tx) = work.begin().await? else { return Ok(false) };
    webhooks::plan(&mut tx, &id, event, &url, state.clock.now()).await?;
    let operation = log::record(&mut tx, None, &WebhookWrite::Register { event, url: &url }, state.clock.now()).await?;
    tx.commit().await?;

    let answer = work.account.create_webhook(&url, event).await;
    say(work, operation, &Answered::of(&work.account, &answer)).await?;
    let made = match answer {
        Ok(made) => made,
        Err(error @ lever::Error::Rejected { .. }) => {
            tracing::warn!(%tenant, event, %error, "Lever refused to register a webhook; what it would tell comes with the next sync");
            return give_up(work, &id).await;
        }
        Err(error) => return Err(error.into()),
    };
    if made.signature_token.is_none() {
        tracing::warn!(%tenant, event, "Lever told no key for a webhook; its deliveries cannot be believed");
    }
    let Some(mut tx) = work.begin().await? else {
        delete(work, &made.webhook.id, event).await?;
        return Ok(false);
    };
    webhooks::record_registration(&mut tx, &state.config.keyring, &id, &made.webhook.id, made.signature_token.as_ref()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes back the record of a webhook that Lever did not make.
async fn give_up(work: &Work<'_>, id: &str) -> Result<bool> {
    let Some(mut tx) = work.begin().await? else { return Ok(false) };
    webhooks::take_back(&mut tx, id).await?;
    tx.commit().await?;
    Ok(true)
}

/// Removes one at Lever, whether or not the connection is still ours: it is of no use to anybody.
async fn delete(work: &Work<'_>, lever_id: &str, event: &str) -> Result<()> {
    let mut tx = work.state.db.begin(work.claim.tenant_id).await?;
    let operation = log::record(&mut tx, None, &WebhookWrite::Remove { event, lever_id }, work.state.clock.now()).await?;
    tx.commit().await?;
    let answer = work.account.delete_webhook(lever_id).await;
    say(work, operation, &Answered::of_removal(&work.account, &answer)).await?;
    match answer {
        Ok(()) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error @ lever::Error::Rejected { .. }) => {
            tracing::warn!(tenant = %work.claim.tenant_id, webhook = lever_id, %error, "Lever refused to remove a webhook of ours");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Says in the log of writes what became of one. Also when the connection has ended meanwhile: it happened all the same, or did not.
async fn say(work: &Work<'_>, operation: OperationId, answered: &Answered) -> Result<()> {
    let mut tx = work.state.db.begin(work.claim.tenant_id).await?;
    log::settle(&mut tx, operation, answered, work.state.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}
