//! How long a caller waits for a write: counted from when the request came, whatever it is spent on.
//!
//! What takes longer goes on without the caller, in a task of its own: an answer of Lever's that comes late is still used, and nothing
//! is dropped in the middle of a transaction.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tracing::Instrument;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::state::AppState;

/// A caller is answered within ten seconds; what is left of them is for storing and for the way.
const LONGEST: Duration = Duration::from_millis(9_500);
/// What a caller is told to wait before trying again.
const PAUSE: Duration = Duration::from_secs(5);

/// The end of one caller's patience. The monotonic clock decides; the service's own may end it earlier, so that stories need not wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    until: Instant,
    by: DateTime<Utc>,
}

impl Patience {
    /// Begins now: the first thing that a handler does.
    pub fn begin(state: &AppState) -> Self {
        let by = state.clock.now() + TimeDelta::from_std(LONGEST).expect("a few seconds");
        Self { until: Instant::now() + LONGEST, by }
    }

    /// Whether the caller should have been answered by now.
    pub fn is_over(&self, clock: &Clock) -> bool {
        Instant::now() >= self.until || clock.now() >= self.by
    }

    /// Waits until it is over.
    pub async fn over(&self, clock: &Clock) {
        tokio::select! {
            () = tokio::time::sleep_until(self.until) => {}
            () = clock.sleep_until(self.by) => {}
        }
    }

    /// Does the work in a task of its own, and waits for it while there is patience. `None`: it goes on alone.
    ///
    /// # Errors
    /// What the work failed with.
    pub async fn wait_for<T: Send + 'static>(&self, clock: &Clock, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<Option<T>> {
        let work = tokio::spawn(work.in_current_span());
        tokio::select! {
            biased;
            done = work => done.map_err(Error::internal)?.map(Some),
            () = self.over(clock) => Ok(None),
        }
    }

    /// As [`Patience::wait_for`], for what comes before the write: when it takes too long nothing was sent, and nothing will be.
    ///
    /// # Errors
    /// 503, or what the work failed with.
    pub async fn demand<T: Send + 'static>(&self, clock: &Clock, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let late =
            || Error::unavailable("lever_unavailable", "Lever takes too long to answer right now. Nothing was changed; try again shortly.", PAUSE);
        self.wait_for(clock, work).await?.ok_or_else(late)
    }
}
