//! The jobs that follow from deliveries: read again what one was about, store what Lever says, and settle every delivery that
//! the reading covers. A burst about one candidate is one job, and a delivery that comes during the reading makes it run once more.
//!
//! A delivery that comes while its job is at work leaves the job alone, so that nobody waits for anybody. The job looks for such
//! deliveries in the transaction that stores its reading, and again when it is gone: who came later than that asked for a new one.

use chrono::{DateTime, Utc};

use super::burst;
use super::store::{self, About};
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
    let about = About::Opportunity(opportunity);
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let last_read = mirror::opportunities::find(&mut tx, opportunity).await?.map(|row| row.synced_at);
    if let Some(rest) = rest(tx, about, last_read, state).await? {
        return Ok(rest);
    }
    let Some(work) = Work::open(state, claim).await? else { return Ok(Outcome::Done) };
    let read_at = state.clock.now();
    let reading = match mirror::refresh::read(state, &work.account, opportunity).await {
        Ok(reading) => reading,
        Err(error) => return give_up(&work, about, error, read_at).await,
    };
    let Some(mut tx) = work.begin().await? else { return Ok(Outcome::Done) };
    reading.store(&mut tx).await?;
    store::settle(&mut tx, about, reading.read_at(), state.clock.now()).await?;
    let more = store::open(&mut tx, about).await?.is_some();
    tx.commit().await?;
    end(&work, about, more).await
}

/// Reads a contact again, and with it the person's opportunities: they show the same name and addresses.
///
/// # Errors
/// Lever or the database failed; the job is tried again.
pub async fn refresh_contact(state: &AppState, claim: &Claim, contact: &str) -> Result<Outcome> {
    let about = About::Contact(contact);
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let last_read = mirror::contacts::synced_at(&mut tx, contact).await?;
    if let Some(rest) = rest(tx, about, last_read, state).await? {
        return Ok(rest);
    }
    let Some(work) = Work::open(state, claim).await? else { return Ok(Outcome::Done) };
    let read_at = state.clock.now();
    let found = match read_contact(&work.account, contact).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => return give_up(&work, about, error, read_at).await,
    };
    let Some(mut tx) = work.begin().await? else { return Ok(Outcome::Done) };
    match found {
        Some((person, opportunities)) => {
            mirror::opportunities::upsert(&mut tx, &opportunities, read_at).await?;
            mirror::contacts::upsert(&mut tx, &[person], read_at).await?;
        }
        None => mirror::contacts::mark_gone(&mut tx, contact, read_at).await?,
    }
    store::settle(&mut tx, about, read_at, state.clock.now()).await?;
    let more = store::open(&mut tx, about).await?.is_some();
    tx.commit().await?;
    end(&work, about, more).await
}

/// The outcome of a reading that should wait until a burst is over; `None`: read now. Who asked without a delivery does not wait.
async fn rest(mut tx: TenantTx, about: About<'_>, last_read: Option<DateTime<Utc>>, state: &AppState) -> Result<Option<Outcome>> {
    let open = store::open(&mut tx, about).await?;
    tx.commit().await?;
    Ok(open.and_then(|open| burst::rest_until(open, last_read, state.clock.now())).map(Outcome::Rest))
}

/// What a failed reading means: again later when that can help. What Lever refuses is over, and so are the deliveries that asked for it;
/// only for a connection that somebody must make anew they stay open.
async fn give_up(work: &Work<'_>, about: About<'_>, error: lever::Error, read_at: DateTime<Utc>) -> Result<Outcome> {
    let stays_open = matches!(error, lever::Error::ReauthorizationRequired);
    work.failed(error)?;
    if stays_open {
        return Ok(Outcome::Done);
    }
    let Some(mut tx) = work.begin().await? else { return Ok(Outcome::Done) };
    store::settle(&mut tx, about, read_at, work.state.clock.now()).await?;
    let more = store::open(&mut tx, about).await?.is_some();
    tx.commit().await?;
    end(work, about, more).await
}

/// Ends the job, unless there is more to read.
async fn end(work: &Work<'_>, about: About<'_>, more: bool) -> Result<Outcome> {
    let (state, tenant) = (work.state, work.claim.tenant_id);
    if more || !work.claim.end(state.db.dispatch()).await? {
        return Ok(Outcome::Again(state.clock.now()));
    }
    if store::ask_again(&state.db, tenant, about, state.clock.now()).await? {
        state.work.notify_one();
    }
    Ok(Outcome::Ended)
}

async fn read_contact(account: &Account, contact: &str) -> Result<(Record<Contact>, Vec<Record<Opportunity>>), lever::Error> {
    let person = account.get_contact(contact).await?;
    // One page: nobody applies a hundred times.
    let theirs = OpportunityFilter { contact_ids: vec![contact.to_owned()], ..OpportunityFilter::default() };
    let opportunities = account.list_opportunities(&theirs, &Paging::first()).await?;
    Ok((person, opportunities.records))
}
