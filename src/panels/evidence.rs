//! Whether what Lever shows is what a write asked for. Pure.
//!
//! Asked when the answer to a write never came. A booking has its mark; an edit is recognised by what it changed, a new interview by
//! its time and people among those that were not there before. Only what the write itself changed is compared: Lever may show other
//! defaults, and other people may change other things meanwhile.

use serde_json::{Map, Value};

use super::draft::PanelDraft;
use super::merge::{self, is_on};
use crate::lever::{is_only_named, whole};

/// Whether `fresh` shows every difference between `before`, the panel that the edit was made from, and the `body` that was sent.
pub(super) fn edit_shows(before: &Value, body: &Value, fresh: &Value) -> bool {
    let plain = |panel| merge::panel(panel, &PanelDraft::default()).ok();
    let (Some(base), Some(now)) = (plain(before), plain(fresh)) else { return false };
    let known = ids(before);
    fields_show(&base, body, &now)
        && interviews(&base).all(|old| by_id(body, id(old)).is_some() || by_id(&now, id(old)).is_none())
        && interviews(body).all(|wanted| match id(wanted) {
            Some(_) => {
                by_id(&now, id(wanted)).is_some_and(|shown| by_id(&base, id(wanted)).is_some_and(|old| interview_edit_shows(old, wanted, shown)))
            }
            None => true,
        })
        && map_new(body, fresh, &known).is_some_and(|mapped| interviews(&mapped).all(|interview| id(interview).is_some()))
}

/// As [`edit_shows`], for one interview.
pub(super) fn interview_edit_shows(before: &Value, body: &Value, fresh: &Value) -> bool {
    !is_only_named(fresh) && fields_show(before, body, fresh)
}

/// Whether `fresh` says too little of its interviews to tell that an edit of the panel has not happened.
pub(super) fn edit_is_unclear(before: &Value, body: &Value, fresh: &Value) -> bool {
    let known = ids(before);
    let mut new = interviews(body).filter(|interview| id(interview).is_none());
    interviews(fresh).any(is_only_named) || new.any(|interview| is_perhaps_added(interview, fresh, &known))
}

/// Whether `fresh` has an interview that was not `known` and says too little of it to tell that it is not the one of `body`.
pub(super) fn is_perhaps_added(body: &Value, fresh: &Value, known: &[String]) -> bool {
    let (date, duration, people) = essence(body);
    unknown(fresh, known).any(|interview| {
        let (its_date, its_duration, its_people) = essence(interview);
        let says_all = its_date.is_some() && its_duration.is_some() && !its_people.is_empty();
        let may_be = its_date.is_none_or(|its| Some(its) == date) && its_duration.is_none_or(|its| Some(its) == duration);
        !says_all && may_be && (its_people.is_empty() || its_people == people)
    })
}

/// The ids of interviews in `fresh` that were not `known` and have the time and people of `body`.
pub(super) fn added(body: &Value, fresh: &Value, known: &[String]) -> Vec<String> {
    unknown(fresh, known).filter(|interview| essence(interview) == essence(body)).filter_map(id).map(str::to_owned).collect()
}

/// The interviews in `fresh` that are to happen and were not `known`.
fn unknown<'a>(fresh: &'a Value, known: &[String]) -> impl Iterator<Item = &'a Value> {
    interviews(fresh).filter(|interview| is_on(interview) && id(interview).is_some_and(|id| !known.iter().any(|it| it == id)))
}

/// The body with the id of every new interview that Lever has already made, each used once: sent again it makes none twice.
pub(super) fn map_new(body: &Value, fresh: &Value, known: &[String]) -> Option<Value> {
    let mut body = body.clone();
    let mut taken = known.to_vec();
    for interview in body.get_mut("interviews")?.as_array_mut()? {
        if id(interview).is_none()
            && let Some(made) = added(interview, fresh, &taken).into_iter().next()
        {
            interview.as_object_mut()?.insert("id".into(), made.clone().into());
            taken.push(made);
        }
    }
    Some(body)
}

/// The ids of a panel's interviews, canceled ones too.
pub(super) fn ids(panel: &Value) -> Vec<String> {
    interviews(panel).filter_map(id).map(str::to_owned).collect()
}

/// An interview of a panel by its id.
pub(super) fn by_id<'a>(panel: &'a Value, wanted: Option<&str>) -> Option<&'a Value> {
    interviews(panel).find(|interview| wanted.is_some() && id(interview) == wanted)
}

fn fields_show(base: &Value, body: &Value, now: &Value) -> bool {
    let none = Map::new();
    let (old, wanted) = (base.as_object().unwrap_or(&none), body.as_object().unwrap_or(&none));
    let names = old.keys().chain(wanted.keys()).filter(|name| !matches!(name.as_str(), "interviews" | "id" | "panel"));
    names.into_iter().all(|name| {
        let (old, wanted, shown) = (old.get(name), wanted.get(name), now.get(name));
        match wanted {
            _ if same(old, wanted) => true,
            Some(wanted) if name == "interviewers" => seats_show(wanted, shown),
            Some(_) => same(wanted, shown),
            // Taken away: it is empty, or a default of Lever's stands in its place.
            None => is_empty(shown) || !same(old, shown) || is_default(old),
        }
    })
}

