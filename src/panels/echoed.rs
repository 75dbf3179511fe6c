//! What a caller sends back as it was read, though it cannot be set: a panel that was read can be changed and sent back as it is. Such a
//! field is taken out of a patch where it says what is there, and so is one that is empty where there is nothing; where it says something
//! else it stays, and is refused like any field that cannot be set. Pure.

use serde_json::{Map, Value};

use super::alone::{people, person};
use super::draft::{INTERVIEW, PANEL, SEAT, WISHES};
use super::evidence::{by_id, id, interviews};

/// When a copy was read says nothing of what it holds, and changes with every sync.
const OF_THE_COPY: &str = "syncedAt";

/// Whether a patch of a panel names anything that cannot be set.
pub(super) fn is_in_panel(patch: &Value) -> bool {
    names_more(patch, &[&PANEL, &WISHES])
        || interviews(patch).any(|interview| names_more(interview, &[&INTERVIEW, &["id"]]) || is_in_seats(interview))
}

/// As [`is_in_panel`], of an interview.
pub(super) fn is_in_interview(patch: &Value) -> bool {
    names_more(patch, &[&INTERVIEW, &WISHES]) || is_in_seats(patch)
}

/// A patch of a panel without what it says of the panel as it is read.
pub(super) fn without_panel(mut patch: Value, panel: &Value) -> Value {
    take_out(&mut patch, panel, &[&PANEL, &WISHES]);
    for interview in patch.get_mut("interviews").and_then(Value::as_array_mut).into_iter().flatten() {
        let there = by_id(panel, id(interview)).unwrap_or(&Value::Null);
        take_out(interview, there, &[&INTERVIEW, &["id"]]);
        // Somebody may be moved from one interview to another.
        take_out_of_seats(interview, |who| interviews(panel).find_map(|interview| person(interview, who)));
    }
    patch
}

/// As [`without_panel`], of an interview.
pub(super) fn without_interview(mut patch: Value, interview: &Value) -> Value {
    take_out(&mut patch, interview, &[&INTERVIEW, &WISHES]);
    take_out_of_seats(&mut patch, |who| person(interview, who));
    patch
}

fn is_in_seats(interview: &Value) -> bool {
    people(interview).any(|seat| names_more(seat, &[&SEAT]))
}

fn take_out_of_seats<'a>(interview: &mut Value, known: impl Fn(&str) -> Option<&'a Value>) {
    for seat in interview.get_mut("interviewers").and_then(Value::as_array_mut).into_iter().flatten() {
        let there = id(seat).and_then(&known).unwrap_or(&Value::Null);
        take_out(seat, there, &[&SEAT]);
    }
}

fn take_out(object: &mut Value, there: &Value, can_be_set: &[&[&str]]) {
    if let Value::Object(fields) = object {
        fields.retain(|name, value| {
            let says_what_is_there = name == OF_THE_COPY || there.get(name.as_str()) == Some(value);
            !says_what_is_there || (is_any(name, can_be_set) && !is_nothing(value))
        });
    }
}

/// What Lever may leave out, and nobody can ask for.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn names_more(object: &Value, can_be_set: &[&[&str]]) -> bool {
    object.as_object().into_iter().flat_map(Map::keys).any(|name| !is_any(name, can_be_set))
}

fn is_any(name: &str, names: &[&[&str]]) -> bool {
    names.iter().any(|names| names.contains(&name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn panel() -> Value {
        json!({"id": "p", "status": "scheduled", "note": "n", "syncedAt": "2026-11-20T10:00:00Z", "interviews": [
            {"id": "i", "panelId": "p", "end": "2026-12-01T17:45:00Z", "interviewers": [{"id": "u", "name": "Uma Invented", "email": "uma@acme.example"}]},
            {"id": "j", "panelId": "p", "end": "2026-12-01T18:45:00Z", "interviewers": [{"id": "v", "name": "Vic Invented", "email": null}]}]})
    }

    #[test]
    fn what_was_read_can_be_sent_back() {
        assert!(is_in_panel(&panel()));
        let rest = without_panel(panel(), &panel());
        let expected = json!({"note": "n", "interviews": [{"id": "i", "interviewers": [{"id": "u"}]}, {"id": "j", "interviewers": [{"id": "v"}]}]});
        assert_eq!(rest, expected);
        assert!(!is_in_panel(&rest));
    }

    #[test]
    fn when_it_was_read_does_not_matter_and_who_was_moved_is_known() {
        let mut patch = panel();
        patch["syncedAt"] = json!("2026-11-20T09:00:00Z");
        patch["interviews"][0]["interviewers"] = patch["interviews"][1]["interviewers"].take();
        patch["interviews"][1]["interviewers"] = json!([]);
        assert!(!is_in_panel(&without_panel(patch, &panel())));
    }

    #[test]
    fn what_says_something_else_stays_and_is_refused() {
        for (pointer, value) in [
            ("/status", json!("canceled")),
            ("/id", json!("q")),
            ("/interviews/0/end", json!("2026-12-01T19:00:00Z")),
            ("/interviews/1/interviewers/0/name", json!("Somebody Else")),
        ] {
            let mut patch = panel();
            *patch.pointer_mut(pointer).expect("a field") = value;
            let rest = without_panel(patch, &panel());
            assert!(is_in_panel(&rest) && rest.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn what_is_not_there_need_not_be_asked_for() {
        let mut bare = panel();
        bare["applicationIds"] = json!([]);
        bare["interviews"][1]["start"] = Value::Null;
        bare["interviews"][1]["interviewers"] = json!([]);
        let expected = json!({"note": "n", "interviews": [{"id": "i", "interviewers": [{"id": "u"}]}, {"id": "j"}]});
        assert_eq!(without_panel(bare.clone(), &bare), expected);
        // But what is to be taken away is asked for.
        bare["note"] = Value::Null;
        assert_eq!(without_panel(bare, &panel())["note"], Value::Null);
        assert!(without_panel(json!({"note": null}), &panel()).get("note").is_some());
    }

    #[test]
    fn an_interview_alone_can_be_sent_back_too() {
        let interview = json!({"id": "i", "panelId": "p", "status": "scheduled", "editable": true, "subject": "s", "interviewers": [{"id": "u", "name": "Uma Invented"}]});
        assert!(is_in_interview(&interview));
        assert_eq!(without_interview(interview.clone(), &interview), json!({"subject": "s", "interviewers": [{"id": "u"}]}));
        assert_eq!(without_interview(json!({"editable": false}), &interview), json!({"editable": false}));
    }
}
