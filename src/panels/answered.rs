//! A panel in which one interview is as Lever has just answered it. Pure.
//!
//! A single interview is written alone and answered alone, and callers are shown the panel's copy of it. That copy is read again, but the
//! read may fail, or be behind the write: then the answer is put in its place, so that nobody is shown the interview as it was before.

use serde_json::{Map, Value};

use super::write::Write;
use super::{evidence, merge};

/// The panel with the interview in it; `None` when it shows the interview as answered already.
pub(super) fn put_in(panel: &Value, write: &Write, interview: &Value) -> Option<Value> {
    let id = interview.get("id").and_then(Value::as_str);
    let there = evidence::by_id(panel, id);
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
    let list = panel.as_object_mut()?.entry("interviews").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
    match list.iter_mut().find(|it| it.get("id").and_then(Value::as_str) == id) {
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
    whole.extend(fields(answered));
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
    fn an_edit_that_the_panel_does_not_show_yet_is_put_in() {
        let write = edit(json!({"date": 1, "duration": 45, "panel": "p", "interviewers": [{"id": "u"}]}));
        let put = put_in(&panel(), &write, &json!({"id": "i", "duration": 45})).expect("a change");
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
