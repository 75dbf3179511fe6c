//! Every route, and the layers around them, outermost first: the request runs to its end whatever its client does; id, span and
//! log line; floods; panics; sizes and time; what the database has undone is done again; other origins; and every refusal that a library made becomes a problem of ours.

mod again;
mod body;
mod callers;
mod document;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::csrf::CsrfLayer;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;
use uuid::Uuid;

use self::callers::Callers;
use crate::auth::Verifier;
use crate::config::HttpConfig;
use crate::error::{Error, Problem};
use crate::state::AppState;
use crate::to_the_end::ToTheEnd;
use crate::{auth, connect, health, live, mirror, notes, operations, pages, panels, sync, telemetry, webhooks};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer than any of our own waits; server-sent events answer at once and stream on.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "lever-integration",
        description = "ModernLoop's side of Lever: candidates, jobs and interviewers in sync; interview panels scheduled, edited and canceled."
    ),
    paths(health::alive, health::ready, health::figures),
    components(schemas(Problem))
)]
struct Description;

/// The whole service.
///
/// # Errors
/// The configuration names an origin that is none, or no verifier could be made.
pub fn router(state: AppState) -> anyhow::Result<Router> {
    let verifier = Verifier::new(&state.config.auth, state.clock.clone())?;
    let http = state.config.http.clone();
    let (guarded, _) = api().merge(pages::router()).split_for_parts();
    // Lever's deliveries carry their own proof; nothing else may be asked of them.
    let (deliveries, _) = webhooks::router().split_for_parts();
    let app = guarded
        .layer((cors(&http)?, csrf(&http)?))
        .merge(deliveries)
        .merge(health::router(&state))
        .merge(SwaggerUi::new("/docs").external_url_unchecked("/openapi.json", openapi()))
        .fallback(|| async { Error::not_found() })
        .with_state(state);
    // In one stack: layers that a router is given one by one are boxed one by one, and copied with all that is below them for each request.
    let around = ServiceBuilder::new()
        .layer(from_fn(run_to_the_end))
        .layer(CompressionLayer::new())
        .layer(from_fn(pages::security_headers))
        .layer(from_fn(pages::errors_for_people))
        .layer(from_fn_with_state(Callers::new(http.caller_requests_per_second), callers::limit))
        .layer(CatchPanicLayer::custom(|_| Error::internal("a handler panicked").into_response()))
        .layer(from_fn(refusals_as_problems))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(http.max_body_bytes, body::read_whole))
        .layer(from_fn(again::when_undone))
        .layer(Extension(verifier));
    Ok(app.layer(around))
}

/// The OpenAPI document.
pub fn openapi() -> serde_json::Value {
    document::finished(&api().merge(webhooks::router()).into_openapi())
}

/// The endpoints that callers use: routed and described from one list, so that neither can be without the other.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description())
        .merge(auth::router())
        .merge(connect::router())
        .merge(live::router())
        .merge(sync::router())
        .merge(mirror::router())
        .merge(operations::router())
        .merge(notes::router())
        .merge(panels::router())
}

fn description() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
    document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    document
}

/// Cookies of a browser are sent by other sites' forms too; bearer tokens are not.
fn csrf(http: &HttpConfig) -> anyhow::Result<CsrfLayer> {
    let mut layer = CsrfLayer::new().add_trusted_origin(http.public_url.origin().ascii_serialization())?;
    for origin in &http.cors_allowed_origins {
        layer = layer.add_trusted_origin(origin)?;
    }
    Ok(layer)
}

fn cors(http: &HttpConfig) -> anyhow::Result<CorsLayer> {
    let origins = http.cors_allowed_origins.iter().map(|origin| origin.parse()).collect::<Result<Vec<HeaderValue>, _>>()?;
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, HeaderName::from_static("idempotency-key")])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, REQUEST_ID])
        .max_age(Duration::from_secs(600)))
}

/// Finishes what it began ([`ToTheEnd`]); gives it an id, a span and one log line.
async fn run_to_the_end(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let route = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id, %method);
    let started = std::time::Instant::now();
    // A handler's panic ends further inside; a layer's ends here.
    let answer =
        async { AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| Error::internal("a layer panicked").into_response()) };
    let handling = ToTheEnd::of(telemetry::with_request_id(id.clone(), answer).instrument(span));
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

fn timed_out() -> Error {
    Error::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "This took too long. Look whether it happened before you repeat it.")
}

/// A webhook's url is a secret, and a path may hold anything: only what is known to be harmless is logged.
fn loggable(path: &str) -> &str {
    if path.starts_with("/webhooks/lever/") { "/webhooks/lever/…" } else { path }
}

/// What axum and the layers refuse by themselves (a body that does not parse, a method that is not there, a size) in our own form.
async fn refusals_as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
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
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_layer_that_panics_is_answered_like_any_fault_of_ours() {
        async fn panics(_: Request, _: Next) -> Response {
            panic!("on purpose")
        }
        let app: Router = Router::new().fallback(|| async {}).layer(from_fn(panics)).layer(from_fn(run_to_the_end));
        let answer = app.oneshot(Request::new(Body::empty())).await.expect("an answer");
        assert_eq!((answer.status(), answer.headers().contains_key(REQUEST_ID)), (StatusCode::INTERNAL_SERVER_ERROR, true));
    }
}
