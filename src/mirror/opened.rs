//! What a person opens before the sync got there is read at once, in the person's lane, and stored.
//!
//! Without a working connection nothing can be read: then callers see what the copy has.

use super::children::{self, Kind};
use super::contacts;
use super::opportunities::{self, OpportunityRow};
use super::refresh;
use crate::accounts;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lever::{self, Account, Lane};
use crate::state::AppState;

/// An opportunity that is there, read now if it was never seen, in a transaction that goes on.
///
/// # Errors
/// 404; Lever or the database failed.
pub async fn opportunity(state: &AppState, tenant: TenantId, id: &str) -> Result<(TenantTx, OpportunityRow)> {
    let mut tx = state.db.begin(tenant).await?;
    let mut found = opportunities::find(&mut tx, id).await?;
    if found.is_none() {
        tx.commit().await?;
        let (account, epoch) = account(state, tenant, id).await?.ok_or_else(Error::not_found)?;
        match refresh::read(state, &account, id).await {
            Ok(reading) => drop(refresh::keep(state, tenant, epoch, &reading).await?),
            Err(error) => return Err(unseen(&account, id, error).await),
        }
        tx = state.db.begin(tenant).await?;
        found = opportunities::find(&mut tx, id).await?;
    }
    match found {
        Some(row) if row.gone_at.is_none() => Ok((tx, row)),
        _ => {
            tx.commit().await?;
            Err(Error::not_found())
        }
    }
}

/// What it means that an opportunity, or its panels, could not be read that was never seen: whether Lever does not have it or refuses to
/// show it is the same to whoever asks. A refusal is no proof that it is gone.
async fn unseen(account: &Account, id: &str, error: lever::Error) -> Error {
    if !error.is_withheld() {
        return error.into();
    }
    // Only its panels may have been refused.
    match account.get_opportunity(id).await {
        Err(itself) if itself.is_withheld() => Error::not_found().caused_by(itself),
        _ => error.into(),
    }
}

/// A transaction in which this set of an opportunity can be read: read from Lever now if it never was.
///
/// # Errors
/// 404 when there is no such opportunity; Lever or the database failed.
pub async fn children(state: &AppState, tenant: TenantId, id: &str, kind: Kind) -> Result<TenantTx> {
    let (tx, row) = opportunity(state, tenant, id).await?;
    if row.synced_at_of(kind).is_some() {
        return Ok(tx);
    }
    tx.commit().await?;
    let Some((account, epoch)) = account(state, tenant, id).await? else { return Ok(state.db.begin(tenant).await?) };
    match children::read(state.clock.now(), &account, id, kind).await {
        Ok(reading) => {
            let mut tx = state.db.begin(tenant).await?;
            if accounts::hold(&mut tx, epoch).await? {
                reading.store(&mut tx).await?;
            }
            tx.commit().await?;
            Ok(state.db.begin(tenant).await?)
        }
        // Whether the whole opportunity is gone is for a read of it to say; its webhook or the next sync brings that.
        Err(error) if error.is_not_found() => Err(Error::not_found()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a contact that may never have been seen, and stores it.
///
/// # Errors
/// 404 when the contact was seen and is gone, or Lever has or shows no such one; Lever or the database failed.
pub async fn contact(state: &AppState, tenant: TenantId, id: &str) -> Result<()> {
    let mut tx = state.db.begin(tenant).await?;
    let known = contacts::is_known(&mut tx, id).await?;
    tx.commit().await?;
    if known {
        return Err(Error::not_found());
    }
    let (account, epoch) = account(state, tenant, id).await?.ok_or_else(Error::not_found)?;
    let read_at = state.clock.now();
    match account.get_contact(id).await {
        Ok(contact) => {
            let mut tx = state.db.begin(tenant).await?;
            if accounts::hold(&mut tx, epoch).await? {
                contacts::upsert(&mut tx, &[contact], read_at).await?;
            }
            tx.commit().await?;
            Ok(())
        }
        Err(error) if error.is_withheld() => Err(Error::not_found().caused_by(error)),
        Err(error) => Err(error.into()),
    }
}

/// The account to ask about this id, and the epoch of its connection, in which alone its answer may be stored: a purge must not be undone
/// by what was being read. `None` when there is no working connection, or when Lever can have no such id.
async fn account(state: &AppState, tenant: TenantId, id: &str) -> Result<Option<(Account, i64)>> {
    if !lever::could_be_id(id) {
        return Ok(None);
    }
    match accounts::open(state, tenant).await {
        Ok((account, connection)) => Ok(Some((account.in_lane(Lane::Person), connection.epoch))),
        Err(error) if error.status().is_client_error() => Ok(None),
        Err(error) => Err(error),
    }
}
