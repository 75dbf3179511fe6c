//! Looking after a connection: what nobody tells us is found out, said in a sentence, and mended where that can be done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lever_integration::connect;
use lever_integration::fake_lever::{Event, Fault, FaultKind, Options};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::support::story::{Setting, Story};
use super::{NORTH, SOUTH, connection};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The first seals: base64 of 32 bytes.
const NEW_KEY: &str = "new:HxgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQAeHRwbGhk=";
const OLD_KEY: &str = "story:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What passes while nobody asks for anything: the connection is looked after, and what follows from it is done. The stand-in's
/// tokens age with the story.
async fn pass(story: &Story, span: Duration) {
    story.clock.advance(span);
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
    connect::tend_due(&story.app.state).await.expect("the database is there");
    story.work().await;
}

fn codes(shown: &Value) -> Vec<&str> {
    shown["warnings"].as_array().expect("a list").iter().map(|warning| warning["code"].as_str().expect("a code")).collect()
}

fn message<'a>(shown: &'a Value, code: &str) -> &'a str {
    let warnings = shown["warnings"].as_array().expect("a list");
    warnings.iter().find(|warning| warning["code"] == code).and_then(|warning| warning["message"].as_str()).expect("said")
}

async fn database(story: &Story) -> PgConnection {
    PgConnection::connect(&story.database.url).await.expect("the database of this test")
}

#[tokio::test]
async fn the_person_who_connected_is_deactivated_and_it_is_said_before_anything_breaks() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let grantor = account.super_admin().clone();
    pass(&story, MINUTE).await;
    assert_eq!(codes(&connection(&admin).await), Vec::<&str>::new());

    story.lever.inside(&account.id).quietly().deactivate_user(&grantor.id).expect("a user");
    // The access token is good for an hour, so nothing is broken yet.
    pass(&story, 31 * MINUTE).await;
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), codes(&shown)), (Some("degraded"), vec!["grantor_deactivated"]), "{shown}");
    let said = message(&shown, "grantor_deactivated");
    assert!(said.contains(&grantor.name) && said.contains("Super Admin should press Reconnect"), "{said}");

    // Then the grant dies with them.
    pass(&story, HOUR).await;
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), codes(&shown)), (Some("reauthorization_required"), vec!["reauthorization_required"]));
    let page = admin.browse("/integrations").await.expect(200).text;
    assert!(page.contains("An admin must press Reconnect, signed in to Lever as a Super Admin"), "{page}");
    let calls = story.lever.token_calls().refresh_token;
    for _ in 0..5 {
        pass(&story, HOUR).await;
    }
    assert_eq!(story.lever.token_calls().refresh_token, calls, "a dead token is not tried again");
    story.end().await;
}

#[tokio::test]
async fn tokens_that_nobody_uses_are_renewed_weekly() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let mut calls = story.lever.token_calls().refresh_token;
    for week in 0..14 {
        for _ in 0..7 {
            pass(&story, DAY).await;
        }
        let now = story.lever.token_calls().refresh_token;
        assert!(now > calls, "nothing was renewed in week {week}");
        calls = now;
    }
    let shown = connection(&admin).await;
    let until: DateTime<Utc> = shown["token"]["refreshableUntil"].as_str().expect("a time").parse().expect("RFC 3339");
    assert!(until > story.clock.now() + 80 * DAY, "{shown}");
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert_eq!(admin.get("/v1/lever/syncs").await.json()["data"][0]["status"], "succeeded");
    story.end().await;
}

