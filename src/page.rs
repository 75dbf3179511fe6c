//! Pages of lists: `limit` (1..=200, default 50) and an opaque `cursor`, answered as `{"data": [...], "nextCursor": ...}`.
//!
//! A cursor holds the sort key of the last row shown, so a page is one index range however deep it lies, and rows that
//! arrive meanwhile neither repeat nor hide others. It also says which list it is of, filters and all: the position in one list
//! means nothing in another.

use axum::extract::FromRequestParts;
use axum::extract::Query;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use http::Uri;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};

use crate::error::Error;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Hand this back as `cursor` to read on; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with one more than `limit`: the surplus row only tells that there is more.
    pub fn cut<K: Serialize>(mut rows: Vec<T>, page: &Paging, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > page.limit();
        rows.truncate(page.limit());
        let next_cursor = if more { rows.last().map(|last| encode(&page.list, &key(last))) } else { None };
        Self { data: rows, next_cursor }
    }

    /// The same page of other things.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// Which page a caller asks for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many to answer: 1..=200, default 50.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// What is listed: path and filters. Empty in the pages for people, which make and follow their own links.
    #[serde(skip)]
    #[param(ignore)]
    list: String,
}

impl Paging {
    /// A page of as many rows as one can have.
    pub fn widest(cursor: Option<String>) -> Self {
        Self { limit: Some(MAX_LIMIT), cursor, ..Self::default() }
    }

    /// The page that a cursor leads to.
    pub fn from_cursor(cursor: String) -> Self {
        Self { cursor: Some(cursor), ..Self::default() }
    }

    /// The first page, of so many rows.
    pub fn first(limit: u32) -> Self {
        Self { limit: Some(limit.clamp(1, MAX_LIMIT)), ..Self::default() }
    }

    /// Rows on this page, 1..=200.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT) as usize
    }

    /// Rows to read from the database: one more than shown, to know whether there is a next page.
    pub fn rows(&self) -> i64 {
        self.limit() as i64 + 1
    }

    /// The sort key to read on from; `None` on the first page.
    ///
    /// # Errors
    /// 400 `invalid_parameter` when the cursor is not one of this list's.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Error> {
        self.cursor.as_deref().map(|cursor| decode(&self.list, cursor)).transpose()
    }
}

/// The extractor refuses a `limit` out of range instead of guessing.
impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(paging) = Query::<Paging>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::invalid_parameter("limit", "must be a whole number from 1 to 200"))?;
        match paging.limit {
            Some(limit) if !(1..=MAX_LIMIT).contains(&limit) => Err(Error::invalid_parameter("limit", "must be a whole number from 1 to 200")),
            _ => Ok(Self { list: list_of(&parts.uri), ..paging }),
        }
    }
}

/// What a request lists, in a few characters: everything that it asks for but which page.
fn list_of(uri: &Uri) -> String {
    let mut filters: Vec<_> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| !matches!(name.as_ref(), "limit" | "cursor")).collect();
    filters.sort();
    let asked = form_urlencoded::Serializer::new(format!("{}?", uri.path())).extend_pairs(filters).finish();
    URL_SAFE_NO_PAD.encode(&Sha256::digest(asked)[..6])
}

fn encode(list: &str, key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, key)).expect("a sort key is plain data"))
}

fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Result<K, Error> {
    let refused = || Error::invalid_parameter("cursor", "is not a cursor of this list; start again without it");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let (of, plain): (String, Value) = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    // Or it never came from one of our rows, and Postgres would refuse it later with a worse message.
    if of != list || cannot_be_stored(&plain) { Err(refused()) } else { K::deserialize(plain).map_err(|_| refused()) }
}

/// Whether Postgres could not hold this, were it a row's key: text with a NUL, a time outside of the calendar's four-digit years.
fn cannot_be_stored(key: &Value) -> bool {
    match key {
        Value::String(text) => text.contains('\0') || (text.starts_with(['+', '-']) && text.parse::<DateTime<Utc>>().is_ok()),
        Value::Array(keys) => keys.iter().any(cannot_be_stored),
        Value::Object(keys) => keys.iter().any(|(name, key)| name.contains('\0') || cannot_be_stored(key)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paging(limit: u32, cursor: Option<String>) -> Paging {
        Paging { limit: Some(limit), cursor, ..Paging::default() }
    }

    fn list(uri: &str) -> String {
        list_of(&uri.parse().expect("an address"))
    }

    #[test]
    fn a_cursor_is_of_one_list_with_its_filters() {
        let tags = list("/v1/tags?limit=5&cursor=x");
        assert_eq!(tags, list("/v1/tags?limit=9"));
        assert_eq!(list("/v1/panels?from=1&to=2"), list("/v1/panels?to=2&limit=3&from=1"));
        for other in ["/v1/users", "/v1/tags?q=a", "/v1/tags?q=b", "/v1/tags?q=a&q=b"] {
            let cursor = encode(&list(other), &"a");
            assert!(decode::<String>(&tags, &cursor).is_err(), "{other}");
            assert!(decode::<String>(&list(other), &cursor).is_ok(), "{other}");
        }
    }

    #[test]
    fn what_no_row_can_have_is_refused_before_postgres_does() {
        for key in ["a\0b", "+262142-12-31T23:59:59Z"] {
            assert!(decode::<String>("", &encode("", &key)).is_err(), "{key:?}");
        }
        assert!(decode::<String>("", &encode("", &"2026-12-31T23:59:59Z")).is_ok());
    }

    proptest! {
        #[test]
        fn following_the_cursors_shows_every_row_once(total in 0usize..50, limit in 1u32..10) {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let page = paging(limit, cursor);
                let after: Option<usize> = page.after().expect("our own cursor");
                let rows = (0..total).filter(|row| after.is_none_or(|after| *row > after)).take(page.rows() as usize).collect();
                let shown = Page::cut(rows, &page, |row| *row);
                seen.extend(shown.data);
                cursor = shown.next_cursor;
                if cursor.is_none() { break }
            }
            prop_assert_eq!(seen, (0..total).collect::<Vec<_>>());
        }

        #[test]
        fn a_made_up_cursor_is_refused_and_never_panics(cursor in ".{0,40}") {
            let page = paging(1, Some(format!("!{cursor}")));
            prop_assert!(page.after::<(i64, String)>().is_err());
        }
    }
}
