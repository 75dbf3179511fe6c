//! Lever's token bucket, one per account. It runs on real time even when the clock is moved by
//! hand, because it limits real requests.

use std::time::Instant;

pub struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// `per_second` 0 means no limit.
    pub fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self { per_second, burst, tokens: burst, filled_at: now }
    }

    /// Takes one token; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        if self.per_second <= 0.0 {
            return true;
        }
        let waited = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + waited * self.per_second).min(self.burst);
        self.filled_at = now;
        let there_is_one = self.tokens >= 1.0;
        if there_is_one {
            self.tokens -= 1.0;
        }
        there_is_one
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_only_the_steady_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 3.0, start);
        assert!((0..3).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(99)));
        assert!(bucket.take(start + Duration::from_millis(101)));
    }

    #[test]
    fn waiting_never_saves_up_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 2.0, start);
        let later = start + Duration::from_secs(60);
        assert!(bucket.take(later) && bucket.take(later));
        assert!(!bucket.take(later));
    }

    #[test]
    fn rate_zero_means_no_limit() {
        let start = Instant::now();
        let mut bucket = Bucket::new(0.0, 0.0, start);
        assert!((0..1_000).all(|_| bucket.take(start)));
    }
}
