//! A week of interviews as a table: a row for each candidate or interviewer, a column for each day. Pure.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

use super::panel_card::{self, Standing};
use super::{candidate_line, when};
use crate::mirror::interviews::InterviewView;

/// Seven days from a Monday on, as the clocks of one zone count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Week {
    monday: NaiveDate,
    today: NaiveDate,
    zone: Tz,
}

/// One column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) short: String,
    pub(super) date: String,
    pub(super) is_today: bool,
}

/// Whose interviews stand in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Candidate,
    Interviewer,
}

impl By {
    /// How many of these interviews make no more than `most` entries: by interviewer, an interview is one entry for each of them.
    pub(super) fn fits(self, interviews: &[InterviewView], most: usize) -> usize {
        let entries = |view: &InterviewView| if self == Self::Candidate { 1 } else { view.interview.interviewers.len() };
        let mut sum = 0;
        interviews
            .iter()
            .take_while(|view| {
                sum += entries(view);
                sum <= most
            })
            .count()
    }
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) days: [Vec<Entry<'a>>; 7],
}

/// One interview in a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) panel_id: &'a str,
    pub(super) interview_id: &'a str,
    pub(super) subject: &'a str,
    pub(super) time: String,
    pub(super) elsewhere: Option<String>,
    /// Interviewers in a candidate's row, the candidate in an interviewer's.
    pub(super) with: Cow<'a, str>,
    pub(super) standing: Standing,
}

impl Week {
    /// The week that `day` (`2026-12-01`) lies in; without one, or with something else, the current.
    pub(super) fn of(day: Option<&str>, now: DateTime<Utc>, zone: Tz) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        // Years that people type, so that no arithmetic below leaves the calendar.
        let day = day.and_then(|day| day.parse::<NaiveDate>().ok()).filter(|day| (1970..9000).contains(&day.year())).unwrap_or(today);
        let monday = day - Days::new(day.weekday().num_days_from_monday().into());
        Self { monday, today, zone }
    }

    /// From when until when it lasts.
    pub(super) fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.midnight(self.monday), self.midnight(self.monday + Days::new(7)))
    }

    /// The Monday before, this one, the next, and the current one.
    pub(super) fn before(&self) -> String {
        (self.monday - Days::new(7)).to_string()
    }

    pub(super) fn this(&self) -> String {
        self.monday.to_string()
    }

    pub(super) fn after(&self) -> String {
        (self.monday + Days::new(7)).to_string()
    }

    /// `November 23 – 29, 2026`.
    pub(super) fn title(&self) -> String {
        let sunday = self.monday + Days::new(6);
        let end = if sunday.month() == self.monday.month() { "%-d, %Y" } else { "%B %-d, %Y" };
        format!("{} – {}", self.monday.format("%B %-d"), sunday.format(end))
    }

    pub(super) fn days(&self) -> Vec<Day> {
        let day =
            |date: NaiveDate| Day { short: date.format("%a").to_string(), date: date.format("%b %-d").to_string(), is_today: date == self.today };
        (0..7).map(|at| day(self.monday + Days::new(at))).collect()
    }

    /// The table: rows by name, and in each cell interviews by time. What has no time is in no week.
    pub(super) fn rows<'a>(&self, interviews: &'a [InterviewView], by: By) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for view in interviews {
            let Some(column) = view.interview.start.and_then(|start| self.column(start)) else { continue };
            for (id, name, with) in people(view, by) {
                let at = *places.entry(id).or_insert_with(|| {
                    rows.push(Row { id, name, days: Default::default() });
                    rows.len() - 1
                });
                rows[at].days[column].push(self.entry(view, with));
            }
        }
        rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id));
        rows
    }

    /// The day's place in the week. An interview that began before the week is shown on the day it began, in that week.
    fn column(&self, start: DateTime<Utc>) -> Option<usize> {
        let days = start.with_timezone(&self.zone).date_naive().signed_duration_since(self.monday).num_days();
        usize::try_from(days).ok().filter(|column| *column < 7)
    }

    fn entry<'a>(&self, view: &'a InterviewView, with: Cow<'a, str>) -> Entry<'a> {
        let interview = &view.interview;
        let start = interview.start.unwrap_or_default();
        Entry {
            panel_id: &interview.panel_id,
            interview_id: &interview.id,
            subject: panel_card::subject(interview.subject.as_deref()),
            time: when::span(start, interview.end, self.zone),
            elsewhere: when::elsewhere(start, self.zone, interview.timezone.as_deref()),
            with,
            standing: Standing::of(view.status, view.editable),
        }
    }

    /// When a day begins; where clocks are set at midnight, the first moment there is.
    fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        (0..3)
            .find_map(|hour| self.zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest())
            .map_or_else(|| day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(), |at| at.to_utc())
    }
}

