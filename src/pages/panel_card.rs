//! A panel in words: when, who, where, and whether it can be changed from here. Pure.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::when;
use crate::mirror::interviews::InterviewerView;
use crate::mirror::panels::{PanelInterview, PanelStatus, PanelView};

/// A panel on a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PanelCard {
    pub(super) id: String,
    pub(super) opportunity_id: String,
    pub(super) standing: Standing,
    /// It is still to come, and it takes place.
    pub(super) upcoming: bool,
    pub(super) day: String,
    pub(super) time: String,
    /// The time in the panel's own zone, where that is another.
    pub(super) elsewhere: Option<String>,
    pub(super) note: Option<String>,
    pub(super) slots: Vec<Slot>,
}

/// Who may change a panel or interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Editable,
    /// Scheduled inside Lever, which lets nobody change it from outside.
    MadeInLever,
    Canceled,
}

/// One interview of a panel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) subject: String,
    pub(super) time: String,
    pub(super) people: Vec<String>,
    pub(super) location: Option<String>,
    pub(super) note: Option<String>,
}

impl Standing {
    pub(super) fn of(status: PanelStatus, editable: bool) -> Self {
        match (status, editable) {
            (PanelStatus::Canceled, _) => Self::Canceled,
            (PanelStatus::Scheduled, true) => Self::Editable,
            (PanelStatus::Scheduled, false) => Self::MadeInLever,
        }
    }

    pub(super) fn is_editable(self) -> bool {
        self == Self::Editable
    }

    /// For the stylesheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Editable => "ours",
            Self::MadeInLever => "theirs",
            Self::Canceled => "canceled",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Editable => "Scheduled here",
            Self::MadeInLever => "Made in Lever",
            Self::Canceled => "Canceled",
        }
    }

    /// Why it cannot be changed here.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Editable => None,
            Self::MadeInLever => Some("It was scheduled inside Lever, and Lever lets nobody change it from outside. Change it in Lever."),
            Self::Canceled => Some("It was canceled. It is kept here so that you can see what was planned."),
        }
    }
}

impl PanelCard {
    pub(super) fn of(panel: PanelView, zone: Tz, now: DateTime<Utc>) -> Self {
        let standing = Standing::of(panel.status, panel.editable);
        let start = panel.start.or_else(|| panel.interviews.iter().filter_map(|interview| interview.start).min());
        let end = panel.end.or_else(|| panel.interviews.iter().filter_map(|interview| interview.end).max());
        Self {
            id: panel.id,
            opportunity_id: panel.opportunity_id,
            standing,
            upcoming: standing != Standing::Canceled && end.or(start).is_none_or(|end| end >= now),
            day: start.map_or_else(|| "No time yet".to_owned(), |start| when::day(start, zone, now)),
            time: start.map_or_else(String::new, |start| when::span(start, end, zone)),
            elsewhere: start.and_then(|start| when::elsewhere(start, zone, panel.timezone.as_deref())),
            note: panel.note.filter(|note| !note.is_empty()),
            slots: panel.interviews.into_iter().map(|interview| slot(interview, zone)).collect(),
        }
    }
}

fn slot(interview: PanelInterview, zone: Tz) -> Slot {
    Slot {
        subject: subject(interview.subject.as_deref()).to_owned(),
        time: interview.start.map_or_else(String::new, |start| when::span(start, interview.end, zone)),
        people: interview.interviewers.iter().map(|interviewer| person(interviewer).to_owned()).collect(),
        location: interview.location.filter(|location| !location.is_empty()),
        note: interview.note.filter(|note| !note.is_empty()),
    }
}

/// What an interview is called.
pub(super) fn subject(subject: Option<&str>) -> &str {
    subject.filter(|subject| !subject.is_empty()).unwrap_or("Interview")
}

/// What an interviewer is called; somebody of whom nothing is known is called by their id, as everywhere.
pub(super) fn person(person: &InterviewerView) -> &str {
    person.name.as_deref().or(person.email.as_deref()).unwrap_or(&person.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_changed_says_why() {
        assert_eq!(Standing::of(PanelStatus::Scheduled, true).reason(), None);
        assert!(Standing::of(PanelStatus::Scheduled, false).reason().is_some_and(|reason| reason.contains("inside Lever")));
        assert_eq!(Standing::of(PanelStatus::Canceled, false), Standing::Canceled);
    }

    #[test]
    fn an_interviewer_of_whom_little_is_known_is_still_somebody() {
        let nobody = InterviewerView { id: "u".into(), name: None, email: None, feedback_template_id: None };
        assert_eq!(person(&nobody), "u");
        assert_eq!(person(&InterviewerView { email: Some("rosa@acme.example".into()), ..nobody }), "rosa@acme.example");
    }
}
