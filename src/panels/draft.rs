//! What a caller wants a panel or an interview to be, read from JSON in the contract's words. Pure; says every mistake at once.
//!
//! One form serves scheduling and editing: a new panel is an edit of nothing in which some fields are required. Whether the people
//! and templates exist, and whether the time is free, is for `judge` to say.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use crate::error::Mistake;
use crate::operations::fields::{Fields, Mistakes, Sent, Wrong, wrong};

const REMINDERS: &[&str] = &["once", "daily", "frequently", "none"];
const MOST_INTERVIEWS: usize = 40;
const MOST_INTERVIEWERS: usize = 40;
const LONGEST_LINE: usize = 500;
const LONGEST_NOTE: usize = 20_000;
/// Minutes: no interview is longer than a day.
const DURATIONS: std::ops::RangeInclusive<i64> = 1..=24 * 60;

/// A panel as the caller wants it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PanelDraft {
    /// IANA name.
    pub timezone: Sent<String>,
    pub note: Sent<String>,
    pub external_url: Sent<String>,
    pub feedback_reminder: Sent<String>,
    pub application_ids: Sent<Vec<String>>,
    /// The whole list; those that stay have their id.
    pub interviews: Option<Vec<InterviewDraft>>,
    pub wishes: Wishes,
}

/// An interview as the caller wants it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct InterviewDraft {
    /// Of one that is there already; inside a panel alone.
    pub id: Option<String>,
    pub start: Option<DateTime<Utc>>,
    /// Minutes.
    pub duration: Option<i64>,
    pub interviewers: Option<Vec<SeatDraft>>,
    pub subject: Sent<String>,
    pub note: Sent<String>,
    pub location: Sent<String>,
    pub feedback_template: Sent<String>,
    pub feedback_reminder: Sent<String>,
}

/// One interviewer of an interview.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SeatDraft {
    pub id: String,
    pub feedback_template: Sent<String>,
}

/// What a caller says about the write itself and not about the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The Lever user in whose name it is done.
    pub perform_as: Option<String>,
    pub allow_conflicts: bool,
    pub allow_past: bool,
}

/// What a request can say: of the write itself, of a panel, of an interview, of an interviewer.
pub(super) const WISHES: [&str; 3] = ["performAs", "allowConflicts", "allowPast"];
pub(super) const PANEL: [&str; 6] = ["timezone", "interviews", "applicationIds", "note", "externalUrl", "feedbackReminder"];
pub(super) const INTERVIEW: [&str; 8] =
    ["start", "durationMinutes", "interviewers", "subject", "note", "location", "feedbackTemplateId", "feedbackReminder"];
pub(super) const SEAT: [&str; 2] = ["id", "feedbackTemplateId"];

impl PanelDraft {
    /// A panel to schedule.
    pub(super) fn new(body: &Value) -> Result<Self, Vec<Mistake>> {
        Self::read(body, true, None)
    }

    /// A merge patch for a panel that is there, in its time zone where that is known.
    pub(super) fn patch(body: &Value, zone: Option<Tz>) -> Result<Self, Vec<Mistake>> {
        Self::read(body, false, zone)
    }

    fn read(body: &Value, new: bool, zone: Option<Tz>) -> Result<Self, Vec<Mistake>> {
        let mistakes = Mistakes::default();
        let names = [PANEL.as_slice(), &WISHES].concat();
        let read = Fields::of(body, String::new(), &names, &mistakes).map(|fields| {
            if new {
                fields.require(&["timezone", "interviews"]);
            } else {
                fields.refuse_null("timezone");
                fields.refuse_null("interviews");
                fields.refuse_null("applicationIds");
            }
            let timezone = fields.parsed("timezone", LONGEST_LINE, timezone);
            let zone = timezone.as_ref().value().and_then(|name| name.parse().ok()).or(zone);
            let interview = |at, value| InterviewDraft::of(value, at, zone, new, &mistakes);
            let interviews = fields.items("interviews", 1..=MOST_INTERVIEWS, interview).value();
            name_each_once(interviews.as_deref().unwrap_or_default(), &fields);
            Self {
                timezone,
                note: fields.text("note", LONGEST_NOTE),
                external_url: fields.parsed("externalUrl", 2_000, web_address),
                feedback_reminder: fields.one_of("feedbackReminder", REMINDERS),
                application_ids: fields.ids("applicationIds", 1..=10),
                interviews,
                wishes: Wishes::of(&fields),
            }
        });
        mistakes.finish(read)
    }
}

