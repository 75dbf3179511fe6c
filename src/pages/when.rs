//! Times of interviews in words, in the viewer's zone and, where it differs, in the panel's. Pure.

use chrono::{DateTime, Datelike, Offset, Timelike, Utc};
use chrono_tz::Tz;

/// `Tuesday, December 1`; in another year than now with that year.
pub(super) fn day(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let at = at.with_timezone(&zone);
    let year = if at.year() == now.with_timezone(&zone).year() { "" } else { ", %Y" };
    at.format(&format!("%A, %B %-d{year}")).to_string()
}

/// `9:00 – 10:30 AM`; only the beginning when nobody knows the end.
pub(super) fn span(start: DateTime<Utc>, end: Option<DateTime<Utc>>, zone: Tz) -> String {
    let (start, end) = (start.with_timezone(&zone), end.map(|end| end.with_timezone(&zone)));
    match end {
        None => clock(&start),
        Some(end) if end.hour12().0 == start.hour12().0 && end.date_naive() == start.date_naive() => {
            format!("{}:{:02} – {}", start.hour12().1, start.minute(), clock(&end))
        }
        Some(end) => format!("{} – {}", clock(&start), clock(&end)),
    }
}

/// `9:00 AM`. A week says it a hundred times, and chrono's patterns are read anew each time.
fn clock(at: &DateTime<Tz>) -> String {
    let (is_afternoon, hour) = at.hour12();
    format!("{hour}:{:02} {}", at.minute(), if is_afternoon { "PM" } else { "AM" })
}

/// `12:00 PM in New York`, when the clocks there show something else.
pub(super) fn elsewhere(start: DateTime<Utc>, zone: Tz, panel_zone: Option<&str>) -> Option<String> {
    let there: Tz = panel_zone.filter(|name| *name != zone.name())?.parse().ok()?;
    let at = start.with_timezone(&there);
    let same = at.offset().fix() == start.with_timezone(&zone).offset().fix();
    (!same).then(|| {
        let same_day = at.date_naive() == start.with_timezone(&zone).date_naive();
        let day = if same_day { String::new() } else { at.format(" %A").to_string() };
        format!("{}{day} in {}", clock(&at), city(there))
    })
}

/// `New York`: what people call a zone.
pub(super) fn city(zone: Tz) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::{Los_Angeles, New_York};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_span_says_morning_or_afternoon_once_when_it_can() {
        let morning = (at("2026-12-01T17:00:00Z"), Some(at("2026-12-01T18:30:00Z")));
        assert_eq!(span(morning.0, morning.1, Los_Angeles), "9:00 – 10:30 AM");
        assert_eq!(span(at("2026-12-01T19:30:00Z"), Some(at("2026-12-01T20:15:00Z")), Los_Angeles), "11:30 AM – 12:15 PM");
        assert_eq!(span(morning.0, None, Los_Angeles), "9:00 AM");
        // Midnight is another day's morning.
        assert_eq!(span(at("2026-12-01T07:30:00Z"), Some(at("2026-12-01T08:30:00Z")), Los_Angeles), "11:30 PM – 12:30 AM");
    }

    #[test]
    fn a_day_of_another_year_names_it() {
        let now = at("2026-12-31T20:00:00Z");
        assert_eq!(day(at("2027-01-01T07:00:00Z"), Los_Angeles, now), "Thursday, December 31");
        assert_eq!(day(at("2027-01-01T09:00:00Z"), Los_Angeles, now), "Friday, January 1, 2027");
    }

    #[test]
    fn the_panels_zone_is_named_only_where_its_clocks_differ() {
        let start = at("2026-12-01T17:00:00Z");
        assert_eq!(elsewhere(start, Los_Angeles, Some("America/New_York")).as_deref(), Some("12:00 PM in New York"));
        assert_eq!(elsewhere(start, Los_Angeles, Some("America/Vancouver")), None);
        assert_eq!(elsewhere(start, New_York, Some("Asia/Tokyo")).as_deref(), Some("2:00 AM Wednesday in Tokyo"));
        assert_eq!((elsewhere(start, New_York, None), elsewhere(start, New_York, Some("Mars/Olympus"))), (None, None));
    }
}
