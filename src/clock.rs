//! The only source of the current time, so that tests can move it by hand.
//!
//! Everything that is stored, compared or scheduled takes its time from here; SQL never asks for `now()`. Only network
//! time-outs and polling pauses use the runtime's own timer, and the pace of requests to Lever the database server's clock: it
//! is about real requests, and replicas must not disagree about it by even a second.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::watch;

/// Hands out the time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<watch::Sender<DateTime<Utc>>>),
    /// Manual, and every look at it is a microsecond later than the one before.
    Ticking(Arc<watch::Sender<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start.trunc_subsecs(6)))))
    }

    /// As [`Clock::manual`], but no two looks at it see the same time: for stories in which what comes first matters.
    pub fn ticking(start: DateTime<Utc>) -> Self {
        Self(Source::Ticking(Arc::new(watch::Sender::new(start.trunc_subsecs(6)))))
    }

    /// The time, in the microseconds that Postgres can store.
    #[allow(clippy::disallowed_methods, reason = "this is where it comes from")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Manual(time) => *time.borrow(),
            Source::Ticking(time) => {
                let mut seen = DateTime::UNIX_EPOCH;
                // Nobody is woken for a microsecond.
                time.send_if_modified(|now| {
                    *now += Duration::from_micros(1);
                    seen = *now;
                    false
                });
                seen
            }
        }
    }

    /// Moves a manual clock forward; sleepers whose time has come wake up. The system clock is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(time) | Source::Ticking(time) = &self.0 {
            time.send_modify(|now| *now += by);
        }
    }

    /// Waits until the time has come.
    #[allow(clippy::disallowed_methods, reason = "this is where it comes from")]
    pub async fn sleep_until(&self, until: DateTime<Utc>) {
        match &self.0 {
            Source::System => {
                let left = (until - Utc::now()).to_std().unwrap_or_default();
                tokio::time::sleep(left).await;
            }
            Source::Manual(time) | Source::Ticking(time) => {
                let mut changes = time.subscribe();
                // The sender lives in `self`, so the wait cannot fail.
                let _ = changes.wait_for(|now| *now >= until).await;
            }
        }
    }

    /// Waits for a span of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now() + span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_on_a_manual_clock_wakes_when_it_is_moved_far_enough() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.expect("the sleeper ends");
        assert_eq!(clock.now().timestamp(), 60);
    }
}