impl InterviewDraft {
    /// An interview to add to a panel of this time zone.
    pub(super) fn new(body: &Value, zone: Option<Tz>) -> Result<(Self, Wishes), Vec<Mistake>> {
        Self::alone(body, true, zone)
    }

    /// A merge patch for an interview that is there, in the time zone of its panel.
    pub(super) fn patch(body: &Value, zone: Option<Tz>) -> Result<(Self, Wishes), Vec<Mistake>> {
        Self::alone(body, false, zone)
    }

    fn alone(body: &Value, new: bool, zone: Option<Tz>) -> Result<(Self, Wishes), Vec<Mistake>> {
        let mistakes = Mistakes::default();
        let names = [INTERVIEW.as_slice(), &WISHES].concat();
        let read = Fields::of(body, String::new(), &names, &mistakes).map(|fields| (Self::fields(&fields, zone, new), Wishes::of(&fields)));
        mistakes.finish(read)
    }

    /// One of a panel's interviews. In a panel that is not `new`, an id says that it is there already.
    fn of(value: &Value, at: String, zone: Option<Tz>, new: bool, mistakes: &Mistakes) -> Option<Self> {
        let names = if new { INTERVIEW.to_vec() } else { [INTERVIEW.as_slice(), &["id"]].concat() };
        let fields = Fields::of(value, at, &names, mistakes)?;
        let id = if new { None } else { fields.id("id").value() };
        let new = new || value.get("id").is_none_or(Value::is_null);
        Some(Self { id, ..Self::fields(&fields, zone, new) })
    }

    fn fields(fields: &Fields<'_>, zone: Option<Tz>, new: bool) -> Self {
        for name in ["start", "durationMinutes", "interviewers"] {
            if new { fields.require(&[name]) } else { fields.refuse_null(name) }
        }
        let interviewers = fields.items("interviewers", 1..=MOST_INTERVIEWERS, |at, value| SeatDraft::of(value, at, fields.mistakes)).value();
        for (index, seat) in interviewers.iter().flatten().enumerate() {
            if interviewers.iter().flatten().take(index).any(|other| other.id == seat.id) {
                fields.wrong(&format!("interviewers/{index}/id"), wrong("named_twice", "is named twice"));
            }
        }
        Self {
            id: None,
            start: fields.time("start", zone).value(),
            duration: fields.whole("durationMinutes", DURATIONS).value(),
            interviewers,
            subject: fields.text("subject", LONGEST_LINE),
            note: fields.text("note", LONGEST_NOTE),
            location: fields.text("location", LONGEST_LINE),
            feedback_template: fields.id("feedbackTemplateId"),
            feedback_reminder: fields.one_of("feedbackReminder", REMINDERS),
        }
    }
}

impl SeatDraft {
    fn of(value: &Value, at: String, mistakes: &Mistakes) -> Option<Self> {
        let fields = Fields::of(value, at, &SEAT, mistakes)?;
        fields.require(&["id"]);
        Some(Self { id: fields.id("id").value()?, feedback_template: fields.id("feedbackTemplateId") })
    }
}

impl Wishes {
    fn of(fields: &Fields<'_>) -> Self {
        Self { perform_as: fields.id("performAs").value(), allow_conflicts: fields.flag("allowConflicts"), allow_past: fields.flag("allowPast") }
    }
}

