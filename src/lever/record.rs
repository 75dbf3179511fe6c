//! What Lever sent, twice: whole, as JSON, and as a typed view that a surprise cannot break.
//!
//! Lever adds fields at any time and leaves old records half empty. So the raw JSON of every record is kept (an edit hands
//! unknown fields back untouched), and in the typed view a field that is missing, null or of an unexpected type is simply
//! absent. Only a record without its key is unreadable, and it does not take its neighbours with it.
//!
//! Nothing here prints a record's content: most of it is about people.

use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A kind of Lever object.
pub trait Resource: DeserializeOwned {
    /// What one of them is called in logs.
    const NAME: &'static str;
    /// What tells it apart in its account: Lever's id, or a tag's text. Never empty in a [`Record`].
    fn key(&self) -> &str;

    /// Brings it into the recorded form, when Lever shows it in others too.
    fn tidy(_raw: &mut Value) {}
}

/// One object as Lever sent it: the typed view, and the JSON it was read from.
#[derive(Clone)]
pub struct Record<T> {
    /// The fields this product knows.
    pub typed: T,
    /// Everything that Lever sent, unknown fields included, in the recorded form.
    pub raw: Value,
}

impl<T: Resource> Record<T> {
    /// Reads one object. `None` when it is not an object or has no key.
    pub fn read(mut raw: Value) -> Option<Self> {
        T::tidy(&mut raw);
        let typed = T::deserialize(&raw).ok()?;
        (!typed.key().is_empty()).then_some(Self { typed, raw })
    }
}

impl<T> Deref for Record<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.typed
    }
}

impl<T: Resource> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(T::NAME).field(&self.typed.key()).finish()
    }
}

/// One page of a list.
#[derive(Clone)]
pub struct Page<T> {
    /// The objects that could be read, in Lever's order.
    pub records: Vec<Record<T>>,
    /// The offset of the next page, opaque; `None` on the last one.
    pub next: Option<String>,
    /// How many entries of the page were no objects with a key.
    pub unreadable: usize,
    /// Lever's own time when it answered, to the second; `None` when it did not say.
    pub server_time: Option<DateTime<Utc>>,
}

impl<T: Resource> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("records", &self.records).field("more", &self.next.is_some()).field("unreadable", &self.unreadable).finish()
    }
}

/// A reference: Lever sends the id, or the whole object where `expand` asked for it.
#[derive(Clone)]
pub struct Ref<T> {
    /// Lever's id of the object, which no list may know.
    pub id: String,
    /// The object, when it was expanded.
    pub object: Option<Box<Record<T>>>,
}

impl<T: Resource> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(T::NAME).field(&self.id).finish()
    }
}

/// A value that is read if it has the expected form, and otherwise is absent.
pub(super) trait Tolerant: Sized {
    /// `None` when the JSON is of another form.
    fn from_json(value: Value) -> Option<Self>;
}

impl Tolerant for Value {
    fn from_json(value: Value) -> Option<Self> {
        (!value.is_null()).then_some(value)
    }
}

impl Tolerant for String {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Tolerant for bool {
    fn from_json(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Tolerant for i64 {
    fn from_json(value: Value) -> Option<Self> {
        whole(&value)
    }
}

/// A whole number as Lever may send it, also as `45.0` or as text.
pub fn whole(value: &Value) -> Option<i64> {
    // The cast is exact below 2^53.
    let whole = |n: &f64| n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0;
    match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64().or_else(|| number.as_f64().filter(whole).map(|n| n as i64)),
    }
}

/// A point in time as Lever may send it: milliseconds since the epoch (recorded), or RFC 3339.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    match whole(value) {
        Some(millis) => DateTime::from_timestamp_millis(millis),
        None => DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|time| time.to_utc()),
    }
}

impl Tolerant for DateTime<Utc> {
    fn from_json(value: Value) -> Option<Self> {
        time(&value)
    }
}

impl<T: Resource> Tolerant for Ref<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(id) => (!id.is_empty()).then_some(Self { id, object: None }),
            object => {
                let record = Record::<T>::read(object)?;
                Some(Self { id: record.key().to_owned(), object: Some(Box::new(record)) })
            }
        }
    }
}

/// A field of a model: absent, or as many values as could be read.
pub(super) trait Field {
    fn read(value: Value) -> Self;
}

/// A key. Any other form reads as empty, which [`Record::read`] refuses.
impl Field for String {
    fn read(value: Value) -> Self {
        String::from_json(value).unwrap_or_default()
    }
}

impl<T: Tolerant> Field for Option<T> {
    fn read(value: Value) -> Self {
        T::from_json(value)
    }
}

impl<T: Tolerant> Field for Vec<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Array(items) => items.into_iter().filter_map(T::from_json).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads one field of a model; never fails on JSON.
pub(super) fn field<'de, D: Deserializer<'de>, F: Field>(deserializer: D) -> Result<F, D::Error> {
    Ok(F::read(Value::deserialize(deserializer)?))
}

/// Declares a typed view of Lever's JSON: camelCase, every field tolerant, no `Debug` (see the module's rule).
macro_rules! model {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$doc])* #[serde(deserialize_with = "crate::lever::record::field")] pub $field: $type,)*
        }

        impl $crate::lever::record::Tolerant for $name {
            fn from_json(value: serde_json::Value) -> Option<Self> {
                value.is_object().then(|| serde_json::from_value(value).ok()).flatten()
            }
        }
    };
}

/// Makes a model a resource with an `id` (or another field) as its key, and perhaps with what brings it into the recorded form.
macro_rules! resource {
    ($name:ident, $text:literal, $key:ident $(, $tidy:path)?) => {
        impl $crate::lever::Resource for $name {
            const NAME: &'static str = $text;
            fn key(&self) -> &str {
                &self.$key
            }
            $(fn tidy(raw: &mut serde_json::Value) {
                $tidy(raw);
            })?
        }
    };
}
