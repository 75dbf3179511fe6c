//! Whether Lever is there at all for one account, as this process has seen it.
//!
//! Lever is away for hours now and then. Asking it all the same makes people wait for nothing and holds what others need, so after
//! a row of failures nobody asks any more but one probe now and then: a read, of whoever comes when it is due. The first
//! answer that can be read ends it, whatever it says below 500.
//!
//! A single record or route that always fails is not an outage: a row counts only when it has failures of different routes and
//! about different things. And a write that was sent is never touched: only what was not sent yet is held back.
//!
//! Two broken lists of the sync, with nothing else asked, look like an outage and are none. So what the background found out binds a
//! person only once a person has asked in vain as well: until then people's requests go through, and their answers end it for all.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use rand::RngExt;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::call::Call;
use super::{Error, Lane};
use crate::clock::Clock;

/// So many failures in a row, without an answer in between, are an outage.
const FAILURES: usize = 5;
/// Between two probes, in milliseconds; jittered, so that the accounts of a Lever that comes back do not all ask at once.
const PROBE_AFTER: std::ops::Range<i64> = 15_000..30_000;
/// A person's request does not wait longer than this for the news to be written down.
const TELLING: Duration = Duration::from_secs(2);

/// Who wants to know that Lever went away or came back.
pub trait ContactLog: Send + Sync {
    /// Lever has not answered since then, and was last asked in vain at `last`. Told when that is clear, and after each probe.
    fn lost(&self, since: DateTime<Utc>, last: DateTime<Utc>) -> BoxFuture<'static, ()>;
    /// Lever answers: again, or for the first time that this process asks.
    fn restored(&self) -> BoxFuture<'static, ()>;
}

/// One account's circuit. Clones share it.
#[derive(Clone)]
pub struct Circuit(Arc<Inner>);

struct Inner {
    clock: Clock,
    log: Option<Arc<dyn ContactLog>>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    phase: Phase,
    row: Row,
    /// When the newest request was sent that was answered.
    answered: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
enum Phase {
    #[default]
    Closed,
    Open {
        since: DateTime<Utc>,
        probe_at: DateTime<Utc>,
        /// A person has asked in vain as well.
        for_people: bool,
    },
    /// One request is on its way to find out.
    Probing { since: DateTime<Utc>, for_people: bool },
}

/// Failures since the last answer.
#[derive(Default)]
struct Row {
    count: usize,
    since: Option<DateTime<Utc>>,
    routes: HashSet<&'static str>,
    subjects: HashSet<String>,
}

/// What follows from an answer or a failure for whoever keeps the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Lost { since: DateTime<Utc>, last: DateTime<Utc> },
    Restored,
}

enum Way {
    Free,
    Probe,
    /// Somebody is finding out.
    Soon,
    Shut(Duration),
}

