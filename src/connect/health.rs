//! How a connection stands, judged from what is known about it. Pure.
//!
//! The rule: a connection that is ill says why and what to do, in one sentence that a recruiter understands; and it says so before
//! anything breaks, where that can be known.

use std::time::Duration;

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::Facts;
use super::surroundings;
use crate::accounts::webhooks::{WebhookState, WebhookStatus};
use crate::accounts::{Connection, Status};
use crate::lever::scopes::{OFFLINE_ACCESS, SCOPES};

/// Lever lets a refresh token that nobody uses die after this.
const UNUSED: TimeDelta = TimeDelta::days(90);
/// And every one after this, however much it was used.
const LIFETIME: Months = Months::new(12);
/// From here on somebody should think of connecting again.
const AGEING: Months = Months::new(10);
/// Tokens are renewed weekly at least: longer than this, and something keeps us from it.
const UNRENEWED: TimeDelta = TimeDelta::days(14);
/// A webhook that still does not stand after this will not come by itself.
const REGISTERING: TimeDelta = TimeDelta::minutes(15);
/// Even the largest first sync has ended after this.
const FIRST_SYNC: TimeDelta = TimeDelta::hours(24);
/// A copy is too old after so many sync periods, but not before an hour.
const PERIODS: u32 = 30;
const LEAST_AGE: Duration = Duration::from_secs(3600);
const SUPER_ADMIN: &str = "super admin";

/// Where a connection stands, as callers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    Disconnected,
    Connected,
    /// Something is wrong with it; the warnings say what.
    Degraded,
    /// Lever no longer accepts it: an admin must connect again.
    ReauthorizationRequired,
}

impl ConnectionStatus {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::ReauthorizationRequired => "reauthorization_required",
        }
    }
}

/// Something about the connection that a person should mend.
///
/// Codes: `reauthorization_required`, `missing_scopes`, `another_environment`, `lever_sign_in_failing`, `lever_sign_in_refused`,
/// `encryption_key_missing`, `secret_damaged`, `lever_unreachable`, `grantor_deactivated`,
/// `grantor_not_super_admin`, `permission_ageing`, `permission_unused`, `sync_stale`, `first_sync_unfinished`, `webhooks_unregistered`,
/// `webhooks_silent`, `encryption_key_retiring`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// Stable, for programs.
    #[schema(example = "grantor_deactivated")]
    pub code: &'static str,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Warning {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What is wrong with the connection, the worst first.
