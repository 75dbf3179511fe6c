//! One opportunity read from Lever again, with all its panels: what a webhook hints at, and what a person opens before the sync
//! got there. Reading and storing are apart, because nothing is asked of Lever inside a transaction.

use chrono::{DateTime, Utc};

use super::{opportunities, panels};
use crate::accounts;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lever::{self, Account, Opportunity, Page, Panel, Record};
use crate::state::AppState;

/// What Lever said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It is there, and our copy is as Lever has it.
    Found,
    /// Lever has no such opportunity (any more); our copy says so too.
    Gone,
}

/// An opportunity as Lever has it, not stored yet.
#[derive(Debug)]
pub struct Reading {
    id: String,
    /// When the first request was sent.
    read_at: DateTime<Utc>,
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    opportunity: Record<Opportunity>,
    /// `None`: Lever says that it has no such set, though it has the opportunity.
    panels: Option<Page<Panel>>,
}

/// Reads an opportunity and its panels again, in the account's lane, and stores both, unless the connection of that epoch has ended
/// meanwhile: then nothing of it is ours any more.
///
/// # Errors
/// 404 when the connection has ended; Lever or the database failed. Nothing was stored.
pub async fn opportunity(state: &AppState, tenant: TenantId, account: &Account, epoch: i64, id: &str) -> Result<Refreshed> {
    let reading = read(state, account, id).await?;
    keep(state, tenant, epoch, &reading).await
}

/// Stores what was read, as [`opportunity`].
///
/// # Errors
/// 404 when the connection has ended; the database failed. Nothing was stored.
pub async fn keep(state: &AppState, tenant: TenantId, epoch: i64, reading: &Reading) -> Result<Refreshed> {
    let mut tx = state.db.begin_recoverable(tenant).await?;
    if !accounts::hold(&mut tx, epoch).await? {
        return Err(Error::not_found());
    }
    let refreshed = reading.store(&mut tx).await?;
    tx.commit().await?;
    Ok(refreshed)
}

/// Reads an opportunity and its panels: two requests.
///
/// # Errors
/// Lever failed. That it has no such opportunity is no error.
pub async fn read(state: &AppState, account: &Account, id: &str) -> Result<Reading, lever::Error> {
    let read_at = state.clock.now();
    let found = match read_both(account, id).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    Ok(Reading { id: id.to_owned(), read_at, found })
}

/// Only the opportunity's own 404 is an error of that kind: a set that is not found proves nothing about its opportunity.
async fn read_both(account: &Account, id: &str) -> Result<Found, lever::Error> {
    let set = async |id: &str| match account.all_panels(id).await {
        Err(error) if error.is_not_found() => Ok(None),
        other => other.map(Some),
    };
    // Both at once: somebody may be waiting.
    let (opportunity, panels) = tokio::try_join!(account.get_opportunity(id), set(id))?;
    // Merged candidates answer under the id of the one that is left, and its panels are those that count.
    let panels = if opportunity.id == id { panels } else { set(&opportunity.id).await? };
    Ok(Found { opportunity, panels })
}

impl Reading {
    /// When the read began: whatever happened before then is in it.
    pub fn read_at(&self) -> DateTime<Utc> {
        self.read_at
    }

    /// Makes our copy equal to what was read, unless a newer read is stored.
    ///
    /// # Errors
    /// The database failed.
    pub async fn store(&self, tx: &mut TenantTx) -> Result<Refreshed, sqlx::Error> {
        let Some(found) = &self.found else {
            opportunities::mark_gone(tx, &self.id, self.read_at).await?;
            return Ok(Refreshed::Gone);
        };
        opportunities::upsert(tx, std::slice::from_ref(&found.opportunity), self.read_at).await?;
        let id = &found.opportunity.id;
        if *id != self.id {
            opportunities::mark_gone(tx, &self.id, self.read_at).await?;
        }
        match &found.panels {
            Some(set) if set.unreadable == 0 => panels::replace_for_opportunity(tx, id, &set.records, self.read_at).await?,
            Some(set) if opportunities::is_news(tx, id, self.read_at).await? => panels::upsert(tx, id, &set.records, self.read_at).await.map(drop)?,
            Some(_) | None => {}
        }
        Ok(Refreshed::Found)
    }
}
