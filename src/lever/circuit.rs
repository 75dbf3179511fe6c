//! Whether Lever is there at all for one account, as this process has seen it.
//!
//! Lever is away for hours now and then. Asking it all the same makes people wait for nothing and holds what others need, so after
//! a row of failures nobody asks any more but one probe now and then: a read, of whoever comes when it is due. The first
//! answer ends it, whatever it says below 500.
//!
//! A single record or route that always fails is not an outage: a row counts only when it has failures of different routes and
//! about different things. And a write that was sent is never touched: only what was not sent yet is held back.

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
    /// Lever answers: again, or (`was_lost` is false) for the first time that this process asks.
    fn restored(&self, was_lost: bool) -> BoxFuture<'static, ()>;
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
    },
    /// One request is on its way to find out.
    Probing {
        since: DateTime<Utc>,
    },
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
    Restored { was_lost: bool },
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

    /// The way to Lever, free or as its probe. While another's probe is on its way, only those wait for it whom nobody waits for.
    pub(super) async fn enter(&self, lane: Lane, call: &Call, deadline: Instant) -> Result<Option<Probe>, Error> {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let wait = match self.way(call.is_read()) {
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

    fn way(&self, is_read: bool) -> Way {
        let now = self.0.clock.now();
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => Way::Free,
            Phase::Probing { .. } => Way::Soon,
            Phase::Open { since, probe_at } => match left(probe_at, now) {
                Some(left) => Way::Shut(left),
                // What a lost answer has done at Lever, somebody would have to find out: a read probes as well.
                None if !is_read => Way::Shut(Duration::from_secs(1)),
                None => {
                    state.phase = Phase::Probing { since };
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
            (was_lost || first).then_some(News::Restored { was_lost })
        };
        self.tell(news).await;
    }

    /// Lever did not answer a request that was sent then, or answered that it cannot.
    pub(super) async fn failed(&self, call: &Call, sent: Instant, is_probe: bool) {
        let now = self.0.clock.now();
        let news = {
            let mut state = self.lock();
            match state.phase {
                Phase::Closed => state.fail(call, sent, now),
                Phase::Probing { since } if is_probe => {
                    state.phase = Phase::Open { since, probe_at: next_probe(now) };
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
            News::Restored { was_lost } => log.restored(was_lost),
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
        self.phase = Phase::Open { since, probe_at: next_probe(now) };
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
        if let Phase::Probing { since } = state.phase {
            state.phase = Phase::Open { since, probe_at: next_probe(now) };
            self.0.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_rest() -> (Circuit, Clock) {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        (Circuit::new(clock.clone()), clock)
    }

    fn calls() -> [Call; 2] {
        [Call::get("opportunities/{}", &["one"]), Call::get("users", &[])]
    }

    async fn fail(circuit: &Circuit, call: &Call, times: usize) {
        for _ in 0..times {
            circuit.failed(call, Instant::now(), false).await;
        }
    }

    async fn open() -> (Circuit, Clock) {
        let (circuit, clock) = at_rest();
        let [one, other] = calls();
        fail(&circuit, &one, FAILURES - 1).await;
        assert!(circuit.is_closed());
        fail(&circuit, &other, 1).await;
        assert!(!circuit.is_closed());
        (circuit, clock)
    }

    async fn enter(circuit: &Circuit, lane: Lane) -> Result<Option<Probe>, Error> {
        circuit.enter(lane, &calls()[0], Instant::now() + Duration::from_secs(60)).await
    }

    fn wait(entered: Result<Option<Probe>, Error>) -> Duration {
        match entered {
            Err(Error::Down { retry_after }) => retry_after,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_record_or_one_route_that_always_fails_is_no_outage() {
        let (circuit, _) = at_rest();
        fail(&circuit, &Call::get("opportunities/{}", &["one"]), 50).await;
        fail(&circuit, &Call::get("opportunities/{}/panels", &["one"]), 50).await;
        assert!(circuit.is_closed(), "one record");
        let (circuit, _) = at_rest();
        for id in ["a", "b", "c", "d", "e", "f"] {
            fail(&circuit, &Call::get("opportunities/{}/panels", &[id]), 9).await;
        }
        assert!(circuit.is_closed(), "one route");
    }

    #[tokio::test]
    async fn an_answer_in_between_begins_the_row_anew() {
        let (circuit, _) = at_rest();
        let [one, other] = calls();
        for _ in 0..9 {
            fail(&circuit, &one, 2).await;
            fail(&circuit, &other, 2).await;
            circuit.answered(Instant::now()).await;
        }
        assert!(circuit.is_closed());
        // Those that hung since before the answer prove nothing about what came after it.
        let before = Instant::now().checked_sub(Duration::from_secs(1)).expect("the machine runs for longer");
        for call in [&one, &other].repeat(FAILURES) {
            circuit.failed(call, before, false).await;
        }
        assert!(circuit.is_closed());
    }

    #[tokio::test]
    async fn nobody_asks_until_one_probe_is_due_and_its_answer_lets_everybody_in() {
        let (circuit, clock) = open().await;
        for lane in [Lane::Person, Lane::Incremental] {
            let left = wait(enter(&circuit, lane).await);
            assert!((15..=30).contains(&left.as_secs()), "{left:?}");
        }
        clock.advance(Duration::from_secs(30));
        assert!(circuit.is_probe_due());
        let write = circuit.enter(Lane::Person, &Call::post("webhooks", &[]), Instant::now()).await;
        assert_eq!(wait(write), Duration::from_secs(1), "a write does not probe");
        let probe = enter(&circuit, Lane::Person).await.expect("the way").expect("the probe");
        assert_eq!(wait(enter(&circuit, Lane::Person).await), Duration::from_secs(1));
        let waiting = tokio::spawn({
            let circuit = circuit.clone();
            async move { enter(&circuit, Lane::Webhook).await.map(|probe| probe.is_some()) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        circuit.answered(Instant::now()).await;
        drop(probe);
        assert!(!waiting.await.expect("no panic").expect("the way is free"));
        assert!(circuit.is_closed());
    }

    #[tokio::test]
    async fn a_probe_that_fails_or_is_given_up_leaves_it_to_the_next() {
        let (circuit, clock) = open().await;
        for gives_up in [false, true] {
            clock.advance(Duration::from_secs(30));
            let probe = enter(&circuit, Lane::Incremental).await.expect("the way").expect("the probe");
            if !gives_up {
                circuit.failed(&calls()[0], Instant::now(), true).await;
            }
            drop(probe);
            assert!(wait(enter(&circuit, Lane::Incremental).await) >= Duration::from_secs(15));
        }
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_waiting() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(left(now + TimeDelta::days(1), now), None);
        assert_eq!(left(now, now + TimeDelta::days(1)), None);
        assert_eq!(left(now + TimeDelta::milliseconds(1), now), Some(Duration::from_secs(1)));
    }

    #[derive(Default)]
    struct Written(Arc<Mutex<Vec<News>>>);

    impl ContactLog for Written {
        fn lost(&self, since: DateTime<Utc>, last: DateTime<Utc>) -> BoxFuture<'static, ()> {
            self.0.lock().expect("no panic").push(News::Lost { since, last });
            Box::pin(std::future::ready(()))
        }

        fn restored(&self, was_lost: bool) -> BoxFuture<'static, ()> {
            self.0.lock().expect("no panic").push(News::Restored { was_lost });
            Box::pin(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn news_is_told_once_and_with_its_first_and_last_failure() {
        let (log, clock) = (Written::default(), Clock::manual(DateTime::UNIX_EPOCH));
        let written = log.0.clone();
        let circuit = Circuit::logged(clock.clone(), Arc::new(log));
        let [one, other] = calls();
        circuit.answered(Instant::now()).await;
        circuit.answered(Instant::now()).await;
        let since = clock.now();
        fail(&circuit, &one, 1).await;
        clock.advance(Duration::from_secs(10));
        fail(&circuit, &other, FAILURES).await;
        let opened = clock.now();
        clock.advance(Duration::from_secs(30));
        let probe = enter(&circuit, Lane::Person).await.expect("the way");
        circuit.failed(&one, Instant::now(), true).await;
        drop(probe);
        circuit.answered(Instant::now()).await;
        let told = written.lock().expect("no panic").clone();
        let expected = [
            News::Restored { was_lost: false },
            News::Lost { since, last: opened },
            News::Lost { since, last: clock.now() },
            News::Restored { was_lost: true },
        ];
        assert_eq!(told, expected);
    }
}
