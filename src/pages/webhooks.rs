//! What the card says about Lever's messages to us: which arrive, and what to switch on in Lever's settings. Pure.

use super::shell::Moment;
use crate::accounts::webhooks::{WebhookState, WebhookStatus};

/// One webhook on the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebhookLine {
    pub(super) event: &'static str,
    pub(super) words: &'static str,
    /// `good`, `warn` or `quiet`: how its state looks.
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) last_delivery: Option<Moment>,
}

/// The webhooks in two lists: those the product needs, and those that only make it quicker.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Webhooks {
    pub(super) required: Vec<WebhookLine>,
    pub(super) optional: Vec<WebhookLine>,
    /// Groups in Lever's settings from which nothing has arrived yet.
    pub(super) to_switch_on: Vec<&'static str>,
}

/// The statuses in words.
pub(super) fn describe(statuses: &[WebhookStatus]) -> Webhooks {
    let (required, optional): (Vec<_>, Vec<_>) = statuses.iter().partition(|status| status.required);
    let silent = required.iter().filter(|status| status.state != WebhookState::Arriving);
    Webhooks {
        to_switch_on: silent.map(|status| status.setting).collect(),
        required: required.into_iter().map(line).collect(),
        optional: optional.into_iter().map(line).collect(),
    }
}

fn line(status: &WebhookStatus) -> WebhookLine {
    let (tone, state) = match status.state {
        _ if !status.registered => ("warn", "Not set up in Lever yet"),
        WebhookState::Waiting => ("quiet", "Set up, nothing has arrived yet"),
        WebhookState::Arriving => ("good", "Arriving"),
        WebhookState::Silent => ("warn", "It happened in Lever and Lever did not tell us: its switch is off"),
    };
    WebhookLine { event: status.event, words: words(status.event), tone, state, last_delivery: status.last_delivery_at.map(Moment) }
}

/// An event in words.
pub(super) fn words(event: &str) -> &'static str {
    match event {
        "candidateArchiveChange" => "A candidate is archived or brought back",
        "interviewDeleted" => "An interview is deleted",
        "interviewCreated" => "An interview is scheduled",
        "interviewUpdated" => "An interview is changed",
        "candidateStageChange" => "A candidate moves to another stage",
        "candidateDeleted" => "A candidate is deleted",
        "candidateHired" => "A candidate is hired",
        "applicationCreated" => "Someone applies",
        "contactCreated" => "A person is added",
        "contactUpdated" => "A person's details change",
        _ => "Something else happens",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::webhooks::WANTED;

    fn status(event: &'static str, required: bool, state: WebhookState) -> WebhookStatus {
        WebhookStatus {
            event,
            setting: if event == "candidateArchiveChange" { "Candidate archive state change" } else { "Another switch" },
            required,
            registered: true,
            first_delivery_at: None,
            last_delivery_at: None,
            missed_at: None,
            state,
        }
    }

    #[test]
    fn the_two_switches_are_named_until_something_arrives() {
        let shown = describe(&[
            status("candidateArchiveChange", true, WebhookState::Waiting),
            status("interviewDeleted", true, WebhookState::Arriving),
            status("contactCreated", false, WebhookState::Waiting),
        ]);
        assert_eq!(shown.to_switch_on, ["Candidate archive state change"]);
        assert_eq!((shown.required.len(), shown.optional.len()), (2, 1));
    }

    #[test]
    fn every_event_that_is_registered_has_words() {
        for wanted in WANTED {
            assert_ne!(words(wanted.event), "Something else happens", "{}", wanted.event);
        }
    }
}
