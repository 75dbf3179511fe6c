//! The rolling sweep: which sets are read again without a sign that they changed, and how many in one go. Pure.
//!
//! Lever tells nobody about a note or a resume, and about a panel only by webhooks that may be lost. So every set of an active candidate
//! is read again once in a while, most often where an interview is to come. The sweep takes a small share of the budget: where that is not
//! enough, the last of its rounds wait for the first ones. In each, what was never read although no full sync is under way comes first, and
//! then what has waited longest. What hangs on archived candidates hardly ever changes, and no list tells when it does: a little of what is
//! left of the share goes round them, about once a week.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::mirror::children::Kind;
use crate::mirror::opportunities::Among;

/// How often a set is read again at least, where an interview is to come: within five intervals of the regular sync, and so often.
const UPCOMING: TimeDelta = TimeDelta::minutes(10);
const UPCOMING_INTERVALS: u32 = 5;
/// How often a set of any other active candidate is, and a resume.
const ACTIVE: TimeDelta = TimeDelta::hours(1);
const ACTIVE_INTERVALS: u32 = 30;
/// How often a set of an archived candidate is.
const ARCHIVED: TimeDelta = TimeDelta::weeks(1);
/// One of so many requests of a sweep may be for these, if the others leave it.
const FOR_ARCHIVED: usize = 8;
/// The share of the account's rate that the sweep may take.
const SHARE: f64 = 0.15;
/// As long as a full sync is under way.
const SHARE_BESIDE_FULL: f64 = 0.005;
/// Requests of one sweep where there is no limit.
const UNLIMITED: usize = 50_000;

/// Sets to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) set: Kind,
    pub(super) among: Among,
    /// Those that were last read before then.
    pub(super) before: DateTime<Utc>,
}

/// How often what matters soon is read again: sets where an interview is to come, and the small lists.
pub(super) fn soon(interval: Duration) -> TimeDelta {
    shorter(UPCOMING, interval, UPCOMING_INTERVALS)
}

/// How often everything else is that no list of changes shows.
pub(super) fn late(interval: Duration) -> TimeDelta {
    shorter(ACTIVE, interval, ACTIVE_INTERVALS)
}

/// Who asks for a shorter interval than usual wants everything fresher.
fn shorter(period: TimeDelta, interval: Duration, intervals: u32) -> TimeDelta {
    TimeDelta::from_std(interval.saturating_mul(intervals)).map_or(period, |many| many.min(period))
}

/// What a sweep looks for, the most urgent first. The next one comes about an `interval` later.
pub(super) fn rounds(now: DateTime<Utc>, interval: Duration) -> Vec<Round> {
    let round = |set, among, period| Round { set, among, before: due_before(now, period, interval) };
    let (soon, late) = (soon(interval), late(interval));
    vec![
        round(Kind::Panels, Among::Upcoming, soon),
        round(Kind::Notes, Among::Upcoming, soon),
        round(Kind::Panels, Among::Active, late),
        round(Kind::Notes, Among::Active, late),
        round(Kind::Resumes, Among::Active, late),
        round(Kind::Resumes, Among::Upcoming, late),
    ]
}

/// What it looks for among archived candidates, in what the others leave.
pub(super) fn archived_rounds(now: DateTime<Utc>) -> Vec<Round> {
    let round = |set| Round { set, among: Among::Archived, before: now - ARCHIVED };
    [Kind::Panels, Kind::Notes, Kind::Resumes].map(round).into()
}

/// How many requests of a sweep that may take `quota` are for archived candidates, when `taken` are for others.
pub(super) fn left_for_archived(quota: usize, taken: usize) -> usize {
    quota.saturating_sub(taken).min(quota / FOR_ARCHIVED)
}

/// How many requests a sweep may take that comes every `interval`. Beside a full sync, which reads every set anyway, hardly any.
pub(super) fn quota(requests_per_second: f64, interval: Duration, beside_full: bool) -> usize {
    let share = if beside_full { SHARE_BESIDE_FULL } else { SHARE };
    match requests_per_second > 0.0 {
        // At least a few, or a short interval would starve it. The cast is exact for any rate there is.
        true => ((requests_per_second * interval.as_secs_f64() * share) as usize).clamp(4, UNLIMITED),
        false => UNLIMITED,
    }
}

/// Whether something that is due every `period` must be done now, because the next chance is an interval and some jitter away.
pub(super) fn due_before(now: DateTime<Utc>, period: TimeDelta, interval: Duration) -> DateTime<Utc> {
    let interval = TimeDelta::from_std(interval).unwrap_or(period);
    now - (period - interval - interval / 4).max(period / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(120);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    #[test]
    fn what_is_not_read_now_is_read_in_time_by_the_next_sweep() {
        for round in rounds(now(), INTERVAL) {
            let period = if round.among == Among::Upcoming && round.set != Kind::Resumes { UPCOMING } else { ACTIVE };
            let latest_next = TimeDelta::from_std(INTERVAL.mul_f64(1.1)).expect("a span");
            assert!(now() + latest_next - round.before <= period, "{round:?}");
        }
    }

    #[test]
    fn a_short_interval_makes_everything_fresher() {
        assert_eq!((soon(INTERVAL), late(INTERVAL)), (UPCOMING, ACTIVE));
        assert_eq!((soon(Duration::from_secs(3600)), late(Duration::from_secs(3600))), (UPCOMING, ACTIVE));
        let short = Duration::from_secs(10);
        assert_eq!((soon(short), late(short)), (TimeDelta::seconds(50), TimeDelta::minutes(5)));
        assert_eq!(soon(Duration::MAX), UPCOMING);
        assert!(rounds(now(), short).iter().all(|round| now() - round.before < TimeDelta::minutes(5)));
    }

    #[test]
    fn an_interval_beyond_the_period_means_every_time() {
        let hourly = due_before(now(), UPCOMING, Duration::from_secs(3600));
        assert!(now() - hourly < TimeDelta::minutes(3));
    }

    #[test]
    fn interviews_to_come_go_first_and_panels_before_notes() {
        let order: Vec<_> = rounds(now(), INTERVAL).into_iter().map(|round| (round.set, round.among)).collect();
        assert_eq!(order[..3], [(Kind::Panels, Among::Upcoming), (Kind::Notes, Among::Upcoming), (Kind::Panels, Among::Active)]);
    }

    #[test]
    fn archived_candidates_get_a_little_of_what_is_left() {
        let quota = quota(10.0, INTERVAL, false);
        assert_eq!((left_for_archived(quota, 0), left_for_archived(quota, 170), left_for_archived(quota, 500)), (22, 10, 0));
        assert_eq!(left_for_archived(super::quota(10.0, INTERVAL, true), 0), 0, "a full sync reads them anyway");
        // Ten thousand of them, three sets each, once a week.
        let sweeps_in_a_week = 7 * 24 * 3600 / INTERVAL.as_secs() as usize;
        assert!(left_for_archived(quota, 0) * sweeps_in_a_week > 30_000);
    }

    #[test]
    fn it_takes_a_small_share_of_the_rate() {
        assert_eq!(quota(10.0, INTERVAL, false), 180);
        assert_eq!(quota(10.0, INTERVAL, true), 6);
        assert_eq!(quota(10.0, Duration::from_secs(1), false), 4);
        assert_eq!(quota(0.0, INTERVAL, false), UNLIMITED);
    }
}
