//! The handle on a running stand-in: start and stop, addresses, and looking at what it holds and
//! what reached it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, MutexGuard};

use serde_json::{Value, json};

use super::inside::Inside;
use super::ledger::LedgerEntry;
use super::options::Options;
use super::refusal::Refusal;
use super::server::{self, Shared};
use super::state::{State, lock};
use super::view::{AccountView, Counts, DeliveryView, WebhookView};

/// A running stand-in; clones are the same server.
#[derive(Clone)]
pub struct FakeLever {
    pub(super) shared: Arc<Shared>,
}

impl FakeLever {
    /// Generates the accounts and begins to listen.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(options: Options) -> io::Result<Self> {
        Ok(Self { shared: server::start(options).await? })
    }

    /// Closes every connection, gives up deliveries under way, and waits until nothing runs.
    pub async fn stop(&self) {
        self.shared.shutdown.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    pub fn base_url(&self) -> &str {
        &self.shared.base
    }

    /// `http://127.0.0.1:PORT/v1`
    pub fn api_url(&self) -> String {
        self.shared.api_url()
    }

    pub fn authorize_url(&self) -> String {
        format!("{}/authorize", self.shared.base)
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.shared.base)
    }

    /// The audience an authorize request must name: the API's root with a slash.
    pub fn audience(&self) -> String {
        self.shared.audience()
    }

    pub fn client_id(&self) -> &str {
        &self.shared.options.client_id
    }

    pub fn client_secret(&self) -> &str {
        &self.shared.options.client_secret
    }

    /// Every account with the ids of what is in it.
    pub fn accounts(&self) -> Vec<AccountView> {
        self.state().accounts.iter().map(AccountView::of).collect()
    }

    /// How many there are of each kind.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn counts(&self, account: &str) -> Result<Counts, Refusal> {
        Ok(Counts::of(self.state().account(account)?))
    }

    /// An opportunity as the API answers it.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn opportunity(&self, account: &str, id: &str) -> Result<Value, Refusal> {
        self.state().account(account)?.opportunity_json(id)
    }

    /// Everything that has no list but one for the whole account, as the API answers it, by the name of its kind; people too.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn lists(&self, account: &str) -> Result<BTreeMap<&'static str, Vec<Value>>, Refusal> {
        let state = self.state();
        let account = state.account(account)?;
        Ok(BTreeMap::from([
            ("users", account.users.iter().map(|it| it.json()).collect()),
            ("stages", account.stages.iter().map(|it| it.json()).collect()),
            ("archive_reasons", account.archive_reasons.iter().map(|it| it.json()).collect()),
            ("feedback_templates", account.templates.iter().map(|it| it.json()).collect()),
            ("postings", account.postings.iter().map(|it| it.json()).collect()),
            ("tags", account.tag_counts().into_iter().map(|(text, count)| json!({"text": text, "count": count})).collect()),
            ("contacts", account.contacts.values().filter(|it| !it.opportunities.is_empty()).map(|it| it.json()).collect()),
        ]))
    }

    /// The panels of an opportunity as the API answers them, canceled ones too.
    ///
    /// # Errors
    /// 404 when there is no such opportunity.
    pub fn panels_of(&self, account: &str, opportunity: &str) -> Result<Vec<Value>, Refusal> {
        let state = self.state();
        let opportunity = state.account(account)?.opportunity(opportunity)?;
        Ok(opportunity.panels.iter().map(|panel| panel.json()).collect())
    }

    /// An interview as the API answers it on its own.
    ///
    /// # Errors
    /// 404 when there is no such interview.
    pub fn interview_of(&self, account: &str, opportunity: &str, interview: &str) -> Result<Value, Refusal> {
        let state = self.state();
        let opportunity = state.account(account)?.opportunity(opportunity)?;
        let (panel, interview) = opportunity.interview(interview)?;
        Ok(interview.json(panel, opportunity))
    }

    /// The applications of an opportunity as the API answers them.
    ///
    /// # Errors
    /// 404 when there is no such opportunity.
    pub fn applications_of(&self, account: &str, opportunity: &str) -> Result<Vec<Value>, Refusal> {
        let state = self.state();
        let account = state.account(account)?;
        let opportunity = account.opportunity(opportunity)?;
        Ok(opportunity.applications_json(account.person(opportunity)))
    }

    /// The notes of an opportunity as the API answers them.
    ///
    /// # Errors
    /// 404 when there is no such opportunity.
    pub fn notes_of(&self, account: &str, opportunity: &str) -> Result<Vec<Value>, Refusal> {
        let state = self.state();
        let opportunity = state.account(account)?.opportunity(opportunity)?;
        Ok(opportunity.notes.iter().map(|note| note.json()).collect())
    }

    /// The resumes of an opportunity as the API answers them.
    ///
    /// # Errors
    /// 404 when there is no such opportunity.
    pub fn resumes_of(&self, account: &str, opportunity: &str) -> Result<Vec<Value>, Refusal> {
        let (api_url, state) = (self.api_url(), self.state());
        let opportunity = state.account(account)?.opportunity(opportunity)?;
        Ok(opportunity.resumes.iter().map(|resume| resume.json(&opportunity.id, &api_url)).collect())
    }

    /// The registered webhooks with their signature tokens.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn webhooks(&self, account: &str) -> Result<Vec<WebhookView>, Refusal> {
        Ok(self.state().account(account)?.webhooks.iter().map(WebhookView::of).collect())
    }

    /// Every delivery of the account, oldest first.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn deliveries(&self, account: &str) -> Result<Vec<DeliveryView>, Refusal> {
        Ok(self.state().account(account)?.deliveries.values().map(DeliveryView::of).collect())
    }

    /// Changes made in Lever's own pages, by the account's first super admin.
    pub fn inside(&self, account: &str) -> Inside {
        Inside::new(Arc::clone(&self.shared), account)
    }

    /// Every request since the start or the last `clear_ledger`.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.state().ledger.entries().to_vec()
    }

    pub fn clear_ledger(&self) {
        self.state().ledger.clear();
    }

    /// Requests to paths or methods that Lever does not have.
    pub fn unexpected(&self) -> Vec<LedgerEntry> {
        self.ledger().into_iter().filter(|entry| !entry.known_route).collect()
    }

    /// Requests that were over the rate limit; a 429 on order is not among them.
    pub fn violations(&self) -> Vec<LedgerEntry> {
        let over = |entry: &LedgerEntry| entry.status == Some(429) && entry.fault.is_none();
        self.ledger().into_iter().filter(over).collect()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}
