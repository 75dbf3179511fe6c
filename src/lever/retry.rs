//! When a call is sent again, and after how long. Pure: no clock, no network.
//!
//! A read may be repeated after anything that may pass. A write is repeated only after what proves that Lever did nothing:
//! no connection was made, or the rate limit refused it.

use std::time::Duration;

use super::Error;

/// How often the rate limit may refuse one call before it is given up.
const MAX_LIMITED: u32 = 6;
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// How one call has fared so far.
pub(super) struct Tries {
    read: bool,
    list: bool,
    left: u32,
    limited_left: u32,
    backoff: Duration,
}

impl Tries {
    /// At most `tries` in all, the pauses doubling from `backoff`.
    pub(super) fn new(read: bool, list: bool, tries: u32, backoff: Duration) -> Self {
        Self { read, list, left: tries.saturating_sub(1), limited_left: MAX_LIMITED, backoff }
    }

    /// The pause before the call is sent again, or `None` when the error stands. `jitter` is in 0..1.
    pub(super) fn pause_after(&mut self, error: &Error, jitter: f64) -> Option<Duration> {
        match error {
            // Where Lever does not say how long, the budget holds the next attempt back.
            Error::RateLimited { retry_after } => {
                self.limited_left = self.limited_left.checked_sub(1)?;
                Some(retry_after.unwrap_or_default())
            }
            Error::NotSent { .. } => self.backed_off(None, jitter),
            Error::NoAnswer { .. } if self.read => self.backed_off(None, jitter),
            Error::Unavailable { retry_after, .. } if self.read => self.backed_off(*retry_after, jitter),
            // An oversized or garbled page may come better in smaller pieces; a single object would only come again.
            Error::Unreadable { .. } if self.read && self.list => self.backed_off(None, jitter),
            _ => None,
        }
    }

    fn backed_off(&mut self, at_least: Option<Duration>, jitter: f64) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.backoff.mul_f64(0.5 + jitter / 2.0);
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
        Some(pause.max(at_least.unwrap_or_default()))
    }
}

/// Whether the failure may have to do with how much was asked for.
pub(super) fn smaller_may_help(error: &Error) -> bool {
    matches!(error, Error::NoAnswer { .. } | Error::Unavailable { .. } | Error::Unreadable { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(100);

    fn pauses(mut tries: Tries, error: &Error) -> Vec<u64> {
        std::iter::from_fn(|| tries.pause_after(error, 1.0)).map(|pause| pause.as_millis() as u64).collect()
    }

    fn read() -> Tries {
        Tries::new(true, true, 4, BASE)
    }

    fn write() -> Tries {
        Tries::new(false, false, 4, BASE)
    }

    #[test]
    fn a_read_is_repeated_with_doubling_pauses() {
        assert_eq!(pauses(read(), &Error::NoAnswer { reason: "cut" }), [100, 200, 400]);
        assert_eq!(pauses(read(), &Error::NotSent { reason: "connect" }), [100, 200, 400]);
        assert_eq!(pauses(read(), &Error::Unreadable { status: 200, reason: "x" }), [100, 200, 400]);
        let maintenance = Error::Unavailable { status: 503, retry_after: Some(Duration::from_millis(250)) };
        assert_eq!(pauses(read(), &maintenance), [250, 250, 400]);
    }

    #[test]
    fn a_write_is_repeated_only_when_lever_did_nothing() {
        assert_eq!(pauses(write(), &Error::NotSent { reason: "connect" }), [100, 200, 400]);
        assert_eq!(pauses(write(), &Error::RateLimited { retry_after: None }), [0; 6]);
        for error in [
            Error::NoAnswer { reason: "timed out" },
            Error::Unavailable { status: 503, retry_after: None },
            Error::Unreadable { status: 201, reason: "not JSON" },
        ] {
            assert!(pauses(write(), &error).is_empty(), "{error}");
        }
    }

    #[test]
    fn what_will_not_pass_is_not_repeated() {
        for error in [
            Error::ReauthorizationRequired,
            Error::Down { retry_after: Duration::from_secs(1) },
            Error::Redirected { status: 302 },
            Error::Invalid { reason: "x" },
            Error::NoToken { reason: "x", retry_after: None },
            Error::Rejected { status: 404, code: String::new(), message: Default::default() },
        ] {
            assert!(pauses(read(), &error).is_empty(), "{error}");
        }
        let single = Tries::new(true, false, 4, BASE);
        assert!(pauses(single, &Error::Unreadable { status: 200, reason: "too large" }).is_empty());
    }

    #[test]
    fn jitter_shortens_a_pause_by_half_at_most() {
        assert_eq!(read().pause_after(&Error::NoAnswer { reason: "cut" }, 0.0), Some(BASE / 2));
    }
}
