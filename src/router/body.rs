//! A request's body, read whole before anything else is done with it, within its size and its time.
//!
//! Every body of this service is small, so buffering costs nothing, and a client that sends one byte now and then holds no handler,
//! no database connection and no transaction.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;

use crate::error::Error;

/// For the whole body, whatever its pace.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The request with its body in memory, or what it is refused with; `limit` is in bytes.
pub(super) async fn read_whole(request: Request, limit: usize) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    if declared_length(&parts.headers).is_some_and(|length| length > limit as u64) {
        return Err(hang_up(too_large()));
    }
    match tokio::time::timeout(READ_TIMEOUT, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) if is_too_long(&error) => Err(hang_up(too_large())),
        Ok(Err(error)) => Err(hang_up(Error::invalid_body("The request's body ended early or cannot be read. Send it again.").caused_by(error))),
        Err(_) => Err(hang_up(Error::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The request's body did not arrive in time. Send it again."))),
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> Error {
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is larger than this service accepts.")
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<LengthLimitError>())
}

/// What is left of the body is not read, so the connection cannot carry another request.
fn hang_up(error: Error) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
