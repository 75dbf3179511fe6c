//! What is kept of a person who was anonymized, whatever Lever still serves: only what is about nobody.
//!
//! A field that is known to be about nobody stays. One that is known to be about the person stays empty, as Lever leaves it when it
//! forgets well. What nobody knows goes.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::lever::{Contact, Opportunity, Panel, Record};

/// Fields by what they are about.
struct Fields {
    nobody: &'static [&'static str],
    person: &'static [&'static str],
}

const OPPORTUNITY: Fields = Fields {
    nobody: &[
        "id",
        "contact",
        "stage",
        "stageChanges",
        "confidentiality",
        "opportunityLocation",
        "archived",
        "archivedAt",
        "archiveReason",
        "tags",
        "sources",
        "origin",
        "sourcedBy",
        "owner",
        "followers",
        "applications",
        "createdAt",
        "updatedAt",
        "lastInteractionAt",
        "lastAdvancedAt",
        "snoozedUntil",
        "urls",
        "dataProtection",
        "isAnonymized",
        "deletedAt",
        "deletedBy",
    ],
    person: &["name", "headline", "location", "emails", "phones", "links"],
};

const APPLICATION: Fields = Fields {
    nobody: &[
        "id",
        "opportunityId",
        "candidateId",
        "createdAt",
        "type",
        "posting",
        "postingOwner",
        "postingHiringManager",
        "user",
        "archived",
        "requisitionForHire",
    ],
    person: &[
        "name",
        "email",
        "phone",
        "company",
        "links",
        "comments",
        "customQuestions",
        "ipAddress",
        "referer",
        "userAgent",
        "acceptLanguage",
        "timezone",
    ],
};

const CONTACT: Fields = Fields { nobody: &["id", "isAnonymized", "dataProtection"], person: &["name", "headline", "location", "emails", "phones"] };

/// In a panel, what people wrote: as the function `without_words` in the database has it.
const WORDS: [&str; 5] = ["note", "subject", "location", "value", "text"];

/// The opportunity as it is stored: that of an anonymized person without what is about them, with the contact and the application in it.
pub fn opportunity(record: Cow<'_, Record<Opportunity>>) -> Cow<'_, Record<Opportunity>> {
    if record.is_anonymized != Some(true) {
        return record;
    }
    let mut raw = OPPORTUNITY.of(&record.raw);
    if let Some(contact) = raw.get_mut("contact") {
        *contact = CONTACT.of(contact);
    }
    if let Some(Value::Array(applications)) = raw.get_mut("applications") {
        applications.iter_mut().for_each(|application| *application = APPLICATION.of(application));
    }
    Cow::Owned(Record::read(raw).expect("it has its id"))
}

/// The contact as it is stored, as [`opportunity`].
pub fn contact(record: Cow<'_, Record<Contact>>) -> Cow<'_, Record<Contact>> {
    if record.is_anonymized == Some(true) { Cow::Owned(forgotten(&record)) } else { record }
}

/// A contact of whom others say that they are anonymized.
pub fn forgotten(contact: &Record<Contact>) -> Record<Contact> {
    let mut raw = CONTACT.of(&contact.raw);
    raw["isAnonymized"] = true.into();
    Record::read(raw).expect("it has its id")
}

/// A panel without what people wrote in it: its form stays, so that whoever reads it still can.
pub fn panel(record: &Record<Panel>) -> Record<Panel> {
    Record::read(without_words(&record.raw)).expect("it has its id")
}

/// As [`panel`], of its JSON or of a part of it.
pub fn without_words(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::String(_) if WORDS.contains(&name.as_str()) => (name.clone(), empty(value)),
                value => (name.clone(), without_words(value)),
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Array(items) => items.iter().map(without_words).collect(),
        plain => plain.clone(),
    }
}

impl Fields {
    /// Of an object what is about nobody; a plain id is one.
    fn of(&self, value: &Value) -> Value {
        let Value::Object(fields) = value else { return value.clone() };
        let kept = fields.iter().filter_map(|(name, value)| match name.as_str() {
            name if self.nobody.contains(&name) => Some((name.to_owned(), value.clone())),
            name if self.person.contains(&name) => Some((name.to_owned(), empty(value))),
            _ => None,
        });
        Value::Object(kept.collect::<Map<_, _>>())
    }
}

/// Nothing, in the form in which there was something.
fn empty(value: &Value) -> Value {
    match value {
        Value::String(_) => "".into(),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(fields) => Value::Object(fields.iter().map(|(name, value)| (name.clone(), empty(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lever_has_emptied_well_stays_as_it_is() {
        let raw = json!({
            "id": "o", "name": "", "emails": [], "location": null, "isAnonymized": true, "tags": ["x"], "urls": {"show": "https://hire.example.com/o"},
            "contact": {"id": "c", "name": "", "location": {"name": ""}, "isAnonymized": true}, "applications": ["a"],
        });
        let record = Record::<Opportunity>::read(raw.clone()).expect("an opportunity");
        assert_eq!(opportunity(Cow::Borrowed(&record)).raw, raw);
    }

    #[test]
    fn who_is_not_anonymized_stays_whole() {
        let raw = json!({"id": "o", "name": "Ada Example", "unknown": 1, "isAnonymized": false});
        let record = Record::<Opportunity>::read(raw.clone()).expect("an opportunity");
        assert_eq!(opportunity(Cow::Borrowed(&record)).raw, raw);
    }
}
