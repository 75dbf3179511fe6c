//! Sealed secrets: moved, changed, sealed by keys that are gone; and a start with the wrong key.

use std::time::Duration;

use lever_integration::app::{App, Jobs};
use lever_integration::config::{Config, Variables};
use lever_integration::connect;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::net::TcpListener;

use super::support::story::{Setting, Story, variables};
use super::{NORTH, SOUTH, connection};

const NEW_KEY: &str = "new:HxgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQAeHRwbGhk=";
const OLD_KEY: &str = "story:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Another key under the old one's id.
const FALSE_KEY: &str = "story:HxgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQAeHRwbGhk=";

async fn database(story: &Story) -> PgConnection {
    PgConnection::connect(&story.database.url).await.expect("the database of this test")
}

async fn pass(story: &Story) {
    story.clock.advance(Duration::from_secs(360));
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
    connect::tend_due(&story.app.state).await.expect("the database is there");
    story.work().await;
}

fn codes(shown: &Value) -> Vec<&str> {
    shown["warnings"].as_array().expect("a list").iter().map(|warning| warning["code"].as_str().expect("a code")).collect()
}

#[tokio::test]
async fn keys_of_two_webhooks_that_were_exchanged_are_found_out_and_made_anew() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0).id;
    let before = story.lever.webhooks(&account).expect("the account");
    database(&story)
        .await
        .execute(
            "UPDATE webhooks w SET signature_token = o.signature_token FROM webhooks o
             WHERE (w.event, o.event) IN (('interviewCreated', 'interviewUpdated'), ('interviewUpdated', 'interviewCreated'))",
        )
        .await
        .expect("exchanged");
    let shown = connection(&admin).await;
    assert_eq!((shown["status"].as_str(), codes(&shown)), (Some("degraded"), vec!["secret_damaged"]));
    pass(&story).await;
    assert_eq!(codes(&connection(&admin).await), Vec::<&str>::new());
    let after = story.lever.webhooks(&account).expect("the account");
    let kept = after.iter().filter(|webhook| before.iter().any(|old| old.url == webhook.url)).count();
    assert_eq!((after.len(), kept), (before.len(), before.len() - 2));
    story.end().await;
}

#[tokio::test]
async fn a_changed_bit_is_said_keeps_nothing_else_back_and_concerns_nobody_else() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    story.connect_and_sync(&mut north, 0).await;
    story.connect_and_sync(&mut south, 1).await;
    let mut database = database(&story).await;
    sqlx::query("UPDATE connections SET refresh_token = set_bit(refresh_token, 400, 1 - get_bit(refresh_token, 400)) WHERE tenant_id = $1")
        .bind(NORTH)
        .execute(&mut database)
        .await
        .expect("changed");
    let shown = connection(&north).await;
    assert_eq!((shown["status"].as_str(), codes(&shown)), (Some("degraded"), vec!["secret_damaged"]));
    assert_eq!(connection(&south).await["status"], "connected");
    pass(&story).await;
    let judged: Vec<String> = sqlx::query_scalar("SELECT warnings FROM connection_care WHERE tenant_id = $1")
        .bind(NORTH)
        .fetch_one(&mut database)
        .await
        .expect("looked after all the same");
    assert_eq!(judged, ["secret_damaged"]);
    story.connect(&mut north, 0).await;
    assert_eq!(connection(&north).await["status"], "connected", "connecting again mends it");
    story.work().await;
    story.end().await;
}

/// Also what is sealed of a connection that waits for a person; and one secret of a key that is gone keeps none of the others back.
#[tokio::test]
async fn everything_that_opens_is_sealed_anew_wherever_it_stands() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    story.lever.revoke_grant(&story.account(0).id);
    admin.post("/v1/lever/syncs", serde_json::json!({})).await.expect(202);
    story.work().await;
    assert_eq!(connection(&admin).await["status"], "reauthorization_required");
    let mut database = database(&story).await;
    // As if by a key of the same length that nobody has any more.
    database
        .execute("UPDATE webhooks SET signature_token = overlay(signature_token PLACING 'lost!'::bytea FROM 3) WHERE event = 'contactUpdated'")
        .await
        .expect("changed");
    let both = Setting { variables: vec![("ENCRYPTION_KEYS", format!("{NEW_KEY},{OLD_KEY}"))], ..Setting::default() };
    let (both, _) = story.replica(&both).await;
    story.clock.advance(Duration::from_secs(360));
    connect::tend_due(&both.state).await.expect("the database is there");
    both.stop().await;
    let sealed_by = async |database: &mut PgConnection, key: &str| -> i64 {
        let holds = |column: &str| format!("count(*) FILTER (WHERE position('\\x03{}'::bytea IN {column}) = 2)", hex::encode(key));
        let tokens = format!("SELECT {} + {} FROM connections", holds("access_token"), holds("refresh_token"));
        let keys = format!("SELECT {} FROM webhooks", holds("signature_token"));
        let one: i64 = sqlx::query_scalar(AssertSqlSafe(tokens)).fetch_one(&mut *database).await.expect("read");
        let other: i64 = sqlx::query_scalar(AssertSqlSafe(keys)).fetch_one(&mut *database).await.expect("read");
        one + other
    };
    assert_eq!(sealed_by(&mut database, "new").await, 2 + 9);
    story.connect(&mut admin, 0).await;
    story.work().await;
    assert_eq!(story.lever.webhooks(&story.account(0).id).expect("the account").len(), 10, "connecting again replaces the one that is left");
    assert_eq!(codes(&connection(&admin).await), Vec::<&str>::new(), "also for one that has the old key alone");
    story.end().await;
}

#[tokio::test]
async fn the_key_of_a_retired_webhook_is_destroyed_when_nothing_of_it_is_believed_any_more() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let mut database = database(&story).await;
    sqlx::query("UPDATE webhooks SET retired_at = $1, accept_until = $1 WHERE event = 'contactUpdated'")
        .bind(story.clock.now())
        .execute(&mut database)
        .await
        .expect("retired");
    pass(&story).await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM webhooks WHERE accept_until IS NOT NULL AND signature_token IS NOT NULL")
        .fetch_one(&mut database)
        .await
        .expect("read");
    assert_eq!(kept, 0);
    story.end().await;
}

#[tokio::test]
async fn a_start_with_a_wrong_key_is_refused_and_changes_nothing() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let start = async |keys: &str| {
        let setting = Setting { variables: vec![("ENCRYPTION_KEYS", keys.to_owned())], ..Setting::default() };
        let config = Config::read(&Variables::from_pairs(variables(&setting, &story.lever, &story.database.url, &story.base))).expect("complete");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        App::start_on(listener, config, story.clock.clone(), Jobs::ByHand).await
    };
    for (keys, said) in [(FALSE_KEY, "is not the one that was used here"), (NEW_KEY, "none of the keys that were used here (story)")] {
        let error = start(keys).await.err().expect("refused");
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
    let known: Vec<String> = sqlx::query_scalar("SELECT id FROM encryption_keys").fetch_all(&mut database(&story).await).await.expect("read");
    assert_eq!(known, ["story"]);
    assert_eq!(connection(&admin).await["status"], "connected");
    start(&format!("{NEW_KEY},{OLD_KEY}")).await.expect("as one rotates").stop().await;
    start(NEW_KEY).await.expect("and in the end").stop().await;
    story.end().await;
}
