//! Lever's token endpoint fails: few ask it, all others hear at once when to come back, nothing is given up, and it mends itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use lever_integration::connect;
use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::lever::{self, Error};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::get_user;
use super::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The stand-in's tokens age with the story.
fn pass(story: &Story, span: Duration) {
    story.clock.advance(span);
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
}

/// How often the token endpoint was asked.
fn asked(story: &Story) -> usize {
    story.lever.ledger().iter().filter(|entry| entry.path == "/oauth/token").count()
}

fn status(code: u16, retry_after_seconds: Option<u64>) -> FaultKind {
    FaultKind::Status { code, retry_after_seconds }
}

async fn connected(lever: Options) -> (Story, Person, String) {
    connected_with(Setting { lever, ..Setting::default() }).await
}

async fn connected_with(setting: Setting) -> (Story, Person, String) {
    let story = Story::with(setting).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let user = story.account(0).users[0].id.clone();
    story.lever.clear_ledger();
    (story, admin, user)
}

fn codes(shown: &Value) -> Vec<&str> {
    shown["warnings"].as_array().expect("a list").iter().map(|warning| warning["code"].as_str().expect("a code")).collect()
}

#[tokio::test]
async fn for_ten_minutes_few_ask_all_others_hear_when_to_come_back_and_then_it_works_again() {
    // One that answers with a page of HTML may have spent the token all the same.
    let lenient = Options { refresh_overlap: Duration::from_secs(24 * 3600), ..Setting::default().lever };
    for kind in [status(500, None), status(429, None), status(503, Some(30)), FaultKind::Garbage, FaultKind::DropBeforeCommit] {
        let (story, admin, user) = connected(lenient.clone()).await;
        pass(&story, 61 * MINUTE);
        story.lever.fault(Fault::new("POST", "/oauth/token", kind.clone()));
        for _ in 0..60 {
            for answer in join_all((0..5).map(|_| get_user(&story.app, ORGANIZATION, &user))).await {
                let error = answer.expect_err("no token");
                assert!(matches!(&error, Error::NoToken { retry_after: Some(pause), .. } if *pause <= 2 * MINUTE), "{error:?}");
            }
            pass(&story, 10 * SECOND);
        }
        let asked = asked(&story);
        assert!((4..=20).contains(&asked), "{kind:?}: {asked} requests in ten minutes");

        let refused = admin.get("/v1/opportunities/never-seen").await.expect(503);
        assert_eq!(refused.code(), "lever_unavailable");
        let pause: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=120).contains(&pause), "{pause}");
        let shown = admin.get("/v1/lever/connection").await.json();
        assert_eq!((shown["status"].as_str(), codes(&shown).contains(&"lever_sign_in_failing")), (Some("degraded"), true), "{shown}");

        story.lever.clear_faults();
        pass(&story, 2 * MINUTE);
        get_user(&story.app, ORGANIZATION, &user).await.expect("it mends itself");
        story.work().await;
        assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "connected", "{kind:?}");
        story.end().await;
    }
}

/// One that never answers is waited for by the first, and by nobody else (check 13).
#[tokio::test]
async fn a_token_endpoint_that_hangs_holds_up_one_request_and_then_nobody() {
    let patience = lever::Options { oauth_timeout: SECOND, ..lever::Options::default() };
    let story = Story::with(Setting { patience, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let user = story.account(0).users[0].id.clone();
    story.lever.clear_ledger();
    pass(&story, 61 * MINUTE);
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::RequestHeld));
    for _ in 0..5 {
        let error = get_user(&story.app, ORGANIZATION, &user).await.expect_err("no token");
        assert!(matches!(error, Error::NoToken { retry_after: Some(_), .. }), "{error:?}");
        let refused = admin.get("/v1/opportunities/never-seen").await.expect(503);
        assert_eq!(refused.code(), "lever_unavailable");
        assert!(refused.header("retry-after").parse::<u64>().expect("seconds") >= 1);
        assert_eq!(asked(&story), 1, "all but the first hear of it at once");
    }
    let shown = admin.get("/v1/lever/connection").await.json();
    assert_eq!((shown["status"].as_str(), codes(&shown).contains(&"lever_sign_in_failing")), (Some("degraded"), true), "{shown}");

    story.lever.clear_faults();
    story.lever.release().await;
    pass(&story, 2 * MINUTE);
    get_user(&story.app, ORGANIZATION, &user).await.expect("it mends itself");
    story.work().await;
    assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "connected");
    story.end().await;
}

