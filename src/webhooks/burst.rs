//! When to read again what deliveries are about. Pure.
//!
//! The first delivery is followed at once: somebody may be watching. What comes right after a reading may be the first of
//! thousands (a bulk action in Lever, a loop in somebody's script), so it waits until nothing more has come for a moment. That
//! makes one reading at the beginning of a burst and one at its end, however many deliveries it has.

use chrono::{DateTime, TimeDelta, Utc};

/// A delivery this long after the last reading is no burst.
const CALM: TimeDelta = TimeDelta::seconds(2);
/// A burst is over when nothing has come for this long.
const QUIET: TimeDelta = TimeDelta::milliseconds(500);
/// Nobody waits longer than this, even if it goes on and on.
const LONGEST: TimeDelta = TimeDelta::seconds(15);

/// The deliveries about one object that no reading has covered yet, by when they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub oldest: DateTime<Utc>,
    pub newest: DateTime<Utc>,
}

/// Until when the reading should rest; `None`: read now. `last_read` is when the object was last read, whoever
/// asked for it.
pub(super) fn rest_until(open: Open, last_read: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let calm = last_read.is_none_or(|read| open.oldest >= read + CALM);
    let until = (open.newest + QUIET).min(open.oldest + LONGEST);
    (!calm && until > now).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + millis).expect("a time")
    }

    fn open(oldest: i64, newest: i64) -> Open {
        Open { oldest: at(oldest), newest: at(newest) }
    }

    #[test]
    fn the_first_is_followed_at_once_and_so_is_one_that_comes_later() {
        assert_eq!(rest_until(open(0, 0), None, at(0)), None);
        assert_eq!(rest_until(open(2_000, 2_000), Some(at(0)), at(2_000)), None);
    }

    #[test]
    fn what_follows_a_reading_closely_waits_for_quiet_and_not_for_ever() {
        assert_eq!(rest_until(open(100, 100), Some(at(0)), at(100)), Some(at(600)));
        assert_eq!(rest_until(open(100, 550), Some(at(0)), at(600)), Some(at(1_050)));
        assert_eq!(rest_until(open(100, 550), Some(at(0)), at(1_050)), None, "quiet");
        assert_eq!(rest_until(open(100, 15_090), Some(at(0)), at(15_099)), Some(at(15_100)));
        assert_eq!(rest_until(open(100, 15_099), Some(at(0)), at(15_100)), None, "long enough");
    }

    /// How often a stream of deliveries is read, when each reading takes so long and begins as soon as it may.
    fn readings(deliveries: &[i64], takes: i64) -> usize {
        let (mut now, mut last, mut count, mut covered) = (i64::MIN, None, 0, 0);
        while covered < deliveries.len() {
            now = now.max(deliveries[covered]);
            loop {
                let here = deliveries.iter().filter(|delivery| **delivery <= now).count();
                match rest_until(open(deliveries[covered], deliveries[here - 1]), last, at(now)) {
                    Some(until) => now = until.timestamp_millis() - at(0).timestamp_millis(),
                    None => {
                        (last, covered, count) = (Some(at(now)), here, count + 1);
                        now += takes;
                        break;
                    }
                }
            }
        }
        count
    }

    #[test]
    fn five_thousand_deliveries_in_ten_seconds_are_two_readings() {
        let burst: Vec<i64> = (0..5_000).map(|number| number * 2).collect();
        for takes in [1, 20, 800] {
            assert_eq!(readings(&burst, takes), 2, "{takes}");
        }
    }

    proptest! {
        #[test]
        fn every_delivery_is_read_and_none_waits_longer_than_that(mut gaps in proptest::collection::vec(0_i64..3_000, 1..60), takes in 1_i64..500) {
            let mut at_time = 0;
            for gap in &mut gaps { at_time += *gap; *gap = at_time; }
            prop_assert!(readings(&gaps, takes) >= 1);
            for (oldest, newest) in gaps.iter().zip(&gaps[1..]) {
                if let Some(until) = rest_until(open(*oldest, *newest), Some(at(*oldest)), at(*newest)) {
                    prop_assert!(until <= at(*oldest) + LONGEST && until > at(*newest));
                }
            }
        }
    }
}
