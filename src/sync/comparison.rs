//! When every list is compared with the copy again: once in a period, and sooner after a comparison that failed. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::store::runs::Comparisons;

/// What failed is tried again after this share of the period; each further time doubles the pause.
const FIRST_PAUSE: i32 = 24;

/// Whether it is time, for one organization's period.
pub(super) fn is_due(now: DateTime<Utc>, period: TimeDelta, comparisons: &Comparisons) -> bool {
    match (comparisons.succeeded_at, comparisons.failed_at) {
        (_, Some(failed_at)) => now - failed_at >= pause(period, comparisons.failures),
        (Some(succeeded_at), None) => now - succeeded_at >= period,
        // The first one is under way, or nobody has asked for it.
        (None, None) => false,
    }
}

fn pause(period: TimeDelta, failures: i64) -> TimeDelta {
    let doublings = (failures - 1).clamp(0, 10);
    (period / FIRST_PAUSE * (1 << doublings)).min(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: TimeDelta = TimeDelta::hours(24);

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + hours * 3600, 0).expect("a time")
    }

    fn is_due_at(hours: i64, succeeded_at: Option<i64>, failures: i64, failed_at: Option<i64>) -> bool {
        is_due(at(hours), DAY, &Comparisons { succeeded_at: succeeded_at.map(at), failures, failed_at: failed_at.map(at) })
    }

    #[test]
    fn it_comes_once_in_a_period() {
        assert!(!is_due_at(23, Some(0), 0, None));
        assert!(is_due_at(24, Some(0), 0, None));
        assert!(!is_due_at(1_000, None, 0, None));
    }

    #[test]
    fn what_failed_comes_sooner_and_then_ever_later() {
        let hours: Vec<i64> = (1..=7).map(|failures| pause(DAY, failures).num_hours()).collect();
        assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24]);
        assert_eq!(pause(DAY, i64::MAX), DAY);
        assert!(!is_due_at(25, Some(0), 2, Some(24)) && is_due_at(26, Some(0), 2, Some(24)));
        assert!(is_due_at(2, None, 1, Some(1)));
    }
}
