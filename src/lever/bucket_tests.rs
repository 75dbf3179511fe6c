//! The bucket's arithmetic against Lever's: a strict bucket that refuses what it has no token for.

use proptest::prelude::*;

use super::*;

const RATE: f64 = 10.0;
const BURST: f64 = 20.0;
/// What a lane of bulk work leaves behind.
const RESERVE: f64 = 8.0;

fn start() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

fn after(seconds: f64) -> DateTime<Utc> {
    start() + super::seconds(seconds)
}

fn limits() -> Limits {
    Limits::new(RATE, BURST)
}

/// Takes whatever there is from one time to another, asking every ten milliseconds; the slots in seconds since the start.
fn drain(level: &mut Level, from: f64, to: f64, reserve: f64) -> Vec<f64> {
    let mut slots = Vec::new();
    for step in 0..((to - from) * 100.0).round() as usize {
        let now = after(from + step as f64 / 100.0);
        while let Offer::Slots(due, next) = limits().offer(level, now, reserve, 4) {
            slots.extend(due.into_iter().map(|due| seconds_between(start(), due)));
            *level = next;
        }
    }
    slots
}

/// Lever's bucket: how many of the requests that arrive then (in seconds) it refuses.
fn refused(mut arrivals: Vec<f64>) -> usize {
    arrivals.sort_by(f64::total_cmp);
    let (mut tokens, mut last, mut refused) = (BURST, arrivals.first().copied().unwrap_or_default(), 0);
    for at in arrivals {
        tokens = (tokens + (at - last) * RATE).min(BURST);
        last = at;
        if tokens >= 1.0 { tokens -= 1.0 } else { refused += 1 }
    }
    refused
}

#[test]
fn a_saturated_bucket_uses_the_whole_rate() {
    let slots = drain(&mut limits().full(start()), 0.0, 600.0, RESERVE);
    assert!(slots.len() as f64 >= 0.99 * 6000.0, "{} of 6000 were used", slots.len());
}

#[test]
fn a_burst_after_rest_is_smaller_than_levers() {
    let slots = drain(&mut limits().full(start()), 60.0, 60.01, 0.0);
    let at_once = slots.iter().filter(|at| **at <= 60.0).count();
    assert_eq!(at_once, 15);
}

#[test]
fn a_reserve_stays_behind() {
    let mut level = limits().full(start());
    drain(&mut level, 0.0, 30.0, RESERVE);
    let left = drain(&mut level, 30.0, 30.01, 0.0).iter().filter(|at| **at <= 30.02).count();
    assert!(left >= 5, "only {left} were left for people");
}

#[test]
fn a_more_urgent_lane_of_another_replica_gets_everything_it_can_use() {
    let mut level = limits().full(start());
    let (mut urgent, mut less) = (0, 0);
    for step in 0..6_000 {
        let now = after(f64::from(step) / 100.0);
        for (reserve, slots) in [(8.0, &mut less), (6.0, &mut urgent)] {
            if let Offer::Slots(due, next) = limits().offer(&level, now, reserve, 4) {
                *slots += due.len();
                level = next;
            }
        }
    }
    assert!(urgent >= 590, "{urgent} of 600");
    assert!(less <= 10, "{less} went to the less urgent lane");
}

#[test]
fn after_a_429_it_is_shut_then_slow_then_itself_again() {
    let mut level = limits().full(start());
    for _ in 0..5 {
        level = limits().slowed(&level, start(), start(), Some(Duration::from_secs(7)));
    }
    assert_eq!(level.shut_until, after(7.0));
    assert_eq!(limits().offer(&level, after(6.9), 0.0, 1), Offer::Shut(after(7.0)));
    let slow = drain(&mut level, 7.0, 17.0, 0.0).len();
    assert!((45..=55).contains(&slow), "{slow} in ten seconds");
    drain(&mut level, 17.0, 80.0, 0.0);
    let again = drain(&mut level, 80.0, 90.0, 0.0).len();
    assert!(again >= 98, "{again} in ten seconds");
}

#[test]
fn what_was_sent_before_the_pace_was_lowered_does_not_lower_it_again() {
    let once = limits().slowed(&limits().full(start()), after(10.0), after(9.0), None);
    let twice = limits().slowed(&once, after(11.5), after(9.9), None);
    assert_eq!((once.pace, twice.pace), (0.5, 0.5));
    assert_eq!(twice.shut_until, after(12.5));
    let thrice = limits().slowed(&twice, after(13.0), after(12.6), None);
    assert_eq!(thrice.pace, 0.25);
}

