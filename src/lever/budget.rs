//! Whose turn it is to ask Lever: lanes over one account's bucket.
//!
//! A person who waits goes before a webhook's refresh, that before the incremental sync, and so on; within a lane, first come
//! first served. Across replicas the same order holds without a common queue: the less urgent a lane, the more tokens it must
//! leave in the bucket that all replicas draw from, so a more urgent one always reaches it first. The last tokens are for
//! people alone: scheduling is never queued behind a backfill.
//!
//! A bulkhead besides: requests that nobody waits for may only be so many at once, so that an upstream which hangs holds few.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::bucket::{LONGEST_PAUSE, Limits, PAUSE};
use super::level_store::{InProcess, LevelStore, StoreUnreachable};
use super::share::{Drawn, Share};

/// Requests under way at once that nobody waits for: enough for the whole rate while an answer takes three seconds.
const MOST_IN_FLIGHT: usize = 32;
/// A slot that nobody could use is good for this much longer; the margin of the bucket allows for it.
const GOOD_FOR: Duration = Duration::from_millis(200);
/// How long to wait before the store is asked again that could not be reached.
const STORE_AWAY: Duration = Duration::from_millis(250);

/// What a request is for, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Somebody waits for the answer.
    Person,
    /// Something changed at Lever just now.
    Webhook,
    /// The regular sync.
    Incremental,
    /// The first sync of a new connection.
    FirstSync,
    /// What hardly anybody looks at.
    Archived,
}

impl Lane {
    /// The share of the bucket that this lane must leave behind. The steps are wide enough that a lane which takes all it can
    /// get leaves nothing to the next one.
    fn reserve(self) -> f64 {
        match self {
            Self::Person => 0.0,
            Self::Webhook => 4.0 / 15.0,
            Self::Incremental => 6.0 / 15.0,
            Self::FirstSync => 8.0 / 15.0,
            Self::Archived => 10.0 / 15.0,
        }
    }

    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Webhook => "webhook",
            Self::Incremental => "incremental",
            Self::FirstSync => "first_sync",
            Self::Archived => "archived",
        }
    }
}

/// One account's right to send requests. Clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    /// `None`: no limit but a pause that Lever asked for.
    share: Option<Share>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<(Lane, u64), Arc<Notify>>,
    arrivals: u64,
    /// When one request each may be sent, and the lane that it was drawn for; the earliest first.
    slots: VecDeque<(Instant, Lane)>,
    shut_until: Option<Instant>,
    /// Requests that nobody waits for.
    in_flight: usize,
    store_away: bool,
}

impl Budget {
    /// A budget of this process alone, below Lever's `requests_per_second` and `burst` for one account; a rate of 0 means no limit.
    pub fn new(requests_per_second: f64, burst: f64) -> Self {
        Self::shared(requests_per_second, burst, Arc::new(InProcess::new()))
    }

    /// A budget that everyone who uses the same store shares.
    pub fn shared(requests_per_second: f64, burst: f64, store: Arc<dyn LevelStore>) -> Self {
        let limited = requests_per_second > 0.0;
        let share = limited.then(|| Share::new(Limits::new(requests_per_second, burst), store));
        Self(Arc::new(Inner { share, state: Mutex::default() }))
    }

    /// Waits for the right to send one request, which lasts until the permit is dropped. Dropping the future gives the place in
    /// the queue up.
    pub async fn acquire(&self, lane: Lane) -> Permit {
        let asked = Instant::now();
        let place = self.line_up(lane);
        loop {
            let wake = match self.turn(place.key) {
                Turn::Granted(permit) => {
                    metrics::histogram!("lever_budget_wait_seconds", "lane" => lane.as_str()).record(asked.elapsed());
                    return permit;
                }
                Turn::Wait => None,
                Turn::At(time) => Some(time),
                Turn::Draw => self.draw(lane).await,
            };
            match wake {
                Some(time) => tokio::select! {
                    () = tokio::time::sleep_until(time) => {}
                    () = place.turn.notified() => {}
                },
                None => place.turn.notified().await,
            }
        }
    }

    /// Lever answered 429 to a request sent at `sent`: nobody sends until then (a second, when Lever did not say), and slower for
    /// a while after. At once here, and in a moment everywhere.
    pub fn penalize(&self, sent: Instant, retry_after: Option<Duration>) {
        metrics::counter!("lever_rate_limited_total").increment(1);
        let until = Instant::now() + retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
        {
            let mut state = self.lock();
            state.shut_until = state.shut_until.max(Some(until));
            state.slots.clear();
        }
        let budget = self.clone();
        tokio::spawn(async move {
            let Some(share) = &budget.0.share else { return };
            while let Err(error) = share.slow_down(sent, retry_after).await {
                tracing::warn!(%error, "other replicas cannot be told that Lever's rate limit is reached; trying again");
                tokio::time::sleep(STORE_AWAY).await;
            }
        });
    }