/// Even when nothing else is asked of Lever.
#[tokio::test]
async fn a_refresh_token_is_renewed_for_its_own_sake() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let calls = story.lever.token_calls().refresh_token;
    let tenant = lever_integration::ids::TenantId(NORTH);
    story.clock.advance(5 * DAY);
    lever_integration::accounts::keep_alive(&story.app.state, tenant).await.expect("alive");
    assert_eq!(story.lever.token_calls().refresh_token, calls, "not yet");
    story.clock.advance(DAY);
    lever_integration::accounts::keep_alive(&story.app.state, tenant).await.expect("alive");
    lever_integration::accounts::keep_alive(&story.app.state, tenant).await.expect("alive");
    assert_eq!(story.lever.token_calls().refresh_token, calls + 1);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_revoked_grant_stops_that_organization_alone() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    story.connect_and_sync(&mut north, 0).await;
    story.connect_and_sync(&mut south, 1).await;
    story.lever.revoke_grant(&story.account(0).id);
    pass(&story, 2 * HOUR).await;
    assert_eq!(connection(&north).await["status"], "reauthorization_required");
    story.lever.clear_ledger();
    south.post("/v1/lever/syncs", json!({})).await.expect(202);
    assert_eq!(north.post("/v1/lever/syncs", json!({})).await.expect(409).code(), "lever_reauthorization_required");
    pass(&story, 10 * MINUTE).await;
    assert_eq!((connection(&south).await["status"].as_str(), codes(&connection(&south).await)), (Some("connected"), vec![]));
    let theirs = story.account(1).id;
    let strangers: Vec<_> = story.lever.ledger().into_iter().filter(|entry| entry.account.as_deref().is_some_and(|id| id != theirs)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    story.end().await;
}

/// The API cannot see the switches in Lever's settings, but what the sync finds and no delivery told of proves that one is off.
#[tokio::test]
async fn a_switch_that_is_off_is_found_out_and_named() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let event = "candidateArchiveChange";
    let state = |shown: &Value| shown["webhooks"].as_array().expect("a list").iter().find(|it| it["event"] == event).expect("listed").clone();
    story.clock.advance(MINUTE);
    story.lever.inside(&account.id).archive(&account.active[0], &account.archive_reasons[0]).expect("archived");
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    pass(&story, 9 * MINUTE).await;
    assert_eq!(state(&connection(&admin).await)["state"], "waiting", "Lever may still tell us");
    pass(&story, 6 * MINUTE).await;
    let shown = connection(&admin).await;
    assert_eq!((state(&shown)["state"].as_str(), shown["status"].as_str()), (Some("silent"), Some("degraded")), "{shown}");
    assert!(state(&shown)["missedAt"].is_string());
    let said = message(&shown, "webhooks_silent");
    assert!(said.contains("Super Admin must open Settings") && said.contains("Candidate archive state change"), "{said}");

    story.lever.switch(&account.id, Event::CandidateArchiveChange, true).expect("switched on");
    story.lever.inside(&account.id).archive(&account.active[1], &account.archive_reasons[0]).expect("archived");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    for _ in 0..3 {
        pass(&story, 6 * MINUTE).await;
        let shown = connection(&admin).await;
        assert_eq!((state(&shown)["state"].as_str(), codes(&shown)), (Some("arriving"), vec![]), "{shown}");
    }
    assert!(state(&connection(&admin).await)["firstDeliveryAt"].is_string());
    story.end().await;
}

/// A panel made and deleted inside Lever; what we did ourselves, and what happened before the webhook stood, proves nothing.
#[tokio::test]
async fn an_interview_deleted_without_a_word_makes_its_webhook_silent() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let states = |shown: &Value| -> Vec<String> {
        let all = shown["webhooks"].as_array().expect("a list").iter();
        // Whether its making was missed as well depends on how long ago the webhook was made; see the webhooks' own stories.
        let silent = all.filter(|it| it["state"] == "silent" && it["event"] != "interviewCreated");
        silent.map(|it| it["event"].as_str().expect("text").to_owned()).collect()
    };
    let sync = async || {
        story.clock.advance(MINUTE);
        admin.post("/v1/lever/syncs", json!({})).await.expect(202);
        story.work().await;
    };
    let interview = json!({"date": 1_900_000_000_000_i64, "duration": 30, "interviewers": [{"id": account.super_admin().id}]});
    let draft = json!({"timezone": "Europe/Lisbon", "interviews": [interview]});
    let panel = story.lever.inside(&account.id).schedule_panel(&account.active[0], &draft).expect("scheduled");
    sync().await;
    pass(&story, 11 * MINUTE).await;
    assert_eq!(states(&connection(&admin).await), Vec::<String>::new());
    story.lever.inside(&account.id).cancel_panel(&account.active[0], &panel).expect("canceled");
    sync().await;
    pass(&story, 11 * MINUTE).await;
    assert_eq!(states(&connection(&admin).await), ["interviewDeleted"]);
    story.end().await;
}

