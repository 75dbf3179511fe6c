//! Everything the server knows, behind one lock: accounts, grants, faults, the ledger.
//!
//! Every request is answered while the lock is held, so each write is whole or not at all. Nothing
//! here waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bucket::Bucket;
use super::fault::Faults;
use super::ledger::Ledger;
use super::model::{
    ArchiveReason, Contact, Deleted, Delivery, Event, FeedbackTemplate, Occurrence, Opportunity, OrderKey, Posting, Stage, User, Webhook,
};
use super::oauth::Grants;
use super::refusal::Refusal;

pub struct State {
    pub accounts: Vec<Account>,
    pub grants: Grants,
    pub faults: Faults,
    pub ledger: Ledger,
    /// Set when a test moves the time by hand.
    pub now_override: Option<i64>,
}

impl State {
    /// Milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.now_override.unwrap_or_else(wall_clock_ms)
    }

    pub fn account(&self, id: &str) -> Result<&Account, Refusal> {
        self.accounts.iter().find(|it| it.id == id).ok_or_else(|| Refusal::missing("Account"))
    }

    pub fn account_mut(&mut self, id: &str) -> Result<&mut Account, Refusal> {
        self.accounts.iter_mut().find(|it| it.id == id).ok_or_else(|| Refusal::missing("Account"))
    }
}

#[allow(clippy::disallowed_methods, reason = "Lever's time is not ours")]
pub fn wall_clock_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// The state is plain data, so a test that panicked while it held the lock has not broken it.
pub fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One customer of Lever.
pub struct Account {
    pub id: String,
    pub name: String,
    /// Newest first, as Lever lists them.
    pub users: Vec<User>,
    /// In pipeline order.
    pub stages: Vec<Stage>,
    pub archive_reasons: Vec<ArchiveReason>,
    pub templates: Vec<FeedbackTemplate>,
    pub postings: Vec<Posting>,
    pub contacts: HashMap<String, Contact>,
    pub opportunities: HashMap<String, Opportunity>,
    /// The opportunities in the order of Lever's list, kept so that no page has to sort.
    pub order: BTreeSet<OrderKey>,
    pub deleted: Vec<Deleted>,
    pub webhooks: Vec<Webhook>,
    pub switches: BTreeSet<Event>,
    pub deliveries: BTreeMap<u64, Delivery>,
    /// What happened and has not been handed to the webhooks yet.
    pub outbox: Vec<Occurrence>,
    pub bucket: Bucket,
}

impl Account {
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The super admin who has been here longest, in whose name people work inside Lever.
    pub fn first_super_admin(&self) -> Result<&User, Refusal> {
        let is_one = |user: &&User| user.is_active() && user.access_role == "super admin";
        self.users.iter().rfind(is_one).ok_or_else(|| Refusal::missing("Super admin"))
    }

    pub fn user_mut(&mut self, id: &str) -> Result<&mut User, Refusal> {
        self.users.iter_mut().find(|it| it.id == id).ok_or_else(|| Refusal::missing("User"))
    }

    pub fn opportunity(&self, id: &str) -> Result<&Opportunity, Refusal> {
        self.opportunities.get(id).ok_or_else(|| Refusal::missing("Opportunity"))
    }

    pub fn opportunity_mut(&mut self, id: &str) -> Result<&mut Opportunity, Refusal> {
        self.opportunities.get_mut(id).ok_or_else(|| Refusal::missing("Opportunity"))
    }

    /// The person behind an opportunity.
    pub fn person(&self, opportunity: &Opportunity) -> &Contact {
        &self.contacts[&opportunity.contact]
    }

    /// The opportunity as the API answers it.
    pub fn opportunity_json(&self, id: &str) -> Result<serde_json::Value, Refusal> {
        let opportunity = self.opportunity(id)?;
        Ok(opportunity.json(self.person(opportunity)))
    }

    /// What people call a stage; the id when it is none of the account's.
    pub fn stage_text<'a>(&'a self, id: &'a str) -> &'a str {
        self.stages.iter().find(|it| it.id == id).map_or(id, |it| &it.text)
    }

    /// A posting's title, empty when there is none.
    pub fn posting_text(&self, id: Option<&str>) -> &str {
        let found = self.postings.iter().find(|it| Some(it.id.as_str()) == id);
        found.map_or("", |it| &it.text)
    }

    pub fn insert(&mut self, opportunity: Opportunity) {
        self.order.insert(opportunity.order_key());
        if let Some(contact) = self.contacts.get_mut(&opportunity.contact) {
            contact.opportunities.push(opportunity.id.clone());
        }
        self.opportunities.insert(opportunity.id.clone(), opportunity);
    }

    /// How often each tag is used, by its text.
    pub fn tag_counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for tag in self.opportunities.values().flat_map(|it| &it.tags) {
            *counts.entry(tag.as_str()).or_default() += 1;
        }
        counts
    }
}