pub(super) fn warnings(facts: &Facts, now: DateTime<Utc>) -> Vec<Warning> {
    match facts.connection.status {
        Status::Disconnected => Vec::new(),
        Status::ReauthorizationRequired => vec![Warning::new(
            "reauthorization_required",
            "Lever no longer accepts this connection. An admin must press Reconnect, signed in to Lever as a Super Admin.",
        )],
        Status::Incomplete => vec![missing_scopes(&facts.connection)],
        Status::Connected => [
            surroundings::another_environment(facts),
            surroundings::not_renewed(&facts.connection),
            fewer_scopes(&facts.connection),
            surroundings::unreadable_secrets(facts),
            surroundings::damaged_secret(facts),
            surroundings::unreachable(facts),
            grantor_trouble(facts),
            ageing(&facts.connection, now),
            unrenewed(&facts.connection, now),
            stale_copy(facts, now),
            unregistered(facts, now),
            silent(facts),
            surroundings::retiring_key(facts),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn missing_scopes(connection: &Connection) -> Warning {
    let all = SCOPES.len();
    let granted = all - connection.missing_scopes().len();
    Warning::new(
        "missing_scopes",
        format!(
            "Lever granted {granted} of the {all} permissions that are needed, so nothing is synced. An admin must press Reconnect and accept all of them."
        ),
    )
}

/// Lever may take a permission back from a connection that works; the others go on working.
fn fewer_scopes(connection: &Connection) -> Option<Warning> {
    let missing = connection.missing_scopes();
    (!missing.is_empty()).then(|| {
        let message = format!(
            "Lever no longer grants all of the permissions that are needed ({} of {} are missing), so a part of this does not work. An admin must press \
             Reconnect and accept all of them.",
            missing.len(),
            SCOPES.len()
        );
        Warning::new("missing_scopes", message)
    })
}

fn grantor_trouble(facts: &Facts) -> Option<Warning> {
    let user = facts.grantor.as_ref()?;
    let name = user.name.as_deref().unwrap_or("The person");
    if user.has_left {
        let message = format!(
            "{name}, who connected Lever, is deactivated there, and Lever will stop accepting the connection. A Super Admin should press Reconnect."
        );
        return Some(Warning::new("grantor_deactivated", message));
    }
    let role = user.access_role.as_deref()?;
    (role != SUPER_ADMIN).then(|| {
        let message =
            format!("{name}, who connected Lever, is no longer a Super Admin there. A Super Admin should press Reconnect before Lever refuses.");
        Warning::new("grantor_not_super_admin", message)
    })
}

fn ageing(connection: &Connection, now: DateTime<Utc>) -> Option<Warning> {
    let connected_at = connection.connected_at?;
    (connected_at + AGEING <= now).then(|| {
        let message = format!(
            "Lever's permission ends on {}, one year after it was given. A Super Admin should press Reconnect before then; nothing is lost by it.",
            day(connected_at + LIFETIME)
        );
        Warning::new("permission_ageing", message)
    })
}

fn unrenewed(connection: &Connection, now: DateTime<Utc>) -> Option<Warning> {
    let refreshed_at = connection.refreshed_at?;
    (refreshed_at + UNRENEWED <= now).then(|| {
        let message = format!(
            "Lever's permission could not be renewed since {}, and it ends on {} if that stays so. A Super Admin should press Reconnect.",
            day(refreshed_at),
            day(refreshed_at + UNUSED)
        );
        Warning::new("permission_unused", message)
    })
}

fn stale_copy(facts: &Facts, now: DateTime<Utc>) -> Option<Warning> {
    let too_old = TimeDelta::from_std((facts.sync_interval * PERIODS).max(LEAST_AGE)).ok()?;
    match facts.connection.last_sync_at {
        // Whoever has just connected again waits for it as long as one does at first.
        Some(at) => (at.max(facts.connection.connected_at.unwrap_or(at)) + too_old <= now).then(|| {
            let message = format!(
                "The last complete sync ended on {} at {} UTC, so what you see may be out of date. If that stays so, an admin should press Sync now and read why it fails.",
                day(at),
                at.format("%H:%M")
            );
            Warning::new("sync_stale", message)
        }),
        None => (facts.connection.connected_at? + FIRST_SYNC <= now).then(|| {
            Warning::new("first_sync_unfinished", "The first sync has not ended well after a day. It goes on or is tried again by itself; an admin should read why it fails.")
        }),
    }
}

fn unregistered(facts: &Facts, now: DateTime<Utc>) -> Option<Warning> {
    let late = facts.connection.connected_at? + REGISTERING <= now;
    let missing = settings(facts, |webhook| !webhook.registered);
    (late && !missing.is_empty()).then(|| {
        let message = format!(
            "Lever does not tell us about {missing}: the webhook could not be registered, so such changes show up late. An admin should press Reconnect."
        );
        Warning::new("webhooks_unregistered", message)
    })
}

fn silent(facts: &Facts) -> Option<Warning> {
    let silent = settings(facts, |webhook| webhook.state == WebhookState::Silent);
    (!silent.is_empty()).then(|| {
        let message = format!(
            "Something happened in Lever and Lever did not tell us. A Super Admin must open Settings, Integrations and API, Webhooks in Lever and switch on {silent}."
        );
        Warning::new("webhooks_silent", message)
    })
}

/// Lever's own names of the required events that are such, in a sentence.
fn settings(facts: &Facts, are: impl Fn(&WebhookStatus) -> bool) -> String {
    let named: Vec<String> = facts
        .webhooks
        .iter()
        .filter(|webhook| webhook.required && are(webhook))
        .map(|webhook| format!("\u{201c}{}\u{201d}", webhook.setting))
        .collect();
    named.join(" and ")
}

pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

/// The status that follows from the stored one and what is wrong.
pub(super) fn status(stored: Status, warnings: &[Warning]) -> ConnectionStatus {
    match stored {
        Status::Disconnected => ConnectionStatus::Disconnected,
        Status::ReauthorizationRequired => ConnectionStatus::ReauthorizationRequired,
        Status::Incomplete => ConnectionStatus::Degraded,
        Status::Connected if warnings.is_empty() => ConnectionStatus::Connected,
        Status::Connected => ConnectionStatus::Degraded,
    }
}

/// Until when Lever will exchange the refresh token, if nothing else happens. Without offline access there is none.
pub(super) fn refreshable_until(connection: &Connection) -> Option<DateTime<Utc>> {
    let has_refresh_token = connection.granted_scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
    if !has_refresh_token || !matches!(connection.status, Status::Connected | Status::Incomplete) {
        return None;
    }
    Some((connection.refreshed_at? + UNUSED).min(connection.connected_at? + LIFETIME))
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