#[tokio::test]
async fn webhooks_removed_by_hand_in_lever_are_made_again_within_hours() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0).id;
    let before = story.lever.webhooks(&account).expect("the account");
    // Another installation of the same application removes them all.
    let mut database = database(&story).await;
    sqlx::query("UPDATE webhooks SET lever_id = 'gone-' || lever_id").execute(&mut database).await.expect("changed");
    pass(&story, 7 * HOUR).await;
    let after = story.lever.webhooks(&account).expect("the account");
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|webhook| before.iter().all(|old| old.url != webhook.url)), "each was made again");
    story.end().await;
}

#[tokio::test]
async fn a_new_key_in_front_seals_everything_anew_and_the_old_one_can_go() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let with_keys = |keys: &str| Setting { variables: vec![("ENCRYPTION_KEYS", keys.to_owned())], ..Setting::default() };
    let (both, base) = story.replica(&with_keys(&format!("{NEW_KEY},{OLD_KEY}"))).await;
    let elsewhere = |base: &str| {
        let mut person = admin.clone();
        person.base = base.to_owned();
        person
    };
    let shown = connection(&elsewhere(&base)).await;
    assert_eq!(codes(&shown), ["encryption_key_retiring"], "{shown}");
    story.clock.advance(6 * MINUTE);
    connect::tend_due(&both.state).await.expect("the database is there");
    assert_eq!(codes(&connection(&elsewhere(&base)).await), Vec::<&str>::new());
    both.stop().await;

    let (new, base) = story.replica(&with_keys(NEW_KEY)).await;
    assert_eq!(codes(&connection(&elsewhere(&base)).await), Vec::<&str>::new());
    story.lever.expire_access_tokens();
    elsewhere(&base).post("/v1/lever/syncs", json!({})).await.expect(202);
    lever_integration::worker::run_until_idle(&new.state).await.expect("the database is there");
    assert_eq!(elsewhere(&base).get("/v1/lever/syncs").await.json()["data"][0]["status"], "succeeded");
    new.stop().await;
    // Whoever still runs with the old key alone is told so.
    assert_eq!(codes(&connection(&admin).await), ["encryption_key_missing"]);
    story.end().await;
}

#[tokio::test]
async fn a_change_of_how_it_stands_is_recorded_once() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let mut database = database(&story).await;
    let mut stands = async || -> (String, Vec<String>, DateTime<Utc>) {
        sqlx::query_as("SELECT status, warnings, since FROM connection_care WHERE tenant_id = $1")
            .bind(NORTH)
            .fetch_one(&mut database)
            .await
            .expect("judged")
    };
    let connected_at = story.clock.now();
    assert_eq!(stands().await.0, "connected");
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().set_access_role(&account.super_admin().id, "admin").expect("a user");
    pass(&story, 61 * MINUTE).await;
    let noticed = story.clock.now();
    pass(&story, 10 * MINUTE).await;
    let (status, warnings, since) = stands().await;
    assert_eq!((status.as_str(), since), ("degraded", noticed));
    assert!(since > connected_at && warnings.contains(&"grantor_not_super_admin".to_owned()), "{warnings:?}");
    admin.delete("/v1/lever/connection").await.expect(204);
    assert_eq!(stands().await.0, "disconnected");
    story.end().await;
}

