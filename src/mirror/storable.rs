//! What Postgres can keep of what Lever sends, decided in one place.
//!
//! Postgres refuses NUL characters in text and JSON, times before its calendar, and index entries beyond a third of a block. Lever
//! promises none of this, and one odd record must not make a page of a hundred fail: the odd part is left out, the rest is stored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value;

use crate::db::TenantTx;
use crate::lever::{Record, Resource};

/// Bytes of the longest id that is believed to be one. Lever's have 36.
pub const MAX_ID: usize = 512;

/// The records that can be stored, each key once (the last one wins) and in the order of their keys, so that two transactions that
/// store the same rows wait for each other instead of locking each other out.
pub fn latest<T: Resource + Clone>(records: &[Record<T>]) -> Vec<Cow<'_, Record<T>>> {
    let mut by_key = BTreeMap::new();
    let mut refused = 0usize;
    for record in records {
        match storable(record).filter(|record| record.key().len() <= MAX_ID) {
            Some(record) => drop(by_key.insert(record.key().to_owned(), record)),
            None => refused += 1,
        }
    }
    if refused > 0 {
        tracing::warn!(object = T::NAME, refused, "records whose key cannot be one were left out");
    }
    by_key.into_values().collect()
}

fn storable<T: Resource + Clone>(record: &Record<T>) -> Option<Cow<'_, Record<T>>> {
    if has_nul(&record.raw) { Record::read(without_nul(&record.raw)).map(Cow::Owned) } else { Some(Cow::Borrowed(record)) }
}

/// One column of the rows that are to be stored.
pub fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// A reference that may go into an index; one too long to be an id is treated as absent (`raw` still has it).
pub fn id(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !id.is_empty() && id.len() <= MAX_ID)
}

/// A time that both calendars know.
pub fn time(time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    time.filter(|time| (1..=9999).contains(&time.year()))
}

/// What searches look through: lower-case here and not in SQL, whose `lower` knows only ASCII in the C locale.
pub fn search_text<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n").to_lowercase()
}

/// Runs a statement that marks gone what a whole list, read since `read_before` ($2), did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, statement: &'static str, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let marked = sqlx::query(statement).bind(tx.tenant()).bind(read_before).execute(&mut **tx).await?;
    Ok(marked.rows_affected())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn without_nul(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "")),
        Value::Array(items) => items.iter().map(without_nul).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.replace('\0', ""), without_nul(value))).collect(),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::lever::{Tag, User};

    fn user(raw: Value) -> Record<User> {
        Record::read(raw).expect("a user")
    }

    #[test]
    fn of_several_with_one_key_the_last_is_kept_and_keys_come_in_order() {
        let records = [user(json!({"id": "b", "name": "first"})), user(json!({"id": "a"})), user(json!({"id": "b", "name": "last"}))];
        let kept = latest(&records);
        assert_eq!(kept.iter().map(|user| (user.id.as_str(), user.name.as_deref())).collect::<Vec<_>>(), [("a", None), ("b", Some("last"))]);
    }

    #[test]
    fn nul_is_taken_out_of_the_text_and_of_the_json() {
        let records = [user(json!({"id": "a\0b", "name": "A\0da", "deep\0": [{"x": "\0"}]}))];
        let kept = latest(&records);
        assert_eq!((kept[0].id.as_str(), kept[0].name.as_deref()), ("ab", Some("Ada")));
        assert_eq!(kept[0].raw, json!({"id": "ab", "name": "Ada", "deep": [{"x": ""}]}));
    }

    #[test]
    fn what_has_no_key_that_can_be_one_is_left_out() {
        let tag = |text: &str| Record::<Tag>::read(json!({"text": text})).expect("a tag");
        assert!(latest(&[tag("\0"), tag(&"x".repeat(MAX_ID + 1))]).is_empty());
    }

    #[test]
    fn times_outside_the_calendar_are_absent() {
        assert_eq!(time(DateTime::from_timestamp_millis(-8_000_000_000_000_000)), None);
        assert_eq!(time(Some(DateTime::UNIX_EPOCH)), Some(DateTime::UNIX_EPOCH));
    }

    proptest! {
        #[test]
        fn whatever_is_stored_holds_no_nul(name in "\\PC*\0?\\PC*", field in "[a-z\0]{0,8}") {
            let records = [user(json!({"id": "a", "name": name, "nested": {field: [name]}}))];
            prop_assert!(latest(&records).iter().all(|record| !has_nul(&record.raw)));
        }
    }
}
