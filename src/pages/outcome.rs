//! What the Integrations page says when the browser comes back from Lever.

use super::candidates;
use crate::connect::Outcome;

/// A message on top of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message {
    /// `good`, `warn` or `bad`: how it looks.
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// Words and address of where to go on.
    pub(super) link: Option<(&'static str, &'static str)>,
}

/// The outcome in words.
pub(super) fn message(outcome: Outcome) -> Message {
    let (tone, title, text) = match outcome {
        Outcome::Connected => {
            ("good", "Lever is connected", "Everything is copied from Lever now, your active candidates first. You can begin while it runs.")
        }
        Outcome::Denied => (
            "bad",
            "Lever was not connected",
            "The request was declined at Lever. Only a Lever Super Admin can accept it: an Admin is refused at the last step. \
             Ask a Super Admin to sign in here and connect, or try again if you declined by mistake.",
        ),
        Outcome::Incomplete => (
            "warn",
            "Lever granted only a part of what is needed",
            "Nothing is synced yet. Reconnect and accept every permission that is listed at Lever.",
        ),
        Outcome::AnotherAccount => (
            "bad",
            "That is another Lever account",
            "Data of a different Lever account is kept here, and two accounts are never mixed. Sign in to Lever with the account that was \
             connected before; or disconnect it first and delete its synced data.",
        ),
        Outcome::Failed => {
            ("bad", "Lever was not connected", "Lever did not complete the connection. Nothing was changed here. Try again in a moment.")
        }
    };
    let link = (outcome == Outcome::Connected).then_some(("See your candidates", candidates::PATH));
    Message { tone, title, text, link }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_who_can_accept() {
        assert!(message(Outcome::Denied).text.contains("Super Admin"));
        assert_eq!(message(Outcome::Denied).link, None);
        assert!(message(Outcome::Connected).tone == "good" && message(Outcome::Connected).link.is_some());
    }
}