fn name_each_once(interviews: &[InterviewDraft], fields: &Fields<'_>) {
    for (index, interview) in interviews.iter().enumerate() {
        if interview.id.is_some() && interviews[..index].iter().any(|other| other.id == interview.id) {
            fields.wrong(&format!("interviews/{index}/id"), wrong("named_twice", "is named twice"));
        }
    }
}

fn timezone(name: &str) -> Result<String, Wrong> {
    let unknown = |_| wrong("unknown_time_zone", "must be the IANA name of a time zone, such as America/Los_Angeles");
    name.parse::<Tz>().map(|zone| zone.name().to_owned()).map_err(unknown)
}

fn web_address(text: &str) -> Result<String, Wrong> {
    let plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    match Url::parse(text) {
        Ok(url) if plain && matches!(url.scheme(), "http" | "https") => Ok(text.to_owned()),
        _ => Err(wrong("not_a_web_address", "must be a web address that begins with https://")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn panel() -> Value {
        json!({"timezone": "America/Los_Angeles", "interviews": [
            {"start": "2026-12-01T09:00:00-08:00", "durationMinutes": 45, "interviewers": [{"id": "u1", "feedbackTemplateId": "t1"}]}]})
    }

    /// The mistakes of the panel after `change`.
    fn wrong(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut body = panel();
        change(&mut body);
        PanelDraft::new(&body).err().unwrap_or_default().into_iter().map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn the_least_that_makes_a_panel() {
        let draft = PanelDraft::new(&panel()).expect("complete");
        let interviews = draft.interviews.expect("interviews");
        assert_eq!(draft.timezone, Sent::Value("America/Los_Angeles".into()));
        assert_eq!(interviews[0].start.map(|start| start.to_rfc3339()), Some("2026-12-01T17:00:00+00:00".into()));
        assert_eq!(interviews[0].duration, Some(45));
        assert_eq!(draft.note, Sent::Absent);
    }

    #[test]
    fn each_mistake_is_named_where_it_is() {
        type Change = fn(&mut Value);
        let cases: &[(&str, Change)] = &[
            ("/timezone", |it| it["timezone"] = json!("Mars/Olympus")),
            ("/timezone", |it| it["timezone"] = Value::Null),
            ("/interviews", |it| it["interviews"] = json!([])),
            ("/interviews", |it| it["interviews"] = json!({})),
            ("/interviews/0", |it| it["interviews"] = json!(["x"])),
            ("/interviews/0/start", |it| it["interviews"][0]["start"] = json!("2026-03-08T02:30:00")),
            ("/interviews/0/start", |it| it["interviews"][0]["start"] = json!("tomorrow")),
            ("/interviews/0/start", |it| it["interviews"][0]["start"] = json!("9999-12-01T09:00:00Z")),
            ("/interviews/0/start", |it| it["interviews"][0]["start"] = json!(1_764_583_200_000_i64)),
            ("/interviews/0/durationMinutes", |it| it["interviews"][0]["durationMinutes"] = json!(0)),
            ("/interviews/0/durationMinutes", |it| it["interviews"][0]["durationMinutes"] = json!(-5)),
            ("/interviews/0/durationMinutes", |it| it["interviews"][0]["durationMinutes"] = json!(100_000)),
            ("/interviews/0/durationMinutes", |it| it["interviews"][0]["durationMinutes"] = json!(7.5)),
            ("/interviews/0/interviewers", |it| it["interviews"][0]["interviewers"] = json!([])),
            ("/interviews/0/interviewers/0/id", |it| it["interviews"][0]["interviewers"][0]["id"] = json!("")),
            ("/interviews/0/interviewers/0/id", |it| it["interviews"][0]["interviewers"][0] = json!({})),
            ("/interviews/0/interviewers/1/id", |it| it["interviews"][0]["interviewers"] = json!([{"id": "u1"}, {"id": "u1"}])),
            ("/interviews/0/subject", |it| it["interviews"][0]["subject"] = json!("a\u{0}b")),
            ("/interviews/0/end", |it| it["interviews"][0]["end"] = json!("2026-12-01T08:00:00-08:00")),
            ("/interviews/0/id", |it| it["interviews"][0]["id"] = json!("i1")),
            ("/applicationIds", |it| it["applicationIds"] = json!([])),
            ("/applicationIds/1", |it| it["applicationIds"] = json!(["a", "a"])),
            ("/feedbackReminder", |it| it["feedbackReminder"] = json!("hourly")),
            ("/externalUrl", |it| it["externalUrl"] = json!("javascript:alert(1)")),
            ("/note", |it| it["note"] = json!("x".repeat(LONGEST_NOTE + 1))),
            ("/allowConflicts", |it| it["allowConflicts"] = json!("yes")),
            ("/externally~1Managed", |it| it["externally/Managed"] = json!(true)),
        ];
        for (pointer, change) in cases {
            assert_eq!(wrong(change), [*pointer]);
        }
        assert_eq!(wrong(|it| *it = json!([])), [""]);
        assert_eq!(wrong(|it| *it = json!({})), ["/timezone", "/interviews"]);
    }

    #[test]
    fn a_patch_asks_for_nothing_but_a_new_interview_is_whole() {
        assert_eq!(PanelDraft::patch(&json!({}), None), Ok(PanelDraft::default()));
        let read = PanelDraft::patch(&json!({"note": null, "interviews": [{"id": "i1", "subject": "Second round"}]}), None).expect("right");
        assert_eq!(read.note, Sent::Null);
        let mistakes =
            PanelDraft::patch(&json!({"timezone": null, "interviews": [{"id": "i1"}, {"id": "i1"}, {"subject": "x"}]}), None).expect_err("wrong");
        let pointers: Vec<&str> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
        assert_eq!(pointers, ["/timezone", "/interviews/2/start", "/interviews/2/durationMinutes", "/interviews/2/interviewers", "/interviews/1/id"]);
    }

    #[test]
    fn a_local_time_that_never_happens_is_one_in_the_zone_of_the_panel() {
        let zone = Some(Tz::America__Los_Angeles);
        let start = json!({"start": "2027-03-14T02:30:00-08:00"});
        let codes = |mistakes: Vec<Mistake>| mistakes.into_iter().map(|mistake| mistake.code).collect::<Vec<_>>();
        assert_eq!(InterviewDraft::patch(&start, zone).map_err(codes), Err(vec!["local_time_in_gap"]));
        let kept = json!({"interviews": [{"id": "i1", "start": "2027-03-14T02:30:00-08:00"}]});
        assert_eq!(PanelDraft::patch(&kept, zone).map_err(codes), Err(vec!["local_time_in_gap"]));
        let mut moved = kept.clone();
        moved["timezone"] = json!("Asia/Tokyo");
        assert!(PanelDraft::patch(&kept, None).is_ok() && PanelDraft::patch(&moved, zone).is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(json!("2026-12-01T09:00:00Z")),
        ];
        let name =
            prop_oneof![Just("interviews"), Just("start"), Just("interviewers"), Just("id"), Just("timezone"), Just("~/x")].prop_map(str::to_owned);
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((name.clone(), inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever is sent: no panic, and every pointer leads into the body or to a field that is missing in it.
        #[test]
        fn every_pointer_leads_somewhere(body in any_json()) {
            for mistake in [PanelDraft::new(&body).err(), PanelDraft::patch(&body, None).err(), InterviewDraft::new(&body, None).err()].into_iter().flatten().flatten() {
                let parent = mistake.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                prop_assert!(body.pointer(&mistake.pointer).is_some() || body.pointer(parent).is_some(), "{}", mistake.pointer);
            }
        }
    }
}
