//! What Lever sent, twice: whole, as JSON, and as a typed view that a surprise cannot break.
//!
//! Lever adds fields at any time and leaves old records half empty. So the raw JSON of every record is kept (an edit hands
//! unknown fields back untouched), and in the typed view a field that is missing, null or of an unexpected type is simply
//! absent. Only a record without its key is unreadable, and it does not take its neighbours with it.
//!
//! Nothing here prints a record's content: most of it is about people.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// A kind of Lever object.
pub trait Resource: DeserializeOwned {
    /// What one of them is called in logs.
    const NAME: &'static str;
    /// The field that tells it apart in its account: Lever's id, or a tag's text.
    const KEY: &'static str;
    /// What is in that field. Never empty in a [`Record`].
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

/// A value that is read if it has the expected form, and otherwise is absent. Of the forms that JSON has, a type names those it is read from.
///
/// It is read in passing: most of what Lever sends is in no field of ours, and a copy of it as JSON would only be thrown away.
pub(super) trait Tolerant: Sized {
    fn of_bool(_: bool) -> Option<Self> {
        None
    }

    fn of_number(_: Number) -> Option<Self> {
        None
    }

    fn of_text(_: &str) -> Option<Self> {
        None
    }

    fn of_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Option<Self>, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| None)
    }

    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        IgnoredAny.visit_map(object).map(|_| None)
    }
}

/// What a [`Tolerant`] type makes of the JSON that is there.
struct Lenient<T>(Option<T>);

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Tolerant> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData)).map(Self)
    }
}

impl<'de, T: Tolerant> Visitor<'de> for LenientVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<T>, E> {
        Ok(T::of_bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<T>, E> {
        Ok(T::of_number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<T>, E> {
        Ok(T::of_number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<T>, E> {
        Ok(Number::from_f64(value).and_then(T::of_number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<T>, E> {
        Ok(T::of_text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        T::of_object(object)
    }
}

/// Anything but null.
impl Tolerant for Value {
    fn of_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }

    fn of_number(value: Number) -> Option<Self> {
        Some(value.into())
    }

    fn of_text(value: &str) -> Option<Self> {
        Some(value.into())
    }

    fn of_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(SeqAccessDeserializer::new(list)).map(Some)
    }

    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(object)).map(Some)
    }
}

impl Tolerant for String {
    fn of_text(value: &str) -> Option<Self> {
        Some(value.to_owned())
    }
}

impl Tolerant for bool {
    fn of_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Tolerant for i64 {
    fn of_number(value: Number) -> Option<Self> {
        whole_number(&value)
    }

    fn of_text(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

/// A whole number as Lever may send it, also as `45.0` or as text.
pub fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole_number(number),
        Value::String(text) => i64::of_text(text),
        _ => None,
    }
}

fn whole_number(number: &Number) -> Option<i64> {
    // The cast is exact below 2^53.
    let whole = |n: &f64| n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| number.as_f64().filter(whole).map(|n| n as i64))
}

/// A point in time as Lever may send it: milliseconds since the epoch (recorded), or RFC 3339.
impl Tolerant for DateTime<Utc> {
    fn of_number(value: Number) -> Option<Self> {
        Self::from_timestamp_millis(whole_number(&value)?)
    }

    fn of_text(value: &str) -> Option<Self> {
        match i64::of_text(value) {
            Some(millis) => Self::from_timestamp_millis(millis),
            None => DateTime::parse_from_rfc3339(value).ok().map(|time| time.to_utc()),
        }
    }
}

/// The same, of a value that is there already.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    Lenient::deserialize(value).ok()?.0
}

/// As many values as could be read.
impl<T: Tolerant> Tolerant for Vec<T> {
    fn of_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut values = Self::new();
        while let Some(Lenient(value)) = list.next_element()? {
            values.extend(value);
        }
        Ok(Some(values))
    }
}

impl<T: Resource> Tolerant for Ref<T> {
    fn of_text(id: &str) -> Option<Self> {
        (!id.is_empty()).then(|| Self { id: id.to_owned(), object: None })
    }

    fn of_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        let record = Record::<T>::read(Value::deserialize(MapAccessDeserializer::new(object))?);
        Ok(record.map(|record| Self { id: record.key().to_owned(), object: Some(Box::new(record)) }))
    }
}

/// A field of a model, as what it is when it is absent: nothing, an empty list, or a key that [`Record::read`] refuses.
pub(super) trait Field: Sized {
    /// Never fails on JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Field for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Lenient::deserialize(deserializer)?.0.unwrap_or_default())
    }
}

impl<T: Tolerant> Field for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Lenient::deserialize(deserializer)?.0)
    }
}

impl<T: Tolerant> Field for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Lenient::deserialize(deserializer)?.0.unwrap_or_default())
    }
}

/// Declares a typed view of Lever's JSON: camelCase, every field tolerant, no `Debug` (see the module's rule).
macro_rules! model {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$doc])* #[serde(deserialize_with = "crate::lever::record::Field::read")] pub $field: $type,)*
        }

        impl $crate::lever::record::Tolerant for $name {
            fn of_object<'de, A: serde::de::MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(object)).map(Some)
            }
        }
    };
}

/// Makes a model a resource with an `id` (or another field) as its key, and perhaps with what brings it into the recorded form.
macro_rules! resource {
    ($name:ident, $text:literal, $key:ident $(, $tidy:path)?) => {
        impl $crate::lever::Resource for $name {
            const NAME: &'static str = $text;
            const KEY: &'static str = stringify!($key);
            fn key(&self) -> &str {
                &self.$key
            }
            $(fn tidy(raw: &mut serde_json::Value) {
                $tidy(raw);
            })?
        }
    };
}
