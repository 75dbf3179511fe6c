//! From what Lever has and what a caller wants to the body that Lever gets. Pure.
//!
//! PUT replaces whole objects at Lever: what is left out is deleted. So a body is made of everything that Lever has, fields that this
//! product does not know included, less what is Lever's own to say, with the caller's changes on top. A field that Lever knows and
//! that is null is left out: that means the same, and no check of Lever's can stumble over it. A new panel is an edit of nothing.

use serde_json::{Map, Value, json};

use super::draft::{InterviewDraft, PanelDraft, SeatDraft};
use crate::error::Mistake;
use crate::lever::is_only_named;
use crate::operations::fields::Sent;

/// Fields that Lever sets. Sent back they would say nothing, and might be refused.
const PANEL_READ_ONLY: &[&str] = &["id", "canceledAt", "createdAt", "start", "end", "externallyManaged", "stage", "updatedAt", "user"];
const INTERVIEW_READ_ONLY: &[&str] =
    &["panel", "opportunityId", "canceledAt", "createdAt", "updatedAt", "timezone", "stage", "user", "postings", "feedbackForms", "gcalEventUrl"];
const SEAT_READ_ONLY: &[&str] = &["name", "email", "responseStatus"];
/// Fields that a caller can set, in Lever's words.
const PANEL_KNOWN: &[&str] = &["timezone", "applications", "note", "externalUrl", "feedbackReminder"];
const INTERVIEW_KNOWN: &[&str] = &["date", "duration", "subject", "note", "location", "feedbackTemplate", "feedbackReminder"];

/// What Lever is to get for this panel. `fresh` is the panel as Lever has it, or an empty object for a new one. The `externalUrl`
/// stays as it is: whoever calls sees to the mark.
///
/// # Errors
/// The draft names an interview that is not there, or Lever shows an interview that cannot be carried over.
pub(super) fn panel(fresh: &Value, draft: &PanelDraft) -> Result<Value, Vec<Mistake>> {
    let mut body = writable(fresh, PANEL_READ_ONLY, PANEL_KNOWN);
    // An empty list is invalid; left out, it means all active applications.
    if body.get("applications").is_some_and(|list| list.as_array().is_some_and(Vec::is_empty)) {
        body.remove("applications");
    }
    set(&mut body, "timezone", draft.timezone.as_ref());
    set(&mut body, "note", draft.note.as_ref());
    set(&mut body, "feedbackReminder", draft.feedback_reminder.as_ref());
    set(&mut body, "applications", draft.application_ids.as_ref());
    let there = interviews(fresh)?;
    let after = match &draft.interviews {
        None => there,
        Some(wanted) => choose(&there, wanted)?,
    };
    body.insert("interviews".into(), Value::Array(after.into_iter().map(Value::Object).collect()));
    Ok(Value::Object(body))
}

/// What Lever is to get for one interview on its own. `fresh` is the interview as its panel shows it, or an empty object.
pub(super) fn interview(fresh: &Value, draft: &InterviewDraft) -> Value {
    let mut body = change(writable_interview(fresh), draft);
    body.remove("id");
    Value::Object(body)
}

/// The interviews of a panel that are not canceled, as they could be sent back.
fn interviews(fresh: &Value) -> Result<Vec<Map<String, Value>>, Vec<Mistake>> {
    let all = fresh.get("interviews").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !all.iter().all(|interview| interview.get("id").is_some_and(Value::is_string) && !is_only_named(interview)) {
        return Err(vec![Mistake::new("/interviews", "Lever does not show this panel's interviews whole, so changing it could lose them")]);
    }
    Ok(all.iter().filter(|interview| is_on(interview)).map(writable_interview).collect())
}

