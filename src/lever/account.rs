//! One connected Lever account: whose token is used, in which lane it asks, and where its data centre is. Every resource file
//! adds its calls to it.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use url::Url;

use super::call::{Call, Paging};
use super::{Budget, Circuit, Error, Lane, Lever, Page, Record, Resource, TokenSource, answer, envelope, redirect};
use crate::clock::Clock;

/// More pages than that of a short list are no longer believed to be a list that ends.
const MAX_PAGES: usize = 50;

/// A connected account; cheap to clone. Clones share token, budget, circuit and data centre.
#[derive(Clone)]
pub struct Account {
    pub(super) lever: Lever,
    pub(super) tokens: Arc<dyn TokenSource>,
    pub(super) budget: Budget,
    pub(super) circuit: Circuit,
    pub(super) lane: Lane,
    root: Arc<RwLock<Url>>,
    sent: Arc<AtomicU64>,
    /// 0: none yet.
    status: Arc<AtomicU16>,
}

impl Account {
    /// An account whose requests are for a waiting person until [`Account::in_lane`] says otherwise.
    pub fn new(lever: Lever, tokens: Arc<dyn TokenSource>, budget: Budget) -> Self {
        let root = Arc::new(RwLock::new(lever.endpoints().api.clone()));
        let circuit = Circuit::new(Clock::system());
        Self { lever, tokens, budget, circuit, lane: Lane::Person, root, sent: Arc::default(), status: Arc::default() }
    }

    /// With the circuit that all who ask for this account share.
    pub fn behind(self, circuit: Circuit) -> Self {
        Self { circuit, ..self }
    }

    /// Starts at the API root that this account was last found at. One that no token may be sent to is ignored.
    pub fn at_api_root(self, root: Option<Url>) -> Self {
        if let Some(root) = root.filter(|root| redirect::is_trusted(root, &self.lever.endpoints().api)) {
            self.remember_root(root);
        }
        self
    }

    /// The same account asking in another lane, with a count of requests and a last answer of its own.
    pub fn in_lane(&self, lane: Lane) -> Self {
        Self { lane, sent: Arc::default(), status: Arc::default(), ..self.clone() }
    }

    /// Where the account's API is now: worth storing when Lever has redirected to another data centre.
    pub fn api_root(&self) -> Url {
        self.root.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests went out through this handle and its clones since [`Account::in_lane`].
    pub fn requests_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The status of the last answer that came through this handle and its clones since [`Account::in_lane`].
    pub fn last_status(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Relaxed)).filter(|status| *status > 0)
    }

    pub(super) fn remember_status(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub(super) fn remember_root(&self, root: Url) {
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    }

    pub(super) fn count_request(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A call that answers one page of a list. Whoever reads on sees to it that a list that leads to itself comes to an end.
    pub(super) async fn page<T: Resource>(&self, call: Call, paging: &Paging) -> Result<Page<T>, Error> {
        let max = self.lever.options().max_answer;
        let (list, server_time) = self
            .request(call.paged(paging, T::KEY), |response| async move {
                let status = response.status().as_u16();
                let server_time = answer::server_time(response.headers());
                let answer = answer::json(response, max).await?;
                let list = envelope::list(answer).ok_or(Error::Unreadable { status, reason: "not a list" })?;
                Ok((list, server_time))
            })
            .await?;
        let entries = list.entries.len();
        let records: Vec<_> = list.entries.into_iter().filter_map(Record::<T>::read).collect();
        let unreadable = entries - records.len();
        if unreadable > 0 {
            tracing::warn!(kind = T::NAME, unreadable, "Lever sent list entries without a key");
        }
        Ok(Page { records, next: list.next, unreadable, server_time })
    }

    /// A call that answers a list, read to its end, as one page without a next. For what hangs on one opportunity: short lists.
    pub(super) async fn whole<T: Resource>(&self, call: impl Fn() -> Call) -> Result<Page<T>, Error> {
        let all = self.bounded(call).await?;
        match all.next {
            None => Ok(all),
            Some(_) => Err(Error::Unreadable { status: 200, reason: "a list without an end" }),
        }
    }

    /// As [`Account::whole`], and of a list without an end as much as is believed of it: with a next.
    pub(super) async fn bounded<T: Resource>(&self, call: impl Fn() -> Call) -> Result<Page<T>, Error> {
        match self.pages(&call).await {
            // An offset has died meanwhile: from the first page on, once.
            Err(error) if error.is_bad_offset() => self.pages(&call).await,
            read => read,
        }
    }

    /// Page after page, until there is no next, or it has been asked for before, or there are too many.
    async fn pages<T: Resource>(&self, call: &impl Fn() -> Call) -> Result<Page<T>, Error> {
        let mut all: Page<T> = self.page(call(), &Paging::first()).await?;
        let mut asked = HashSet::new();
        while let Some(offset) = all.next.clone() {
            if asked.len() + 1 >= MAX_PAGES || !asked.insert(offset.clone()) {
                break;
            }
            let page = self.page(call(), &Paging::from(offset)).await?;
            all.records.extend(page.records);
            all.unreadable += page.unreadable;
            all.next = page.next;
        }
        Ok(all)
    }

    /// A call that answers one object.
    pub(super) async fn object<T: Resource>(&self, call: Call) -> Result<Record<T>, Error> {
        let unreadable = Error::Unreadable { status: 200, reason: "an object without a key" };
        Record::read(self.value(call).await?).ok_or(unreadable)
    }

    /// A call that answers one object, as JSON.
    pub(super) async fn value(&self, call: Call) -> Result<Value, Error> {
        let max = self.lever.options().max_answer;
        self.request(call, |response| async move {
            let status = response.status().as_u16();
            let answer = answer::json(response, max).await?;
            envelope::object(answer).ok_or(Error::Unreadable { status, reason: "not an object" })
        })
        .await
    }

    /// A call whose success is all it answers: nothing, or JSON that nobody needs. A page of something in between that says 200
    /// is no success.
    pub(super) async fn nothing(&self, call: Call) -> Result<(), Error> {
        let max = self.lever.options().max_answer;
        self.request(call, |response| async move {
            let status = response.status().as_u16();
            let body = answer::body(response, max).await?;
            match body.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() {
                true => Ok(()),
                false => Err(Error::Unreadable { status, reason: "not JSON" }),
            }
        })
        .await
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("lane", &self.lane).field("api", &self.api_root().as_str()).finish_non_exhaustive()
    }
}
