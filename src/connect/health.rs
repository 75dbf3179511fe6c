//! How a connection stands, judged from what is stored. Pure.
//!
//! The rule: a connection that is ill says why and what to do, in one sentence that a recruiter understands.

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{Connection, Status};
use crate::lever::scopes::SCOPES;
use crate::mirror::users::UserRow;

/// Lever lets a refresh token that nobody uses die after this.
const UNUSED: TimeDelta = TimeDelta::days(90);
/// And every one after this, however much it was used.
const LIFETIME: Months = Months::new(12);
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

/// Something about the connection that a person should mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// Stable, for programs.
    #[schema(example = "grantor_deactivated")]
    pub code: &'static str,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// What is wrong with the connection; `grantor` is the Lever user who granted it, as last synced.
pub(super) fn warnings(connection: &Connection, grantor: Option<&UserRow>) -> Vec<Warning> {
    match connection.status {
        Status::Disconnected => Vec::new(),
        Status::ReauthorizationRequired => vec![Warning {
            code: "reauthorization_required",
            message: "Lever no longer accepts this connection. An admin must press Reconnect, signed in to Lever as a Super Admin.".into(),
        }],
        Status::Incomplete => vec![missing_scopes(connection)],
        Status::Connected => grantor.and_then(grantor_trouble).into_iter().collect(),
    }
}

fn missing_scopes(connection: &Connection) -> Warning {
    let all = SCOPES.len();
    let granted = all - connection.missing_scopes().len();
    Warning {
        code: "missing_scopes",
        message: format!(
            "Lever granted {granted} of the {all} permissions that are needed, so nothing is synced. An admin must press Reconnect and accept all of them."
        ),
    }
}

fn grantor_trouble(user: &UserRow) -> Option<Warning> {
    let name = user.name.as_deref().unwrap_or("The person");
    if user.deactivated_at.is_some() || user.gone_at.is_some() {
        let message = format!(
            "{name}, who connected Lever, is deactivated there, and Lever will stop accepting the connection. A Super Admin should press Reconnect."
        );
        return Some(Warning { code: "grantor_deactivated", message });
    }
    let role = user.access_role.as_deref()?;
    (role != SUPER_ADMIN).then(|| Warning {
        code: "grantor_not_super_admin",
        message: format!("{name}, who connected Lever, is no longer a Super Admin there. A Super Admin should press Reconnect before Lever refuses."),
    })
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

    fn connection(status: Status) -> Connection {
        Connection {
            status,
            epoch: 1,
            environment: "production".into(),
            api_root: None,
            account_id: Some("account".into()),
            grantor: Grantor::default(),
            connected_by: None,
            connected_at: Some("2026-01-10T00:00:00Z".parse().expect("a time")),
            granted_scopes: SCOPES.iter().skip(2).map(|scope| (*scope).to_owned()).collect(),
            refreshed_at: Some("2026-02-10T00:00:00Z".parse().expect("a time")),
            last_sync_at: None,
        }
    }

    fn codes(warnings: &[Warning]) -> Vec<&str> {
        warnings.iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn an_incomplete_connection_is_degraded_and_says_how_much_is_missing() {
        let found = warnings(&connection(Status::Incomplete), None);
        assert_eq!(codes(&found), ["missing_scopes"]);
        assert!(found[0].message.contains("14 of the 16"), "{}", found[0].message);
        assert_eq!(status(Status::Incomplete, &found), ConnectionStatus::Degraded);
    }

    #[test]
    fn whatever_is_wrong_with_the_one_who_connected_makes_it_degraded() {
        assert_eq!(status(Status::Connected, &[]), ConnectionStatus::Connected);
        let warning = Warning { code: "grantor_deactivated", message: String::new() };
        assert_eq!(status(Status::Connected, &[warning]), ConnectionStatus::Degraded);
    }

    #[test]
    fn a_dead_grant_asks_for_a_reconnect_and_names_no_date() {
        let dead = connection(Status::ReauthorizationRequired);
        assert_eq!(codes(&warnings(&dead, None)), ["reauthorization_required"]);
        assert_eq!(refreshable_until(&dead), None);
    }

    #[test]
    fn tokens_live_ninety_days_without_use_and_one_year_in_all() {
        let mut connection = connection(Status::Connected);
        assert_eq!(refreshable_until(&connection).map(|at| at.to_rfc3339()).as_deref(), Some("2026-05-11T00:00:00+00:00"));
        connection.refreshed_at = Some("2026-12-20T00:00:00Z".parse().expect("a time"));
        assert_eq!(refreshable_until(&connection).map(|at| at.to_rfc3339()).as_deref(), Some("2027-01-10T00:00:00+00:00"));
    }
}