/// The interviews as wanted: those that stay with what they have, and new ones.
fn choose(there: &[Map<String, Value>], wanted: &[InterviewDraft]) -> Result<Vec<Map<String, Value>>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut chosen = Vec::new();
    for (index, draft) in wanted.iter().enumerate() {
        let base = match &draft.id {
            None => Some(Map::new()),
            Some(id) => there.iter().find(|interview| interview.get("id").and_then(Value::as_str) == Some(id)).cloned(),
        };
        match base {
            Some(base) => chosen.push(change(base, draft)),
            None => mistakes.push(Mistake::new(format!("/interviews/{index}/id"), "names no interview of this panel").coded("unknown_interview")),
        }
    }
    if mistakes.is_empty() { Ok(chosen) } else { Err(mistakes) }
}

fn change(mut interview: Map<String, Value>, draft: &InterviewDraft) -> Map<String, Value> {
    if let Some(start) = draft.start {
        interview.insert("date".into(), json!(start.timestamp_millis()));
    }
    if let Some(duration) = draft.duration {
        interview.insert("duration".into(), json!(duration));
    }
    if let Some(wanted) = &draft.interviewers {
        let seats = wanted.iter().map(|draft| seat(&interview, draft)).collect();
        interview.insert("interviewers".into(), Value::Array(seats));
    }
    set(&mut interview, "subject", draft.subject.as_ref());
    set(&mut interview, "note", draft.note.as_ref());
    set(&mut interview, "location", draft.location.as_ref());
    set(&mut interview, "feedbackTemplate", draft.feedback_template.as_ref());
    set(&mut interview, "feedbackReminder", draft.feedback_reminder.as_ref());
    interview
}

/// An interviewer as wanted, on top of what the interview already says of that person.
fn seat(interview: &Map<String, Value>, draft: &SeatDraft) -> Value {
    let there = interview.get("interviewers").and_then(Value::as_array);
    let known = there.into_iter().flatten().find(|seat| seat.get("id").and_then(Value::as_str) == Some(&draft.id));
    let mut seat = known.and_then(Value::as_object).cloned().unwrap_or_default();
    seat.insert("id".into(), json!(draft.id));
    set(&mut seat, "feedbackTemplate", draft.feedback_template.as_ref());
    Value::Object(seat)
}

fn writable_interview(interview: &Value) -> Map<String, Value> {
    let mut body = writable(interview, INTERVIEW_READ_ONLY, INTERVIEW_KNOWN);
    if let Some(seats) = interview.get("interviewers").and_then(Value::as_array) {
        let seats = seats.iter().map(|seat| Value::Object(writable(seat, SEAT_READ_ONLY, &["feedbackTemplate"]))).collect();
        body.insert("interviewers".into(), Value::Array(seats));
    }
    body
}

/// The object without what is Lever's to say, and without what is null and known.
fn writable(object: &Value, read_only: &[&str], known: &[&str]) -> Map<String, Value> {
    let fields = object.as_object().into_iter().flatten();
    let kept = fields.filter(|(name, value)| !(read_only.contains(&name.as_str()) || value.is_null() && known.contains(&name.as_str())));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn set<T: Clone + Into<Value>>(object: &mut Map<String, Value>, name: &str, wish: Sent<&T>) {
    match wish {
        Sent::Absent => {}
        Sent::Null => drop(object.remove(name)),
        Sent::Value(value) => drop(object.insert(name.into(), value.clone().into())),
    }
}

/// Whether a field of an interview is Lever's alone, and so never sent.
pub(super) fn is_levers_to_say(name: &str) -> bool {
    INTERVIEW_READ_ONLY.contains(&name)
}

/// As [`is_levers_to_say`], of a panel.
pub(super) fn is_levers_to_say_of_a_panel(name: &str) -> bool {
    PANEL_READ_ONLY.contains(&name)
}

/// As [`is_levers_to_say`], of somebody who interviews.
pub(super) fn is_levers_to_say_of_a_person(name: &str) -> bool {
    SEAT_READ_ONLY.contains(&name)
}

/// Whether a panel, or an interview inside it, is still to happen, as far as Lever says.
pub(super) fn is_on(shown: &Value) -> bool {
    shown.get("canceledAt").is_none_or(Value::is_null)
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