/// A person is told soon; the refresh goes on, and who asks again has its token.
#[tokio::test]
async fn a_person_does_not_wait_for_a_token_endpoint_that_hangs() {
    let default = lever::Options::default();
    let patience = lever::Options { person: lever::Patience { token: 2 * SECOND, total: HOUR, ..default.person }, oauth_timeout: HOUR, ..default };
    let (story, admin, user) = connected_with(Setting { patience, ..Setting::default() }).await;
    pass(&story, 61 * MINUTE);
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::RequestHeld).times(1));
    let refused = admin.get("/v1/opportunities/never-seen").await.expect(503);
    assert_eq!(refused.code(), "lever_unavailable");
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    story.lever.release().await;
    get_user(&story.app, ORGANIZATION, &user).await.expect("the first refresh has ended");
    assert_eq!(asked(&story), 1);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn lever_is_left_alone_for_as_long_as_it_asks() {
    let (story, _, user) = connected(Setting::default().lever).await;
    pass(&story, 61 * MINUTE);
    story.lever.fault(Fault::new("POST", "/oauth/token", status(429, Some(900))));
    for _ in 0..14 {
        get_user(&story.app, ORGANIZATION, &user).await.expect_err("no token");
        pass(&story, MINUTE);
    }
    assert_eq!(asked(&story), 1);
    story.lever.clear_faults();
    pass(&story, MINUTE);
    get_user(&story.app, ORGANIZATION, &user).await.expect("in time");
    story.work().await;
    story.end().await;
}

/// What could not be done for want of a token is done when it is worth asking for one again, and at once when somebody else has got one.
#[tokio::test]
async fn what_waited_for_a_token_is_done_when_there_is_one() {
    let (story, _, user) = connected(Setting::default().lever).await;
    pass(&story, 61 * MINUTE);
    for by_itself in [true, false] {
        story.lever.fault(Fault::new("POST", "/oauth/token", status(500, None)));
        for _ in 0..60 {
            story.work().await;
            pass(&story, 10 * SECOND);
        }
        story.work().await;
        story.lever.clear_faults();
        if by_itself {
            pass(&story, 2 * MINUTE);
        } else {
            let put_off = sqlx::query("UPDATE jobs SET run_at = $1 + interval '1 hour' WHERE last_error IS NOT NULL").bind(story.clock.now());
            let mut owner = PgConnection::connect(&story.database.url).await.expect("the database of this test");
            assert!(put_off.execute(&mut owner).await.expect("put off").rows_affected() > 0);
            pass(&story, 2 * MINUTE);
            get_user(&story.app, ORGANIZATION, &user).await.expect("a token");
        }
        story.work().await;
        let synced = story.admin(ORGANIZATION).get("/v1/lever/connection").await.json()["lastSyncAt"].clone();
        let synced: DateTime<Utc> = synced.as_str().expect("a time").parse().expect("a time");
        assert_eq!(synced, story.clock.now(), "by itself: {by_itself}");
        pass(&story, 61 * MINUTE);
    }
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_token_is_used_to_its_end_while_the_next_one_cannot_be_had() {
    let (story, _, user) = connected(Setting::default().lever).await;
    story.lever.fault(Fault::new("POST", "/oauth/token", status(500, None)));
    pass(&story, 59 * MINUTE + 5 * SECOND);
    get_user(&story.app, ORGANIZATION, &user).await.expect("still good");
    while asked(&story) == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..5 {
        pass(&story, 10 * SECOND);
        get_user(&story.app, ORGANIZATION, &user).await.expect("still good");
    }
    pass(&story, 10 * SECOND);
    get_user(&story.app, ORGANIZATION, &user).await.expect_err("at its end");
    story.lever.clear_faults();
    pass(&story, 2 * MINUTE);
    get_user(&story.app, ORGANIZATION, &user).await.expect("renewed");
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn nobody_else_waits_for_a_token_endpoint_that_hangs() {
    let (story, _, user) = connected(Setting::default().lever).await;
    pass(&story, 61 * MINUTE);
    story.lever.fault(Fault::new("POST", "/oauth/token", status(500, None)).times(1));
    get_user(&story.app, ORGANIZATION, &user).await.expect_err("no token");
    pass(&story, 10 * SECOND);
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::RequestHeld).times(1));
    let first = get_user(&story.app, ORGANIZATION, &user);
    let others = async {
        story.lever.wait_held(1).await;
        for answer in join_all((0..50).map(|_| get_user(&story.app, ORGANIZATION, &user))).await {
            assert!(matches!(answer, Err(Error::NoToken { retry_after: Some(_), .. })), "{answer:?}");
        }
        story.lever.release().await;
    };
    let (first, ()) = tokio::join!(first, others);
    first.expect("whoever asked gets the answer");
    get_user(&story.app, ORGANIZATION, &user).await.expect("and so does everybody");
    assert_eq!(asked(&story), 2);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn that_the_application_is_refused_is_said_to_whoever_operates_it() {
    let (story, admin, user) = connected(Setting::default().lever).await;
    pass(&story, 61 * MINUTE);
    let (wrong, _) =
        story.replica(&Setting { variables: vec![("LEVER_CLIENT_SECRET", "not the secret of this application".into())], ..Setting::default() }).await;
    get_user(&wrong, ORGANIZATION, &user).await.expect_err("refused");
    let shown = admin.get("/v1/lever/connection").await.json();
    assert_eq!(codes(&shown).first(), Some(&"lever_sign_in_refused"), "{shown}");
    assert!(shown["warnings"][0]["message"].as_str().is_some_and(|said| said.contains("LEVER_CLIENT_SECRET")), "{shown}");
    wrong.stop().await;
    pass(&story, MINUTE);
    connect::tend_due(&story.app.state).await.expect("the database is there");
    get_user(&story.app, ORGANIZATION, &user).await.expect("it mends itself");
    story.work().await;
    assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "connected");
    story.end().await;
}