    /// How long Lever wants to be left alone, if at all.
    pub fn shut_for(&self) -> Option<Duration> {
        let until = self.lock().shut_until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Whether nothing can be sent because nobody can say what is left of the budget.
    pub(super) fn is_cut_off(&self) -> bool {
        self.lock().store_away
    }

    fn line_up(&self, lane: Lane) -> Place {
        let mut state = self.lock();
        let key = (lane, state.arrivals);
        state.arrivals += 1;
        let turn = Arc::new(Notify::new());
        state.waiting.insert(key, turn.clone());
        Place { budget: self.clone(), key, turn }
    }

    fn turn(&self, key: (Lane, u64)) -> Turn {
        let now = Instant::now();
        let mut state = self.lock();
        let (lane, _) = key;
        if state.waiting.first_key_value().is_some_and(|(first, _)| *first != key) || state.is_full_for(lane) {
            return Turn::Wait;
        }
        if let Some(until) = state.shut_until.filter(|until| *until > now) {
            return Turn::At(until);
        }
        if self.0.share.is_none() {
            return Turn::Granted(self.permit(&mut state, lane));
        }
        state.drop_stale(now);
        match state.slots.front() {
            Some((due, _)) if *due <= now => {
                state.slots.pop_front();
                Turn::Granted(self.permit(&mut state, lane))
            }
            // Drawn for somebody no more urgent than this one, who may get one sooner.
            Some((due, for_lane)) if *for_lane <= lane => Turn::At(*due),
            _ => Turn::Draw,
        }
    }

    /// Draws slots, in a task of its own: a question to the store is not cut off. When to look again, unless there are slots now.
    async fn draw(&self, lane: Lane) -> Option<Instant> {
        let budget = self.clone();
        let drawing = tokio::spawn(async move {
            let share = budget.0.share.as_ref()?;
            // As many as wait by now: whoever asks for several things at once has lined up for all of them.
            let want = budget.lock().in_lane(lane);
            // Whatever the burst, one token must be within every lane's reach.
            let reserve = (share.limits.capacity * lane.reserve()).min(share.limits.capacity - 1.0);
            let drawn = share.draw(reserve, want).await;
            budget.take_in(lane, drawn)
        });
        drawing.await.unwrap_or_else(|_| Some(Instant::now() + STORE_AWAY))
    }

    fn take_in(&self, lane: Lane, drawn: Result<Drawn, StoreUnreachable>) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.lock();
        state.store_away = drawn.is_err();
        Some(match drawn {
            Ok(Drawn::Slots(slots)) => {
                state.slots.extend(slots.into_iter().map(|due| (due, lane)));
                state.slots.make_contiguous().sort_unstable();
                // Whoever asked for them may have gone.
                state.call_first();
                now
            }
            Ok(Drawn::NotBefore(time)) => state.slots.front().map_or(time, |(due, _)| time.min(*due)),
            Ok(Drawn::Shut(until)) => {
                state.shut_until = state.shut_until.max(Some(until));
                until
            }
            Err(error) => {
                tracing::warn!(%error, "requests to Lever wait");
                now + STORE_AWAY
            }
        })
    }

    fn permit(&self, state: &mut State, lane: Lane) -> Permit {
        let bulk = lane != Lane::Person;
        state.in_flight += usize::from(bulk);
        Permit { budget: self.clone(), bulk }
    }

    /// The state is whole between any two statements, so a panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many wait in a lane.
    fn in_lane(&self, lane: Lane) -> usize {
        self.waiting.keys().filter(|(other, _)| *other == lane).count()
    }

    fn is_full_for(&self, lane: Lane) -> bool {
        lane != Lane::Person && self.in_flight >= MOST_IN_FLIGHT
    }

    fn drop_stale(&mut self, now: Instant) {
        while self.slots.front().is_some_and(|(due, _)| *due + GOOD_FOR < now) {
            self.slots.pop_front();
        }
    }

    fn call_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.notify_one();
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("waiting", &self.lock().waiting.len()).finish_non_exhaustive()
    }
}

enum Turn {
    Granted(Permit),
    Wait,
    At(Instant),
    Draw,
}

/// The right to send one request and to wait for its answer.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    bulk: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bulk {
            let mut state = self.budget.lock();
            state.in_flight -= 1;
            state.call_first();
        }
    }
}

/// A place in the queue; leaving it, served or not, calls the next one.
struct Place {
    budget: Budget,
    key: (Lane, u64),
    turn: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.waiting.remove(&self.key);
        state.call_first();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::lever::bucket::Level;
    use crate::lever::level_store::Stored;

