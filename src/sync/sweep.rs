//! The rolling sweep: which sets are read again without a sign that they changed, and how many in one go. Pure.
//!
//! Lever tells nobody about a note or a resume, and about a panel only by webhooks that may be lost. So every set is read again once in a
//! while: most often where an interview is to come, about hourly for other active candidates, and about weekly for archived ones, whose
//! sets hardly ever change. The sweep takes a small share of the budget. Where that is not enough nobody starves: what has waited longest
//! in proportion to its own period goes first, so that all periods stretch by the same factor. A set that nobody has ever read has no such
//! proportion: half of a sweep may be for these.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::mirror::children::Kind;
use crate::mirror::opportunities::{Among, NeverRead};

/// How often a set is read again at least, where an interview is to come: within five intervals of the regular sync, and so often.
const UPCOMING: TimeDelta = TimeDelta::minutes(10);
const UPCOMING_INTERVALS: u32 = 5;
/// How often a set of any other active candidate is, and a resume.
const ACTIVE: TimeDelta = TimeDelta::hours(1);
const ACTIVE_INTERVALS: u32 = 30;
/// How often a set of an archived candidate is.
const ARCHIVED: TimeDelta = TimeDelta::weeks(1);
/// One of so many requests of a sweep may be for these: of a copy made in a day, all are due on the same one.
const FOR_ARCHIVED: usize = 8;
/// One of so many may be for sets that were never read, if others want the rest.
const FOR_NEVER_READ: usize = 2;
/// The share of the account's rate that the sweep may take.
const SHARE: f64 = 0.15;
/// As long as a full sync is under way, which takes the rest. The looks at the lists take some 0.6 % beside it: together they are meant to stay
/// below 2 % of the requests of a full sync.
const SHARE_BESIDE_FULL: f64 = 0.01;
/// Requests of one sweep where there is no limit.
const UNLIMITED: usize = 50_000;

/// Sets to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) set: Kind,
    pub(super) among: Among,
    /// How often they are read, when the budget allows.
    pub(super) period: TimeDelta,
    /// Those that were last read before then.
    pub(super) before: DateTime<Utc>,
}

/// A set that it is time to read again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stale {
    pub(super) set: Kind,
    pub(super) opportunity: String,
    is_archived: bool,
    /// For how many of its periods it has waited; `None`: it was never read.
    waited: Option<f64>,
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

/// What a sweep looks for. The next one comes about an `interval` later.
pub(super) fn rounds(now: DateTime<Utc>, interval: Duration) -> Vec<Round> {
    let round = |set, among, period| Round { set, among, period, before: due_before(now, period, interval) };
    let (soon, late) = (soon(interval), late(interval));
    vec![
        round(Kind::Panels, Among::Upcoming, soon),
        round(Kind::Notes, Among::Upcoming, soon),
        round(Kind::Panels, Among::Active, late),
        round(Kind::Notes, Among::Active, late),
        round(Kind::Resumes, Among::Active, late),
        round(Kind::Resumes, Among::Upcoming, late),
        round(Kind::Panels, Among::Archived, ARCHIVED),
        round(Kind::Notes, Among::Archived, ARCHIVED),
        round(Kind::Resumes, Among::Archived, ARCHIVED),
    ]
}

