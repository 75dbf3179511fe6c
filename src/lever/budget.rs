//! Whose turn it is to ask Lever: lanes over one account's [`Bucket`].
//!
//! A person who waits goes before a webhook's refresh, that before the incremental sync, and so on; within a lane, first come
//! first served. Bulk work leaves a reserve in the bucket that only people may spend, so scheduling is never queued behind a
//! backfill.
//!
//! The queue is local to the process and the bucket is plain arithmetic behind one lock: when replicas come to share an
//! account, the bucket is what gets its tokens from a shared store, in small batches, and the queue stays.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::bucket::Bucket;

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
    /// The share of the bucket that this lane must leave behind.
    fn reserve(self) -> f64 {
        match self {
            Self::Person => 0.0,
            Self::Webhook => 1.0 / 3.0,
            Self::Incremental | Self::FirstSync | Self::Archived => 2.0 / 3.0,
        }
    }
}

/// One account's right to send requests. Clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Mutex<State>>);

struct State {
    /// `None`: no limit but a pause that Lever asked for.
    bucket: Option<Bucket>,
    shut_until: Option<Instant>,
    waiting: BTreeMap<(Lane, u64), Arc<Notify>>,
    arrivals: u64,
}

impl Budget {
    /// A budget below Lever's `requests_per_second` and `burst` for one account; a rate of 0 means no limit.
    pub fn new(requests_per_second: f64, burst: f64) -> Self {
        let limited = requests_per_second > 0.0;
        let bucket = limited.then(|| Bucket::new(requests_per_second, burst, Instant::now()));
        Self(Arc::new(Mutex::new(State { bucket, shut_until: None, waiting: BTreeMap::new(), arrivals: 0 })))
    }

    /// Waits for the right to send one request. Dropping the future gives the place in the queue up.
    pub async fn acquire(&self, lane: Lane) {
        let place = self.line_up(lane);
        loop {
            match self.try_take(place.key) {
                Turn::Taken => return,
                Turn::At(time) => tokio::select! {
                    () = tokio::time::sleep_until(time) => {}
                    () = place.turn.notified() => {}
                },
                Turn::NotFirst => place.turn.notified().await,
            }
        }
    }

    /// Lever answered 429: nobody sends until then (a second, when Lever did not say), and slower for a while after.
    pub fn penalize(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.lock();
        match &mut state.bucket {
            Some(bucket) => bucket.penalize(now, retry_after),
            None => {
                let until = now + retry_after.unwrap_or(Duration::from_secs(1));
                state.shut_until = state.shut_until.max(Some(until));
            }
        }
    }

    /// How long Lever wants to be left alone, if at all.
    pub fn shut_for(&self) -> Option<Duration> {
        let now = Instant::now();
        let state = self.lock();
        let shut = match (&state.bucket, state.shut_until) {
            (Some(bucket), _) => bucket.shut_for(now),
            (None, until) => until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now)),
        };
        (!shut.is_zero()).then_some(shut)
    }

    fn line_up(&self, lane: Lane) -> Place {
        let mut state = self.lock();
        let key = (lane, state.arrivals);
        state.arrivals += 1;
        let turn = Arc::new(Notify::new());
        state.waiting.insert(key, turn.clone());
        Place { budget: self.clone(), key, turn }
    }

    fn try_take(&self, key: (Lane, u64)) -> Turn {
        let now = Instant::now();
        let mut state = self.lock();
        if state.waiting.first_key_value().is_some_and(|(first, _)| *first != key) {
            return Turn::NotFirst;
        }
        let taken = match &mut state.bucket {
            Some(bucket) => {
                // Whatever the burst, one token must be within every lane's reach.
                let reserve = (bucket.capacity() * key.0.reserve()).min(bucket.capacity() - 1.0);
                bucket.take(now, reserve)
            }
            None => state.shut_until.filter(|until| *until > now).map_or(Ok(()), Err),
        };
        taken.map_or_else(Turn::At, |()| Turn::Taken)
    }

    /// The state is whole between any two statements, so a panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("waiting", &self.lock().waiting.len()).finish_non_exhaustive()
    }
}

enum Turn {
    Taken,
    At(Instant),
    NotFirst,
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
        if let Some((_, next)) = state.waiting.first_key_value() {
            next.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts one waiting task per lane given, in that order, and returns the order in which they were served.
    async fn served(budget: &Budget, lanes: &[Lane]) -> Vec<Lane> {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for lane in lanes.iter().copied() {
            let (budget, order) = (budget.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                budget.acquire(lane).await;
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
        for _ in 0..5 {
            budget.acquire(Lane::Person).await;
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
                        budget.acquire(Lane::FirstSync).await;
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let asked = Instant::now();
        for _ in 0..10 {
            budget.acquire(Lane::Person).await;
        }
        assert_eq!(asked.elapsed(), Duration::ZERO);
        backfill.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test(start_paused = true)]
    async fn a_saturated_lane_uses_the_whole_rate() {
        let budget = Budget::new(10.0, 20.0);
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < Duration::from_secs(100) {
            budget.acquire(Lane::FirstSync).await;
            sent += 1;
        }
        assert!((970..=1000).contains(&sent), "{sent} in 100 seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_does_not_block_the_queue() {
        let budget = emptied().await;
        let impatient = tokio::time::timeout(Duration::from_millis(1), budget.acquire(Lane::Person));
        assert!(impatient.await.is_err());
        budget.acquire(Lane::Archived).await;
        assert!(budget.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_sends_before_lever_said() {
        for budget in [Budget::new(10.0, 20.0), Budget::new(0.0, 0.0)] {
            budget.penalize(Some(Duration::from_secs(7)));
            budget.penalize(None);
            assert_eq!(budget.shut_for(), Some(Duration::from_secs(7)));
            let start = Instant::now();
            budget.acquire(Lane::Person).await;
            assert!(start.elapsed() >= Duration::from_secs(7));
            assert_eq!(budget.shut_for(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_means_no_waiting() {
        let budget = Budget::new(0.0, 20.0);
        let start = Instant::now();
        for _ in 0..1_000 {
            budget.acquire(Lane::Archived).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_burst_still_serves_every_lane() {
        let budget = Budget::new(5.0, 1.0);
        let order = served(&budget, &[Lane::Archived, Lane::Webhook]).await;
        assert_eq!(order, [Lane::Webhook, Lane::Archived]);
    }
}
