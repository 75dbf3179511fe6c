//! One caller's flood is that caller's alone: beyond a rate that no person and no page comes near, it is answered 429, before
//! anything is read from the database or unpacked for it.
//!
//! A caller is the credentials as they were sent, not yet verified: telling them apart costs a hash, and made-up ones are refused
//! further inside anyway. Requests without any are nobody's, and nothing is done for them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, header};

/// What may come at once: as much as the rate allows in this span.
const BURST: Duration = Duration::from_secs(3);
/// Above this, callers who have rested are forgotten. Forgetting somebody is harmless: they begin with a full burst.
const REMEMBERED: usize = 50_000;

/// How much each caller has asked for lately.
#[derive(Clone)]
pub(super) struct Callers {
    /// Per request; `None`: no limit.
    pace: Option<Duration>,
    hasher: RandomState,
    /// When each caller's requests so far would be over, had they come at the rate.
    busy_until: Arc<Mutex<HashMap<u64, Instant>>>,
}

impl Callers {
    /// Lets each caller make so many requests per second on average; 0 = no limit.
    pub(super) fn new(requests_per_second: f64) -> Self {
        let pace = (requests_per_second > 0.0).then(|| Duration::from_secs_f64(1.0 / requests_per_second));
        Self { pace, hasher: RandomState::new(), busy_until: Arc::default() }
    }

    /// Counts a request; how long to wait before the next one when it is too much.
    pub(super) fn count(&self, headers: &HeaderMap, now: Instant) -> Result<(), Duration> {
        let (Some(pace), Some(credentials)) = (self.pace, headers.get(header::AUTHORIZATION).or_else(|| headers.get(header::COOKIE))) else {
            return Ok(());
        };
        let caller = self.hasher.hash_one(credentials.as_bytes());
        let mut busy_until = self.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
        if busy_until.len() >= REMEMBERED {
            busy_until.retain(|_, until| *until > now);
            if busy_until.len() >= REMEMBERED {
                busy_until.clear();
            }
        }
        let until = busy_until.entry(caller).or_insert(now);
        let after_this = (*until).max(now) + pace;
        let most = now + BURST;
        if after_this > most {
            return Err(after_this - most);
        }
        *until = after_this;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(token: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, token.parse().expect("a header"))])
    }

    #[test]
    fn a_flood_is_cut_off_at_the_burst_and_goes_on_at_the_rate_while_others_notice_nothing() {
        let (callers, now) = (Callers::new(10.0), Instant::now());
        let served = (0..100).filter(|_| callers.count(&bearer("one"), now).is_ok()).count();
        assert_eq!(served, 30);
        assert!(callers.count(&bearer("other"), now).is_ok());
        assert!(callers.count(&HeaderMap::new(), now).is_ok());
        let pause = callers.count(&bearer("one"), now).expect_err("not yet");
        assert!(callers.count(&bearer("one"), now + pause).is_ok());
        assert!(callers.count(&bearer("one"), now + pause).is_err());
        assert!((0..100).all(|at| callers.count(&bearer("slow"), now + Duration::from_millis(100 * at)).is_ok()));
    }

    #[test]
    fn invented_callers_take_no_more_than_so_much_memory_and_zero_is_no_limit() {
        let (callers, now) = (Callers::new(10.0), Instant::now());
        for at in 0..=REMEMBERED {
            let invented = HeaderMap::from_iter([(header::COOKIE, at.to_string().parse().expect("a header"))]);
            assert!(callers.count(&invented, now).is_ok());
        }
        assert!(callers.busy_until.lock().expect("no panic").len() <= REMEMBERED);
        let unlimited = Callers::new(0.0);
        assert!((0..1000).all(|_| unlimited.count(&bearer("one"), now).is_ok()));
    }
}
