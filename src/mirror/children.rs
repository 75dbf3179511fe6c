//! What hangs on an opportunity and is read from Lever as a whole set, one request for each kind: its panels, notes and resumes.
//! Reading and storing are apart, because nothing is asked of Lever inside a transaction.

use chrono::{DateTime, Utc};

use super::{notes, opportunities, panels, resumes};
use crate::db::TenantTx;
use crate::lever::{self, Account, Note, Page, Panel, Resume};

/// A kind of set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Panels,
    Notes,
    Resumes,
}

/// One whole set of an opportunity as Lever has it, not stored yet.
#[derive(Debug)]
pub struct Reading {
    opportunity: String,
    read_at: DateTime<Utc>,
    set: Set,
}

#[derive(Debug)]
enum Set {
    Panels(Page<Panel>),
    Notes(Page<Note>),
    Resumes(Page<Resume>),
}

/// Reads one set, in the account's lane; `read_at` is the time now.
///
/// # Errors
/// Lever failed, or has no such opportunity.
pub async fn read(read_at: DateTime<Utc>, account: &Account, opportunity: &str, kind: Kind) -> Result<Reading, lever::Error> {
    let set = match kind {
        Kind::Panels => Set::Panels(account.all_panels(opportunity).await?),
        Kind::Notes => Set::Notes(account.all_notes(opportunity).await?),
        Kind::Resumes => Set::Resumes(account.all_resumes(opportunity).await?),
    };
    Ok(Reading { opportunity: opportunity.to_owned(), read_at, set })
}

impl Reading {
    /// When the request was sent.
    pub fn read_at(&self) -> DateTime<Utc> {
        self.read_at
    }

    /// How many records came.
    pub fn found(&self) -> usize {
        match &self.set {
            Set::Panels(page) => page.records.len(),
            Set::Notes(page) => page.records.len(),
            Set::Resumes(page) => page.records.len(),
        }
    }

    /// How many entries could not be read.
    pub fn unreadable(&self) -> usize {
        match &self.set {
            Set::Panels(page) => page.unreadable,
            Set::Notes(page) => page.unreadable,
            Set::Resumes(page) => page.unreadable,
        }
    }

    /// Makes our copy equal to what was read, unless newer news is stored. Of a set with entries that could not be read, nothing is
    /// taken for gone: who knows which ones those were?
    ///
    /// # Errors
    /// The database failed.
    pub async fn store(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        let (opportunity, at, whole) = (self.opportunity.as_str(), self.read_at, self.unreadable() == 0);
        if !whole && !opportunities::is_news(tx, opportunity, at).await? {
            return Ok(());
        }
        match &self.set {
            Set::Panels(page) if whole => panels::replace_for_opportunity(tx, opportunity, &page.records, at).await,
            Set::Panels(page) => panels::upsert(tx, opportunity, &page.records, at).await.map(drop),
            Set::Notes(page) if whole => notes::replace_for_opportunity(tx, opportunity, &page.records, at).await,
            Set::Notes(page) => notes::upsert(tx, opportunity, &page.records, at).await.map(drop),
            Set::Resumes(page) if whole => resumes::replace_for_opportunity(tx, opportunity, &page.records, at).await,
            Set::Resumes(page) => resumes::upsert(tx, opportunity, &page.records, at).await.map(drop),
        }
    }
}
