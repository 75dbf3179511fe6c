//! Tokens at expiry: refreshed by one holder at a time, whoever asks and however many.

#[path = "../support/mod.rs"]
mod support;

mod elsewhere;
mod failing;
mod holders;

use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use lever_integration::accounts;
use lever_integration::app::App;
use lever_integration::fake_lever::{FakeLever, Fault, FaultKind, Options};
use lever_integration::ids::TenantId;
use lever_integration::lever::{Lane, Record, User};
use sqlx::{Connection, Executor, PgConnection};
use support::database::TestDatabase;
use support::process::{Service, free_port, run_until};
use support::story::{Person, Setting, Story};
use uuid::Uuid;

/// Fifty requests on each of three replicas find the access token refused: one refresh at Lever, and every one succeeds.
#[tokio::test]
async fn fifty_requests_on_three_replicas_at_expiry_make_one_refresh() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let (second, _) = story.replica(&Setting::default()).await;
    let (third, _) = story.replica(&Setting::default()).await;
    let user = story.account(0).users[0].id.clone();

    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    let requests = [&story.app, &second, &third].into_iter().flat_map(|app| std::iter::repeat_n(app, 50)).map(|app| async {
        let (account, _) = accounts::open(&app.state, TenantId(organization)).await.expect("connected");
        account.in_lane(Lane::Person).get_user(&user).await
    });
    for answer in join_all(requests).await {
        assert_eq!(answer.expect("nobody sees the expiry").id, user);
    }
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);

    // Ahead of expiry the same holds without Lever refusing anything.
    story.clock.advance(Duration::from_secs(3600));
    let (account, _) = accounts::open(&story.app.state, TenantId(organization)).await.expect("connected");
    account.get_user(&user).await.expect("refreshed in time");
    assert_eq!(story.lever.token_calls().refresh_token - before, 2);

    second.stop().await;
    third.stop().await;
    // The hour brought the regular sync.
    story.work().await;
    story.end().await;
}

/// A dead grant is said once, in words, and nothing hammers the token endpoint.
#[tokio::test]
async fn a_revoked_grant_asks_for_a_new_authorization() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut admin, 0).await;
    story.lever.revoke_grant(&story.account(0).id);
    admin.post("/v1/lever/syncs", serde_json::json!({})).await.expect(202);
    story.work().await;
    let connection = admin.get("/v1/lever/connection").await.expect(200).json();
    assert_eq!(connection["status"], "reauthorization_required");
    assert!(connection["warnings"][0]["message"].as_str().is_some_and(|said| said.contains("admin")), "{connection}");
    let run = admin.get("/v1/lever/syncs?kind=full").await.json()["data"][0].clone();
    assert_eq!(run["status"], "failed");
    assert!(run["error"].is_string(), "{run}");

    let calls = story.lever.token_calls().refresh_token;
    assert_eq!(admin.post("/v1/lever/syncs", serde_json::json!({})).await.code(), "lever_reauthorization_required");
    story.work().await;
    assert_eq!(story.lever.token_calls().refresh_token, calls, "a dead token is not tried again");
    story.end().await;
}

/// Lever's clock and ours may disagree, and a machine's may jump: a token's age counts from when it came, and a jump costs one
/// refresh and no loop.
#[tokio::test]
async fn a_clock_that_jumps_by_a_day_costs_one_refresh() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let user = story.account(0).users[0].id.clone();
    let before = story.lever.token_calls().refresh_token;
    story.clock.advance(Duration::from_secs(24 * 3600));
    for _ in 0..2 {
        let requests = (0..25).map(|_| get_user(&story.app, organization, &user));
        for answer in join_all(requests).await {
            answer.expect("nobody sees the jump");
        }
        assert_eq!(story.lever.token_calls().refresh_token - before, 1);
    }
    story.work().await;
    story.end().await;
}

/// A token that Lever refuses is renewed once, and the request sent once more; refused again, the connection needs a person.
#[tokio::test]
async fn a_token_refused_again_after_its_renewal_asks_for_a_new_authorization() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let user = story.account(0).users[0].id.clone();
    let before = story.lever.token_calls().refresh_token;
    story.lever.clear_ledger();
    story.lever.fault(Fault::new("GET", "/v1/users/*", FaultKind::Status { code: 401, retry_after_seconds: None }));
    let error = get_user(&story.app, organization, &user).await.expect_err("refused");
    assert!(matches!(error, lever_integration::lever::Error::ReauthorizationRequired), "{error}");
    let asked = story.lever.ledger().iter().filter(|entry| entry.path.starts_with("/v1/users/")).count();
    assert_eq!((asked, story.lever.token_calls().refresh_token - before), (2, 1));
    assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "reauthorization_required");
    story.lever.clear_faults();
    story.connect(&mut admin, 0).await;
    get_user(&story.app, organization, &user).await.expect("connected again");
    story.work().await;
    story.end().await;
}

