//! For operators: alive, ready, and figures.

use std::sync::OnceLock;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::error::{Error, Problem, Result};
use crate::state::AppState;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts collecting figures for the whole process. A second call changes nothing.
pub fn collect_metrics() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = METRICS.set(handle);
    }
}

/// `/healthz`, `/readyz`, and `/metrics` unless it has an address of its own.
pub fn router(state: &AppState) -> Router<AppState> {
    let router = Router::new().route("/healthz", get(alive)).route("/readyz", get(ready));
    if state.config.http.metrics.is_some() { router } else { router.merge(metrics_router()) }
}

/// `/metrics` alone, for `METRICS_ADDR`.
pub fn metrics_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/metrics", get(figures))
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers and is migrated: requests can be served.
#[utoipa::path(
    get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 503, body = Problem, description = "`database_unavailable` or `not_migrated`"),
    ),
)]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<&'static str> {
    state.db.ping().await?;
    if !state.db.is_migrated().await? {
        return Err(Error::not_migrated());
    }
    Ok("ready\n")
}

/// Figures as Prometheus text; at `METRICS_ADDR` instead where that is set.
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn figures() -> impl IntoResponse {
    let text = METRICS.get().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
