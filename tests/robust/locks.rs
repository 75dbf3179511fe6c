//! Somebody else holds a lock in our database, or we ourselves do: what waits for it gives up in words, and the rest goes on.

use lever_integration::ids::TenantId;
use lever_integration::jobs::{self, Job, LEASE, LEAST_URGENT};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::story::Story;

#[tokio::test]
async fn a_table_that_a_stranger_locks_is_answered_503_and_the_rest_as_ever() {
    let story = Story::begin().await;
    let person = story.admin(Uuid::from_u128(1));
    person.get("/v1/users").await.expect(200);
    let mut stranger = PgConnection::connect(&story.database.url).await.expect("connected");
    stranger.execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let refused = person.get("/v1/users").await.expect(503);
    assert_eq!(refused.code(), "database_unavailable");
    assert!(!refused.header("retry-after").is_empty());
    person.get("/v1/stages").await.expect(200);
    stranger.execute("ROLLBACK").await.expect("unlocked");
    person.get("/v1/users").await.expect(200);
    // No longer than one waits for a connection.
    let mut tx = story.app.state.db.begin(TenantId(Uuid::from_u128(1))).await.expect("begun");
    let patience: String = sqlx::query_scalar("SHOW lock_timeout").fetch_one(&mut *tx).await.expect("shown");
    assert_eq!(patience, "4s");
    tx.commit().await.expect("committed");
    story.end().await;
}

/// The transaction that stores a job's result holds the job's row. A heartbeat does not wait for it: it would keep one of the two
/// connections by which everybody's jobs are found.
#[tokio::test]
async fn a_heartbeat_does_not_wait_for_its_own_jobs_transaction() {
    let story = Story::begin().await;
    let tenant = TenantId(Uuid::from_u128(1));
    story.admin(tenant.0).get("/v1/lever/connection").await.expect(200);
    let (db, now) = (&story.app.state.db, story.clock.now());
    let mut tx = db.begin(tenant).await.expect("begun");
    jobs::enqueue(&mut tx, &Job::RegisterWebhooks, now, now).await.expect("enqueued");
    tx.commit().await.expect("committed");
    let claim = jobs::claim_due(db.dispatch(), now, 1, LEAST_URGENT).await.expect("claimed").remove(0);

    let mut storing = db.begin(tenant).await.expect("begun");
    assert!(claim.holds(&mut storing).await.expect("asked"));
    for _ in 0..3 {
        assert!(claim.renew(db.dispatch(), now).await.expect("it does not wait"), "it is ours as long as its transaction lasts");
    }
    // Nor can anybody claim it, even when its lease is over.
    let late = now + 2 * LEASE;
    assert!(jobs::claim_due(db.dispatch(), late, 1, LEAST_URGENT).await.expect("looked").is_empty());
    storing.commit().await.expect("committed");

    assert!(claim.renew(db.dispatch(), late).await.expect("renewed"));
    assert!(jobs::claim_due(db.dispatch(), late, 1, LEAST_URGENT).await.expect("looked").is_empty(), "the lease was prolonged");
    let taken = jobs::claim_due(db.dispatch(), late + 2 * LEASE, 1, LEAST_URGENT).await.expect("claimed").remove(0);
    assert!(!claim.renew(db.dispatch(), late).await.expect("asked"), "somebody else has it");
    taken.finish(db.dispatch(), jobs::Outcome::Done, late).await.expect("ended");
    story.end().await;
}

/// Its job was done by somebody else and asked for anew: that is another claim, however alike the two are.
#[tokio::test]
async fn a_claim_that_was_lost_is_not_that_of_a_job_asked_for_again() {
    let story = Story::begin().await;
    let tenant = TenantId(Uuid::from_u128(1));
    story.admin(tenant.0).get("/v1/lever/connection").await.expect(200);
    let (db, now) = (&story.app.state.db, story.clock.now());
    let ask = async || {
        let mut tx = db.begin(tenant).await.expect("begun");
        jobs::enqueue(&mut tx, &Job::RegisterWebhooks, now, now).await.expect("enqueued");
        tx.commit().await.expect("committed");
    };
    let claim = async |at| jobs::claim_due(db.dispatch(), at, 1, LEAST_URGENT).await.expect("claimed").remove(0);
    ask().await;
    let lost = claim(now).await;
    assert!(claim(now + LEASE).await.end(db.dispatch()).await.expect("ended"));
    ask().await;
    let theirs = claim(now).await;
    let mut tx = db.begin(tenant).await.expect("begun");
    assert!(!lost.holds(&mut tx).await.expect("asked") && theirs.holds(&mut tx).await.expect("asked"));
    tx.commit().await.expect("committed");
    assert!(!lost.end(db.dispatch()).await.expect("asked"));
    assert!(theirs.end(db.dispatch()).await.expect("ended"));
    story.end().await;
}
