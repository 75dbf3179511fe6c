//! A panel's version: the hash of what an editor can mean by it, whatever form Lever shows it in. The `ETag` that callers see, and what
//! tells an editor that somebody else was faster.
//!
//! Lever shows one panel in many forms: a field is null or left out, an interview comes with more or less around it, people have names, and
//! answers to invitations arrive. None of that is a change of the panel. Nor are its own times: they follow from its interviews'.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What Lever says of a panel that follows from its interviews.
pub const FOLLOWING: [&str; 2] = ["start", "end"];
/// Of an interview, what only some of Lever's answers hold, or what changes without anybody editing.
const AROUND_AN_INTERVIEW: [&str; 10] =
    ["panel", "opportunityId", "createdAt", "timezone", "stage", "user", "postings", "feedbackForms", "gcalEventUrl", "updatedAt"];
/// Of an interviewer, what is not of the interview.
const ABOUT_A_PERSON: [&str; 3] = ["name", "email", "responseStatus"];

/// The version of a panel as Lever sent it. The same for the same content, fresh from Lever or read back from our copy.
pub fn version(raw: &Value) -> String {
    digest(&panel(raw))
}

/// As [`version`], of one interview.
pub fn interview_version(raw: &Value) -> String {
    digest(&interview(raw))
}

fn digest(value: &Value) -> String {
    let mut hash = Sha256::new();
    feed(&mut hash, value);
    // Half of it is plenty to tell versions apart.
    hex::encode(&hash.finalize()[..16])
}

fn panel(raw: &Value) -> Value {
    object(raw, &FOLLOWING, ("interviews", &interview))
}

fn interview(raw: &Value) -> Value {
    object(raw, &AROUND_AN_INTERVIEW, ("interviewers", &|seat| object(seat, &ABOUT_A_PERSON, ("", &plain))))
}

/// An object without these fields and without what is null, its list of others in the order of their ids.
fn object(raw: &Value, left_out: &[&str], (list, item): (&str, &dyn Fn(&Value) -> Value)) -> Value {
    let Value::Object(fields) = raw else { return plain(raw) };
    let kept = fields.iter().filter(|(name, value)| !value.is_null() && !left_out.contains(&name.as_str()));
    let field = |(name, value): (&String, &Value)| match value {
        Value::Array(items) if name == list => {
            let mut items: Vec<Value> = items.iter().map(item).collect();
            items.sort_by_key(|item| item.get("id").and_then(Value::as_str).map(str::to_owned));
            (name.clone(), Value::Array(items))
        }
        value => (name.clone(), plain(value)),
    };
    Value::Object(kept.map(field).collect())
}

/// Any value without what is null in it; a whole number is one, however it is written.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => crate::lever::whole(value).map_or_else(|| number.clone().into(), Value::from),
        other => other.clone(),
    }
}

fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            hash.update(b"{");
            for (name, value) in fields {
                feed(hash, &Value::String(name.clone()));
                feed(hash, value);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            items.iter().for_each(|item| feed(hash, item));
            hash.update(b"]");
        }
        // As JSON, so that a text never looks like a number, nor two texts like one.
        plain => hash.update(plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown() -> Value {
        json!({"id": "p", "note": null, "interviews": [
            {"id": "i", "duration": 45, "interviewers": [{"id": "u", "feedbackTemplate": "t"}, {"id": "v"}]}, {"id": "j", "subject": "x"}]})
    }

    #[test]
    fn the_form_that_a_panel_is_shown_in_makes_no_version() {
        let other = json!({"interviews": [
            {"subject": "x", "id": "j", "location": null, "panel": "p", "opportunityId": "o", "timezone": "Europe/Berlin", "feedbackForms": []},
            {"duration": 45.0, "id": "i", "interviewers": [
                {"id": "v", "responseStatus": "accepted"}, {"id": "u", "name": "Uma Invented", "email": "uma@example.com", "feedbackTemplate": "t"}]}],
            "id": "p", "start": 1_000, "end": 2_000});
        assert_eq!(version(&shown()), version(&other));
        assert_eq!(interview_version(&shown()["interviews"][1]), interview_version(&other["interviews"][0]));
    }

    #[test]
    fn whatever_an_editor_can_change_makes_a_version() {
        let changes: [fn(&mut Value); 8] = [
            |it| it["note"] = json!(""),
            |it| it["new"] = json!({"deep": [1]}),
            |it| it["interviews"][0]["duration"] = json!("45"),
            |it| it["interviews"][0]["duration"] = json!(46),
            |it| it["interviews"][0]["canceledAt"] = json!(7),
            |it| it["interviews"][0]["interviewers"][0]["feedbackTemplate"] = json!("other"),
            |it| it["interviews"][0]["interviewers"][1]["id"] = json!("w"),
            |it| it["interviews"].as_array_mut().map(Vec::pop).map_or((), drop),
        ];
        let mut versions = vec![version(&shown())];
        for change in changes {
            let mut other = shown();
            change(&mut other);
            versions.push(version(&other));
        }
        let count = versions.len();
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), count);
    }
}
