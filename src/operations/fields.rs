//! Reading a JSON body field by field: every mistake is kept with its JSON pointer (RFC 6901), so that a caller mends all at once.
//!
//! What a body holds and no field is named for is refused: a misspelt field must not be silently without effect.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::time::time;
use crate::error::Mistake;

/// The longest id that can be one of Lever's.
const ID_LENGTH: usize = 200;

/// A field of a JSON merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sent<T> {
    /// Not sent: stays as it is.
    #[default]
    Absent,
    /// Sent as null: is taken away.
    Null,
    Value(T),
}

impl<T> Sent<T> {
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    pub fn as_ref(&self) -> Sent<&T> {
        match self {
            Self::Absent => Sent::Absent,
            Self::Null => Sent::Null,
            Self::Value(value) => Sent::Value(value),
        }
    }
}

/// What is wrong with a value: the mistake without its place.
pub struct Wrong {
    code: &'static str,
    message: String,
}

impl Wrong {
    #[cfg(test)]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

/// See [`Wrong`].
pub fn wrong(code: &'static str, message: impl Into<String>) -> Wrong {
    Wrong { code, message: message.into() }
}

/// The mistakes found so far.
#[derive(Default)]
pub struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    pub fn add(&self, pointer: impl Into<String>, wrong: Wrong) {
        self.0.borrow_mut().push(Mistake::new(pointer, wrong.message).coded(wrong.code));
    }

    /// What was read, if nothing was wrong with it.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Mistake>> {
        match (read, self.0.into_inner()) {
            (Some(read), mistakes) if mistakes.is_empty() => Ok(read),
            (_, mistakes) => Err(mistakes),
        }
    }
}

/// One JSON object that is being read.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Pointer of the object itself.
    at: String,
    pub mistakes: &'a Mistakes,
}

impl<'a> Fields<'a> {
    /// The object at `at`; anything else is a mistake. `names` are the fields it may have.
    pub fn of(value: &'a Value, at: String, names: &[&str], mistakes: &'a Mistakes) -> Option<Self> {
        let Some(object) = value.as_object() else {
            mistakes.add(at, wrong("wrong_type", "must be an object"));
            return None;
        };
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let message = format!("is not a field that can be sent here; there are: {}", names.join(", "));
            mistakes.add(format!("{at}/{}", escaped(name)), wrong("unknown_field", message));
        }
        Some(Self { object, at, mistakes })
    }

    /// The pointer of one of its fields.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// Adds a mistake about one of its fields.
    pub fn wrong(&self, name: &str, wrong: Wrong) {
        self.mistakes.add(self.pointer(name), wrong);
    }

    /// Demands that each of these was sent.
    pub fn require(&self, names: &[&str]) {
        for name in names.iter().filter(|name| self.object.get(**name).is_none_or(Value::is_null)) {
            self.wrong(name, wrong("required", "is required"));
        }
    }

    /// Refuses null for a field that cannot be taken away.
    pub fn refuse_null(&self, name: &str) {
        if self.object.get(name).is_some_and(Value::is_null) {
            self.wrong(name, wrong("required", "cannot be null"));
        }
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&'a Value) -> Result<T, Wrong>) -> Sent<T> {
        match self.object.get(name) {
            None => Sent::Absent,
            Some(Value::Null) => Sent::Null,
            Some(value) => match read(value) {
                Ok(value) => Sent::Value(value),
                Err(wrong) => {
                    self.wrong(name, wrong);
                    Sent::Absent
                }
            },
        }
    }

    /// Text of at most `longest` characters.
    pub fn text(&self, name: &str, longest: usize) -> Sent<String> {
        self.read(name, |value| text(value, longest))
    }

    /// One of Lever's ids.
    pub fn id(&self, name: &str) -> Sent<String> {
        self.read(name, id)
    }

    /// One of a few words.
    pub fn one_of(&self, name: &str, words: &[&str]) -> Sent<String> {
        let known = |value: &Value| value.as_str().filter(|word| words.contains(word)).map(str::to_owned);
        self.read(name, |value| known(value).ok_or_else(|| wrong("unknown_word", format!("must be one of {}", words.join(", ")))))
    }

    /// True only when it was sent as true.
    pub fn flag(&self, name: &str) -> bool {
        self.read(name, |value| value.as_bool().ok_or_else(|| wrong("wrong_type", "must be true or false"))).value().unwrap_or(false)
    }

    /// A whole number.
    pub fn whole(&self, name: &str, range: RangeInclusive<i64>) -> Sent<i64> {
        let fits = |value: &Value| value.as_i64().filter(|number| range.contains(number));
        let message = || format!("must be a whole number from {} to {}", range.start(), range.end());
        self.read(name, |value| fits(value).ok_or_else(|| wrong(if value.is_number() { "out_of_range" } else { "wrong_type" }, message())))
    }

    /// A point in time. What is wrong with a local time depends on the time zone, when that is known.
    pub fn time(&self, name: &str, zone: Option<Tz>) -> Sent<DateTime<Utc>> {
        self.read(name, |value| time(value.as_str().unwrap_or_default(), zone))
    }

    /// Text that a closure understands.
    pub fn parsed<T>(&self, name: &str, longest: usize, parse: impl FnOnce(&str) -> Result<T, Wrong>) -> Sent<T> {
        self.read(name, |value| text(value, longest).and_then(|text| parse(&text)))
    }

    /// A list of ids, each once.
    pub fn ids(&self, name: &str, count: RangeInclusive<usize>) -> Sent<Vec<String>> {
        let sent = self.items(name, count, |at, value| id(value).map_err(|wrong| self.mistakes.add(at, wrong)).ok());
        if let Sent::Value(ids) = &sent {
            for (index, _) in ids.iter().enumerate().filter(|(index, id)| ids[..*index].contains(id)) {
                self.wrong(&format!("{name}/{index}"), wrong("named_twice", "is named twice"));
            }
        }
        sent
    }

    /// A list; `item` gets each element with its pointer and says itself what is wrong with it.
    pub fn items<T>(&self, name: &str, count: RangeInclusive<usize>, item: impl Fn(String, &'a Value) -> Option<T>) -> Sent<Vec<T>> {
        self.read(name, |value| {
            let list = value.as_array().ok_or_else(|| wrong("wrong_type", "must be a list"))?;
            if !count.contains(&list.len()) {
                return Err(wrong("wrong_size", format!("must have {} to {} entries", count.start(), count.end())));
            }
            let at = |index| format!("{}/{index}", self.pointer(name));
            Ok(list.iter().enumerate().filter_map(|(index, value)| item(at(index), value)).collect())
        })
    }
}

fn text(value: &Value, longest: usize) -> Result<String, Wrong> {
    let text = value.as_str().ok_or_else(|| wrong("wrong_type", "must be text"))?;
    if text.chars().count() > longest {
        return Err(wrong("too_long", format!("is longer than {longest} characters")));
    }
    // Neither Postgres nor a calendar can hold it.
    if text.contains('\0') { Err(wrong("wrong_type", "holds a NUL character")) } else { Ok(text.to_owned()) }
}

fn id(value: &Value) -> Result<String, Wrong> {
    let id = text(value, ID_LENGTH).map_err(|_| wrong("wrong_type", "must be an id"))?;
    if id.trim().is_empty() { Err(wrong("required", "must not be empty")) } else { Ok(id) }
}

/// A name as part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.chars().take(ID_LENGTH).collect::<String>().replace('~', "~0").replace('/', "~1")
}
