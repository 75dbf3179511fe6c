//! The interviews of a write as times and people: what is new about them and has to be judged. Pure.
//!
//! What was there before and stays is nobody's business again: an edit of a note must not fail because an interviewer has left the
//! company or an interview is over.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::merge::is_on;
use crate::error::Mistake;
use crate::lever::whole;

/// One interview as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// JSON pointer of the interview in the request.
    pub at: String,
    /// Lever's id, when the interview is there already.
    pub id: Option<String>,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// It is new, or at another time than before.
    pub moved: bool,
    pub people: Vec<Person>,
    /// Feedback templates that were not there before, with their pointers.
    pub templates: Vec<(String, String)>,
}

/// An interviewer of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// Lever user.
    pub id: String,
    /// Was not in this interview before.
    pub new: bool,
}

impl Slot {
    /// The people whose time this slot takes anew.
    pub(super) fn claimed(&self) -> impl Iterator<Item = &str> {
        self.people.iter().filter(|person| self.moved || person.new).map(|person| person.id.as_str())
    }

    /// Whether it and a span of time overlap; one that begins when the other ends does not.
    pub(super) fn overlaps(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        self.start < end && start < self.end
    }

    /// The pointer of one of its interviewers.
    pub(super) fn pointer_of(&self, person: usize) -> String {
        format!("{}/interviewers/{person}/id", self.at)
    }
}

/// The slots of a whole panel's body, compared with the panel that Lever has (an empty object for a new one).
pub(super) fn of_panel(fresh: &Value, body: &Value) -> Vec<Slot> {
    let before: Vec<&Value> = list(fresh, "interviews").filter(|interview| is_on(interview)).collect();
    let slots = list(body, "interviews").enumerate().filter_map(|(index, interview)| {
        let there = interview.get("id").and_then(|id| before.iter().find(|there| there.get("id") == Some(id)).copied());
        of_interview(there.unwrap_or(&Value::Null), interview, format!("/interviews/{index}"))
    });
    slots.collect()
}

/// The slot of one interview's body, compared with the interview that Lever has. `None` when it has no time: then there is
/// nothing to judge.
pub(super) fn of_interview(fresh: &Value, body: &Value, at: String) -> Option<Slot> {
    let (start, end) = span(body)?;
    let before: Vec<&Value> = list(fresh, "interviewers").collect();
    let mut templates = Vec::new();
    judge_template(fresh, body, format!("{at}/feedbackTemplateId"), &mut templates);
    let mut people = Vec::new();
    for (index, seat) in list(body, "interviewers").enumerate() {
        let there = before.iter().find(|there| there.get("id") == seat.get("id")).copied();
        judge_template(there.unwrap_or(&Value::Null), seat, format!("{at}/interviewers/{index}/feedbackTemplateId"), &mut templates);
        people.push(Person { id: text(seat, "id")?.to_owned(), new: there.is_none() });
    }
    Some(Slot { id: text(fresh, "id").map(str::to_owned), moved: span(fresh) != Some((start, end)), at, start, end, people, templates })
}

/// When an interview in Lever's words begins and ends.
pub(super) fn span(interview: &Value) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let start = DateTime::from_timestamp_millis(whole(interview.get("date")?)?)?;
    let end = start.checked_add_signed(TimeDelta::try_minutes(whole(interview.get("duration")?)?)?)?;
    Some((start, end))
}

/// The people of an interview in Lever's words.
pub(super) fn people(interview: &Value) -> impl Iterator<Item = &str> {
    list(interview, "interviewers").filter_map(|seat| text(seat, "id"))
}

/// New interviews in the past, and people who would have to be in two of the interviews at once.
pub(super) fn mistakes(slots: &[Slot], now: DateTime<Utc>, allow_past: bool, allow_conflicts: bool) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, slot) in slots.iter().enumerate() {
        if slot.moved && slot.start <= now && !allow_past {
            mistakes.push(Mistake::new(format!("{}/start", slot.at), "is in the past; send allowPast: true if you mean it").coded("in_the_past"));
        }
        if allow_conflicts {
            continue;
        }
        for other in slots[..index].iter().filter(|other| other.overlaps(slot.start, slot.end)) {
            let shared = slot.people.iter().enumerate().find(|(_, person)| other.people.iter().any(|it| it.id == person.id));
            if let Some((at, person)) = shared
                && (slot.claimed().any(|id| id == person.id) || other.claimed().any(|id| id == person.id))
            {
                let message = format!("would be in {} at the same time; send allowConflicts: true if you mean it", other.at);
                mistakes.push(Mistake::new(slot.pointer_of(at), message).coded("overlap"));
            }
        }
    }
    mistakes
}