    /// Starts one waiting task per lane given, in that order, and returns the order in which they were served.
    async fn served(budget: &Budget, lanes: &[Lane]) -> Vec<Lane> {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for lane in lanes.iter().copied() {
            let (budget, order) = (budget.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                drop(budget.acquire(lane).await);
                order.lock().expect("no panic").push(lane);
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.expect("served");
        }
        Arc::into_inner(order).expect("all tasks ended").into_inner().expect("no panic")
    }

    async fn emptied() -> Budget {
        let budget = Budget::new(10.0, 20.0);
        for _ in 0..15 {
            drop(budget.acquire(Lane::Person).await);
        }
        budget
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_urgent_is_served_first() {
        use Lane::*;
        let order = served(&emptied().await, &[Archived, FirstSync, Incremental, Webhook, Person]).await;
        assert_eq!(order, [Person, Webhook, Incremental, FirstSync, Archived]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_does_not_wait_behind_a_backfill() {
        let budget = Budget::new(10.0, 20.0);
        let backfill: Vec<_> = (0..8)
            .map(|_| {
                let budget = budget.clone();
                tokio::spawn(async move {
                    loop {
                        drop(budget.acquire(Lane::FirstSync).await);
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let asked = Instant::now();
        for _ in 0..6 {
            drop(budget.acquire(Lane::Person).await);
        }
        assert!(asked.elapsed() < Duration::from_millis(5), "{:?}", asked.elapsed());
        backfill.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test(start_paused = true)]
    async fn a_saturated_lane_uses_the_whole_rate() {
        let budget = Budget::new(10.0, 20.0);
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < Duration::from_secs(100) {
            drop(budget.acquire(Lane::FirstSync).await);
            sent += 1;
        }
        assert!((990..=1010).contains(&sent), "{sent} in 100 seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_does_not_block_the_queue() {
        let budget = emptied().await;
        let impatient = tokio::time::timeout(Duration::from_millis(1), budget.acquire(Lane::Person));
        assert!(impatient.await.is_err());
        drop(budget.acquire(Lane::Archived).await);
        assert!(budget.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_sends_before_lever_said() {
        for budget in [Budget::new(10.0, 20.0), Budget::new(0.0, 0.0)] {
            budget.penalize(Instant::now(), Some(Duration::from_secs(7)));
            budget.penalize(Instant::now(), None);
            assert_eq!(budget.shut_for(), Some(Duration::from_secs(7)));
            let start = Instant::now();
            drop(budget.acquire(Lane::Person).await);
            assert!(start.elapsed() >= Duration::from_secs(7));
            assert_eq!(budget.shut_for(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_means_no_waiting() {
        let budget = Budget::new(0.0, 20.0);
        let start = Instant::now();
        for _ in 0..1_000 {
            drop(budget.acquire(Lane::Archived).await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_hangs_holds_few_requests_and_no_person_back() {
        let budget = Budget::new(0.0, 20.0);
        let mut hanging = Vec::new();
        for _ in 0..MOST_IN_FLIGHT {
            hanging.push(budget.acquire(Lane::Webhook).await);
        }
        let one_more = tokio::spawn({
            let budget = budget.clone();
            async move { drop(budget.acquire(Lane::Incremental).await) }
        });
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(budget.acquire(Lane::Person).await);
        assert!(!one_more.is_finished());
        hanging.pop();
        one_more.await.expect("served");
    }

    #[tokio::test(start_paused = true)]
    async fn without_its_store_nothing_is_sent_and_with_it_again_everything() {
        let store = Arc::new(Flaky { away: AtomicBool::new(true), kept: InProcess::new() });
        let budget = Budget::shared(10.0, 20.0, store.clone());
        let waiting = tokio::time::timeout(Duration::from_secs(5), budget.acquire(Lane::Person));
        assert!(waiting.await.is_err() && budget.is_cut_off());
        store.away.store(false, Ordering::Relaxed);
        let back = tokio::time::timeout(STORE_AWAY, budget.acquire(Lane::Person));
        assert!(back.await.is_ok() && !budget.is_cut_off());
    }

    struct Flaky {
        away: AtomicBool,
        kept: InProcess,
    }

    impl LevelStore for Flaky {
        fn swap(&self, seen: i64, next: Level) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
            if self.away.load(Ordering::Relaxed) { std::future::ready(Err(StoreUnreachable)).boxed() } else { self.kept.swap(seen, next) }
        }

        fn look(&self) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
            if self.away.load(Ordering::Relaxed) { std::future::ready(Err(StoreUnreachable)).boxed() } else { self.kept.look() }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn replicas_with_one_store_send_no_more_than_one_would() {
        let store = Arc::new(InProcess::new());
        let replicas = [(); 3].map(|()| Budget::shared(10.0, 20.0, store.clone()));
        let sent = Arc::new(AtomicUsize::new(0));
        let work: Vec<_> = (0..12)
            .map(|nth| {
                let (budget, sent) = (replicas[nth % 3].clone(), sent.clone());
                tokio::spawn(async move {
                    loop {
                        drop(budget.acquire(Lane::FirstSync).await);
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(100)).await;
        let sent = sent.load(Ordering::Relaxed);
        assert!((985..=1010).contains(&sent), "{sent} in 100 seconds");
        // And what one replica is told, all know.
        replicas[0].penalize(Instant::now(), Some(Duration::from_secs(7)));
        tokio::time::sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        drop(replicas[1].acquire(Lane::Person).await);
        assert!(start.elapsed() >= Duration::from_millis(6_600), "{:?}", start.elapsed());
        work.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_burst_still_serves_every_lane() {
        let budget = Budget::new(5.0, 1.0);
        drop(budget.acquire(Lane::Person).await);
        let order = served(&budget, &[Lane::Archived, Lane::Webhook]).await;
        assert_eq!(order, [Lane::Webhook, Lane::Archived]);
    }
}
