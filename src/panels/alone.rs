//! What Lever shows of an interview only when it is asked for that interview alone, and not in its panel. PUT replaces whole objects there:
//! an edit that does not send this back loses it. Known here as the *rest* of an interview, and of a panel as an object of rests by the
//! interviews' ids.

use serde_json::{Map, Value};

use super::evidence::{id, interviews};
use super::merge;
use super::whereabouts::Place;
use crate::error::{Error, Result};
use crate::lever::{self, Account, Interview, Record};
use crate::operations::patience::Patience;
use crate::state::AppState;

/// One interview as Lever shows it on its own.
///
/// # Errors
/// 404; 503 when that takes too long; Lever failed.
pub(super) async fn read(state: &AppState, account: &Account, opportunity: String, id: String, patience: Patience) -> Result<Value> {
    let account = account.clone();
    let read = async move {
        match account.get_interview(&opportunity, &id).await {
            Ok(interview) => Ok(interview.raw),
            Err(error) if error.is_not_found() => Err(Error::not_found()),
            Err(error) => Err(error.into()),
        }
    };
    patience.demand(&state.clock, read).await
}

/// The rests of a panel's interviews: the list of all the candidate's shows each as it is alone. Where Lever refuses that list, nothing is
/// known to be hidden.
///
/// # Errors
/// 503 when that takes too long; Lever failed.
pub(super) async fn read_rests(state: &AppState, account: &Account, place: Place, patience: Patience) -> Result<Value> {
    let account = account.clone();
    patience.demand(&state.clock, async move { Ok(rests(&account, &place).await?) }).await
}

/// As [`read_rests`], however long that takes.
///
/// # Errors
/// Lever failed.
pub(super) async fn rests(account: &Account, place: &Place) -> Result<Value, lever::Error> {
    let all = match account.all_interviews(&place.opportunity).await {
        Ok(page) => page.records,
        Err(lever::Error::Rejected { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(rests_among(&place.panel.raw, &all))
}

/// The rest of one interview as one of a panel's.
///
/// # Errors
/// Lever failed.
pub(super) async fn rest_of(account: &Account, place: &Place, interview: &str) -> Result<Value, lever::Error> {
    match account.get_interview(&place.opportunity, interview).await {
        Ok(alone) => Ok(rests_among(&place.panel.raw, &[alone])),
        Err(lever::Error::Rejected { .. }) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

fn rests_among(panel: &Value, all: &[Record<Interview>]) -> Value {
    let rests = interviews(panel).filter_map(|shown| {
        let alone = all.iter().find(|alone| Some(alone.id.as_str()) == id(shown))?;
        Some((alone.id.clone(), rest(shown, &alone.raw)))
    });
    Value::Object(rests.filter(|(_, rest)| !is_nothing(rest)).collect())
}

/// The fields that can be sent, of an interview and of its people, that the panel does not show.
pub(super) fn rest(in_panel: &Value, alone: &Value) -> Value {
    let mut rest = hidden(in_panel, alone, merge::is_levers_to_say);
    let seats = people(alone).filter_map(|seat| {
        let mut hidden = hidden(person(in_panel, id(seat)?)?, seat, merge::is_levers_to_say_of_a_person);
        (!hidden.is_empty()).then(|| {
            hidden.insert("id".into(), seat["id"].clone());
            Value::Object(hidden)
        })
    });
    let seats: Vec<Value> = seats.collect();
    if !seats.is_empty() {
        rest.insert("interviewers".into(), Value::Array(seats));
    }
    Value::Object(rest)
}

/// The fields of an object that another view of it does not show.
fn hidden(shown: &Value, whole: &Value, is_levers: impl Fn(&str) -> bool) -> Map<String, Value> {
    let fields = whole.as_object().into_iter().flatten();
    let hidden = fields.filter(|(name, value)| shown.get(name.as_str()).is_none_or(Value::is_null) && !value.is_null() && !is_levers(name));
    hidden.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An interview as its panel shows it, with its rest.
pub(super) fn with_rest(in_panel: &Value, rest: &Value) -> Value {
    let mut whole = filled(in_panel, rest);
    for seat in whole.get_mut("interviewers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(hidden) = id(seat).and_then(|id| person(rest, id)) {
            *seat = filled(seat, hidden);
        }
    }
    whole
}

/// A panel, each of its interviews with its rest.
pub(super) fn with_rests(panel: &Value, rests: &Value) -> Value {
    let mut panel = panel.clone();
    for interview in panel.get_mut("interviews").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(rest) = id(interview).and_then(|id| rests.get(id)) {
            *interview = with_rest(interview, rest);
        }
    }
    panel
}

/// The object with those fields of another that it does not have.
fn filled(object: &Value, other: &Value) -> Value {
    let mut object = object.clone();
    if let (Some(object), Some(other)) = (object.as_object_mut(), other.as_object()) {
        for (name, value) in other {
            if object.get(name).is_none_or(Value::is_null) {
                object.insert(name.clone(), value.clone());
            }
        }
    }
    object
}

fn is_nothing(rest: &Value) -> bool {
    rest.as_object().is_none_or(Map::is_empty)
}

/// The seats of an interview.
pub(super) fn people(interview: &Value) -> impl Iterator<Item = &Value> {
    interview.get("interviewers").and_then(Value::as_array).into_iter().flatten()
}

/// The seat of one person in an interview.
pub(super) fn person<'a>(interview: &'a Value, wanted: &str) -> Option<&'a Value> {
    people(interview).find(|seat| id(seat) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn in_panel() -> Value {
        json!({"id": "i", "note": null, "subject": "Coding", "interviewers": [{"id": "u", "name": "Uma Invented"}, {"id": "v"}]})
    }

    #[test]
    fn the_rest_is_what_can_be_sent_and_the_panel_does_not_show() {
        let alone = json!({"id": "i", "note": "bring a pen", "subject": "Coding", "guide": {"id": "g"}, "panel": "p", "feedbackForms": [], "empty": null,
                           "interviewers": [{"id": "u", "role": "lead", "email": "uma@acme.example"}, {"id": "v"}, {"id": "w", "role": "x"}]});
        let rest = rest(&in_panel(), &alone);
        assert_eq!(rest, json!({"note": "bring a pen", "guide": {"id": "g"}, "interviewers": [{"id": "u", "role": "lead"}]}));
        let whole = json!({"id": "i", "note": "bring a pen", "subject": "Coding", "guide": {"id": "g"},
                           "interviewers": [{"id": "u", "name": "Uma Invented", "role": "lead"}, {"id": "v"}]});
        assert_eq!(with_rest(&in_panel(), &rest), whole);
        let panel = json!({"id": "p", "interviews": [in_panel(), {"id": "j"}]});
        assert_eq!(with_rests(&panel, &json!({"i": rest})), json!({"id": "p", "interviews": [whole, {"id": "j"}]}));
    }

    #[test]
    fn what_the_panel_shows_by_now_is_newer_than_the_rest() {
        assert_eq!(with_rest(&json!({"id": "i", "guide": "new"}), &json!({"guide": "old"})), json!({"id": "i", "guide": "new"}));
        assert_eq!(with_rests(&json!({"id": "p"}), &Value::Null), json!({"id": "p"}));
    }
}
