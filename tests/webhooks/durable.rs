//! That an answer means stored, that a try which died is no reason to refuse the next, and how long a webhook is believed.

use std::time::Duration;

use lever_integration::accounts;
use lever_integration::ids::TenantId;
use serde_json::json;
use sqlx::Executor;
use uuid::Uuid;

use crate::delivery::{body, deliver, webhook};
use crate::rows::{connection, deliveries, jobs};
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
    story.end().await;
}
