//! What a connection says of itself, and when.

use super::*;
use crate::accounts::{Grantor, SyncedGrantor};
use crate::config::LeverEnvironment;
use crate::crypto::Standing;

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
        unreachable_since: None,
    }
}

fn facts(status: Status) -> Facts {
    Facts {
        connection: connection(status),
        grantor: None,
        webhooks: Vec::new(),
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
    facts.connection.unreachable_since = Some(at("2026-02-10T00:12:34Z"));
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
    let user = |role: &str, has_left: bool| SyncedGrantor {
        name: Some("Ada Example".into()),
        access_role: Some(role.into()),
        has_left,
        ..SyncedGrantor::default()
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
    connection.granted_scopes.retain(|scope| scope != "offline_access");
    assert_eq!(refreshable_until(&connection), None, "there is nothing to refresh with");
}
