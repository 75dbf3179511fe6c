//! What a caller wants to write, read from JSON in the contract's words. Pure; says every mistake at once.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::error::Mistake;
use crate::operations::fields::{Fields, Mistakes, Sent, wrong};

const LONGEST_NOTE: usize = 20_000;

/// A note to write.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"value": "Prefers mornings, European time.", "notifyFollowers": false}))]
pub struct NoteRequest {
    /// The text.
    #[schema(min_length = 1, max_length = 20000, example = "Prefers mornings, European time.")]
    pub value: String,
    /// For admins alone; only they can write one.
    pub secret: Option<bool>,
    /// Whether Lever tells those who follow the candidate.
    pub notify_followers: Option<bool>,
    /// The Lever user in whose name it is written; by default the active one with the caller's address, else the one who connected.
    pub perform_as: Option<String>,
}

/// A note as the caller wants it. No `Debug`: it is about a person.
pub(super) struct NoteDraft {
    pub value: String,
    pub secret: bool,
    notify_followers: bool,
    pub perform_as: Option<String>,
}

impl NoteDraft {
    pub(super) fn new(body: &Value) -> Result<Self, Vec<Mistake>> {
        let mistakes = Mistakes::default();
        let names = ["value", "secret", "notifyFollowers", "performAs"];
        let read = Fields::of(body, String::new(), &names, &mistakes).map(|fields| {
            fields.require(&["value"]);
            let value = fields.text("value", LONGEST_NOTE);
            if let Sent::Value(text) = &value
                && text.trim().is_empty()
            {
                fields.wrong("value", wrong("required", "must not be empty"));
            }
            Self {
                value: value.value().unwrap_or_default(),
                secret: fields.flag("secret"),
                notify_followers: fields.flag("notifyFollowers"),
                perform_as: fields.id("performAs").value(),
            }
        });
        mistakes.finish(read)
    }

    /// The body that Lever gets. What was not asked for is left out, so that Lever's own settings decide.
    pub(super) fn body(&self) -> Value {
        let mut body = Map::from_iter([("value".to_owned(), json!(self.value))]);
        for (name, wish) in [("secret", self.secret), ("notifyFollowers", self.notify_followers)] {
            if wish {
                body.insert(name.to_owned(), json!(true));
            }
        }
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: Value) -> Vec<String> {
        NoteDraft::new(&body).err().expect("mistakes").into_iter().map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn every_field_that_is_described_is_understood() {
        let whole = NoteRequest { value: "A".into(), secret: Some(true), notify_followers: Some(true), perform_as: Some("u".into()) };
        let draft = NoteDraft::new(&json!(whole)).expect("right");
        assert_eq!((draft.body(), draft.perform_as), (json!({"value": "A", "secret": true, "notifyFollowers": true}), Some("u".into())));
        assert_eq!(NoteDraft::new(&json!({"value": "A"})).expect("right").body(), json!({"value": "A"}));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        assert_eq!(
            pointers(json!({"secret": 1, "notifyFollowers": "yes", "performAs": "", "note": "x"})),
            ["/note", "/value", "/secret", "/notifyFollowers", "/performAs"]
        );
        assert_eq!(pointers(json!({"value": " \n"})), ["/value"]);
        assert_eq!(pointers(json!({"value": "a\0b"})), ["/value"]);
        assert_eq!(pointers(json!({"value": "x".repeat(LONGEST_NOTE + 1)})), ["/value"]);
        assert_eq!(pointers(json!([])), [""]);
    }
}
