//! What each webhook brings, for the page and for the connection view.
//!
//! Lever delivers an event only after a Super Admin has switched its group on in Lever's settings, and the API cannot see that
//! switch. So the only proof that it is on is a delivery, and the only proof that it is off a change without one ([`super::judge`]).

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
    /// Lever's name of its switch, in Settings, Integrations and API, Webhooks.
    #[schema(example = "Candidate archive state change")]
    pub setting: &'static str,
    /// Whether the product falls behind without it.
    pub required: bool,
    /// Whether a webhook for it stands at Lever.
    pub registered: bool,
    /// The oldest that is still remembered.
    pub first_delivery_at: Option<DateTime<Utc>>,
    pub last_delivery_at: Option<DateTime<Utc>>,
    /// When the newest change was found of which Lever did not tell us.
    pub missed_at: Option<DateTime<Utc>>,
    pub state: WebhookState,
}

/// See [`WebhookStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookState {
    /// Nothing has come yet: it is not registered, nothing happened, or the event is not switched on in Lever's settings.
    Waiting,
    /// Deliveries come.
    Arriving,
    /// It happened in Lever and no delivery came: its switch is off.
    Silent,
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
    let missed_at = registered().filter_map(|webhook| webhook.missed_at).max();
    let is_registered = registered().next().is_some();
    WebhookStatus {
        event: wanted.event,
        setting: wanted.setting,
        required: wanted.required,
        registered: is_registered,
        first_delivery_at: registered().filter_map(|webhook| webhook.first_delivery_at).min(),
        last_delivery_at,
        missed_at,
        state: state(is_registered, last_delivery_at, missed_at),
    }
}

/// Whatever is newer counts: what came, or what should have.
fn state(is_registered: bool, came: Option<DateTime<Utc>>, missed: Option<DateTime<Utc>>) -> WebhookState {
    match (is_registered, came, missed) {
        (false, ..) => WebhookState::Waiting,
        (true, came, Some(missed)) if came.is_none_or(|came| came < missed) => WebhookState::Silent,
        (true, None, _) => WebhookState::Waiting,
        (true, Some(_), _) => WebhookState::Arriving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_newer_counts() {
        let at = |second| DateTime::from_timestamp(second, 0);
        assert_eq!(state(false, at(9), None), WebhookState::Waiting);
        assert_eq!(state(true, None, None), WebhookState::Waiting);
        assert_eq!(state(true, at(1), None), WebhookState::Arriving);
        assert_eq!(state(true, None, at(1)), WebhookState::Silent);
        assert_eq!(state(true, at(1), at(2)), WebhookState::Silent);
        assert_eq!(state(true, at(2), at(1)), WebhookState::Arriving);
    }
}
