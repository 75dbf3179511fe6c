//! Every route, and what surrounds them: compression, what is done [`around`] each request, and for callers with browsers the rules of
//! other origins.

mod again;
mod around;
mod body;
mod callers;
mod document;

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use http::{HeaderName, HeaderValue, Method, header};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::csrf::CsrfLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use self::around::{REQUEST_ID, Rules};
use crate::auth::Verifier;
use crate::config::HttpConfig;
use crate::error::{Error, Problem};
use crate::state::AppState;
use crate::{auth, connect, health, live, mirror, notes, operations, pages, panels, sync, webhooks};

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
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Rules::of(&http), around::run_to_the_end))
        .layer(DefaultBodyLimit::disable())
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
