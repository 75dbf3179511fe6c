//! Reading an answer from Lever: success or which error, and a body of bounded size.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::Error;
use super::error::{bounded_code, bounded_message};

/// More of a refusal than that is not read.
const MAX_REFUSAL: usize = 64 * 1024;
const TOO_LARGE: &str = "too large";
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Passes a success on, and reads anything else into the error it means.
pub(super) async fn success(response: Response) -> Result<Response, Error> {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    match status.as_u16() {
        200..=299 => Ok(response),
        429 => Err(Error::RateLimited { retry_after }),
        // 408: Lever gave up waiting for the request; whether it acted is as open as after a 5xx.
        408 | 500..=599 => Err(Error::Unavailable { status: status.as_u16(), retry_after }),
        400..=499 => Err(refusal(status, response).await),
        _ => Err(Error::Unreadable { status: status.as_u16(), reason: "neither success nor refusal" }),
    }
}

/// Reads a body as JSON.
pub(super) async fn json(response: Response, max: usize) -> Result<Value, Error> {
    let status = response.status().as_u16();
    let body = body(response, max).await?;
    serde_json::from_slice(&body).map_err(|_| Error::Unreadable { status, reason: "not JSON" })
}

/// Reads a body piece by piece, unpacked, and stops at `max` bytes.
pub(super) async fn body(mut response: Response, max: usize) -> Result<Vec<u8>, Error> {
    let status = response.status().as_u16();
    // Where it is said, nothing of it need be read.
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(Error::Unreadable { status, reason: TOO_LARGE });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Error::NoAnswer { reason: "cut off in the middle" })? {
        if body.len() + chunk.len() > max {
            return Err(Error::Unreadable { status, reason: TOO_LARGE });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn refusal(status: StatusCode, response: Response) -> Error {
    // The status alone decides; a body that cannot be read only leaves Lever's words out.
    let (code, message) = words(&json(response, MAX_REFUSAL).await.unwrap_or_default());
    Error::Rejected { status: status.as_u16(), code: bounded_code(&code), message: bounded_message(&message) }
}

/// Lever's code and message, recorded as `{"code", "message"}`; others put them into an `error`, or into a list of `errors`.
fn words(refusal: &Value) -> (String, String) {
    let inner = ["error", "data"].map(|name| refusal.get(name)).into_iter().chain([refusal.pointer("/errors/0")]).flatten();
    let places: Vec<&Value> = [refusal].into_iter().chain(inner).collect();
    let first = |names: &[&str]| {
        let mut texts = places.iter().flat_map(|place| names.iter().filter_map(|name| place.get(*name)?.as_str()));
        texts.next().unwrap_or_default().to_owned()
    };
    let message = match first(&["message", "error_description", "error", "detail"]) {
        none if none.is_empty() => refusal.pointer("/errors/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
        message => message,
    };
    (first(&["code"]), message)
}

/// `Retry-After` in either form. A date is read against the answer's own `Date`, so that no clock of ours matters.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let value = text(RETRY_AFTER)?;
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = |text| DateTime::parse_from_rfc2822(text).ok();
            (date(value)? - date(text(DATE)?)?).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// Lever's clock, from the `Date` of an answer.
pub(super) fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wait(headers: &[(reqwest::header::HeaderName, &str)]) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header")));
        retry_after(&headers.collect()).map(|wait| wait.as_secs())
    }

    #[test]
    fn levers_words_are_found_wherever_a_refusal_holds_them() {
        let said = ("BadRequestError".to_owned(), "No such user".to_owned());
        for refusal in [
            json!({"code": "BadRequestError", "message": "No such user"}),
            json!({"error": {"code": "BadRequestError", "message": "No such user"}}),
            json!({"code": "BadRequestError", "error": "No such user"}),
            json!({"errors": [{"code": "BadRequestError", "message": "No such user"}]}),
        ] {
            assert_eq!(words(&refusal), said, "{refusal}");
        }
        assert_eq!(words(&json!({"errors": ["No such user"]})), (String::new(), said.1));
        for nothing in [json!(null), json!("no"), json!([]), json!({"code": 400, "message": null})] {
            assert_eq!(words(&nothing), (String::new(), String::new()), "{nothing}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let date = (DATE, "Thu, 02 Jul 2026 06:32:22 GMT");
        assert_eq!(wait(&[(RETRY_AFTER, "7")]), Some(7));
        assert_eq!(wait(&[(RETRY_AFTER, "99999999")]), Some(3600));
        assert_eq!(wait(&[date.clone(), (RETRY_AFTER, "Thu, 02 Jul 2026 06:32:52 GMT")]), Some(30));
        assert_eq!(wait(&[date.clone(), (RETRY_AFTER, "Thu, 02 Jul 2026 06:30:00 GMT")]), Some(0));
        assert_eq!(wait(&[(RETRY_AFTER, "Thu, 02 Jul 2026 06:32:52 GMT")]), None);
        assert_eq!(wait(&[date, (RETRY_AFTER, "soon")]), None);
        assert_eq!(wait(&[]), None);
    }
}
