//! Who holds the right to refresh: slow holders, silent ones, clocks that disagree, and a process that ends in the middle.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use lever_integration::accounts;
use lever_integration::app::App;
use lever_integration::clock::Clock;
use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::ids::TenantId;
use lever_integration::lever::{Error, Lane, Record, User};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::get_user;
use super::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

async fn connected() -> (Story, Person, String) {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let user = story.account(0).users[0].id.clone();
    (story, admin, user)
}

async fn database(story: &Story) -> PgConnection {
    PgConnection::connect(&story.database.url).await.expect("the database of this test")
}

/// As a job would: with much patience.
async fn patiently(app: &App, user: &str) -> Result<Record<User>, Error> {
    let (account, _) = accounts::open(&app.state, TenantId(ORGANIZATION)).await.expect("connected");
    account.in_lane(Lane::Incremental).get_user(user).await
}

/// Lever takes longer than any lease lasts, on three replicas that wait for it: whoever is at work says so, and nobody takes over.
#[tokio::test]
async fn three_replicas_wait_for_an_answer_that_takes_longer_than_a_lease() {
    let (story, _, user) = connected().await;
    let (second, _) = story.replica(&Setting::default()).await;
    let (third, _) = story.replica(&Setting::default()).await;
    let mut database = database(&story).await;
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::AnswerHeld).times(1));
    let requests = [&story.app, &second, &third].into_iter().flat_map(|app| std::iter::repeat_n(app, 5)).map(|app| patiently(app, &user));
    let leases = async {
        story.lever.wait_held(1).await;
        for _ in 0..5 {
            story.clock.advance(Duration::from_secs(10));
            let mut alive = false;
            while !alive {
                alive = sqlx::query_scalar("SELECT refresh_lease_until > $1 FROM connections")
                    .bind(story.clock.now())
                    .fetch_one(&mut database)
                    .await
                    .expect("leased");
            }
        }
        story.lever.release().await;
    };
    let (answers, ()) = tokio::join!(join_all(requests), leases);
    for answer in answers {
        assert_eq!(answer.expect("nobody sees the expiry").id, user);
    }
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);
    second.stop().await;
    third.stop().await;
    story.work().await;
    story.end().await;
}

/// A holder that was cut off from the database comes back with the new pair after another was refused with the spent token.
#[tokio::test]
async fn a_pair_that_comes_after_the_connection_was_given_up_makes_it_work_again() {
    let (story, admin, user) = connected().await;
    let (other, _) = story.replica(&Setting::default()).await;
    let mut database = database(&story).await;
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::AnswerHeld).times(1));
    let status = async || admin.get("/v1/lever/connection").await.json()["status"].clone();
    let late = async {
        story.lever.wait_held(1).await;
        while story.lever.token_calls().refresh_token == before {
            tokio::task::yield_now().await;
        }
        // Its word reaches nobody any more: the right is somebody else's, who says nothing.
        sqlx::query("UPDATE connections SET refresh_holder = gen_random_uuid(), refresh_lease_until = $1")
            .bind(story.clock.now() - TimeDelta::seconds(1))
            .execute(&mut database)
            .await
            .expect("cut off");
        let refused = patiently(&other, &user).await.expect_err("the token is spent");
        assert!(matches!(refused, Error::ReauthorizationRequired), "{refused}");
        assert_eq!(status().await, "reauthorization_required");
        story.lever.release().await;
    };
    let (_, ()) = tokio::join!(patiently(&story.app, &user), late);
    // This stand-in took the pair back when the spent token came again. What counts is that the newest pair decides.
    let stored: (i64, String) = sqlx::query_as("SELECT token_version, status FROM connections").fetch_one(&mut database).await.expect("a connection");
    assert_eq!(stored.0, 2, "{stored:?}");
    let revived: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE kind = 'start_sync'").fetch_one(&mut database).await.expect("jobs");
    assert_eq!(revived, 1, "what ended with the connection goes on with it");
    other.stop().await;
    story.work().await;
    story.end().await;
}

/// A machine whose clock is a day behind: the token looks good for a day and Lever refuses it. And a holder that died on a machine
/// whose clock was a day ahead keeps nobody out.
#[tokio::test]
async fn a_clock_that_jumps_back_by_a_day_costs_one_refresh() {
    let (story, _, user) = connected().await;
    let behind = Clock::manual(story.clock.now() - TimeDelta::days(1));
    let (behind, _) = story.replica_on(&Setting::default(), behind).await;
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    for answer in join_all((0..25).map(|_| patiently(&behind, &user))).await {
        answer.expect("nobody sees the jump");
    }
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);

    story.lever.expire_access_tokens();
    sqlx::query("UPDATE connections SET refresh_holder = gen_random_uuid(), refresh_lease_until = $1")
        .bind(story.clock.now() + TimeDelta::days(1))
        .execute(&mut database(&story).await)
        .await
        .expect("leased");
    for answer in join_all((0..5).map(|_| patiently(&behind, &user))).await {
        answer.expect("a lease that nobody could have been given is none");
    }
    assert_eq!(story.lever.token_calls().refresh_token - before, 2);
    behind.stop().await;
    story.work().await;
    story.end().await;
}

/// The process is told to end while Lever answers: the new pair is stored first, whether or not anybody still waits for it.
#[tokio::test]
async fn a_process_that_ends_stores_the_pair_that_is_under_way() {
    let (story, _, user) = connected().await;
    let (ending, _) = story.replica(&Setting::default()).await;
    let before = story.lever.token_calls().refresh_token;
    story.lever.expire_access_tokens();
    story.lever.fault(Fault::new("POST", "/oauth/token", FaultKind::AnswerHeld).times(1));
    let state = ending.state.clone();
    let caller = tokio::spawn({
        let user = user.clone();
        async move {
            let (account, _) = accounts::open(&state, TenantId(ORGANIZATION)).await.expect("connected");
            account.in_lane(Lane::Person).get_user(&user).await
        }
    });
    story.lever.wait_held(1).await;
    caller.abort();
    let shutdown = ending.state.shutdown.clone();
    let (_, ()) = tokio::join!(ending.stop(), async {
        shutdown.cancelled().await;
        story.lever.release().await;
    });
    get_user(&story.app, ORGANIZATION, &user).await.expect("with the pair that was stored");
    assert_eq!(story.lever.token_calls().refresh_token - before, 1);
    story.work().await;
    story.end().await;
}