/// The database cannot take the new pair: it is the only one there is, so it is kept and stored as soon as that is possible.
#[tokio::test]
async fn a_pair_that_cannot_be_stored_is_kept_until_it_can() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let (other, _) = story.replica(&Setting::default()).await;
    let user = story.account(0).users[0].id.clone();
    let mut owner = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    owner
        .execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER no_room BEFORE UPDATE ON connections FOR EACH ROW
             WHEN (NEW.token_version > OLD.token_version) EXECUTE FUNCTION no_room();",
        )
        .await
        .expect("the trigger is made");
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    let mend = async {
        while story.lever.token_calls().refresh_token == before {
            tokio::task::yield_now().await;
        }
        owner.execute("DROP TRIGGER no_room ON connections").await.expect("the trigger is dropped");
    };
    let (one, another, ()) = tokio::join!(get_user(&story.app, organization, &user), get_user(&other, organization, &user), mend);
    assert_eq!((one.expect("stored after all").id.as_str(), another.expect("adopted").id.as_str()), (user.as_str(), user.as_str()));
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);
    other.stop().await;
    story.end().await;
}

/// A refresh that was overtaken: its token is dead, but somebody stored a newer pair meanwhile, and that one counts.
#[tokio::test]
async fn a_loser_adopts_what_the_winner_stored() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let user = story.account(0).users[0].id.clone();
    story.lever.clear_ledger();
    story.lever.expire_access_tokens();
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::Delay { by: Duration::from_millis(800) }).times(1));
    let overtake = async {
        while !story.lever.ledger().iter().any(|entry| entry.path == "/oauth/token") {
            tokio::task::yield_now().await;
        }
        story.lever.revoke_grant(&story.account(0).id);
        story.connect(&mut admin, 0).await;
    };
    let (answer, ()) = tokio::join!(get_user(&story.app, organization, &user), overtake);
    assert_eq!(answer.expect("with the winner's token").id, user);
    assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "connected", "never judged by the loser's answer");
    assert_eq!(story.lever.token_calls().refused, 1, "the loser was refused");
    story.work().await;
    story.end().await;
}

/// kill -9 after Lever gave the new pair and before it was stored, with the real binary: Lever may take the spent token again for a
/// while, and then nothing is lost; if it does not, a person is asked, and nobody else.
#[tokio::test]
async fn killed_between_the_answer_and_the_commit() {
    for (overlap, status, run) in [(30, "connected", "succeeded"), (0, "reauthorization_required", "failed")] {
        let database = TestDatabase::create().await;
        let options = Options { opportunities: 20, requests_per_second: 0.0, refresh_overlap: Duration::from_secs(overlap), ..Options::default() };
        let setting = Setting { lever: options.clone(), ..Setting::default() };
        let lever = FakeLever::start(options).await.expect("the stand-in starts");
        let port = free_port();
        let service = Service::start(&setting, &lever, &database.url, port).await;
        let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
        admin.connect(&lever, 0).await;
        run_until(&admin, "the first sync has ended", |run| run["status"] == "succeeded").await;

        let before = lever.token_calls().refresh_token;
        lever.expire_access_tokens();
        lever.fault(Fault::new("POST", "/oauth/token", FaultKind::Drip { every: Duration::from_secs(60) }).times(1));
        admin.post("/v1/lever/syncs", serde_json::json!({})).await.expect(202);
        while lever.token_calls().refresh_token == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        service.kill().await;

        let service = Service::start(&setting, &lever, &database.url, port).await;
        let ended = run_until(&admin, "the run has ended", |run| run["finishedAt"].is_string()).await;
        assert_eq!(ended["status"], run, "{ended}");
        assert_eq!(admin.get("/v1/lever/connection").await.expect(200).json()["status"], status);
        assert_eq!(lever.token_calls().refresh_token - before, 2, "asked once more, and not again and again");
        service.kill().await;
        lever.stop().await;
        drop(database);
    }
}

async fn get_user(app: &App, organization: Uuid, user: &str) -> Result<Record<User>, lever_integration::lever::Error> {
    let (account, _) = accounts::open(&app.state, TenantId(organization)).await.expect("connected");
    account.in_lane(Lane::Person).get_user(user).await
}
