//! Reading a point in time. Pure.
//!
//! A time comes with its offset from UTC. A local time alone is refused, because it happens twice when clocks go back and never when
//! they go forward; so is one whose offset was put on a local time that never happens, which is a slip that would move an interview
//! by an hour.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::fields::{Wrong, wrong};

/// Years outside of which a time is a slip of the keyboard.
const YEARS: RangeInclusive<i32> = 2000..=2100;
/// No clock is changed by more at once.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(26);

/// The point in time that `text` names. `zone` is the panel's, where it is known.
pub(super) fn time(text: &str, zone: Option<Tz>) -> Result<DateTime<Utc>, Wrong> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) if !YEARS.contains(&time.year()) => Err(wrong("out_of_range", "is not in this century")),
        Ok(time) => match zone.filter(|zone| is_in_gap(*zone, time)) {
            Some(zone) => Err(gap(time.naive_local(), zone)),
            None => Ok(time.to_utc()),
        },
        Err(_) => Err(text
            .parse::<NaiveDateTime>()
            .map_or_else(|_| wrong("not_a_time", "must be a time such as 2026-12-01T17:00:00Z (RFC 3339)"), |local| without_offset(local, zone))),
    }
}

fn without_offset(local: NaiveDateTime, zone: Option<Tz>) -> Wrong {
    match zone.map(|zone| (zone, zone.from_local_datetime(&local))) {
        Some((zone, MappedLocalTime::None)) => gap(local, zone),
        Some((zone, MappedLocalTime::Ambiguous(first, second))) => wrong(
            "local_time_twice",
            format!("happens twice in {zone}, because clocks go back then: send {} or {}", first.to_rfc3339(), second.to_rfc3339()),
        ),
        Some((_, MappedLocalTime::Single(time))) => {
            wrong("time_without_offset", format!("needs its offset from UTC: send {}, or the same with a Z", time.to_rfc3339()))
        }
        None => wrong("time_without_offset", "needs its offset from UTC, as in 2026-12-01T09:00:00-08:00, or a Z"),
    }
}

/// Whether somebody put the zone's offset on a local time that the zone does not have. Times in UTC are never meant so.
fn is_in_gap(zone: Tz, time: DateTime<FixedOffset>) -> bool {
    let local = time.naive_local();
    let offset_then = |local: NaiveDateTime| zone.offset_from_utc_datetime(&local).fix();
    time.offset().local_minus_utc() != 0
        && matches!(zone.from_local_datetime(&local), MappedLocalTime::None)
        && [offset_then(local - LONGEST_GAP), offset_then(local + LONGEST_GAP)].contains(time.offset())
}

fn gap(local: NaiveDateTime, zone: Tz) -> Wrong {
    wrong(
        "local_time_in_gap",
        format!("there is no {} in {zone}, because clocks go forward then: choose another time", local.format("%H:%M on %Y-%m-%d")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str, zone: Option<Tz>) -> &'static str {
        time(text, zone).map_or_else(|wrong| wrong.code(), |_| "fine")
    }

    #[test]
    fn local_times_are_refused_for_what_is_wrong_with_them() {
        let zone = Some(Tz::America__Los_Angeles);
        assert_eq!(code("2027-03-14T02:30:00", zone), "local_time_in_gap");
        assert_eq!(code("2027-11-07T01:30:00", zone), "local_time_twice");
        assert_eq!(code("2027-06-01T09:00:00", zone), "time_without_offset");
        assert_eq!(code("2027-06-01T09:00:00", None), "time_without_offset");
        assert_eq!(code("tomorrow", zone), "not_a_time");
        assert_eq!(code("1027-06-01T09:00:00Z", zone), "out_of_range");
    }

    #[test]
    fn an_offset_does_not_make_a_time_that_never_happens() {
        let zone = Some(Tz::America__Los_Angeles);
        assert_eq!(code("2027-03-14T02:30:00-08:00", zone), "local_time_in_gap");
        assert_eq!(code("2027-03-14T02:30:00-07:00", zone), "local_time_in_gap");
        // Somebody else's local time, and UTC in its two forms.
        assert_eq!(code("2027-03-14T02:30:00+01:00", zone), "fine");
        assert_eq!(code("2027-03-14T02:30:00Z", zone), "fine");
        assert_eq!(code("2027-03-28T01:30:00+00:00", Some(Tz::Europe__London)), "fine");
        assert_eq!(code("2027-11-07T01:30:00-07:00", zone), "fine");
    }
}