#[test]
fn a_clock_that_was_set_back_shuts_nobody_out() {
    let day = TimeDelta::days(1);
    let mut level = limits().slowed(&limits().full(start() + day), start() + day, start() + day, None);
    assert_eq!(limits().offer(&level, start(), 0.0, 1), Offer::Shut(start() + TimeDelta::hours(1)));
    level = limits().full(start() + day);
    level.tokens = 5.0;
    assert!(matches!(limits().offer(&level, start(), 0.0, 1), Offer::Slots(..)));
}

/// Half of Lever's rate and burst for a minute, answers after `round_trip` seconds: the requests refused.
fn storm(round_trip: f64) -> usize {
    let mut level = limits().full(start());
    let (mut tokens, mut last) = (BURST / 2.0, 0.0);
    let mut answers: Vec<(f64, f64)> = Vec::new();
    let mut pending: Vec<f64> = Vec::new();
    let mut refused = 0;
    for step in 0..6_000 {
        let at = f64::from(step) / 100.0;
        answers.retain(|(sent, due)| {
            if *due <= at {
                level = limits().slowed(&level, after(at), after(*sent), None);
                pending.clear();
            }
            *due > at
        });
        while let Offer::Slots(due, next) = limits().offer(&level, after(at), RESERVE, 4) {
            pending.extend(due.into_iter().map(|due| seconds_between(start(), due)));
            level = next;
        }
        let (now, later): (Vec<_>, Vec<_>) = pending.iter().partition(|due| **due <= at);
        pending = later;
        for sent in now {
            tokens = f64::min(tokens + (at - last) * RATE / 2.0, BURST / 2.0);
            last = at;
            if tokens >= 1.0 {
                tokens -= 1.0;
            } else {
                refused += 1;
                answers.push((sent, sent + round_trip));
            }
        }
    }
    refused
}

#[test]
fn half_of_levers_rate_for_a_minute_costs_few_refusals() {
    for round_trip in [0.02, 0.2, 0.4] {
        let refused = storm(round_trip);
        assert!((1..=5).contains(&refused), "{refused} refusals at {round_trip} s");
    }
}

proptest! {
    /// Replicas that take all they can get, people in between, clocks read a little wrong, timers late, and a way to Lever whose
    /// length varies by 30 % of 800 ms: nothing is refused.
    #[test]
    fn lever_never_refuses_whatever_the_network_does(
        replicas in 1_usize..4,
        people in prop::collection::vec(0_usize..100, 600),
        late in prop::collection::vec(0.0_f64..0.05, 97),
        way in prop::collection::vec(0.28_f64..0.52, 101),
        skew in prop::collection::vec(-0.005_f64..0.005, 89),
    ) {
        let mut level = limits().full(start());
        let mut arrivals = Vec::new();
        for (step, people) in people.iter().enumerate() {
            let at = step as f64 / 50.0;
            for replica in 0..=replicas {
                let now = after(at + skew[(step + replica * 31) % skew.len()]);
                // The last one is the people: usually none, now and then a few at once.
                let (reserve, want) = if replica < replicas { (RESERVE, 4) } else { (0.0, people.saturating_sub(94)) };
                if want == 0 {
                    continue;
                }
                if let Offer::Slots(due, next) = limits().offer(&level, now, reserve, want) {
                    level = next;
                    for due in due {
                        let nth = arrivals.len();
                        let sent = seconds_between(start(), due).max(at) + late[nth % late.len()];
                        arrivals.push(sent + way[nth % way.len()]);
                    }
                }
            }
        }
        prop_assert_eq!(refused(arrivals), 0);
    }

    #[test]
    fn whatever_the_limits_a_quiet_network_is_never_refused(
        rate in 0.5_f64..50.0, burst in 1.0_f64..100.0, waits in prop::collection::vec(0_u64..2_000, 1..40),
    ) {
        let limits = Limits::new(rate, burst);
        let mut level = limits.full(start());
        let (mut now, mut sent) = (start(), Vec::new());
        for wait in waits {
            now += TimeDelta::milliseconds(wait as i64);
            while let Offer::Slots(due, next) = limits.offer(&level, now, 0.0, 3) {
                sent.extend(due);
                level = next;
            }
        }
        sent.sort_unstable();
        let (mut tokens, mut last) = (burst, start());
        for at in sent {
            tokens = (tokens + seconds_between(last, at) * rate).min(burst) - 1.0;
            last = at;
            prop_assert!(tokens > -1e-3, "Lever is {} short", -tokens);
        }
    }
}
