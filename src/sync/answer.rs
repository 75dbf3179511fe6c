//! What is asked about one opportunity, what came of it, and how that is stored.

use chrono::{DateTime, Utc};

use super::plan::Kind;
use super::run::Running;
use super::trouble::{self, About};
use crate::accounts;
use crate::db::TenantTx;
use crate::lever::{self, Account, Opportunity, Record};
use crate::mirror::children::{self, Reading};
use crate::mirror::opportunities;

/// What is asked about one opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) opportunity: String,
    /// `None`: about itself.
    pub(super) set: Option<children::Kind>,
}

/// What came of a wish.
pub(super) struct Answer {
    pub(super) wish: Wish,
    read_at: DateTime<Utc>,
    said: Result<Said, lever::Error>,
}

enum Said {
    Set(Reading),
    Itself(Box<Record<Opportunity>>),
    /// The set was not found, and yet the opportunity is there.
    NoSet,
    Gone,
}

/// Asks Lever.
pub(super) async fn ask(running: &Running<'_>, account: &Account, wish: Wish) -> Answer {
    let read_at = running.read_at(None);
    let said = match wish.set {
        None => itself(account, &wish.opportunity).await,
        Some(set) => match children::read(read_at, account, &wish.opportunity, set).await {
            Ok(reading) => Ok(Said::Set(reading)),
            // Either the opportunity is gone, or this account has no such sets: only a read of itself can tell.
            Err(error) if error.is_not_found() => itself(account, &wish.opportunity).await.map(|said| match said {
                Said::Gone => Said::Gone,
                _ => Said::NoSet,
            }),
            Err(error) => Err(error),
        },
    };
    Answer { wish, read_at, said }
}

async fn itself(account: &Account, opportunity: &str) -> Result<Said, lever::Error> {
    match account.get_opportunity(opportunity).await {
        Ok(record) => Ok(Said::Itself(Box::new(record))),
        Err(error) if error.is_not_found() => Ok(Said::Gone),
        Err(error) => Err(error),
    }
}

impl Answer {
    pub(super) fn error(&self) -> Option<&lever::Error> {
        self.said.as_ref().err()
    }

    /// What its failure is about; `None` when there is none.
    pub(super) fn about(&self) -> Option<About> {
        self.error().map(trouble::of_set)
    }

    pub(super) fn found(&self) -> usize {
        match &self.said {
            Ok(Said::Set(reading)) => reading.found(),
            _ => 0,
        }
    }

    pub(super) fn skipped(&self) -> usize {
        match &self.said {
            Ok(Said::Set(reading)) => reading.unreadable(),
            Ok(Said::NoSet) | Err(_) => 1,
            Ok(Said::Itself(_) | Said::Gone) => 0,
        }
    }

    /// Stores what was said; what could not be read leaves what is stored alone, and the answer is why.
    pub(super) async fn store(&self, tx: &mut TenantTx) -> Result<Option<&'static str>, sqlx::Error> {
        match &self.said {
            Ok(Said::Set(reading)) => {
                reading.store(tx).await?;
                Ok((reading.unreadable() > 0).then_some("entries without a key"))
            }
            Ok(Said::Itself(record)) => {
                opportunities::upsert(tx, std::slice::from_ref(record.as_ref()), self.read_at).await?;
                // Merged candidates answer under the id of the one that is left.
                if record.id != self.wish.opportunity {
                    opportunities::mark_gone(tx, &self.wish.opportunity, self.read_at).await?;
                }
                Ok(None)
            }
            Ok(Said::Gone) => {
                accounts::webhooks::expect_deletion(tx, &self.wish.opportunity, None, self.read_at).await?;
                opportunities::mark_gone(tx, &self.wish.opportunity, self.read_at).await.map(|()| None)
            }
            Ok(Said::NoSet) => Ok(Some("not found, though the opportunity is there")),
            Err(error) => Ok(Some(trouble::reason(error))),
        }
    }
}

/// The kind of object that a set is of, as progress is shown.
pub(super) fn kind_of(set: children::Kind) -> Kind {
    match set {
        children::Kind::Panels => Kind::Panels,
        children::Kind::Notes => Kind::Notes,
        children::Kind::Resumes => Kind::Resumes,
    }
}
