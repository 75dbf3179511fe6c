//! Where an account's bucket is kept. The budget only ever replaces one state by the next, so a store needs compare and swap and
//! a clock, and any store that all replicas reach makes the budget one for all of them.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::bucket::Level;

/// What a store holds, and what time it is there.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Whether the state handed in was taken.
    pub swapped: bool,
    /// Grows with every swap; 0 while there is no state yet.
    pub version: i64,
    pub level: Option<Level>,
    /// By the store's own clock, the only one that counts.
    pub now: DateTime<Utc>,
}

/// The store cannot be reached; nothing may be sent that it has not allowed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the budget's store cannot be reached")]
pub struct StoreUnreachable;

/// Keeps the state of one account's bucket.
pub trait LevelStore: Send + Sync {
    /// Puts `next` in the place of version `seen` (0: of no state) if that is still what is there, and tells what is there now.
    fn swap(&self, seen: i64, next: Level) -> BoxFuture<'_, Result<Stored, StoreUnreachable>>;
    /// What is there.
    fn look(&self) -> BoxFuture<'_, Result<Stored, StoreUnreachable>>;
}

/// A bucket that belongs to this process alone.
pub(super) struct InProcess {
    origin: Instant,
    kept: Mutex<(i64, Option<Level>)>,
}

impl InProcess {
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), kept: Mutex::default() }
    }

    fn stored(&self, kept: (i64, Option<Level>), swapped: bool) -> Stored {
        // 2000-01-01: any time far enough from the epoch will do.
        let start = DateTime::from_timestamp_secs(946_684_800).unwrap_or_default();
        let now = start + TimeDelta::from_std(self.origin.elapsed()).unwrap_or_default();
        Stored { swapped, version: kept.0, level: kept.1, now }
    }
}

impl LevelStore for InProcess {
    fn swap(&self, seen: i64, next: Level) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let swapped = kept.0 == seen;
        if swapped {
            *kept = (seen + 1, Some(next));
        }
        let stored = self.stored(*kept, swapped);
        std::future::ready(Ok(stored)).boxed()
    }

    fn look(&self) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
        let kept = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        std::future::ready(Ok(self.stored(kept, false))).boxed()
    }
}
