//! What a person or another process sees of the stand-in: the consent page, Lever's few pages, and
//! the controls under `/_fake`.

mod candidates;
mod changes;
mod consent;
mod control;
mod profile;
mod settings;
mod users;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use chrono::DateTime;
use http::{Request, StatusCode};
use tower::ServiceExt;

use super::handle::FakeLever;
use super::refusal::Refusal;
use super::server::Shared;

/// Every route that is not Lever's API or token endpoint.
pub fn router(shared: Arc<Shared>) -> Router {
    let account = Router::new()
        .route("/", get(candidates::show))
        .route("/candidates/{id}", get(profile::show))
        .route("/candidates/{id}/archive", post(profile::archive))
        .route("/candidates/{id}/unarchive", post(profile::unarchive))
        .route("/candidates/{id}/stage", post(profile::change_stage))
        .route("/candidates/{id}/interviews", post(profile::schedule))
        .route("/candidates/{id}/interviews/{interview}/delete", post(profile::delete_interview))
        .route("/settings", get(settings::show))
        .route("/settings/switches/{event}", post(settings::switch))
        .route("/settings/webhooks/{id}/verify", post(settings::verify))
        .route("/settings/deliveries/{id}/rerun", post(settings::rerun))
        .route("/users", get(users::show))
        .route("/users/{id}/deactivate", post(users::deactivate))
        .route("/users/{id}/reactivate", post(users::reactivate));
    Router::new()
        .route("/", get(candidates::accounts))
        .route("/authorize", get(consent::show).post(consent::decide))
        .nest("/lever/{account}", account)
        .nest("/_fake", control::router())
        .fallback(async || Refusal::missing("Page"))
        .with_state(FakeLever { shared })
}

/// Answers a request that Lever would never see; it is not in the ledger.
pub async fn answer(shared: &Arc<Shared>, request: Request<Bytes>) -> Response {
    let answered = router(Arc::clone(shared)).oneshot(request.map(Body::from));
    answered.await.unwrap_or_else(|never| match never {})
}

/// A refusal seen outside the API: the same status and body.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        (status, axum::Json(self.json())).into_response()
    }
}

fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A moment for people, in UTC.
fn moment(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.format("%a %d %b %Y, %H:%M UTC").to_string()
}
