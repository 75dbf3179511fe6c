//! How a connection stands, judged from what is known about it. Pure.
//!
//! The rule: a connection that is ill says why and what to do, in one sentence that a recruiter understands; and it says so before
//! anything breaks, where that can be known.

use std::time::Duration;

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::Facts;
use crate::accounts::webhooks::{WebhookState, WebhookStatus};
use crate::accounts::{Connection, Status};
use crate::crypto::Standing;
use crate::lever::scopes::SCOPES;

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
    fn new(code: &'static str, message: impl Into<String>) -> Self {
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
            another_environment(facts),
            not_renewed(&facts.connection),
            fewer_scopes(&facts.connection),
            unreadable_secrets(facts),
            damaged_secret(facts),
            unreachable(facts),
            grantor_trouble(facts),
            ageing(&facts.connection, now),
            unrenewed(&facts.connection, now),
            stale_copy(facts, now),
            unregistered(facts, now),
            silent(facts),
            retiring_key(facts),
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

fn another_environment(facts: &Facts) -> Option<Warning> {
    let (own, current) = (facts.connection.environment.as_str(), facts.environment.as_str());
    (own != current).then(|| {
        let message = format!(
            "This connection was made with Lever's {own} environment, and this service works with {current}. Whoever operates it must set \
             LEVER_ENVIRONMENT back to {own}; or an admin must disconnect, delete the synced data, and then connect."
        );
        Warning::new("another_environment", message)
    })
}

/// Lever's API may still be fine; but without a new token nobody can ask it.
fn not_renewed(connection: &Connection) -> Option<Warning> {
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

fn unreadable_secrets(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Unknown).then(|| {
        Warning::new(
            "encryption_key_missing",
            "The key that protects this connection's tokens is missing. Whoever operates this service must put it back into ENCRYPTION_KEYS, or an admin must press Reconnect.",
        )
    })
}

fn unreachable(facts: &Facts) -> Option<Warning> {
    let since = facts.unreachable_since?;
    let message = format!(
        "Lever has not answered since {} at {} UTC, so nothing can be scheduled and what you see may be out of date. Nothing is lost and there is nothing to do here: it goes on by itself once Lever is back.",
        day(since),
        since.format("%H:%M")
    );
    Some(Warning::new("lever_unreachable", message))
}

fn damaged_secret(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Damaged).then(|| {
        Warning::new(
            "secret_damaged",
            "A stored secret of this connection was damaged or changed, and is not used any more. If this does not mend itself within minutes, an admin must press Reconnect.",
        )
    })
}

