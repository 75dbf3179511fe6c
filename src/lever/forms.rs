//! Panels and interviews in the one form that was recorded, whatever form Lever showed them in: times as milliseconds, people as
//! objects, other objects as their ids. So what compares them, and what sends them back, needs to know one form only.

use serde_json::{Map, Value, json};

use super::record::time;
use super::whole;

/// A panel and the interviews in it.
pub(super) fn panel(raw: &mut Value) {
    let Some(panel) = raw.as_object_mut() else { return };
    times(panel, &["canceledAt", "createdAt", "start", "end"]);
    if let Some(applications) = panel.get_mut("applications").and_then(Value::as_array_mut) {
        applications.iter_mut().for_each(reference);
    }
    panel.get_mut("interviews").and_then(Value::as_array_mut).into_iter().flatten().for_each(interview);
}

/// An interview, in its panel or alone.
pub(super) fn interview(raw: &mut Value) {
    let Some(interview) = raw.as_object_mut() else { return };
    times(interview, &["canceledAt", "createdAt", "date"]);
    for name in ["panel", "feedbackTemplate"] {
        interview.get_mut(name).into_iter().for_each(reference);
    }
    if let Some(duration) = interview.get_mut("duration")
        && let (false, Some(minutes)) = (duration.is_i64(), whole(duration))
    {
        *duration = json!(minutes);
    }
    // Null says as little of the people as if they were left out.
    if interview.get("interviewers").is_some_and(Value::is_null) {
        interview.remove("interviewers");
    }
    for seat in interview.get_mut("interviewers").and_then(Value::as_array_mut).into_iter().flatten() {
        match seat {
            Value::String(id) => *seat = json!({"id": id}),
            seat => seat.get_mut("feedbackTemplate").into_iter().for_each(reference),
        }
    }
}

fn times(object: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        if let Some(value) = object.get_mut(*name)
            && let (false, Some(time)) = (value.is_i64(), time(value))
        {
            *value = json!(time.timestamp_millis());
        }
    }
}

/// An object in the place of its id.
fn reference(value: &mut Value) {
    if let Some(id) = value.get("id").filter(|id| id.is_string()) {
        *value = id.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Value {
        json!({"id": "p", "applications": ["a"], "canceledAt": null, "createdAt": 1_782_975_257_727_i64, "start": 1_783_260_000_000_i64,
               "end": 1_783_263_600_000_i64, "note": "2026-07-05T14:00:00Z", "interviews": [
                   {"id": "i", "date": 1_783_260_000_000_i64, "duration": 60, "feedbackTemplate": "t", "canceledAt": null,
                    "interviewers": [{"id": "u", "feedbackTemplate": "no-feedback"}]}]})
    }

    #[test]
    fn what_comes_in_the_recorded_form_stays_as_it_is() {
        let mut raw = recorded();
        panel(&mut raw);
        assert_eq!(raw, recorded());
    }

    #[test]
    fn other_forms_of_the_same_become_the_recorded_one() {
        let mut raw = json!({
            "id": "p", "applications": [{"id": "a", "type": "posting"}], "canceledAt": null, "createdAt": "1782975257727",
            "start": "2026-07-05T14:00:00.000Z", "end": "2026-07-05T17:00:00+02:00", "note": "2026-07-05T14:00:00Z", "interviews": [
                {"id": "i", "date": 1_783_260_000_000.0, "duration": "60", "feedbackTemplate": {"id": "t", "text": "Coding"}, "canceledAt": null,
                 "interviewers": [{"id": "u", "feedbackTemplate": {"id": "no-feedback"}}]}]});
        panel(&mut raw);
        assert_eq!(raw, recorded());
    }

    #[test]
    fn people_may_be_ids_or_missing_and_what_is_no_time_is_not_guessed_at() {
        let mut ids = json!({"id": "i", "interviewers": ["u", {"id": "v"}], "date": "tomorrow"});
        interview(&mut ids);
        assert_eq!(ids, json!({"id": "i", "interviewers": [{"id": "u"}, {"id": "v"}], "date": "tomorrow"}));
        let mut none = json!({"id": "i", "interviewers": null});
        interview(&mut none);
        assert_eq!(none, json!({"id": "i"}));
    }
}
