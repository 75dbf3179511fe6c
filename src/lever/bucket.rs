//! A token bucket for one account, as arithmetic over instants that are handed in: no timer, no lock.
//!
//! Lever's bucket holds 20 tokens and gains 10 a second. Ours is smaller and a touch slower, so that requests bunched up by the
//! network, or a restart that forgets what was just spent, still find a token at Lever. A 429 proves that Lever is slower than
//! it says: the rate is halved and creeps back.

use std::time::Duration;

use tokio::time::Instant;

/// Our rate and our burst as shares of Lever's.
const PACE: f64 = 0.985;
const BURST: f64 = 0.75;
/// The share of the rate that comes back in each second after a 429.
const RECOVERY: f64 = 0.005;
/// The rate never falls below this share of itself.
const SLOWEST: f64 = 1.0 / 16.0;
/// How long nothing is sent after a 429 that does not say.
const PAUSE: Duration = Duration::from_secs(1);
/// Longer waits than this are not believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

pub(super) struct Bucket {
    full_rate: f64,
    rate: f64,
    capacity: f64,
    tokens: f64,
    /// When `tokens` was right; in the future while nothing may be sent.
    at: Instant,
}

impl Bucket {
    /// A bucket for Lever's `rate` per second and `burst`. It begins with what Lever must still have even if a process before
    /// us has just spent all of ours.
    pub(super) fn new(rate: f64, burst: f64, now: Instant) -> Self {
        let capacity = (burst * BURST).max(1.0);
        let tokens = (burst - capacity).clamp(0.0, capacity);
        Self { full_rate: rate * PACE, rate: rate * PACE, capacity, tokens, at: now }
    }

    /// The most tokens there can be.
    pub(super) fn capacity(&self) -> f64 {
        self.capacity
    }

    /// Takes a token if at least `reserve` stay behind, or says when to ask again.
    pub(super) fn take(&mut self, now: Instant, reserve: f64) -> Result<(), Instant> {
        if self.at > now {
            return Err(self.at);
        }
        self.refill(now);
        let missing = reserve + 1.0 - self.tokens;
        // A billionth of a token is rounding, not a token.
        if missing > 1e-9 {
            // A whole millisecond at least: the timer does no finer.
            return Err(now + Duration::from_secs_f64(missing / self.rate).max(Duration::from_millis(1)));
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// After a 429: empty, shut for as long as Lever says, and slower. Several 429 at once count as one.
    pub(super) fn penalize(&mut self, now: Instant, retry_after: Option<Duration>) {
        let open = now + retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
        if self.at <= now {
            self.refill(now);
            self.rate = (self.rate / 2.0).max(self.full_rate * SLOWEST);
        }
        self.tokens = 0.0;
        self.at = self.at.max(open);
    }

    /// How long nothing at all may be sent.
    pub(super) fn shut_for(&self, now: Instant) -> Duration {
        self.at.saturating_duration_since(now)
    }

    fn refill(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        let before = self.rate;
        self.rate = (before + self.full_rate * RECOVERY * seconds).min(self.full_rate);
        self.tokens = (self.tokens + (before + self.rate) / 2.0 * seconds).min(self.capacity);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes whatever there is, asking again exactly when told to; the times of the takes in seconds.
    fn drain(bucket: &mut Bucket, start: Instant, from: Duration, span: Duration, reserve: f64) -> Vec<f64> {
        let (mut now, mut takes) = (start + from, Vec::new());
        while now < start + from + span {
            match bucket.take(now, reserve) {
                Ok(()) => takes.push((now - start).as_secs_f64()),
                Err(later) => now = later,
            }
        }
        takes
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn lever_never_runs_dry_and_hardly_ever_waits() {
        let start = Instant::now();
        let mut ours = Bucket::new(10.0, 20.0, start);
        let takes = drain(&mut ours, start, Duration::ZERO, seconds(600), 0.0);
        let (mut tokens, mut last) = (20.0_f64, 0.0);
        for at in &takes {
            tokens = (tokens + (at - last) * 10.0).min(20.0) - 1.0;
            last = *at;
            assert!(tokens >= 5.0, "Lever had only {tokens} tokens left at {at} s");
        }
        assert!(takes.len() as f64 >= 0.97 * 6000.0, "{} of 6000 were used", takes.len());
    }

    #[test]
    fn a_burst_after_rest_is_smaller_than_levers() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        let now = start + seconds(60);
        let burst = std::iter::repeat_with(|| bucket.take(now, 0.0)).take_while(Result::is_ok).count();
        assert_eq!(burst, 15);
    }

    #[test]
    fn a_restart_begins_with_what_lever_must_have_left() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        let burst = std::iter::repeat_with(|| bucket.take(start, 0.0)).take_while(Result::is_ok).count();
        assert_eq!(burst, 5);
    }

    #[test]
    fn a_reserve_stays_behind() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        drain(&mut bucket, start, Duration::ZERO, seconds(30), 10.0);
        let now = start + seconds(30);
        let left = std::iter::repeat_with(|| bucket.take(now, 0.0)).take_while(Result::is_ok).count();
        assert!(left >= 10, "only {left} were left for people");
    }

    #[test]
    fn after_a_429_it_is_shut_then_slow_then_itself_again() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        for _ in 0..5 {
            bucket.penalize(start, Some(seconds(7)));
        }
        assert_eq!(bucket.shut_for(start), seconds(7));
        assert!(bucket.take(start + seconds(6), 0.0).is_err());
        let slow = drain(&mut bucket, start, seconds(7), seconds(10), 0.0).len();
        assert!((45..=60).contains(&slow), "{slow} in ten seconds");
        drain(&mut bucket, start, seconds(17), seconds(150), 0.0);
        let again = drain(&mut bucket, start, seconds(167), seconds(10), 0.0).len();
        assert!(again >= 97, "{again} in ten seconds");
    }

    #[test]
    fn half_of_levers_rate_for_a_minute_costs_few_refusals() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        let (mut lever, mut last, mut refused, mut now) = (10.0_f64, start, 0, start);
        while now < start + seconds(60) {
            match bucket.take(now, 0.0) {
                Err(later) => now = later,
                Ok(()) => {
                    lever = (lever + (now - last).as_secs_f64() * 5.0).min(10.0);
                    last = now;
                    if lever >= 1.0 {
                        lever -= 1.0;
                    } else {
                        refused += 1;
                        bucket.penalize(now, None);
                    }
                }
            }
        }
        assert!((1..=5).contains(&refused), "{refused} refusals");
    }

    proptest! {
        #[test]
        fn a_bucket_of_levers_size_never_runs_dry(
            rate in 0.5_f64..50.0, burst in 1.0_f64..100.0, waits in prop::collection::vec(0_u64..2_000, 1..40),
        ) {
            let start = Instant::now();
            let mut ours = Bucket::new(rate, burst, start);
            let (mut now, mut lever) = (start, burst);
            for wait in waits {
                now += Duration::from_millis(wait);
                lever = (lever + rate * wait as f64 / 1e3).min(burst);
                while ours.take(now, 0.0).is_ok() {
                    lever -= 1.0;
                }
                prop_assert!(lever > -1e-6, "Lever is {lever} short");
            }
        }
    }
}
