//! What Lever's answer to a write says of the panel, and the panel as it is after the write when that is not all of it. Pure.
//!
//! A panel is answered whole, as far as is recorded; a single interview is answered alone; a cancellation with nothing. What is left out is
//! read again, but the read may fail, or be behind the write: then what is known is put together, so that nobody is shown the panel or the
//! interview as it was before.

use serde_json::{Map, Value};

use super::write::Write;
use super::{evidence, merge};
use crate::lever::{Interview, Panel, Record, is_only_named};
use crate::mirror::panels::FOLLOWING;

/// Whether an answer leaves out nothing that was sent, nor the interviews: only then it can stand for the panel.
pub(super) fn is_whole(panel: &Record<Panel>, write: &Write) -> bool {
    let (Write::SchedulePanel { body } | Write::EditPanel { body, .. }) = write else { return false };
    let is_there = |name: &String| panel.raw.get(name).is_some_and(|value| !value.is_null());
    let mut interviews = panel.interviews.iter().filter_map(|interview| interview.object.as_deref());
    panel.shows_its_interviews()
        && panel.externally_managed.is_some()
        && body.as_object().is_some_and(|body| body.keys().all(is_there))
        && interviews.all(shows_its_people)
}

/// Whether it says more of its people than their ids.
fn shows_its_people(interview: &Record<Interview>) -> bool {
    interview.interviewers.iter().all(|person| person.name.is_some() || person.email.is_some() || person.feedback_template.is_some())
}

/// Whether a panel no longer shows what was to be taken away.
pub(super) fn is_taken_away(panel: &Value, write: &Write) -> bool {
    let gone = |interview| !evidence::by_id(panel, interview).is_some_and(merge::is_on);
    !merge::is_on(panel) || matches!(write, Write::CancelInterview { interview, .. } if gone(Some(interview)))
}

/// The panel after an edit that it does not show yet. An interview without an id is new, and Lever has yet to say what it is called.
pub(super) fn edited(panel: &Value, body: &Value) -> Value {
    let mut whole: Map<String, Value> = panel.as_object().cloned().unwrap_or_default();
    // When it begins and ends follows from its interviews.
    whole.retain(|name, _| merge::is_levers_to_say_of_a_panel(name) && !FOLLOWING.contains(&name.as_str()));
    whole.extend(body.as_object().cloned().unwrap_or_default());
    let kept = evidence::interviews(body).filter(|interview| interview.get("id").is_some());
    let kept = kept.map(|interview| self::whole(evidence::by_id(panel, evidence::id(interview)), interview, &Value::Null));
    whole.insert("interviews".into(), kept.collect());
    Value::Object(whole)
}

/// The panel with the interview in it; `None` when it shows the interview as answered already.
pub(super) fn put_in(panel: &Value, write: &Write, interview: &Value) -> Option<Value> {
    let id = evidence::id(interview);
    let there = evidence::by_id(panel, id).filter(|there| !is_only_named(there));
    let (body, shown) = match write {
        Write::AddInterview { body, .. } => (body, there.is_some()),
        Write::EditInterview { body, before, .. } => (body, there.is_some_and(|there| evidence::interview_edit_shows(before, body, there))),
        _ => return None,
    };
    if shown {
        return None;
    }
    let whole = whole(there, body, interview);
    let mut panel = panel.clone();
    panel.as_object_mut()?.retain(|name, _| !FOLLOWING.contains(&name.as_str()));
    let list = panel.as_object_mut()?.entry("interviews").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
    match list.iter_mut().find(|it| evidence::id(it) == id) {
        Some(place) => *place = whole,
        None => list.push(whole),
    }
    Some(panel)
}

