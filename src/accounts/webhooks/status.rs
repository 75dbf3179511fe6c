//! What each webhook brings, for the page and for the connection view.
//!
//! Lever delivers an event only after a Super Admin has switched its group on in Lever's settings, and the API cannot see that
//! switch. So the only proof that it is on is a delivery.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, Webhook};
use super::wanted::{WANTED, Wanted};
use crate::db::TenantTx;

/// One event and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatus {
    /// Lever's name of the event.
    #[schema(example = "candidateArchiveChange")]
    pub event: &'static str,
    /// Whether the product falls behind without it.
    pub required: bool,
    /// Whether a webhook for it stands at Lever.
    pub registered: bool,
    pub last_delivery_at: Option<DateTime<Utc>>,
    pub state: WebhookState,
}

/// See [`WebhookStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// Not registered at Lever.
    Missing,
    /// Registered, and nothing has come yet: either nothing happened, or the event is not switched on in Lever's settings.
    Waiting,
    /// Deliveries come.
    Arriving,
}

/// Every wanted event, in the order of [`WANTED`].
///
/// # Errors
/// The database failed.
pub async fn statuses(tx: &mut TenantTx) -> Result<Vec<WebhookStatus>, sqlx::Error> {
    let recorded = table::active(tx).await?;
    Ok(WANTED.iter().map(|wanted| status(*wanted, &recorded)).collect())
}

fn status(wanted: Wanted, recorded: &[Webhook]) -> WebhookStatus {
    let registered = || recorded.iter().filter(|webhook| webhook.event == wanted.event && webhook.is_registered());
    let last_delivery_at = registered().filter_map(|webhook| webhook.last_delivery_at).max();
    let is_registered = registered().next().is_some();
    let state = match (is_registered, last_delivery_at) {
        (false, _) => WebhookState::Missing,
        (true, None) => WebhookState::Waiting,
        (true, Some(_)) => WebhookState::Arriving,
    };
    WebhookStatus { event: wanted.event, required: wanted.required, registered: is_registered, last_delivery_at, state }
}
