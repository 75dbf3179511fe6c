//! A token bucket for one account, as arithmetic over times that are handed in: no timer, no lock, no store.
//!
//! Lever's bucket holds 20 tokens and gains 10 a second. Ours is smaller, and a token is given out together with the time to use
//! it, so that requests which the network bunches up still find a token at Lever. The margin: what we send in any span is at most
//! `capacity + rate * span`; what arrives in it was sent in it, or before it by as much as the way to Lever varies. So that may
//! vary by `(burst - capacity) / rate`, half a second: a slot used late and a slow network together.
//!
//! A 429 proves that Lever is slower than it says: everything pauses, the rate is halved, and after a while it creeps back.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Our rate as a share of Lever's: two clocks never run alike.
const PACE: f64 = 0.995;
/// Our burst as a share of Lever's.
const BURST: f64 = 0.75;
/// How far ahead slots are given out, so that a saturated account asks the store a few times a second and not for each request.
const AHEAD: TimeDelta = TimeDelta::milliseconds(200);
/// A slot may be asked for this long before it is due: the store takes its time to answer.
const LEAD: TimeDelta = TimeDelta::milliseconds(20);
/// How long a lowered rate is kept, and the share of the full rate that then comes back in each second.
const KEPT_SLOW: f64 = 15.0;
const RECOVERY: f64 = 0.01;
/// The rate never falls below this share of itself.
const SLOWEST: f64 = 1.0 / 16.0;
/// How long nothing is sent after a 429 that does not say.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// Longer waits than this are not believed.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// A filling time this far ahead means that the store's clock was set back.
const CLOCK_SET_BACK: TimeDelta = TimeDelta::seconds(2);

/// What may be sent, at most: the same for every account of this service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    rate: f64,
    pub(super) capacity: f64,
}

/// One account's bucket, as it is stored. Times are by the store's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// As of `filled_at`; below zero while slots ahead are given out.
    pub tokens: f64,
    pub filled_at: DateTime<Utc>,
    /// Share of the full rate, as of `slowed_at`.
    pub pace: f64,
    /// When a 429 last lowered the pace.
    pub slowed_at: DateTime<Utc>,
    /// Nothing at all is sent before.
    pub shut_until: DateTime<Utc>,
}

/// What a bucket answers when it is asked for slots.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Offer {
    /// The times at which one request each may be sent, and the bucket without them.
    Slots(Vec<DateTime<Utc>>, Level),
    /// Not worth asking before.
    NotBefore(DateTime<Utc>),
    /// Lever wants to be left alone until then.
    Shut(DateTime<Utc>),
}

impl Limits {
    /// Below Lever's `rate` per second and `burst`.
    pub(super) fn new(rate: f64, burst: f64) -> Self {
        Self { rate: rate * PACE, capacity: (burst * BURST).max(1.0) }
    }

    /// A bucket that nobody has used for long.
    pub(super) fn full(&self, now: DateTime<Utc>) -> Level {
        Level { tokens: self.capacity, filled_at: now, pace: 1.0, slowed_at: DateTime::UNIX_EPOCH, shut_until: DateTime::UNIX_EPOCH }
    }

    /// Up to `want` slots that leave `reserve` tokens behind, each at the time when its token will be there.
    pub(super) fn offer(&self, level: &Level, now: DateTime<Utc>, reserve: f64, want: usize) -> Offer {
        let mut level = self.refilled(level, now);
        if level.shut_until > now {
            return Offer::Shut(level.shut_until);
        }
        let rate = self.rate_at(&level, now);
        let due = |nth: usize| {
            let missing = reserve + nth as f64 - level.tokens;
            // A millionth of a token is rounding, not a token.
            if missing > 1e-6 { now + seconds(missing / rate) } else { now }
        };
        if due(1) > now + LEAD {
            return Offer::NotBefore(due(1) - LEAD);
        }
        let slots: Vec<_> = (1..=want.max(1)).map(due).take_while(|due| *due <= now + AHEAD).collect();
        level.tokens -= slots.len() as f64;
        Offer::Slots(slots, level)
    }

    /// The bucket after a 429 to a request sent at `sent`: empty and shut for as long as Lever says. It is slower too, unless the
    /// request was sent before the pace was last lowered: many 429 at once are one.
    pub(super) fn slowed(&self, level: &Level, now: DateTime<Utc>, sent: DateTime<Utc>, retry_after: Option<Duration>) -> Level {
        let mut level = self.refilled(level, now);
        if sent > level.slowed_at && level.shut_until <= now {
            level.pace = (self.pace_at(&level, now) / 2.0).max(SLOWEST);
            level.slowed_at = now;
        }
        level.shut_until = level.shut_until.max(now + retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE));
        level.tokens = level.tokens.min(0.0);
        level.filled_at = level.shut_until;
        level
    }

    fn pace_at(&self, level: &Level, now: DateTime<Utc>) -> f64 {
        let recovering = (seconds_between(level.slowed_at, now) - KEPT_SLOW).max(0.0);
        (level.pace + RECOVERY * recovering).min(1.0)
    }

    fn rate_at(&self, level: &Level, now: DateTime<Utc>) -> f64 {
        self.rate * self.pace_at(level, now)
    }

    fn refilled(&self, level: &Level, now: DateTime<Utc>) -> Level {
        let mut level = *level;
        // What a clock that was set back leaves behind must not shut the account for a day.
        level.shut_until = level.shut_until.min(now + LONGEST_PAUSE);
        if level.filled_at > level.shut_until.max(now) + CLOCK_SET_BACK {
            level.filled_at = now;
        }
        if level.slowed_at > now + CLOCK_SET_BACK {
            level.slowed_at = now;
        }
        let span = seconds_between(level.filled_at, now);
        if span > 0.0 {
            level.tokens = (level.tokens + self.rate_at(&level, now) * span).min(self.capacity);
            level.filled_at = now;
        }
        level
    }
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::microseconds((seconds * 1e6).ceil() as i64)
}

fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_microseconds().map_or(f64::MAX, |micros| micros as f64 / 1e6)
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