/// What was answered, what was sent, and what only Lever says of an interview, in that order of trust.
fn whole(there: Option<&Value>, body: &Value, answered: &Value) -> Value {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut whole: Map<String, Value> = there.map(fields).unwrap_or_default();
    // What can be sent was replaced, or taken away by being left out.
    whole.retain(|name, _| merge::is_levers_to_say(name));
    whole.extend(fields(body));
    // Null in an answer takes nothing away that was sent.
    whole.extend(fields(answered).into_iter().filter(|(name, value)| !(value.is_null() && body.get(name).is_some())));
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::draft::InterviewDraft;
    use super::*;

    fn panel() -> Value {
        json!({"id": "p", "interviews": [{"id": "i", "date": 1, "duration": 30, "note": "old", "createdAt": 7, "interviewers": [{"id": "u"}]}, {"id": "j"}]})
    }

    fn edit(body: Value) -> Write {
        let before = merge::interview(&panel()["interviews"][0], &InterviewDraft::default());
        Write::EditInterview { panel: "p".into(), interview: "i".into(), body, patch: json!({}), before, alone: Value::Null, pinned: false }
    }

    #[test]
    fn an_answer_is_whole_when_it_shows_what_was_sent_and_every_interview() {
        let write = Write::SchedulePanel { body: json!({"externalUrl": "https://a.example/", "interviews": [{"date": 1}]}) };
        let answer = json!({"id": "p", "externallyManaged": true, "externalUrl": "https://a.example/",
                            "interviews": [{"id": "i", "date": 1, "interviewers": [{"id": "u", "feedbackTemplate": "no-feedback"}]}]});
        let whole = |answer: &Value| is_whole(&Record::read(answer.clone()).expect("a panel"), &write);
        assert!(whole(&answer));
        let less = [
            ("externalUrl", json!(null)),
            ("interviews", json!(["i"])),
            ("interviews", json!(null)),
            ("externallyManaged", json!(null)),
            ("interviews", json!([{"id": "i", "date": 1, "interviewers": [{"id": "u"}]}])),
        ];
        for (name, value) in less {
            let mut answer = answer.clone();
            answer[name] = value;
            assert!(!whole(&answer), "{answer}");
        }
    }

    #[test]
    fn an_edited_panel_is_what_was_sent_and_what_is_levers_to_say() {
        let before =
            json!({"id": "p", "createdAt": 7, "note": "old", "interviews": [{"id": "i", "date": 1, "createdAt": 8, "note": "x"}, {"id": "j"}]});
        let body = json!({"timezone": "Europe/Lisbon", "interviews": [{"id": "i", "date": 2}, {"date": 3}]});
        let expected = json!({"id": "p", "createdAt": 7, "timezone": "Europe/Lisbon", "interviews": [{"id": "i", "date": 2, "createdAt": 8}]});
        assert_eq!(edited(&before, &body), expected);
    }

    #[test]
    fn when_a_panel_is_follows_from_its_interviews_once_these_have_moved() {
        let mut before = panel();
        (before["start"], before["end"]) = (json!(1), json!(1_800_001));
        let moved = edited(&before, &json!({"interviews": [{"id": "i", "date": 2}]}));
        let put = put_in(&before, &edit(json!({"date": 2, "duration": 30})), &json!({"id": "i"})).expect("a change");
        for panel in [moved, put] {
            assert_eq!((panel.get("start"), panel.get("end")), (None, None));
        }
    }

    #[test]
    fn an_edit_that_the_panel_does_not_show_yet_is_put_in() {
        let write = edit(json!({"date": 1, "duration": 45, "panel": "p", "interviewers": [{"id": "u"}]}));
        // What is null in the answer was sent all the same.
        let put = put_in(&panel(), &write, &json!({"id": "i", "duration": 45, "date": null})).expect("a change");
        let expected = json!({"id": "i", "date": 1, "duration": 45, "createdAt": 7, "panel": "p", "interviewers": [{"id": "u"}]});
        assert_eq!((&put["interviews"][0], &put["interviews"][1]), (&expected, &json!({"id": "j"})));
        assert_eq!(put_in(&put, &write, &json!({"id": "i", "duration": 45})), None);
    }

    #[test]
    fn a_new_interview_that_the_panel_does_not_show_yet_is_put_in() {
        let write = Write::AddInterview { panel: "p".into(), body: json!({"date": 9, "duration": 15}), before: panel() };
        let put = put_in(&panel(), &write, &json!({"id": "k"})).expect("a change");
        assert_eq!(put["interviews"][2], json!({"date": 9, "duration": 15, "id": "k"}));
        assert_eq!(put_in(&put, &write, &json!({"id": "k"})), None);
    }
}
