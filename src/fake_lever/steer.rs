//! What a test steers through the handle: switches, deliveries, faults, tokens, consent, the time.

use std::time::Instant;

use serde_json::Value;
use url::Url;

use super::bucket::Bucket;
use super::delivery;
use super::fault::Fault;
use super::handle::FakeLever;
use super::ledger::LedgerEntry;
use super::model::Event;
use super::oauth::{AuthorizeRequest, Decision, TokenCalls, decide};
use super::refusal::Refusal;

impl FakeLever {
    /// Throws the settings switch of an event; all are off at first.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn switch(&self, account: &str, event: Event, on: bool) -> Result<(), Refusal> {
        let mut state = self.state();
        let switches = &mut state.account_mut(account)?.switches;
        if on {
            switches.insert(event);
        } else {
            switches.remove(&event);
        }
        Ok(())
    }

    /// "Verify connection": sends a delivery with empty data and gives its id.
    ///
    /// # Errors
    /// 404 for an unknown account or webhook.
    pub fn send_verify_delivery(&self, account: &str, webhook: &str) -> Result<String, Refusal> {
        delivery::verify(&self.shared, &mut self.state(), account, webhook)
    }

    /// Sends a delivery once more as it was.
    ///
    /// # Errors
    /// 404 for an unknown delivery.
    pub fn rerun(&self, delivery: &str) -> Result<(), Refusal> {
        delivery::again(&self.shared, &mut self.state(), delivery, None)
    }

    /// Sends a delivery once more with other data, which its signature does not cover.
    ///
    /// # Errors
    /// 404 for an unknown delivery.
    pub fn deliver_again(&self, delivery: &str, data: Value) -> Result<(), Refusal> {
        delivery::again(&self.shared, &mut self.state(), delivery, Some(data))
    }

    /// Gives the account another rate limit, its bucket full; a rate of 0 means no limit.
    ///
    /// # Errors
    /// 404 for an unknown account.
    pub fn limit(&self, account: &str, requests_per_second: f64, burst: f64) -> Result<(), Refusal> {
        self.state().account_mut(account)?.bucket = Bucket::new(requests_per_second, burst, Instant::now());
        Ok(())
    }

    /// Waits until no delivery is under way or waiting for its next try.
    pub async fn wait_deliveries_idle(&self) {
        let mut under_way = self.shared.deliveries_under_way.subscribe();
        // The sender lives in `shared`, so this cannot fail while the handle is held.
        let _ = under_way.wait_for(|count| *count == 0).await;
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.add(fault);
    }

    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Waits until the ledger is as wanted.
    pub async fn wait_ledger(&self, wanted: impl Fn(&[LedgerEntry]) -> bool) {
        let mut changes = self.shared.ledger_changed.subscribe();
        while !wanted(self.state().ledger.entries()) {
            // The sender lives in `shared`, so this cannot fail while the handle is held.
            let _ = changes.changed().await;
        }
    }

    /// How many requests are held now.
    pub fn held(&self) -> usize {
        self.shared.hold.count()
    }

    /// Waits until so many requests are held by a fault of the `…Held` kinds.
    pub async fn wait_held(&self, many: usize) {
        self.shared.hold.wait(many).await;
    }

    /// Lets every held request go on, and waits until what it asks for is done (or its caller has gone away).
    pub async fn release(&self) {
        self.shared.hold.release().await;
    }

    /// Lets every access token given so far be over; refresh tokens stay good.
    pub fn expire_access_tokens(&self) {
        self.state().grants.expire_access_tokens();
    }

    /// What an admin does who removes the application: all tokens of the account are dead.
    pub fn revoke_grant(&self, account: &str) {
        self.state().grants.revoke(|access| access.account == account);
    }

    /// Calls of the token endpoint.
    pub fn token_calls(&self) -> TokenCalls {
        self.state().grants.calls
    }

    /// Everything that its clients must keep to themselves: the client's secret, tokens, keys of signatures.
    pub fn secrets(&self) -> Vec<String> {
        let state = self.state();
        let keys = state.accounts.iter().flat_map(|account| &account.webhooks).map(|webhook| &webhook.signature_token);
        let mut secrets: Vec<String> = state.grants.tokens().chain(keys).cloned().collect();
        secrets.push(self.client_secret().to_owned());
        secrets
    }

    /// Sets the time by hand, in milliseconds since the epoch, or lets it follow the wall clock.
    /// The rate limit always runs on real time.
    pub fn set_now_ms(&self, now: Option<i64>) {
        self.state().now_override = now;
    }

    /// Accepts an authorize address as this user would in a browser, and gives the address that
    /// the browser would be sent to. `scopes` limits what is granted.
    ///
    /// # Errors
    /// The sentence that the page would show instead of asking.
    pub fn approve(&self, authorize_url: &str, account: &str, user: &str, scopes: Option<&[&str]>) -> Result<Url, &'static str> {
        self.decide(authorize_url, &Decision::Accept { account, user, scopes })
    }

    /// Denies an authorize address.
    ///
    /// # Errors
    /// The sentence that the page would show instead of asking.
    pub fn deny(&self, authorize_url: &str) -> Result<Url, &'static str> {
        self.decide(authorize_url, &Decision::Deny)
    }

    fn decide(&self, authorize_url: &str, decision: &Decision) -> Result<Url, &'static str> {
        let query = authorize_url.split_once('?').map_or("", |(_, query)| query);
        let request = AuthorizeRequest::parse(query, self.client_id(), &self.audience())?;
        Ok(decide(&mut self.state(), &request, decision))
    }
}
