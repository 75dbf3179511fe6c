//! What is wrong around a connection and not with it: how this service is set up, its keys, and whether Lever answers. Pure.
//!
//! Most of it is for whoever operates the service; the sentence says so.

use super::facts::Facts;
use super::health::{Warning, day};
use crate::accounts::{self, Connection};
use crate::crypto::Standing;

pub(super) fn another_environment(facts: &Facts) -> Option<Warning> {
    accounts::another_environment(&facts.connection, facts.environment).map(|message| Warning::new("another_environment", message))
}

/// Lever's API may still be fine; but without a new token nobody can ask it.
pub(super) fn not_renewed(connection: &Connection) -> Option<Warning> {
    let since = connection.refresh_failing_since?;
    let (day, time) = (day(since), since.format("%H:%M"));
    Some(match connection.refresh_refused {
        false => Warning::new(
            "lever_sign_in_failing",
            format!(
                "Since {day}, {time} UTC, Lever's sign-in service has not answered as it should, so Lever may be out of reach for a while. It is tried \
                 again by itself, and nobody needs to do anything."
            ),
        ),
        true => Warning::new(
            "lever_sign_in_refused",
            format!(
                "Since {day}, {time} UTC, Lever's sign-in service has refused this service. Whoever operates it must check LEVER_CLIENT_ID and \
                 LEVER_CLIENT_SECRET; it then mends itself."
            ),
        ),
    })
}

pub(super) fn unreadable_secrets(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Unknown).then(|| {
        Warning::new(
            "encryption_key_missing",
            "The key that protects this connection's tokens is missing. Whoever operates this service must put it back into ENCRYPTION_KEYS, or an admin must press Reconnect.",
        )
    })
}

pub(super) fn damaged_secret(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Damaged).then(|| {
        Warning::new(
            "secret_damaged",
            "A stored secret of this connection was damaged or changed, and is not used any more. If this does not mend itself within minutes, an admin must press Reconnect.",
        )
    })
}

pub(super) fn unreachable(facts: &Facts) -> Option<Warning> {
    let since = facts.connection.unreachable_since?;
    let message = format!(
        "Lever has not answered since {} at {} UTC, so nothing can be scheduled and what you see may be out of date. Nothing is lost and there is nothing to do here: it goes on by itself once Lever is back.",
        day(since),
        since.format("%H:%M")
    );
    Some(Warning::new("lever_unreachable", message))
}

pub(super) fn retiring_key(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Older).then(|| {
        Warning::new(
            "encryption_key_retiring",
            "This connection's tokens are still protected by an older key. Whoever operates this service must keep it in ENCRYPTION_KEYS; this mends itself within minutes.",
        )
    })
}
