//! How long nobody asks Lever's token endpoint again after it failed. Pure.
//!
//! All who need a token would ask at once, on every replica, for as long as it is away. One asks, now and then, and the others are
//! told when it is worth coming back.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// After the first failure; it doubles with every further one.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(120);
/// Nobody is ever told to stay away for longer: a time further ahead comes from a clock that was wrong.
const UTMOST: TimeDelta = TimeDelta::minutes(61);

/// The pause after the `failures`th failure in a row. `asked` is what Lever asked for; `dice` is in 0..1, and shortens what is not
/// asked for by up to a third, so that replicas do not march in step.
pub(super) fn after(failures: i32, asked: Option<Duration>, dice: f64) -> TimeDelta {
    let doublings = failures.clamp(1, 10).cast_unsigned() - 1;
    let pause = (FIRST * (1 << doublings)).min(LONGEST).mul_f64(1.0 - dice / 3.0);
    TimeDelta::from_std(pause.max(asked.unwrap_or_default())).unwrap_or(UTMOST).min(UTMOST)
}

/// How long is left until `until`; `None` when it is over.
pub(super) fn left(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    let left = until? - now;
    if left > UTMOST { None } else { left.to_std().ok().filter(|left| !left.is_zero()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_minutes_and_dice_shorten_them() {
        let pauses: Vec<i64> = (1..9).map(|failures| after(failures, None, 0.0).num_seconds()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 120, 120, 120]);
        assert_eq!(after(6, None, 1.0).num_seconds(), 80);
        assert_eq!(after(i32::MAX, None, 0.0).num_seconds(), 120);
    }

    #[test]
    fn lever_is_left_alone_for_as_long_as_it_asks() {
        assert_eq!(after(1, Some(Duration::from_secs(600)), 0.5).num_seconds(), 600);
        assert_eq!(after(9, Some(Duration::from_secs(1)), 0.0).num_seconds(), 120);
    }

    #[test]
    fn a_pause_that_no_clock_of_ours_could_have_set_is_none() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(left(Some(now + TimeDelta::seconds(7)), now), Some(Duration::from_secs(7)));
        assert_eq!(left(Some(now), now), None);
        assert_eq!(left(Some(now - TimeDelta::days(1)), now), None);
        assert_eq!(left(Some(now + TimeDelta::days(1)), now), None);
        assert_eq!(left(None, now), None);
    }
}
