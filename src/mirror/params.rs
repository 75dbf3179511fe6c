//! Reading what a caller asks for: an id in the path, filters in the query.
//!
//! An id that cannot be one names nothing: 404. A filter that cannot be read is never ignored: 400 with its name.

use axum::extract::{FromRequestParts, Path};
use axum_extra::extract::Query;
use chrono::{DateTime, Utc};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::lever::could_be_id;

/// More than that is no search.
const MAX_SEARCH: usize = 200;

/// One of Lever's ids, from the path.
#[derive(Debug, Clone)]
pub struct LeverId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for LeverId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::not_found())?;
        if could_be_id(&id) { Ok(Self(id)) } else { Err(Error::not_found()) }
    }
}

/// The filters of a list, as text that Postgres accepts.
#[derive(Debug, Clone)]
pub struct Filters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filters<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        if let Some((name, _)) = url::form_urlencoded::parse(query).find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Error::invalid_parameter(&name.replace('\0', ""), "must not hold a NUL character"));
        }
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(filters)) => Ok(Self(filters)),
            Err(_) => Err(Error::invalid_parameter("query", "cannot be read; give each filter once")),
        }
    }
}

/// A time filter.
pub fn time(name: &str, value: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    let parse = |value: &str| DateTime::parse_from_rfc3339(value).map(|time| time.to_utc());
    value.map(parse).transpose().map_err(|_| Error::invalid_parameter(name, "must be a time such as 2026-12-01T17:00:00Z"))
}

/// From when, and until when; `None` is open.
pub type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Both ends of a span of time; one that ends before it begins is refused.
pub fn span(from: Option<&str>, to: Option<&str>) -> Result<Span> {
    let (from, to) = (time("from", from)?, time("to", to)?);
    match (from, to) {
        (Some(begin), Some(end)) if end < begin => Err(Error::invalid_parameter("to", "must not be before from")),
        _ => Ok((from, to)),
    }
}

/// A filter by whether something takes place: `Some(true)` asks for what is canceled, `None` for everything.
pub fn canceled(status: &str) -> Result<Option<bool>> {
    match status {
        "scheduled" => Ok(Some(false)),
        "canceled" => Ok(Some(true)),
        "any" => Ok(None),
        _ => Err(Error::invalid_parameter("status", "must be scheduled, canceled or any")),
    }
}

/// A yes-or-no filter.
pub fn flag(name: &str, value: Option<&str>) -> Result<Option<bool>> {
    match value {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Error::invalid_parameter(name, "must be true or false")),
    }
}

/// A search text as a LIKE pattern that finds it anywhere in a `search` column; `None` when nothing is searched for.
pub fn pattern(value: Option<&str>) -> Result<Option<String>> {
    let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > MAX_SEARCH {
        return Err(Error::invalid_parameter("q", "must have at most 200 characters"));
    }
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Ok(Some(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_for_the_text_itself_whatever_it_means_to_like() {
        assert_eq!(pattern(Some(" 100%_\\É ")).expect("fine"), Some(r"%100\%\_\\é%".to_owned()));
        assert_eq!(pattern(Some("  ")).expect("fine"), None);
        assert_eq!(pattern(None).expect("fine"), None);
        assert!(pattern(Some(&"x".repeat(201))).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for refused in [time("from", Some("tomorrow")).map(drop), flag("archived", Some("maybe")).map(drop), canceled("perhaps").map(drop)] {
            let error = refused.expect_err("refused");
            assert_eq!((error.status().as_u16(), error.code()), (400, "invalid_parameter"));
        }
        assert!(span(Some("2026-12-02T00:00:00Z"), Some("2026-12-01T00:00:00Z")).is_err());
    }

    #[test]
    fn a_time_may_come_with_another_offset() {
        let time = time("from", Some("2026-12-01T18:00:00+01:00")).expect("fine").expect("there");
        assert_eq!(time.to_rfc3339(), "2026-12-01T17:00:00+00:00");
    }
}