impl Circuit {
    /// A circuit that keeps its times by this clock and tells its news to nobody.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, log: None, state: Mutex::default(), changed: Notify::new() }))
    }

    /// A circuit whose news somebody writes down.
    pub fn logged(clock: Clock, log: Arc<dyn ContactLog>) -> Self {
        Self(Arc::new(Inner { clock, log: Some(log), state: Mutex::default(), changed: Notify::new() }))
    }

    /// Whether it is time to find out whether Lever is back.
    pub fn is_probe_due(&self) -> bool {
        matches!(self.lock().phase, Phase::Open { probe_at, .. } if left(probe_at, self.0.clock.now()).is_none())
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.lock().phase, Phase::Closed)
    }

    /// Whether somebody with this urgency may ask without being the probe.
    pub(super) fn is_free_for(&self, lane: Lane) -> bool {
        match self.lock().phase {
            Phase::Closed => true,
            Phase::Open { for_people, .. } | Phase::Probing { for_people, .. } => lane == Lane::Person && !for_people,
        }
    }

    /// Whether a read should find out whether Lever is there before a write is sent.
    pub(super) fn is_worth_a_look(&self) -> bool {
        self.is_probe_due() || (self.is_free_for(Lane::Person) && !self.is_closed())
    }

    /// The way to Lever, free or as its probe. While another's probe is on its way, only those wait for it whom nobody waits for.
    pub(super) async fn enter(&self, lane: Lane, call: &Call, deadline: Instant) -> Result<Option<Probe>, Error> {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let wait = match self.way(lane, call.is_read()) {
                Way::Free => return Ok(None),
                Way::Probe => return Ok(Some(Probe(self.clone()))),
                Way::Soon => Duration::from_secs(1),
                Way::Shut(left) => return Err(Error::Down { retry_after: left }),
            };
            if lane == Lane::Person || timeout_at(deadline, changed).await.is_err() {
                return Err(Error::Down { retry_after: wait });
            }
        }
    }

    fn way(&self, lane: Lane, is_read: bool) -> Way {
        if self.is_free_for(lane) {
            return Way::Free;
        }
        let now = self.0.clock.now();
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => Way::Free,
            Phase::Probing { .. } => Way::Soon,
            Phase::Open { since, probe_at, for_people } => match left(probe_at, now) {
                Some(left) => Way::Shut(left),
                // What a lost answer has done at Lever, somebody would have to find out: a read probes as well.
                None if !is_read => Way::Shut(Duration::from_secs(1)),
                None => {
                    state.phase = Phase::Probing { since, for_people };
                    Way::Probe
                }
            },
        }
    }

    /// Lever answered a request that was sent then.
    pub(super) async fn answered(&self, sent: Instant) {
        let news = {
            let mut state = self.lock();
            state.row = Row::default();
            let first = state.answered.is_none();
            state.answered = state.answered.max(Some(sent));
            let was_lost = !matches!(state.phase, Phase::Closed);
            state.phase = Phase::Closed;
            if was_lost {
                metrics::gauge!("lever_circuits_open").decrement(1.0);
                tracing::info!("Lever answers again");
            }
            (was_lost || first).then_some(News::Restored)
        };
        self.tell(news).await;
    }

    /// Lever did not answer a request that was sent then, or answered that it cannot, or what came could not be read.
    pub(super) async fn failed(&self, lane: Lane, call: &Call, sent: Instant, is_probe: bool) {
        let now = self.0.clock.now();
        let news = {
            let mut state = self.lock();
            match state.phase {
                Phase::Closed => state.fail(call, sent, now),
                Phase::Open { ref mut for_people, .. } | Phase::Probing { ref mut for_people, .. } if lane == Lane::Person && !*for_people => {
                    *for_people = true;
                    None
                }
                Phase::Probing { since, for_people } if is_probe => {
                    state.phase = Phase::Open { since, probe_at: next_probe(now), for_people };
                    Some(News::Lost { since, last: now })
                }
                Phase::Open { .. } | Phase::Probing { .. } => None,
            }
        };
        self.tell(news).await;
    }

    async fn tell(&self, news: Option<News>) {
        let Some(news) = news else { return };
        self.0.changed.notify_waiters();
        let Some(log) = &self.0.log else { return };
        let writing = match news {
            News::Lost { since, last } => log.lost(since, last),
            News::Restored => log.restored(),
        };
        // In a task of its own: it runs to its end whatever becomes of this request.
        if timeout(TELLING, tokio::spawn(writing)).await.is_err() {
            tracing::warn!("that Lever went away or came back is not written down yet");
        }
    }

    /// The state is whole between any two statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, call: &Call, sent: Instant, now: DateTime<Utc>) -> Option<News> {
        // What was sent later has been answered: this one only took longer to fail.
        if self.answered.is_some_and(|answered| sent < answered) {
            return None;
        }
        self.row.count += 1;
        let since = *self.row.since.get_or_insert(now);
        if self.row.subjects.len() < FAILURES {
            self.row.routes.insert(call.route);
            self.row.subjects.insert(call.subject().to_owned());
        }
        if self.row.count < FAILURES || self.row.routes.len() < 2 || self.row.subjects.len() < 2 {
            return None;
        }
        metrics::gauge!("lever_circuits_open").increment(1.0);
        tracing::warn!(%since, "Lever does not answer any more");
        self.row = Row::default();
        self.phase = Phase::Open { since, probe_at: next_probe(now), for_people: false };
        Some(News::Lost { since, last: now })
    }
}

fn next_probe(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::milliseconds(rand::rng().random_range(PROBE_AFTER))
}

/// How long until the probe, in whole seconds; `None` when it is due. A clock that was set back must not keep us waiting for it.
fn left(probe_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    let left = (probe_at - now).num_milliseconds();
    (1..=PROBE_AFTER.end).contains(&left).then(|| Duration::from_secs(left.unsigned_abs().div_ceil(1000)))
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// The right to find out. Whoever gives it up without an answer or a failure leaves it to a later one.
#[must_use]
#[derive(Debug)]
pub(super) struct Probe(Circuit);

impl Drop for Probe {
    fn drop(&mut self) {
        let now = self.0.0.clock.now();
        let mut state = self.0.lock();
        if let Phase::Probing { since, for_people } = state.phase {
            state.phase = Phase::Open { since, probe_at: next_probe(now), for_people };
            self.0.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
#[path = "circuit_tests.rs"]
mod tests;
