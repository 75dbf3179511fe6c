//! `POST /webhooks/lever/{webhookId}`: verify, remember, enqueue, answer. Nothing is written before the signature was verified, and
//! nothing is answered before the delivery is durable.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::event::Event;
use super::keys::Keys;
use super::signature;
use super::store::{Delivery, Stored};
use super::together::Together;
use crate::accounts::webhooks;
use crate::error::{Error, Problem, Result};
use crate::state::AppState;

/// The endpoint that Lever calls. It carries its own proof: no caller, no session, no origin.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive)).layer(Extension(Keys::default())).layer(Extension(Together::default()))
}

/// Receive a webhook delivery from Lever
///
/// Lever signs the token and the time of each delivery. Any 2xx means that it is stored and need not be sent again.
#[utoipa::path(post, path = "/webhooks/lever/{webhookId}", tag = "Webhooks",
    params(("webhookId" = String, Path, description = "Unguessable; one per registered webhook")),
    request_body(content = Object, description = "As Lever documents it: event, triggeredAt, token, signature, data", content_type = "application/json"),
    responses(
        (status = 200, description = "Stored, now or before"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "The signature is missing or wrong"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such webhook"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "The body is too large"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "It cannot be stored now; Lever will try again")))]
async fn receive(
    State(state): State<AppState>,
    Extension(keys): Extension<Keys>,
    Extension(together): Extension<Together>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode> {
    let tenant = webhooks::tenant_of(&id).ok_or_else(Error::not_found)?;
    let key = keys.of(&state, tenant, &id).await?.ok_or_else(Error::not_found)?;
    let authentic = |event: &Event| signature::is_authentic(&key, &event.token, event.triggered_at, &event.signature);
    let Some(event) = Event::parse(&body).filter(authentic) else {
        metrics::counter!("lever_webhook_deliveries_total", "outcome" => "unverified").increment(1);
        return Err(Error::new(StatusCode::UNAUTHORIZED, "invalid_signature", "This delivery does not carry the signature of its webhook."));
    };
    match together.remember(&state.db, tenant, Delivery::of(&id, &event, state.clock.now())).await? {
        Stored::New => {
            metrics::counter!("lever_webhook_deliveries_total", "outcome" => "stored").increment(1);
            state.work.notify_one();
        }
        Stored::Known => metrics::counter!("lever_webhook_deliveries_total", "outcome" => "repeated").increment(1),
        Stored::Refused => {
            keys.forget(&id);
            return Err(Error::not_found());
        }
    }
    Ok(StatusCode::OK)
}
