//! Lists: `limit`, `offset`, `hasNext`, `next`. An offset names the first record of the next page;
//! it is JSON, handed out percent-encoded and taken back with or without that encoding (recorded).

use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::refusal::Refusal;
use super::{Answer, Call};

const MAX_LIMIT: usize = 100;

impl Call {
    /// # Errors
    /// 400 when `limit` is not in 1..=100.
    pub fn limit(&self) -> Result<usize, Refusal> {
        match self.parsed("limit")?.unwrap_or(MAX_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(Refusal::bad("limit must be between 1 and 100")),
        }
    }

    /// The decoded offset.
    ///
    /// # Errors
    /// 400 when it is none that this server could have given.
    pub fn offset(&self) -> Result<Option<Vec<Value>>, Refusal> {
        let Some(sent) = self.param("offset") else {
            return Ok(None);
        };
        let encoded = format!("offset={}", sent.replace('+', "%2B"));
        let decoded = form_urlencoded::parse(encoded.as_bytes()).next();
        let text = decoded.map(|(_, value)| value.into_owned()).unwrap_or_default();
        serde_json::from_str(&text).map(Some).map_err(|_| bad_offset())
    }
}

pub fn bad_offset() -> Refusal {
    Refusal::bad("Invalid offset token")
}

/// The form in which an offset is handed out.
pub fn offset_token(parts: &Value) -> String {
    form_urlencoded::byte_serialize(parts.to_string().as_bytes()).collect()
}

/// A page: `next` is the token of the record after it.
pub fn page(data: Vec<Value>, next: Option<String>) -> Result<Answer, Refusal> {
    let mut answer = json!({"data": data, "hasNext": next.is_some()});
    if let Some(next) = next {
        answer["next"] = json!(next);
    }
    Ok(Answer::Json(200, answer))
}

/// The page of a short list that is kept in its order; `key` tells its records apart.
pub fn page_of<'a, T: 'a>(
    call: &Call,
    records: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&T) -> &str,
    json: impl Fn(&T) -> Value,
) -> Result<Answer, Refusal> {
    let records: Vec<&T> = records.into_iter().collect();
    let limit = call.limit()?;
    let start = match call.offset()?.as_deref() {
        None => 0,
        Some([Value::String(first)]) => records.iter().position(|it| key(it) == first).ok_or_else(bad_offset)?,
        Some(_) => return Err(bad_offset()),
    };
    let next = records.get(start + limit).map(|it| offset_token(&json!([key(it)])));
    page(records.into_iter().skip(start).take(limit).map(json).collect(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_looks_like_the_recorded_ones() {
        let token = offset_token(&json!([3, 1491435120000_i64, "5599cc20-349f"]));
        assert_eq!(token, "%5B3%2C1491435120000%2C%225599cc20-349f%22%5D");
    }
}
