//! What is done around every handler, in one place and in this order: the request runs to its end whatever its client does; id, span and
//! log line; floods; size and time of the body; what the database has undone is done again; panics; every refusal that a library made
//! becomes a problem of ours, and on a page one that people can read; security headers.
//!
//! One layer, and not one for each: a layer that waits for the next one is boxed, and copies all that is below it for each request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tracing::Instrument;
use uuid::Uuid;

use super::callers::Callers;
use super::{again, body};
use crate::config::HttpConfig;
use crate::error::Error;
use crate::to_the_end::ToTheEnd;
use crate::{pages, telemetry};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer than any of our own waits; server-sent events answer at once and stream on.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What requests are held to.
pub(super) struct Rules {
    callers: Callers,
    max_body_bytes: usize,
}

impl Rules {
    pub(super) fn of(http: &HttpConfig) -> Arc<Self> {
        Arc::new(Self { callers: Callers::new(http.caller_requests_per_second), max_body_bytes: http.max_body_bytes })
    }
}

/// Finishes what it began ([`ToTheEnd`]); gives it an id, a span and one log line.
pub(super) async fn run_to_the_end(State(rules): State<Arc<Rules>>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let route = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id, %method);
    let started = Instant::now();
    let handling = ToTheEnd::of(telemetry::with_request_id(id.clone(), answer(rules, request, next)).instrument(span));
    let mut response = match tokio::time::timeout(REQUEST_TIMEOUT, handling).await {
        Ok(response) => response,
        // Nobody waits any longer, and still the handling goes on to its end.
        Err(_) => telemetry::with_request_id(id.clone(), async { timed_out().into_response() }).await,
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    tracing::info!(id, %method, path = loggable(&route), status = response.status().as_u16(), ms = started.elapsed().as_millis() as u64, "answered");
    response
}

/// What the handler says, or why it is not asked, in the form that whoever asked can read.
async fn answer(rules: Arc<Rules>, request: Request, next: Next) -> Response {
    let reader = pages::Reader::of(&request);
    let handled = AssertUnwindSafe(handle(&rules, request, next)).catch_unwind().await;
    let response = handled.unwrap_or_else(|_| Error::internal("a handler panicked").into_response());
    let response = refusals_as_problems(response).await;
    let mut response = match reader {
        Some(reader) => reader.explain(response).await,
        None => response,
    };
    pages::secure(&mut response);
    response
}

async fn handle(rules: &Rules, request: Request, next: Next) -> Response {
    if let Err(pause) = rules.callers.count(request.headers(), Instant::now()) {
        return Error::too_many_requests(pause).into_response();
    }
    match body::read_whole(request, rules.max_body_bytes).await {
        Ok(request) => again::when_undone(request, next).await,
        Err(refused) => refused,
    }
}

fn timed_out() -> Error {
    Error::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "This took too long. Look whether it happened before you repeat it.")
}

/// A webhook's url is a secret, and a path may hold anything: only what is known to be harmless is logged.
fn loggable(path: &str) -> &str {
    if path.starts_with("/webhooks/lever/") { "/webhooks/lever/…" } else { path }
}

/// What axum and its layers refuse by themselves (a body that does not parse, a method that is not there, a size) in our own form.
async fn refusals_as_problems(response: Response) -> Response {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error())
        || content_type.starts_with("application/problem+json")
        || content_type.starts_with("text/html")
    {
        return response;
    }
    // Which methods there are.
    let allow = response.headers().get(header::ALLOW).cloned();
    let said = refusal_text(response).await;
    let mut problem = match status {
        StatusCode::BAD_REQUEST => Error::invalid_body(said.unwrap_or_else(|| "The request cannot be read.".into())),
        StatusCode::UNPROCESSABLE_ENTITY => {
            Error::invalid(vec![crate::error::Mistake::new("", said.unwrap_or_else(|| "The body does not fit.".into()))])
        }
        StatusCode::FORBIDDEN => Error::new(status, "cross_site_request", "This request came from another site and was refused."),
        StatusCode::METHOD_NOT_ALLOWED => Error::new(status, "method_not_allowed", "There is no such method here."),
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(status, "payload_too_large", "The body is larger than this service accepts."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::new(status, "unsupported_media_type", "Send the body as application/json."),
        StatusCode::NOT_FOUND => Error::not_found(),
        _ => Error::new(status, "refused", status.canonical_reason().unwrap_or("The request was refused.")),
    }
    .into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

async fn refusal_text(response: Response) -> Option<String> {
    let bytes = axum::body::to_bytes(response.into_body(), 2048).await.ok()?;
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_panics_further_inside_is_answered_like_any_fault_of_ours() {
        async fn panics(_: Request, _: Next) -> Response {
            panic!("on purpose")
        }
        let rules = Arc::new(Rules { callers: Callers::new(0.0), max_body_bytes: 0 });
        let app: Router = Router::new().fallback(|| async {}).layer(from_fn(panics)).layer(from_fn_with_state(rules, run_to_the_end));
        let answer = app.oneshot(Request::new(Body::empty())).await.expect("an answer");
        assert_eq!((answer.status(), answer.headers().contains_key(REQUEST_ID)), (StatusCode::INTERNAL_SERVER_ERROR, true));
    }
}
