//! That an answer means stored, that a try which died is no reason to refuse the next, and how long a webhook is believed.

use std::time::Duration;

use lever_integration::accounts;
use lever_integration::accounts::webhooks::WANTED;
use lever_integration::ids::TenantId;
use lever_integration::worker;
use serde_json::json;
use sqlx::Executor;
use uuid::Uuid;

use crate::delivery::{body, deliver, sign, webhook};
use crate::rows::{ask_to_register, connection, deliveries, jobs};
use crate::support::commit_proxy::CommitProxy;
use crate::support::story::{Setting, Story};

const EVENT: &str = "candidateStageChange";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whoever dies after the answer has lost nothing: another connection sees delivery and job the moment the answer is here.
#[tokio::test]
async fn what_is_answered_is_stored_with_its_job() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let mut looking = connection(&story).await;
    for (at, opportunity) in story.account(0).active.iter().enumerate() {
        let body = body(&hook, json!({"opportunityId": opportunity}));
        assert_eq!(deliver(&hook.url, &body).await, 200);
        let stored: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM webhook_deliveries WHERE tenant_id = $1),
                    (SELECT count(*) FROM jobs WHERE tenant_id = $1 AND kind = 'refresh_opportunity')",
        )
        .bind(organization)
        .fetch_one(&mut looking)
        .await
        .expect("rows");
        assert_eq!(stored, (at as i64 + 1, at as i64 + 1));
    }
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_try_that_died_before_the_commit_is_taken_the_next_time() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let opportunity = story.account(0).active[0].clone();
    let body = body(&hook, json!({"opportunityId": opportunity}));

    // The disk is full when the job is to be stored: after the token, in the same transaction.
    let mut owner = connection(&story).await;
    owner
        .execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER no_room BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION no_room();",
        )
        .await
        .expect("the trigger is made");
    assert_eq!(deliver(&hook.url, &body).await, 503);
    assert_eq!(deliveries(&story, organization).await, (0, 0));

    owner.execute("DROP TRIGGER no_room ON jobs").await.expect("the trigger is dropped");
    assert_eq!(deliver(&hook.url, &body).await, 200);
    assert_eq!(deliveries(&story, organization).await, (1, 1));
    assert_eq!(jobs(&story, organization).await, [("refresh_opportunity".to_owned(), opportunity)]);
    story.work().await;
    story.end().await;
}

/// The webhooks move to another public address while deliveries to the old one are under way.
#[tokio::test]
async fn after_a_rotation_both_keys_are_believed_for_the_retry_span_and_then_the_new_one_alone() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let old = webhook(&story, 0, EVENT);
    let (moved, _) = story.replica(&Setting::default()).await;
    ask_to_register(&story, organization).await;
    worker::run_until_idle(&moved.state).await.expect("the worker reaches the database");
    let new = webhook(&story, 0, EVENT);
    assert!(new.url != old.url && new.signature_token != old.signature_token);
    assert_eq!(story.lever.webhooks(&story.account(0).id).expect("the account").len(), WANTED.len(), "the old ones are gone at Lever");

    let crossed = json!({"token": "t", "triggeredAt": 1_790_000_000_000_i64, "signature": sign(&old.signature_token, "t", "1790000000000")});
    story.clock.advance(13 * DAY);
    assert_eq!(deliver(&old.url, &body(&old, json!({}))).await, 200, "sent before the rotation, tried again since");
    assert_eq!(deliver(&new.url, &body(&new, json!({}))).await, 200);
    assert_eq!(deliver(&new.url, &crossed).await, 401, "each key for its own webhook");
    story.clock.advance(2 * DAY);
    assert_eq!(deliver(&old.url, &body(&old, json!({}))).await, 404);
    assert_eq!(deliver(&new.url, &body(&new, json!({}))).await, 200);
    moved.stop().await;
    story.work().await;
    story.end().await;
}

/// Deliveries are remembered for ninety days, month by month; older months are dropped whole.
#[tokio::test]
async fn months_are_made_in_time_and_old_ones_are_dropped_whole() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    worker::tidy(&story.app.state).await;
    let first = body(&hook, json!({}));
    assert_eq!(deliver(&hook.url, &first).await, 200);
    let mut looking = connection(&story).await;
    let mut in_the_rest =
        async || -> i64 { sqlx::query_scalar("SELECT count(*) FROM webhook_deliveries_rest").fetch_one(&mut looking).await.expect("counted") };
    assert_eq!(in_the_rest().await, 0, "its month was there");
    for _ in 0..3 {
        story.clock.advance(29 * DAY);
        worker::tidy(&story.app.state).await;
        assert_eq!(deliver(&hook.url, &first).await, 200);
        assert_eq!(deliveries(&story, organization).await.0, 1, "known for ninety days");
    }
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 200);
    story.clock.advance(40 * DAY);
    worker::tidy(&story.app.state).await;
    assert_eq!(deliveries(&story, organization).await.0, 1, "the first month is gone, and nothing else");
    assert_eq!(in_the_rest().await, 0);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_retired_webhook_is_believed_for_the_retry_span_and_a_delivery_may_be_days_old() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let (replica, replica_base) = story.replica(&Setting::default()).await;
    let elsewhere = hook.url.replace(&story.base, &replica_base);
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 200);

    let (_, id) = hook.url.rsplit_once('/').expect("a path");
    let state = &story.app.state;
    let mut tx = state.db.begin(TenantId(organization)).await.expect("a transaction");
    accounts::webhooks::retire(&mut tx, id, state.clock.now()).await.expect("retired");
    tx.commit().await.expect("committed");

    story.clock.advance(5 * DAY);
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 200, "a replica that knows the key");
    assert_eq!(deliver(&elsewhere, &body(&hook, json!({}))).await, 200, "a replica that does not");
    story.clock.advance(10 * DAY);
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 404, "a replica that knew the key");
    assert_eq!(deliver(&elsewhere, &body(&hook, json!({}))).await, 404);
    assert_eq!(deliveries(&story, organization).await, (3, 0));
    replica.stop().await;
    // Two weeks brought the regular sync.
    story.work().await;
    story.end().await;
}

/// The statement is its own transaction: it was committed, and nobody heard of it. Lever hears of a failure and tries again.
#[tokio::test]
async fn a_delivery_whose_acknowledgement_by_the_database_was_lost_is_stored_once() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let proxy = CommitProxy::start(&story.database.url).await;
    let (behind, elsewhere) = story.replica(&Setting { variables: vec![("DATABASE_URL", proxy.url.clone())], ..Setting::default() }).await;
    let hook = webhook(&story, 0, EVENT);
    let url = hook.url.replace(&story.base, &elsewhere);
    let opportunity = story.account(0).active[0].clone();
    // The replica opens the webhook's key.
    assert_eq!(deliver(&url, &body(&hook, json!({}))).await, 200);
    let told = body(&hook, json!({"opportunityId": opportunity}));
    proxy.lose_answer_about(&opportunity);
    assert_eq!(deliver(&url, &told).await, 503);
    assert!(proxy.has_lost());
    assert_eq!(deliver(&url, &told).await, 200);
    assert_eq!(deliveries(&story, organization).await, (2, 1));
    assert_eq!(jobs(&story, organization).await, [("refresh_opportunity".to_owned(), opportunity)]);
    behind.stop().await;
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (2, 0));
    story.end().await;
}
