//! Jobs: work that is done at least once, by whichever replica comes first, and again after a crash.
//!
//! The features meet here: one enqueues a job, another does it, and neither knows the other. A queue of our own rather than a
//! library's, for four reasons: a job is enqueued in the caller's transaction without `NOTIFY` (which locks the whole
//! database at commit, on the webhook path); every claim carries an epoch that fences a worker that lost its lease; the
//! rows are behind row-level security like everything of an organization; and time comes from [`crate::clock`].

mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{OperationId, RunId};
pub use store::{AT_ONCE_EACH, Claim, LEASE, bring_forward, claim_due, enqueue, forget_readings, next_due, wake_failed};

/// Everything that is done outside a request. The variant and its key make a job unique in its organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Find out what became of a write whose answer never came.
    SettleOperation { operation: OperationId },
    /// Find out what became of a note whose answer never came.
    SettleNote { operation: OperationId },
    /// Read one opportunity and its panels again: something happened to it.
    RefreshOpportunity { opportunity: String },
    /// Read one contact again.
    RefreshContact { contact: String },
    /// Make the webhooks at Lever equal to what is wanted.
    RegisterWebhooks,
    /// Begin a full sync, unless one is under way.
    StartSync { requested_by: Option<String> },
    /// Carry a run of the sync on from where it stands.
    RunSync { run: RunId },
    /// Read what changed at Lever, again and again while the connection stands.
    KeepFresh,
}

/// The priority of what a person waits for.
pub const URGENT: i16 = 0;
/// The priority of what can wait longest.
pub const LEAST_URGENT: i16 = i16::MAX;

impl Job {
    /// The kind, as stored and logged.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SettleOperation { .. } => "settle_operation",
            Self::SettleNote { .. } => "settle_note",
            Self::RefreshOpportunity { .. } => "refresh_opportunity",
            Self::RefreshContact { .. } => "refresh_contact",
            Self::RegisterWebhooks => "register_webhooks",
            Self::StartSync { .. } => "start_sync",
            Self::RunSync { .. } => "run_sync",
            Self::KeepFresh => "keep_fresh",
        }
    }

    /// What it is about; jobs of the same kind and key are one.
    pub fn key(&self) -> String {
        match self {
            Self::SettleOperation { operation } | Self::SettleNote { operation } => operation.to_string(),
            Self::RefreshOpportunity { opportunity } => opportunity.clone(),
            Self::RefreshContact { contact } => contact.clone(),
            Self::RegisterWebhooks | Self::StartSync { .. } | Self::KeepFresh => String::new(),
            Self::RunSync { run } => run.to_string(),
        }
    }

    /// The job as stored.
    pub fn payload(&self) -> Value {
        serde_json::to_value(self).expect("a job is plain data")
    }

    /// Lower is sooner: what a person waits for, then what Lever told us, then the rest.
    pub fn priority(&self) -> i16 {
        match self {
            Self::SettleOperation { .. } | Self::SettleNote { .. } => URGENT,
            Self::RefreshOpportunity { .. } | Self::RefreshContact { .. } => 10,
            Self::RegisterWebhooks | Self::StartSync { .. } => 20,
            Self::KeepFresh => 25,
            Self::RunSync { .. } => 30,
        }
    }
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or there is nothing to do any more.
    Done,
    /// Not yet: come back then, or as soon as somebody asks again. Not a failure.
    Again(DateTime<Utc>),
    /// Not before then, even if it is asked for again meanwhile.
    Rest(DateTime<Utc>),
    /// It has ended its claim itself ([`Claim::end`]).
    Ended,
}
