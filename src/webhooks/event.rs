//! What a delivery's body says. Nothing of it is believed before its signature was verified, and of `data` never more than what
//! to read again.
//!
//! Which event it is about is not read from here: the body's word for it is not signed, and every webhook is registered for one.

use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::jobs::Job;

/// Lever's own ids have 36 characters at most; its tokens 48.
const LONGEST_ID: usize = 128;
const LONGEST_TOKEN: usize = 512;

/// A delivery, as far as it concerns us.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// Random per delivery, and kept when Lever tries it again.
    pub token: String,
    pub signature: String,
    /// Milliseconds since the epoch. Never used to order anything.
    pub triggered_at: i64,
    #[serde(default)]
    data: Value,
}

impl Event {
    /// `None` when a part that the signature covers is missing or of another form (a time that is text or a fraction, say):
    /// then nobody signed it.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let event: Self = serde_json::from_slice(body).ok()?;
        let plausible = (1..=LONGEST_TOKEN).contains(&event.token.len()) && event.triggered().is_some();
        plausible.then_some(event)
    }

    /// When it happened, according to Lever; `None` for what is no time of ours.
    pub fn triggered(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.triggered_at).filter(|time| (1970..=9999).contains(&time.year()))
    }

    /// The opportunity it is about; in old deliveries under the name `candidateId`.
    pub fn opportunity(&self) -> Option<&str> {
        self.id("opportunityId", "opportunity").or_else(|| self.id("candidateId", "candidate"))
    }

    /// The person it is about.
    pub fn contact(&self) -> Option<&str> {
        self.id("contactId", "contact")
    }

    /// What to read again: the opportunity, which brings its contact and its panels, or else the contact. Nothing for a delivery
    /// that only tries the connection (`data: {}`).
    pub fn job(&self) -> Option<Job> {
        match (self.opportunity(), self.contact()) {
            (Some(opportunity), _) => Some(Job::RefreshOpportunity { opportunity: opportunity.to_owned() }),
            (None, Some(contact)) => Some(Job::RefreshContact { contact: contact.to_owned() }),
            (None, None) => None,
        }
    }

    /// An id that Lever could have and Postgres can store: in a field of its own or, as Lever's objects have it, in that of what it
    /// names, expanded or not. Also in a `data` inside `data`, as Lever's answers have it.
    fn id(&self, field: &str, object: &str) -> Option<&str> {
        let found = [Some(&self.data), self.data.get("data")].into_iter().flatten().find_map(|data| {
            let named = || data.get(object).and_then(|it| it.as_str().or_else(|| it.get("id")?.as_str()));
            data.get(field).and_then(Value::as_str).or_else(named)
        });
        found.filter(|id| (1..=LONGEST_ID).contains(&id.len()) && !id.contains(char::is_control))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn with_data(data: Value) -> Event {
        let body = json!({"event": "candidateStageChange", "triggeredAt": 1_431_454_330_072_i64, "token": "t", "signature": "s", "data": data});
        Event::parse(body.to_string().as_bytes()).expect("a delivery")
    }

    #[test]
    fn what_happened_to_a_candidate_reads_the_opportunity_again() {
        let event = with_data(json!({"opportunityId": "o-1", "contactId": "c-1", "candidateId": "o-1", "toStageId": "offer"}));
        assert_eq!(event.job(), Some(Job::RefreshOpportunity { opportunity: "o-1".into() }));
        assert_eq!((event.opportunity(), event.contact()), (Some("o-1"), Some("c-1")));
        assert_eq!(with_data(json!({"candidateId": "o-2"})).opportunity(), Some("o-2"));
    }

    #[test]
    fn an_id_is_found_wherever_lever_may_put_it() {
        for data in [
            json!({"opportunity": "o-1"}),
            json!({"opportunity": {"id": "o-1", "name": "x"}}),
            json!({"candidate": {"id": "o-1"}, "interview": {"id": "i-1"}}),
            json!({"data": {"opportunityId": "o-1"}}),
            json!({"opportunityId": null, "opportunity": "o-1"}),
        ] {
            assert_eq!(with_data(data.clone()).opportunity(), Some("o-1"), "{data}");
        }
        assert_eq!(with_data(json!({"contact": {"id": "c-1"}})).job(), Some(Job::RefreshContact { contact: "c-1".into() }));
    }

    #[test]
    fn what_happened_to_a_person_reads_the_contact_again() {
        assert_eq!(with_data(json!({"contactId": "c-1", "updatedAt": 1})).job(), Some(Job::RefreshContact { contact: "c-1".into() }));
    }

    #[test]
    fn a_delivery_about_nothing_is_a_delivery() {
        for data in [json!({}), json!(null), json!([]), json!("text"), json!({"opportunityId": null}), json!({"opportunityId": 7})] {
            assert_eq!(with_data(data.clone()).job(), None, "{data}");
        }
        let bare = Event::parse(br#"{"triggeredAt": 1, "token": "t", "signature": "s", "id": "d", "new": {"field": []}}"#);
        assert_eq!(bare.expect("a delivery without data").job(), None);
    }

    #[test]
    fn an_id_that_lever_cannot_have_is_not_looked_for() {
        for id in ["", "a\0b", "a\nb", &"x".repeat(LONGEST_ID + 1)] {
            assert_eq!(with_data(json!({"opportunityId": id})).job(), None, "{id:?}");
        }
        assert!(with_data(json!({"opportunityId": "lead-new"})).job().is_some());
    }

    #[test]
    fn what_the_signature_covers_has_one_form() {
        let parsed = |triggered_at: &str, token: &str, signature: &str| {
            let body = format!(r#"{{"event": "e", "triggeredAt": {triggered_at}, "token": {token}, "signature": {signature}, "data": {{}}}}"#);
            Event::parse(body.as_bytes()).is_some()
        };
        assert!(parsed("1431454330072", r#""t""#, r#""s""#));
        for triggered_at in [
            r#""1431454330072""#,
            "1431454330072.0",
            "1431454330072.5",
            "1.4e12",
            "-0",
            "null",
            "true",
            "1e400",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            assert!(!parsed(triggered_at, r#""t""#, r#""s""#), "{triggered_at}");
        }
        assert!(!parsed("1", r#""""#, r#""s""#));
        assert!(!parsed("1", "7", r#""s""#));
        assert!(!parsed("1", r#""t""#, "null"));
        assert!(Event::parse(br#"{"triggeredAt": 1, "token": "t"}"#).is_none(), "no signature");
        assert!(Event::parse(br#"{"triggeredAt": 1, "token": "t", "token": "u", "signature": "s"}"#).is_none(), "two tokens");
    }

    proptest! {
        #[test]
        fn rubbish_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Event::parse(&body).is_none());
        }

        #[test]
        fn the_digits_that_were_sent_are_the_digits_that_are_signed(triggered_at in 0..253_402_300_799_999_i64) {
            let body = format!(r#"{{"triggeredAt": {triggered_at}, "token": "t", "signature": "s"}}"#);
            let event = Event::parse(body.as_bytes()).expect("a delivery");
            prop_assert_eq!(event.triggered_at, triggered_at);
        }

        #[test]
        fn whatever_id_is_found_can_be_stored(id in any::<String>()) {
            if let Some(Job::RefreshOpportunity { opportunity }) = with_data(json!({"opportunityId": id})).job() {
                prop_assert!(!opportunity.is_empty() && opportunity.len() <= LONGEST_ID && !opportunity.contains('\0'));
            }
        }
    }
}
