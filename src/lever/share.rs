//! This process' way to a bucket that other replicas may draw from too: reckons on the state last seen, and swaps.
//!
//! A state that is out of date can only promise too much, never too little, because others take tokens and never bring any. So
//! waiting costs no question to the store, and each batch of slots costs one, two if somebody else was faster.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::bucket::{Level, Limits, Offer};
use super::level_store::{LevelStore, StoreUnreachable, Stored};

/// Whoever lost this many races in a row lets the others go first.
const MOST_RACES: usize = 8;
const AFTER_RACES: Duration = Duration::from_millis(20);

/// What was got from the bucket, in this process' time.
#[derive(Debug)]
pub(super) enum Drawn {
    Slots(Vec<Instant>),
    NotBefore(Instant),
    Shut(Instant),
}

pub(super) struct Share {
    pub(super) limits: Limits,
    store: Arc<dyn LevelStore>,
    /// Held while the store is asked: one question at a time from here.
    seen: Mutex<Option<Seen>>,
}

/// What the store said, and when.
#[derive(Clone, Copy)]
struct Seen {
    version: i64,
    level: Option<Level>,
    now: DateTime<Utc>,
    at: Instant,
}

impl Share {
    pub(super) fn new(limits: Limits, store: Arc<dyn LevelStore>) -> Self {
        Self { limits, store, seen: Mutex::default() }
    }

    /// Up to `want` slots that leave `reserve` tokens behind.
    pub(super) async fn draw(&self, reserve: f64, want: usize) -> Result<Drawn, StoreUnreachable> {
        let mut seen = self.seen.lock().await;
        for _ in 0..MOST_RACES {
            let known = self.known(&mut seen).await?;
            let now = known.now();
            match self.limits.offer(&known.level(&self.limits), now, reserve, want) {
                Offer::NotBefore(time) => return Ok(Drawn::NotBefore(known.here(time))),
                Offer::Shut(until) => return Ok(Drawn::Shut(known.here(until))),
                Offer::Slots(slots, next) => {
                    if self.swap(&mut seen, known.version, next).await? {
                        return Ok(Drawn::Slots(slots.into_iter().map(|time| known.here(time)).collect()));
                    }
                }
            }
        }
        Ok(Drawn::NotBefore(Instant::now() + AFTER_RACES))
    }

    /// Tells everyone that a request sent at `sent` was answered 429.
    pub(super) async fn slow_down(&self, sent: Instant, retry_after: Option<Duration>) -> Result<(), StoreUnreachable> {
        let mut seen = self.seen.lock().await;
        loop {
            let known = self.known(&mut seen).await?;
            let next = self.limits.slowed(&known.level(&self.limits), known.now(), known.there(sent), retry_after);
            if self.swap(&mut seen, known.version, next).await? {
                return Ok(());
            }
        }
    }

    async fn known(&self, seen: &mut Option<Seen>) -> Result<Seen, StoreUnreachable> {
        match *seen {
            Some(known) => Ok(known),
            None => Ok(*seen.insert(Seen::from(self.store.look().await?))),
        }
    }

    /// Whether nobody else was faster. What is there is known either way.
    async fn swap(&self, seen: &mut Option<Seen>, version: i64, next: Level) -> Result<bool, StoreUnreachable> {
        // If no answer comes, it may or may not have been swapped: look again.
        *seen = None;
        let stored = self.store.swap(version, next).await?;
        *seen = Some(Seen::from(stored));
        Ok(stored.swapped)
    }
}

impl Seen {
    /// The answer was on its way for a moment, so this lags behind the store's clock rather than being ahead of it.
    fn from(stored: Stored) -> Self {
        Self { version: stored.version, level: stored.level, now: stored.now, at: Instant::now() }
    }

    fn level(&self, limits: &Limits) -> Level {
        self.level.unwrap_or_else(|| limits.full(self.now))
    }

    fn now(&self) -> DateTime<Utc> {
        self.there(Instant::now())
    }

    /// A time of ours by the store's clock.
    fn there(&self, here: Instant) -> DateTime<Utc> {
        let span = |span: Duration| TimeDelta::from_std(span).unwrap_or(TimeDelta::zero());
        self.now + span(here.saturating_duration_since(self.at)) - span(self.at.saturating_duration_since(here))
    }

    /// A time of the store's by our clock.
    fn here(&self, there: DateTime<Utc>) -> Instant {
        let ahead = (there - self.now).to_std().unwrap_or_default();
        self.at + ahead
    }
}
