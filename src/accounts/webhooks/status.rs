//! What each webhook brings, for the page and for the connection view.
//!
//! Lever delivers an event only after a Super Admin has switched its group on in Lever's settings, and the API cannot see that
//! switch. So the only proof that it is on is a delivery, and the only proof that it is off a change without one ([`super::judge`]).

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::wanted::{WANTED, Wanted};

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

/// What is recorded of one webhook, retired ones among them.
pub(in crate::accounts) struct Recorded {
    pub(in crate::accounts) event: String,
    /// It stands at Lever, and its key is here.
    pub(in crate::accounts) registered: bool,
    /// When the newest change was found of which Lever did not tell us, since it was connected.
    pub(in crate::accounts) missed_at: Option<DateTime<Utc>>,
    /// When the oldest delivery of its event came since Lever was connected, of those that are still remembered.
    pub(in crate::accounts) first_delivery_at: Option<DateTime<Utc>>,
    /// When the newest came.
    pub(in crate::accounts) last_delivery_at: Option<DateTime<Utc>>,
}

impl WebhookStatus {
    /// Every wanted event, in the order of [`WANTED`].
    pub(in crate::accounts) fn of(recorded: &[Recorded]) -> Vec<Self> {
        WANTED.iter().map(|wanted| status(*wanted, recorded)).collect()
    }
}

fn status(wanted: Wanted, recorded: &[Recorded]) -> WebhookStatus {
    let of_event = || recorded.iter().filter(|webhook| webhook.event == wanted.event);
    let registered = || of_event().filter(|webhook| webhook.registered);
    let is_registered = registered().next().is_some();
    let last_delivery_at = registered().filter_map(|webhook| webhook.last_delivery_at).max();
    // Whatever stood in its place has missed it too.
    let missed_at = of_event().filter_map(|webhook| webhook.missed_at).max().filter(|_| is_registered);
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

    #[test]
    fn what_a_webhook_missed_is_not_forgotten_when_another_takes_its_place() {
        let at = |second| DateTime::from_timestamp(second, 0);
        let recorded = |registered, missed_at, first_delivery_at, last_delivery_at| Recorded {
            event: WANTED[0].event.to_owned(),
            registered,
            missed_at,
            first_delivery_at,
            last_delivery_at,
        };
        let retired = || recorded(false, at(5), None, None);
        let of_first = |all: &[Recorded]| WebhookStatus::of(all).swap_remove(0);
        let status = of_first(&[retired(), recorded(true, None, at(1), at(4))]);
        assert_eq!((status.state, status.missed_at), (WebhookState::Silent, at(5)));
        assert_eq!((status.first_delivery_at, status.last_delivery_at), (at(1), at(4)));
        let alone = of_first(&[retired()]);
        assert_eq!((alone.state, alone.missed_at, alone.registered), (WebhookState::Waiting, None, false));
    }
}