impl Round {
    /// A set that the round has found.
    pub(super) fn found(&self, opportunity: String, read_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Stale {
        let waited = read_at.map(|read_at| (now - read_at).as_seconds_f64() / self.period.as_seconds_f64());
        Stale { set: self.set, opportunity, is_archived: self.among == Among::Archived, waited }
    }

    /// Beside a full sync only what matters soon is read before that comes to it, and then not by that any more.
    pub(super) fn never_read(&self, beside_full: bool) -> NeverRead {
        if beside_full && self.among != Among::Upcoming { NeverRead::Not } else { NeverRead::Too }
    }

    /// How many sets it may find: what lies beyond them is not chosen anyway. One more than there is room for tells that it is too many.
    pub(super) fn most(&self, quota: usize) -> usize {
        1 + if self.among == Among::Archived { quota.div_ceil(FOR_ARCHIVED) } else { quota }
    }
}

/// Which of the sets that the rounds have found are read in this sweep, each once; and how many wait that no archived candidate has.
pub(super) fn choose(mut stale: Vec<Stale>, quota: usize) -> (Vec<Stale>, usize) {
    stale.sort_by(longest_first);
    let mut known = HashSet::new();
    stale.retain(|it| known.insert((it.set, it.opportunity.clone())));
    let most_archived = quota.div_ceil(FOR_ARCHIVED);
    let mut archived = 0;
    stale.retain(|it| {
        archived += usize::from(it.is_archived);
        !it.is_archived || archived <= most_archived
    });
    let (never_read, read): (Vec<Stale>, Vec<Stale>) = stale.into_iter().partition(|it| it.waited.is_none());
    let first = never_read.len().min((quota / FOR_NEVER_READ).max(quota.saturating_sub(read.len())));
    let then = read.len().min(quota - first);
    let waiting = never_read[first..].iter().chain(&read[then..]).filter(|it| !it.is_archived).count();
    (never_read.into_iter().take(first).chain(read.into_iter().take(then)).collect(), waiting)
}

/// What was never read, then what has waited longest.
fn longest_first(one: &Stale, other: &Stale) -> Ordering {
    let waited = |it: &Stale| it.waited.unwrap_or(f64::INFINITY);
    waited(other).total_cmp(&waited(one))
}

/// How many requests a sweep may take that comes every `interval`.
pub(super) fn quota(requests_per_second: f64, interval: Duration, beside_full: bool) -> usize {
    let share = if beside_full { SHARE_BESIDE_FULL } else { SHARE };
    match requests_per_second > 0.0 {
        // At least a few, or a short interval would starve it. The cast is exact for any rate there is.
        true => ((requests_per_second * interval.as_secs_f64() * share) as usize).clamp(4, UNLIMITED),
        false => UNLIMITED,
    }
}

/// Whether something that is due every `period` must be done now, because the next chance is an interval away and may come a little late.
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
            let latest_next = TimeDelta::from_std(INTERVAL.mul_f64(1.1)).expect("a span");
            assert!(now() + latest_next - round.before <= round.period, "{round:?}");
        }
    }

    #[test]
    fn a_short_interval_makes_everything_fresher() {
        assert_eq!((soon(INTERVAL), late(INTERVAL)), (UPCOMING, ACTIVE));
        assert_eq!((soon(Duration::from_secs(3600)), late(Duration::from_secs(3600))), (UPCOMING, ACTIVE));
        let short = Duration::from_secs(10);
        assert_eq!((soon(short), late(short)), (TimeDelta::seconds(50), TimeDelta::minutes(5)));
        assert_eq!(soon(Duration::MAX), UPCOMING);
        assert!(rounds(now(), short).iter().all(|round| round.among == Among::Archived || now() - round.before < TimeDelta::minutes(5)));
    }

    #[test]
    fn an_interval_beyond_the_period_means_every_time() {
        let hourly = due_before(now(), UPCOMING, Duration::from_secs(3600));
        assert!(now() - hourly < TimeDelta::minutes(3));
    }

    fn of(set: Kind, among: Among) -> Round {
        rounds(now(), INTERVAL).into_iter().find(|round| (round.set, round.among) == (set, among)).expect("such a round")
    }

    /// `many` sets of a round that have waited for so many of its periods.
    fn waiting(round: Round, many: usize, waited: f64) -> Vec<Stale> {
        let read_at = now() - TimeDelta::milliseconds((round.period.num_milliseconds() as f64 * waited) as i64);
        (0..many).map(|n| round.found(format!("{:?} {n}", round.among), Some(read_at), now())).collect()
    }

    #[test]
    fn what_has_waited_longest_in_its_own_measure_goes_first() {
        let (soon, late, weekly) = (of(Kind::Panels, Among::Upcoming), of(Kind::Panels, Among::Active), of(Kind::Panels, Among::Archived));
        let stale = [waiting(soon, 20, 1.2), waiting(late, 20, 1.4), waiting(weekly, 20, 1.3)].concat();
        let (chosen, waiting) = choose(stale, 40);
        let count = |among: &str| chosen.iter().filter(|it| it.opportunity.starts_with(among)).count();
        assert_eq!((count("Active"), count("Archived"), count("Upcoming")), (20, 5, 15));
        assert_eq!(waiting, 5);
    }

    #[test]
    fn a_set_that_two_rounds_found_is_read_once_and_counts_by_the_shorter_period() {
        let found = |among, minutes| of(Kind::Notes, among).found("both".into(), Some(now() - TimeDelta::minutes(minutes)), now());
        let (chosen, _) = choose(vec![found(Among::Active, 50), found(Among::Upcoming, 50)], 10);
        assert_eq!(chosen.iter().map(|it| it.waited).collect::<Vec<_>>(), [Some(5.0)]);
    }

    #[test]
    fn what_was_never_read_takes_half_and_what_the_others_leave() {
        let round = of(Kind::Notes, Among::Active);
        let never: Vec<Stale> = (0..100).map(|n| round.found(format!("never {n}"), None, now())).collect();
        let fresh = |others| choose([never.clone(), waiting(round, others, 2.0)].concat(), 40).0.iter().filter(|it| it.waited.is_none()).count();
        assert_eq!((fresh(100), fresh(10), fresh(0)), (20, 30, 40));
    }

    #[test]
    fn a_full_sync_is_left_what_nobody_has_read_unless_it_matters_soon() {
        let taken =
            |beside_full| rounds(now(), INTERVAL).into_iter().filter(|round| round.never_read(beside_full) == NeverRead::Too).collect::<Vec<_>>();
        assert_eq!(taken(false), rounds(now(), INTERVAL));
        assert!(!taken(true).is_empty() && taken(true).iter().all(|round| round.among == Among::Upcoming));
    }

    #[test]
    fn archived_candidates_get_a_little() {
        let quota = quota(10.0, INTERVAL, false);
        let weekly = of(Kind::Panels, Among::Archived);
        let (chosen, waiting) = choose(waiting(weekly, 500, 2.0), quota);
        assert_eq!((chosen.len(), waiting), (23, 0));
        // Ten thousand of them, three sets each, once a week.
        let sweeps_in_a_week = 7 * 24 * 3600 / INTERVAL.as_secs() as usize;
        assert!(23 * sweeps_in_a_week > 30_000);
    }

    /// Far more is due than the share allows: after a while both rounds are late by about the same factor, and none starves.
    #[test]
    fn all_periods_stretch_together() {
        // 28 and 20 are due in each sweep, and 20 are read.
        let mut read = [(Among::Upcoming, vec![now(); 140]), (Among::Active, vec![now(); 600])];
        let mut longest = [0.0_f64; 2];
        for sweep in 1..400 {
            let at = now() + TimeDelta::seconds(120) * sweep;
            let mut stale = Vec::new();
            for (which, (among, read)) in read.iter().enumerate() {
                let round = rounds(at, INTERVAL).into_iter().find(|round| (round.set, round.among) == (Kind::Panels, *among)).expect("a round");
                let mut due: Vec<_> = read.iter().enumerate().filter(|(_, read_at)| **read_at < round.before).collect();
                due.sort_by_key(|(_, read_at)| **read_at);
                let due = due.into_iter().take(round.most(20));
                let found: Vec<Stale> = due.map(|(n, read_at)| round.found(format!("{which} {n}"), Some(*read_at), at)).collect();
                if sweep > 200 {
                    longest[which] = found.iter().filter_map(|it| it.waited).fold(longest[which], f64::max);
                }
                stale.extend(found);
            }
            for chosen in choose(stale, 20).0 {
                let (which, n) = chosen.opportunity.split_once(' ').expect("as named above");
                read[which.parse::<usize>().expect("a number")].1[n.parse::<usize>().expect("a number")] = at;
            }
        }
        let [upcoming, active] = longest;
        assert!((2.2..2.8).contains(&upcoming) && (active / upcoming - 1.0).abs() < 0.15, "{longest:?}");
    }

    #[test]
    fn it_takes_a_small_share_of_the_rate() {
        assert_eq!(quota(10.0, INTERVAL, false), 180);
        assert_eq!(quota(10.0, INTERVAL, true), 12);
        assert_eq!(quota(10.0, Duration::from_secs(1), false), 4);
        assert_eq!(quota(0.0, INTERVAL, false), UNLIMITED);
    }
}
