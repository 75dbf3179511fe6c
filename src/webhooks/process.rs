//! The jobs that follow from deliveries: read again what one was about, store what Lever says, and settle every delivery that
//! the reading covers. A burst about one candidate is one job, and a delivery that comes during the reading makes it run once more.

use chrono::{DateTime, Utc};

use super::burst::{self, Open};
use super::store;
use super::work::Work;
use crate::db::TenantTx;
use crate::error::Result;
use crate::jobs::{Claim, Outcome};
use crate::lever::{self, Account, Contact, Opportunity, OpportunityFilter, Paging, Record};
use crate::mirror;
use crate::state::AppState;

/// Reads an opportunity and its panels again. One that this organization's account does not have is gone, or never was here:
/// an id from somebody else's delivery ends the same way.
///
/// # Errors
/// Lever or the database failed; the job is tried again.
pub async fn refresh_opportunity(state: &AppState, claim: &Claim, opportunity: &str) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let open = store::open_about_opportunity(&mut tx, opportunity).await?;
    let last_read = mirror::opportunities::find(&mut tx, opportunity).await?.map(|row| row.synced_at);
    if let Some(rest) = rest(tx, open, last_read, state).await? {
        return Ok(rest);
    }
    let Some(work) = Work::open(state, claim).await? else { return Ok(Outcome::Done) };
    let reading = match mirror::refresh::read(state, &work.account, opportunity).await {
        Ok(reading) => reading,
        Err(error) => return work.failed(error),
    };
    if let Some(mut tx) = work.begin().await? {
        reading.store(&mut tx).await?;
        store::settle_opportunity(&mut tx, opportunity, reading.read_at(), state.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(Outcome::Done)
}

/// Reads a contact again, and with it the person's opportunities: they show the same name and addresses.
///
/// # Errors
/// Lever or the database failed; the job is tried again.
pub async fn refresh_contact(state: &AppState, claim: &Claim, contact: &str) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let open = store::open_about_contact(&mut tx, contact).await?;
    let last_read = mirror::contacts::synced_at(&mut tx, contact).await?;
    if let Some(rest) = rest(tx, open, last_read, state).await? {
        return Ok(rest);
    }
    let Some(work) = Work::open(state, claim).await? else { return Ok(Outcome::Done) };
    let read_at = state.clock.now();
    let found = match read_contact(&work.account, contact).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => return work.failed(error),
    };
    if let Some(mut tx) = work.begin().await? {
        match found {
            Some((person, opportunities)) => {
                mirror::opportunities::upsert(&mut tx, &opportunities, read_at).await?;
                mirror::contacts::upsert(&mut tx, &[person], read_at).await?;
            }
            None => mirror::contacts::mark_gone(&mut tx, contact, read_at).await?,
        }
        store::settle_contact(&mut tx, contact, read_at, state.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(Outcome::Done)
}

/// The outcome of a reading that should wait until a burst is over; `None`: read now. Who asked without a delivery does not wait.
async fn rest(tx: TenantTx, open: Option<Open>, last_read: Option<DateTime<Utc>>, state: &AppState) -> Result<Option<Outcome>> {
    tx.commit().await?;
    Ok(open.and_then(|open| burst::rest_until(open, last_read, state.clock.now())).map(Outcome::Rest))
}

async fn read_contact(account: &Account, contact: &str) -> Result<(Record<Contact>, Vec<Record<Opportunity>>), lever::Error> {
    let person = account.get_contact(contact).await?;
    // One page: nobody applies a hundred times.
    let theirs = OpportunityFilter { contact_ids: vec![contact.to_owned()], ..OpportunityFilter::default() };
    let opportunities = account.list_opportunities(&theirs, &Paging::first()).await?;
    Ok((person, opportunities.records))
}