/// A sync that shows it is enough: nobody waits for the next look.
#[tokio::test]
async fn a_sync_that_shows_a_change_has_it_judged_at_once_and_counted() {
    lever_integration::health::collect_metrics();
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, 6 * MINUTE).await;
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().deactivate_user(&account.super_admin().id).expect("a user");
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert_eq!(codes(&connection(&admin).await), ["grantor_deactivated"]);
    connect::tend_due(&story.app.state).await.expect("the database is there");
    let judged: Vec<String> =
        sqlx::query_scalar("SELECT warnings FROM connection_care").fetch_one(&mut database(&story).await).await.expect("judged");
    assert_eq!(judged, ["grantor_deactivated"]);
    let figures = admin.get("/metrics").await.expect(200).text;
    assert!(figures.contains("lever_connection_status_changes_total{to=\"degraded\"}"), "{figures}");
    // A full sync has the webhooks compared.
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_sandbox_connection_is_not_used_in_production() {
    let sandbox = Setting { variables: vec![("LEVER_ENVIRONMENT", "sandbox".into())], ..Setting::default() };
    let story = Story::with(Setting { variables: sandbox.variables.clone(), ..Setting::default() }).await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(connection(&admin).await["environment"], "sandbox");
    let (production, base) = story.replica(&Setting::default()).await;
    let mut elsewhere = admin.clone();
    elsewhere.base = base;
    let shown = connection(&elsewhere).await;
    assert_eq!(codes(&shown), ["another_environment"]);
    let refused = elsewhere.post("/v1/lever/syncs", json!({})).await.expect(409);
    assert_eq!(refused.code(), "lever_environment_changed");
    assert!(refused.text.contains("sandbox") && refused.text.contains("production"), "{}", refused.text);
    let said = message(&shown, "another_environment");
    assert!(said.contains("LEVER_ENVIRONMENT back to sandbox") && said.contains("delete the synced data, and then connect"), "{said}");
    production.stop().await;
    story.end().await;
}

/// A European account: every call is redirected to its data centre until that is remembered.
#[tokio::test]
async fn the_data_centre_that_lever_redirects_to_is_remembered() {
    let lever = Options { data_centre: Some("eu".into()), ..Setting::default().lever };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(NORTH);
    let redirected = |story: &Story| story.lever.ledger().iter().filter(|entry| entry.status == Some(307)).map(|entry| entry.path.clone()).collect();
    story.connect_and_sync(&mut admin, 0).await;
    let at_first: Vec<String> = redirected(&story);
    assert_eq!(at_first.iter().filter(|path| path.starts_with("/v1/")).count(), 1, "{at_first:?}");
    assert!(at_first.contains(&"/oauth/token".to_owned()), "{at_first:?}");

    // What learns of it stores it: here the reading that follows from a delivery.
    let mut database = database(&story).await;
    sqlx::query("UPDATE connections SET api_root = NULL").execute(&mut database).await.expect("forgotten");
    let account = story.account(0);
    story.lever.switch(&account.id, Event::CandidateStageChange, true).expect("switched on");
    for stage in [&account.stages[2], &account.stages[3]] {
        story.lever.clear_ledger();
        story.clock.advance(MINUTE);
        story.lever.inside(&account.id).change_stage(&account.active[0], stage).expect("moved");
        story.lever.wait_deliveries_idle().await;
        story.work().await;
        let shown = admin.get(&format!("/v1/opportunities/{}", account.active[0])).await.expect(200).json();
        assert_eq!(shown["stage"]["id"], stage.as_str());
    }
    let redirected: Vec<String> = redirected(&story);
    assert!(redirected.is_empty(), "{redirected:?}");
    story.end().await;
}

/// Lever's answer comes after the disconnect: what was under way ends, and nothing more is asked.
#[tokio::test]
async fn a_sync_under_way_ends_with_the_connection() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect(&mut admin, 0).await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::Delay { by: Duration::from_millis(800) }).times(1));
    let disconnect = async {
        while !story.lever.ledger().iter().any(|entry| entry.path == "/v1/opportunities") {
            tokio::task::yield_now().await;
        }
        admin.delete("/v1/lever/connection").await.expect(204);
        story.lever.clear_ledger();
    };
    tokio::join!(story.work(), disconnect);
    let asked: Vec<_> = story.lever.ledger().into_iter().filter(|entry| entry.method == "GET").collect();
    assert!(asked.len() <= 1, "{asked:?}");
    assert_eq!(admin.get("/v1/lever/syncs").await.json()["data"][0]["status"], "canceled");
    story.end().await;
}