fn grantor_trouble(facts: &Facts) -> Option<Warning> {
    let user = facts.grantor.as_ref()?;
    let name = user.name.as_deref().unwrap_or("The person");
    if user.deactivated_at.is_some() || user.gone_at.is_some() {
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
            Warning::new("first_sync_unfinished", "The first sync has not ended after a day. An admin should press Sync now and read why it fails.")
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

fn retiring_key(facts: &Facts) -> Option<Warning> {
    (facts.secrets == Standing::Older).then(|| {
        Warning::new(
            "encryption_key_retiring",
            "This connection's tokens are still protected by an older key. Whoever operates this service must keep it in ENCRYPTION_KEYS; this mends itself within minutes.",
        )
    })
}

fn day(at: DateTime<Utc>) -> String {
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

/// Until when Lever will exchange the refresh token, if nothing else happens.
pub(super) fn refreshable_until(connection: &Connection) -> Option<DateTime<Utc>> {
    if !matches!(connection.status, Status::Connected | Status::Incomplete) {
        return None;
    }
    Some((connection.refreshed_at? + UNUSED).min(connection.connected_at? + LIFETIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Grantor;
    use crate::config::LeverEnvironment;
    use crate::mirror::users::UserRow;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn connection(status: Status) -> Connection {
        Connection {
            status,
            epoch: 1,
            environment: "production".into(),
            api_root: None,
            account_id: Some("account".into()),
            grantor: Grantor::default(),
            connected_by: None,
            connected_at: Some(at("2026-01-10T00:00:00Z")),
            granted_scopes: SCOPES.iter().skip(if status == Status::Incomplete { 2 } else { 0 }).map(|scope| (*scope).to_owned()).collect(),
            refreshed_at: Some(at("2026-02-10T00:00:00Z")),
            last_sync_at: Some(at("2026-02-10T00:00:00Z")),
            refresh_failing_since: None,
            refresh_refused: false,
        }
    }

    fn facts(status: Status) -> Facts {
        Facts {
            connection: connection(status),
            grantor: None,
            webhooks: Vec::new(),
            unreachable_since: None,
            secrets: Standing::Current,
            environment: LeverEnvironment::Production,
            sync_interval: Duration::from_secs(120),
        }
    }

    fn webhook(state: WebhookState, required: bool) -> WebhookStatus {
        WebhookStatus {
            event: "candidateArchiveChange",
            setting: "Candidate archive state change",
            required,
            registered: true,
            first_delivery_at: None,
            last_delivery_at: None,
            missed_at: None,
            state,
        }
    }

    fn said(facts: &Facts, now: &str) -> Vec<&'static str> {
        warnings(facts, at(now)).iter().map(|warning| warning.code).collect()
    }

    const SOON: &str = "2026-02-10T00:30:00Z";

    #[test]
    fn a_connection_that_is_well_says_nothing() {
        assert_eq!(said(&facts(Status::Connected), SOON), Vec::<&str>::new());
        assert_eq!(status(Status::Connected, &[]), ConnectionStatus::Connected);
    }

    #[test]
    fn an_incomplete_connection_is_degraded_and_says_how_much_is_missing() {
        let found = warnings(&facts(Status::Incomplete), at(SOON));
        assert_eq!(found[0].code, "missing_scopes");
        assert!(found[0].message.contains("14 of the 16"), "{}", found[0].message);
        assert_eq!(status(Status::Incomplete, &found), ConnectionStatus::Degraded);
    }

    #[test]
    fn a_dead_grant_asks_for_a_reconnect_and_names_no_date() {
        let dead = facts(Status::ReauthorizationRequired);
        assert_eq!(said(&dead, SOON), ["reauthorization_required"]);
        assert_eq!(refreshable_until(&dead.connection), None);
    }

    #[test]
    fn time_alone_makes_it_old_unused_and_stale() {
        let facts = facts(Status::Connected);
        assert_eq!(said(&facts, "2026-02-10T01:00:00Z"), ["sync_stale"]);
        assert_eq!(said(&facts, "2026-02-24T00:00:00Z"), ["permission_unused", "sync_stale"]);
        let old = warnings(&facts, at("2026-11-10T00:00:00Z"));
        assert_eq!(old[0].code, "permission_ageing");
        assert!(old[0].message.contains("10 January 2027"), "{}", old[0].message);
    }

    #[test]
    fn a_lever_that_is_away_is_named_with_the_time_since() {
        let mut facts = facts(Status::Connected);
        facts.unreachable_since = Some(at("2026-02-10T00:12:34Z"));
        let found = warnings(&facts, at(SOON));
        assert_eq!(found[0].code, "lever_unreachable");
        assert!(found[0].message.contains("since 10 February 2026 at 00:12 UTC"), "{}", found[0].message);
        assert_eq!(status(Status::Connected, &found), ConnectionStatus::Degraded);
    }

    #[test]
    fn a_first_sync_has_a_day() {
        let mut facts = facts(Status::Connected);
        facts.connection.last_sync_at = None;
        facts.connection.connected_at = Some(at("2026-02-10T00:00:00Z"));
        assert_eq!(said(&facts, "2026-02-10T23:00:00Z"), Vec::<&str>::new());
        assert_eq!(said(&facts, "2026-02-11T00:00:00Z"), ["first_sync_unfinished"]);
    }

    #[test]
    fn the_person_who_connected_is_named_before_lever_refuses() {
        let mut facts = facts(Status::Connected);
        let user = |role: &str, deactivated: bool| UserRow {
            name: Some("Ada Example".into()),
            access_role: Some(role.into()),
            deactivated_at: deactivated.then(|| at(SOON)),
            ..UserRow::default()
        };
        for (user, code) in [(user("super admin", true), "grantor_deactivated"), (user("admin", false), "grantor_not_super_admin")] {
            facts.grantor = Some(user);
            let found = warnings(&facts, at(SOON));
            assert_eq!(found[0].code, code);
            assert!(found[0].message.contains("Ada Example"), "{}", found[0].message);
        }
        facts.grantor = Some(user("super admin", false));
        assert_eq!(said(&facts, SOON), Vec::<&str>::new());
    }

    #[test]
    fn only_what_the_product_needs_of_webhooks_is_a_warning() {
        let mut facts = facts(Status::Connected);
        facts.webhooks = vec![webhook(WebhookState::Silent, false), webhook(WebhookState::Waiting, true), webhook(WebhookState::Arriving, true)];
        assert_eq!(said(&facts, SOON), Vec::<&str>::new());
        facts.webhooks = vec![webhook(WebhookState::Silent, true)];
        let found = warnings(&facts, at(SOON));
        assert_eq!(found[0].code, "webhooks_silent");
        assert!(found[0].message.contains("Candidate archive state change"), "{}", found[0].message);
        facts.webhooks = vec![WebhookStatus { registered: false, ..webhook(WebhookState::Waiting, true) }];
        assert_eq!(said(&facts, SOON), ["webhooks_unregistered"]);
        assert_eq!(said(&facts, "2026-01-10T00:10:00Z"), Vec::<&str>::new(), "they are being registered");
    }

    #[test]
    fn keys_and_environments_are_said_to_those_who_operate_it() {
        let mut facts = facts(Status::Connected);
        for (standing, code) in
            [(Standing::Older, "encryption_key_retiring"), (Standing::Unknown, "encryption_key_missing"), (Standing::Damaged, "secret_damaged")]
        {
            facts.secrets = standing;
            assert_eq!(said(&facts, SOON), [code]);
        }
        facts.secrets = Standing::Current;
        facts.environment = LeverEnvironment::Sandbox;
        assert_eq!(said(&facts, SOON), ["another_environment"]);
    }

    #[test]
    fn tokens_live_ninety_days_without_use_and_one_year_in_all() {
        let mut connection = connection(Status::Connected);
        assert_eq!(refreshable_until(&connection).map(|at| at.to_rfc3339()).as_deref(), Some("2026-05-11T00:00:00+00:00"));
        connection.refreshed_at = Some(at("2026-12-20T00:00:00Z"));
        assert_eq!(refreshable_until(&connection).map(|at| at.to_rfc3339()).as_deref(), Some("2027-01-10T00:00:00+00:00"));
    }
}
