//! Under fire: bursts, floods, and a database that is busy with something else.

use futures_util::StreamExt;
use futures_util::stream::iter;
use lever_integration::accounts::webhooks::new_id;
use lever_integration::app::Jobs;
use lever_integration::ids::TenantId;
use lever_integration::worker;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection};
use std::time::Duration;
use uuid::Uuid;

use crate::delivery::{body, sign, webhook};
use crate::rows::{connection, deliveries, jobs};
use crate::support::story::{Setting, Story};

const EVENT: &str = "candidateStageChange";
const AT_ONCE: usize = 16;

/// Delivers all of them, some at once; the statuses answered.
async fn deliver_all(bodies: Vec<(String, Value)>) -> Vec<u16> {
    let http = reqwest::Client::new();
    let answers = bodies.into_iter().map(|(url, body)| {
        let delivery = http.post(url).json(&body);
        async move { delivery.send().await.expect("the service answers").status().as_u16() }
    });
    iter(answers).buffer_unordered(AT_ONCE).collect().await
}

/// A bulk action in Lever, or a loop in somebody's script: fifty deliveries in each tenth of a second.
#[tokio::test]
async fn five_thousand_deliveries_about_one_candidate_in_ten_seconds_are_two_readings() {
    let story = Story::begin().await;
    let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut admin = story.admin(ours);
    story.connect_and_sync(&mut admin, 0).await;
    story.connect_and_sync(&mut story.admin(theirs), 1).await;
    story.clock.advance(Duration::from_secs(60));
    let (hook, other) = (webhook(&story, 0, EVENT), webhook(&story, 1, EVENT));
    let account = story.account(0);
    let candidate = &account.active[0];
    story.lever.clear_ledger();
    for tenth in 0..100 {
        let mut bodies: Vec<_> = (0..50).map(|_| (hook.url.clone(), body(&hook, json!({"opportunityId": candidate})))).collect();
        bodies.push((other.url.clone(), body(&other, json!({"opportunityId": story.account(1).active[tenth % 5]}))));
        assert!(deliver_all(bodies).await.into_iter().all(|status| status == 200));
        worker::run_until_idle(&story.app.state).await.expect("the worker reaches the database");
        story.clock.advance(Duration::from_millis(100));
    }
    // What happened last is seen too.
    story.lever.inside(&account.id).quietly().change_stage(candidate, &account.stages[2]).expect("moved");
    assert_eq!(deliver_all(vec![(hook.url.clone(), body(&hook, json!({"opportunityId": candidate})))]).await, [200]);
    story.work().await;

    let path = format!("/v1/opportunities/{candidate}");
    let readings = story.lever.ledger().iter().filter(|entry| entry.path == path).count();
    assert!((1..=2).contains(&readings), "{readings} readings");
    assert_eq!(admin.get(&path).await.expect(200).json()["stage"]["id"], account.stages[2].as_str());
    assert_eq!(deliveries(&story, ours).await, (5_001, 0));
    assert_eq!(deliveries(&story, theirs).await, (100, 0));
    story.end().await;
}

/// The pool of the acknowledgements is their own: with all other connections taken and the tables that everything else needs locked
/// by somebody, they go on.
#[tokio::test]
async fn deliveries_are_acknowledged_while_everything_else_waits_for_the_database() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, EVENT);
    let account = story.account(0);

    let mut foreign = connection(&story).await;
    foreign.execute("BEGIN; LOCK TABLE connections, opportunities, panels, users, browser_sessions IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let mut taken = Vec::new();
    while let Ok(Ok(tx)) = tokio::time::timeout(Duration::from_millis(300), story.app.state.db.begin(TenantId(organization))).await {
        taken.push(tx);
    }
    assert!(taken.len() > 4, "{}", taken.len());

    let bodies = account.active.iter().map(|candidate| (hook.url.clone(), body(&hook, json!({"opportunityId": candidate})))).collect::<Vec<_>>();
    let sent = bodies.len() as i64;
    assert!(deliver_all(bodies).await.into_iter().all(|status| status == 200));
    let refused = admin.get("/v1/opportunities").await.expect(503);
    assert_eq!(refused.code(), "database_unavailable");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));

    drop(taken);
    foreign.execute("ROLLBACK").await.expect("unlocked");
    assert_eq!(deliveries(&story, organization).await, (sent, sent));
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (sent, 0));
    story.end().await;
}