/// In whose rows an interview stands: id, name, and with whom.
fn people(view: &InterviewView, by: By) -> Vec<(&str, &str, Cow<'_, str>)> {
    let candidate = candidate_line::name(view.candidate_name.as_deref(), false);
    let interviewers = view.interview.interviewers.as_slice();
    match (by, interviewers) {
        (By::Candidate, [one]) => vec![(&view.opportunity_id, candidate, Cow::Borrowed(panel_card::person(one)))],
        (By::Candidate, several) => {
            let names: Vec<&str> = several.iter().map(panel_card::person).collect();
            vec![(&view.opportunity_id, candidate, Cow::Owned(names.join(", ")))]
        }
        (By::Interviewer, all) => all.iter().map(|one| (one.id.as_str(), panel_card::person(one), Cow::Borrowed(candidate))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::{Los_Angeles, Santiago};
    use proptest::prelude::*;

    use super::*;
    use crate::mirror::interviews::InterviewerView;
    use crate::mirror::panels::{PanelInterview, PanelStatus};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn interview(id: &str, start: &str, interviewers: &[&str]) -> InterviewView {
        let person =
            |name: &&str| InterviewerView { id: name.to_lowercase(), name: Some((*name).to_owned()), email: None, feedback_template_id: None };
        InterviewView {
            interview: PanelInterview {
                id: id.into(),
                panel_id: "p".into(),
                subject: None,
                note: None,
                location: None,
                start: Some(at(start)),
                end: None,
                duration_minutes: None,
                timezone: None,
                feedback_template_id: None,
                feedback_reminder: None,
                interviewers: interviewers.iter().map(person).collect(),
            },
            opportunity_id: "o".into(),
            candidate_name: Some("Ada Example".into()),
            status: PanelStatus::Scheduled,
            editable: true,
            synced_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_week_begins_on_monday_where_the_viewer_is() {
        // Already Monday in UTC, still Sunday in Los Angeles.
        let week = Week::of(None, at("2026-11-30T03:00:00Z"), Los_Angeles);
        assert_eq!((week.this(), week.before(), week.after()), ("2026-11-23".into(), "2026-11-16".into(), "2026-11-30".into()));
        assert_eq!(week.span(), (at("2026-11-23T08:00:00Z"), at("2026-11-30T08:00:00Z")));
        assert_eq!(week.title(), "November 23 – 29, 2026");
        assert_eq!(Week::of(Some("2026-12-02"), at("2026-11-30T03:00:00Z"), Los_Angeles).title(), "November 30 – December 6, 2026");
        assert!(week.days()[6].is_today);
    }

    #[test]
    fn the_same_interviews_by_candidate_and_by_interviewer() {
        let week = Week::of(Some("2026-12-01"), at("2026-12-01T00:00:00Z"), Los_Angeles);
        // The second is on Wednesday in UTC, and on Tuesday there.
        let interviews = [
            interview("a", "2026-12-01T17:00:00Z", &["Rosa", "Ben"]),
            interview("b", "2026-12-02T02:00:00Z", &["Rosa"]),
            interview("c", "2026-12-09T17:00:00Z", &["Rosa"]),
        ];
        let rows = week.rows(&interviews, By::Candidate);
        assert_eq!((rows.len(), rows[0].name, rows[0].days[1].len()), (1, "Ada Example", 2));
        assert_eq!((rows[0].days[1][0].with.as_ref(), rows[0].days[1][0].time.as_str()), ("Rosa, Ben", "9:00 AM"));
        let rows = week.rows(&interviews, By::Interviewer);
        let counts: Vec<_> = rows.iter().map(|row| (row.name, row.days.iter().map(Vec::len).sum::<usize>())).collect();
        assert_eq!(counts, [("Ben", 1), ("Rosa", 2)]);
    }

    #[test]
    fn by_interviewer_an_interview_takes_a_place_for_each() {
        let interviews = [interview("a", "2026-12-01T17:00:00Z", &["Rosa", "Ben"]), interview("b", "2026-12-02T02:00:00Z", &["Rosa"])];
        assert_eq!((By::Candidate.fits(&interviews, 2), By::Interviewer.fits(&interviews, 2), By::Interviewer.fits(&interviews, 3)), (2, 1, 2));
    }

    #[test]
    fn a_day_without_midnight_still_begins() {
        // Clocks in Santiago go forward at midnight of 6 September 2026.
        let week = Week { monday: "2026-09-06".parse().expect("a day"), today: "2026-09-06".parse().expect("a day"), zone: Santiago };
        assert_eq!(week.span().0, at("2026-09-06T04:00:00Z"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_week_of_seven_days(day in ".{0,12}", seconds in 0i64..4_000_000_000) {
            let now = DateTime::from_timestamp(seconds, 0).expect("in range");
            let week = Week::of(Some(&day), now, Los_Angeles);
            let (from, to) = week.span();
            prop_assert!((166..=170).contains(&(to - from).num_hours()));
        }
    }
}