/// The same people; and where a template was sent, and Lever shows any, the same template.
fn seats_show(wanted: &Value, shown: Option<&Value>) -> bool {
    let list = |seats: &Value| seats.as_array().cloned().unwrap_or_default();
    let (wanted, shown) = (list(wanted), shown.map(list).unwrap_or_default());
    let shows = |seat: &Value| {
        let there = shown.iter().find(|there| there.get("id") == seat.get("id"));
        there.is_some_and(|there| is_empty(template(seat)) || template(there).is_none() || same(template(seat), template(there)))
    };
    wanted.len() == shown.len() && wanted.iter().all(shows)
}

fn template(seat: &Value) -> Option<&Value> {
    seat.get("feedbackTemplate")
}

/// What makes an interview that interview: its time and its people.
fn essence(interview: &Value) -> (Option<i64>, Option<i64>, Vec<&str>) {
    let number = |name| interview.get(name).and_then(whole);
    let seats = interview.get("interviewers").and_then(Value::as_array).into_iter().flatten();
    let mut people: Vec<&str> = seats.filter_map(id).collect();
    people.sort_unstable();
    (number("date"), number("duration"), people)
}

/// Equal; nothing and null are one, and Lever may trim text.
fn same<'a>(one: impl Into<Option<&'a Value>>, other: impl Into<Option<&'a Value>>) -> bool {
    match (one.into(), other.into()) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.trim() == other.trim(),
        (Some(one @ Value::Number(_)), Some(other @ Value::Number(_))) if whole(one).is_some() => whole(one) == whole(other),
        (one, other) => one.unwrap_or(&Value::Null) == other.unwrap_or(&Value::Null),
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value == "")
}

fn is_default(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value == "daily" || value == "no-feedback")
}

/// The interviews of a panel in Lever's words.
pub(super) fn interviews(panel: &Value) -> impl Iterator<Item = &Value> {
    panel.get("interviews").and_then(Value::as_array).into_iter().flatten()
}

/// Lever's id of a panel, an interview or a person, which may stand in the place of the object.
pub(super) fn id(object: &Value) -> Option<&str> {
    object.as_str().or_else(|| object.get("id")?.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn before() -> Value {
        json!({"id": "p", "note": "old", "feedbackReminder": "once", "timezone": "Europe/Berlin", "interviews": [
            {"id": "i1", "date": 1_000, "duration": 30, "subject": "First", "interviewers": [{"id": "u1", "feedbackTemplate": "t"}]},
            {"id": "i2", "date": 9_000, "duration": 30, "interviewers": [{"id": "u2"}]}]})
    }

    fn sent(patch: Value) -> Value {
        merge::panel(&before(), &PanelDraft::patch(&patch, None).expect("right")).expect("a merge")
    }

    /// The panel after `change`, with a default of Lever's and somebody else's change in it.
    fn after(change: impl FnOnce(&mut Value)) -> Value {
        let mut panel = before();
        panel["location"] = json!("by somebody else");
        change(&mut panel);
        panel
    }

    #[test]
    fn an_edit_is_seen_by_what_it_changed() {
        let body = sent(json!({"note": "new ", "interviews": [{"id": "i1", "durationMinutes": 45, "interviewers": [{"id": "u3"}]}]}));
        assert!(!edit_shows(&before(), &body, &before()));
        let whole = |panel: &mut Value| {
            panel["note"] = json!("new");
            panel["interviews"][0]["duration"] = json!(45);
            panel["interviews"][0]["interviewers"] = json!([{"id": "u3", "name": "Uma Invented", "feedbackTemplate": "no-feedback"}]);
            panel["interviews"].as_array_mut().map(Vec::pop);
        };
        assert!(edit_shows(&before(), &body, &after(whole)));
        let without: [fn(&mut Value); 4] = [
            |panel| panel["note"] = json!("old"),
            |panel| panel["interviews"][0]["duration"] = json!(30),
            |panel| panel["interviews"][0]["interviewers"][0]["id"] = json!("u1"),
            |panel| panel["interviews"].as_array_mut().expect("a list").push(before()["interviews"][1].clone()),
        ];
        for undo in without {
            assert!(!edit_shows(
                &before(),
                &body,
                &after(|panel| {
                    whole(panel);
                    undo(panel)
                })
            ));
        }
    }

    #[test]
    fn what_was_taken_away_may_be_a_default_now() {
        let body = sent(json!({"feedbackReminder": null}));
        assert!(!edit_shows(&before(), &body, &before()));
        assert!(edit_shows(&before(), &body, &after(|panel| panel["feedbackReminder"] = json!("daily"))));
    }

    #[test]
    fn a_new_interview_is_found_by_its_time_and_people_and_not_twice() {
        let new = json!({"start": "2026-12-01T17:00:00Z", "durationMinutes": 30, "interviewers": [{"id": "u1"}, {"id": "u2"}]});
        let body = sent(json!({"interviews": [{"id": "i1"}, {"id": "i2"}, new, new]}));
        let made = |id: &str| json!({"id": id, "date": 1_796_144_400_000_i64, "duration": 30, "interviewers": [{"id": "u2"}, {"id": "u1"}]});
        let one = after(|panel| panel["interviews"].as_array_mut().expect("a list").push(made("n1")));
        let known = ids(&before());
        assert!(!edit_shows(&before(), &body, &one));
        let mapped = map_new(&body, &one, &known).expect("a body");
        assert_eq!((&mapped["interviews"][2]["id"], mapped["interviews"][3].get("id")), (&json!("n1"), None));
        let two = after(|panel| panel["interviews"].as_array_mut().expect("a list").extend([made("n1"), made("n2")]));
        assert!(edit_shows(&before(), &body, &two));
        assert_eq!(added(&body["interviews"][2], &two, &known), ["n1", "n2"]);
    }
}