/// A job that is storing what it read waits for somebody's lock, and keeps its own row meanwhile. Deliveries about the same candidate
/// are stored all the same, for everybody, and are read once it has ended.
#[tokio::test]
async fn deliveries_about_one_candidate_do_not_wait_for_the_job_that_reads_it() {
    let story = Story::with(Setting { jobs: Jobs::InBackground, ..Setting::default() }).await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect(&mut admin, 0).await;
    until_settled(&story, "SELECT EXISTS (SELECT FROM sync_runs WHERE kind = 'full' AND status = 'succeeded')").await;
    until_settled(&story, "SELECT count(*) = 10 FROM webhooks WHERE signature_token IS NOT NULL").await;
    let hook = webhook(&story, 0, EVENT);
    let candidate = story.account(0).active[0].clone();
    let told = || (hook.url.clone(), body(&hook, json!({"opportunityId": candidate})));

    let mut foreign = connection(&story).await;
    foreign.execute("BEGIN; LOCK TABLE opportunities IN SHARE MODE").await.expect("locked");
    assert_eq!(deliver_all(vec![told()]).await, [200]);
    until_settled(
        &story,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'opportunities'::regclass AND NOT granted)
            AND EXISTS (SELECT FROM jobs WHERE kind = 'refresh_opportunity' AND lease_until IS NOT NULL)",
    )
    .await;
    let answers = deliver_all((0..20).map(|_| told()).collect()).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    foreign.execute("ROLLBACK").await.expect("unlocked");
    until_settled(&story, "SELECT count(*) = 21 AND count(settled_at) = 21 FROM webhook_deliveries").await;
    story.app.stop().await;
    story.lever.stop().await;
}

/// Waits until the database says so; the worker in the background brings it about.
async fn until_settled(story: &Story, question: &str) {
    let mut looking = connection(story).await;
    for _ in 0..3_000 {
        let is_so: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned())).fetch_one(&mut looking).await.expect("an answer");
        if is_so {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {question}");
}

/// Which ids are ours is asked on the pool of the acknowledgements, however busy the one is that finds work.
#[tokio::test]
async fn a_new_replica_acknowledges_while_the_dispatch_pool_is_taken() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let (replica, elsewhere) = story.replica(&Setting::default()).await;
    let hook = webhook(&story, 0, EVENT);
    let mut taken = Vec::new();
    while let Ok(Ok(tx)) = tokio::time::timeout(Duration::from_millis(300), replica.state.db.dispatch().begin()).await {
        taken.push(tx);
    }
    assert_eq!(deliver_all(vec![(hook.url.replace(&story.base, &elsewhere), body(&hook, json!({})))]).await, [200]);
    drop(taken);
    replica.stop().await;
    story.end().await;
}

/// What is not signed does not reach the database at all; ids that are nobody's reach it a few times a second, however many come.
#[tokio::test]
async fn a_flood_of_garbage_writes_nothing_and_hardly_reads() {
    let story = Story::begin().await;
    let organization = Uuid::from_u128(1);
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let (replica, elsewhere) = story.replica(&Setting::default()).await;
    let hook = webhook(&story, 0, EVENT);
    let url = hook.url.replace(&story.base, &elsewhere);
    let good = body(&hook, json!({"opportunityId": story.account(0).active[0]}));
    // The replica opens the webhook's key.
    assert_eq!(deliver_all(vec![(url.clone(), body(&hook, json!({})))]).await, [200]);
    let mut watching = connection(&story).await;
    let before = looks_at_webhooks(&mut watching).await;

    let unsigned = (0..200).map(|number| {
        let mut forged = good.clone();
        forged["signature"] = json!(sign("not the key", "token", &number.to_string()));
        (url.clone(), forged)
    });
    let nobody = (0..600_u128).map(|number| {
        let tenant = if number % 2 == 0 { TenantId(organization) } else { TenantId(Uuid::from_u128(number)) };
        (format!("{elsewhere}/webhooks/lever/{}", new_id(tenant)), good.clone())
    });
    let mut answers = deliver_all(unsigned.chain(nobody).collect()).await;
    answers.sort_unstable();
    assert_eq!(answers, [vec![401; 200], vec![404; 600]].concat());

    assert_eq!(deliveries(&story, organization).await, (1, 0));
    assert!(jobs(&story, organization).await.is_empty());
    // A backend tells its counts when it ends.
    replica.stop().await;
    let looks = looks_at_webhooks(&mut watching).await - before;
    assert!(looks < 200, "{looks} looks at the table for 600 ids of nobody");
    story.end().await;
}

async fn looks_at_webhooks(watching: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'webhooks'")
        .fetch_one(watching)
        .await
        .expect("the statistics")
}
