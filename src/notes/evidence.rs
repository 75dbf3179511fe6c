//! Which of Lever's notes is the one that was sent: by its author, its exact text, and its time. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::lever::{Note, Record};

/// Lever's clock may be behind ours by so much.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// What a note of ours looks like at Lever.
pub(super) struct Sought<'a> {
    pub author: &'a str,
    pub value: &'a str,
    pub sent_at: DateTime<Utc>,
    /// Notes that were there before, or that other operations wrote.
    pub others: &'a [String],
}

impl Sought<'_> {
    /// The note among these; the oldest when several could be it.
    pub(super) fn among<'a>(&self, notes: &'a [Record<Note>]) -> Option<&'a Record<Note>> {
        let candidates = notes.iter().filter(|note| !self.others.contains(&note.id) && note.deleted_at.is_none() && self.is(note));
        candidates.min_by_key(|note| (note.created_at, note.id.clone()))
    }

    fn is(&self, note: &Note) -> bool {
        let Some(first) = note.fields.iter().find(|field| field.value.is_some()) else { return false };
        let author = note.user.as_ref().or(first.user.as_ref()).map(|user| user.id.as_str());
        let created = note.created_at.or(first.created_at);
        author == Some(self.author)
            // Lever may trim text.
            && first.value.as_deref().map(str::trim) == Some(self.value.trim())
            && created.is_some_and(|created| created >= self.sent_at - SKEW)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn note(id: &str, changes: Value) -> Record<Note> {
        let mut raw = json!({"id": id, "user": "u", "createdAt": 1_000_000_000, "fields": [{"type": "note", "value": "Kites ", "user": "u"}, {"value": "A comment"}]});
        raw.as_object_mut().expect("an object").extend(changes.as_object().expect("fields").clone());
        Record::read(raw).expect("a note")
    }

    fn found(notes: &[Record<Note>], others: &[&str]) -> Option<String> {
        let others: Vec<String> = others.iter().map(|id| (*id).to_owned()).collect();
        let sent_at = DateTime::from_timestamp_millis(1_000_000_000).expect("a time");
        Sought { author: "u", value: "Kites", sent_at, others: &others }.among(notes).map(|note| note.id.clone())
    }

    #[test]
    fn a_note_is_known_by_author_text_and_time() {
        assert_eq!(found(&[note("n", json!({}))], &[]).as_deref(), Some("n"));
        assert_eq!(found(&[note("n", json!({"createdAt": 1_000_000_000 - 200_000}))], &[]).as_deref(), Some("n"), "a clock that is behind");
        for other in [
            json!({"user": "v"}),
            json!({"fields": [{"value": "kites"}]}),
            json!({"fields": [{"value": "A comment"}, {"value": "Kites"}]}),
            json!({"fields": []}),
            json!({"createdAt": 1_000_000_000 - 400_000}),
            json!({"createdAt": null}),
            json!({"deletedAt": 5}),
        ] {
            assert_eq!(found(&[note("n", other.clone())], &[]), None, "{other}");
        }
    }

    #[test]
    fn of_several_the_oldest_that_nobody_else_wrote() {
        let notes = [note("c", json!({"createdAt": 1_000_000_002})), note("a", json!({})), note("b", json!({"createdAt": 1_000_000_001}))];
        assert_eq!(found(&notes, &[]).as_deref(), Some("a"));
        assert_eq!(found(&notes, &["a"]).as_deref(), Some("b"));
        assert_eq!(found(&notes, &["a", "b", "c"]), None);
    }
}