fn judge_template(fresh: &Value, body: &Value, at: String, templates: &mut Vec<(String, String)>) {
    if let Some(id) = text(body, "feedbackTemplate").filter(|id| text(fresh, "feedbackTemplate") != Some(id)) {
        templates.push((at, id.to_owned()));
    }
}

fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn interview(id: Option<&str>, hour: i64, minutes: i64, people: &[&str]) -> Value {
        let people: Vec<Value> = people.iter().map(|id| json!({"id": id, "feedbackTemplate": "t1"})).collect();
        json!({"id": id, "date": hour * HOUR, "duration": minutes, "interviewers": people, "feedbackTemplate": "t2"})
    }

    fn pointers(mistakes: Vec<Mistake>) -> Vec<String> {
        mistakes.into_iter().map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn only_what_is_new_is_to_be_judged() {
        let fresh = json!({"interviews": [interview(Some("i1"), 1, 60, &["u1"]), interview(Some("i2"), 3, 60, &["u2"])]});
        let body = json!({"interviews": [interview(Some("i1"), 1, 60, &["u1", "u3"]), interview(Some("i2"), 4, 60, &["u2"]), interview(None, 9, 30, &["u4"])]});
        let slots = of_panel(&fresh, &body);
        let claimed: Vec<Vec<&str>> = slots.iter().map(|slot| slot.claimed().collect()).collect();
        assert_eq!(claimed, [vec!["u3"], vec!["u2"], vec!["u4"]]);
        assert_eq!(slots.iter().map(|slot| slot.moved).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(slots[0].templates, [("/interviews/0/interviewers/1/feedbackTemplateId".to_owned(), "t1".to_owned())]);
        assert!(slots[1].templates.is_empty());
        assert_eq!(slots[2].templates.len(), 2);
        let nothing: Vec<&str> = of_panel(&fresh, &fresh).iter().flat_map(|slot| slot.claimed().collect::<Vec<_>>()).map(|_| "claimed").collect();
        assert!(nothing.is_empty());
    }

    #[test]
    fn a_whole_number_is_one_however_lever_writes_it() {
        let (plain, odd) = (json!({"date": HOUR, "duration": 45}), json!({"date": 3_600_000.0, "duration": 45.0}));
        assert!(span(&plain).is_some());
        assert_eq!(span(&plain), span(&odd));
    }

    #[test]
    fn the_past_is_refused_for_what_moves_into_it() {
        let now = DateTime::from_timestamp_millis(2 * HOUR).expect("a time");
        let body = json!({"interviews": [interview(None, 1, 60, &["u1"]), interview(None, 3, 60, &["u1"])]});
        let slots = of_panel(&Value::Null, &body);
        assert_eq!(pointers(mistakes(&slots, now, false, false)), ["/interviews/0/start"]);
        assert!(mistakes(&slots, now, true, false).is_empty());
        let kept = of_panel(
            &json!({"interviews": [interview(Some("i1"), 1, 60, &["u1"])]}),
            &json!({"interviews": [interview(Some("i1"), 1, 60, &["u1"])]}),
        );
        assert!(mistakes(&kept, now, false, false).is_empty());
    }

    #[test]
    fn nobody_can_be_in_two_interviews_at_once() {
        let body =
            json!({"interviews": [interview(None, 1, 60, &["u1", "u2"]), interview(None, 2, 60, &["u1"]), interview(None, 2, 30, &["u3", "u1"])]});
        let slots = of_panel(&Value::Null, &body);
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(pointers(mistakes(&slots, now, false, false)), ["/interviews/2/interviewers/1/id"]);
        assert!(mistakes(&slots, now, false, true).is_empty());
    }
}
