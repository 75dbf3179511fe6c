//! What is believed, what is refused, and that the one leaves one row and the other none.

use futures_util::future::join_all;
use lever_integration::jobs::Job;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::delivery::{body, deliver, deliver_text, sign, webhook};
use crate::rows::{self, deliveries, jobs};
use crate::support::story::{Setting, Story};

const EVENT: &str = "candidateStageChange";

#[tokio::test]
async fn a_delivery_without_levers_signature_is_refused_and_leaves_no_trace() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let other = webhook(&story, 0, "candidateArchiveChange");
    let opportunity = &story.account(0).active[0];
    let good = body(&hook, json!({"opportunityId": opportunity}));
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let token = good["token"].as_str().expect("a token").to_owned();
    let signature = good["signature"].as_str().expect("a signature").to_owned();
    let without_signature = {
        let mut changed = good.clone();
        changed.as_object_mut().expect("an object").remove("signature");
        changed
    };
    let forged = [
        ("another key", with("signature", json!(sign("a key that nobody has", &token, "1790000000000")))),
        ("another webhook's key", with("signature", json!(sign(&other.signature_token, &token, "1790000000000")))),
        ("another token's signature", with("token", json!("another token"))),
        ("another time's signature", with("triggeredAt", json!(1_790_000_000_001_i64))),
        ("upper case", with("signature", json!(signature.to_uppercase()))),
        ("cut short", with("signature", json!(signature[..62]))),
        ("empty", with("signature", json!(""))),
        ("null", with("signature", Value::Null)),
        ("missing", without_signature),
        ("time as text", with("triggeredAt", json!("1790000000000"))),
        ("time with a fraction", with("triggeredAt", json!(1_790_000_000_000.0))),
        ("no time", with("triggeredAt", Value::Null)),
        ("not an object", json!([good])),
    ];
    for (what, body) in &forged {
        assert_eq!(deliver(&hook.url, body).await, 401, "{what}");
    }
    for text in ["", "{", "null", "\u{0}"] {
        assert_eq!(deliver_text(&hook.url, text.to_owned()).await, 401, "{text:?}");
    }
    assert_eq!(deliveries(&story, organization).await, (0, 0));
    assert!(jobs(&story, organization).await.is_empty());

    assert_eq!(deliver(&hook.url, &good).await, 200, "the right one");
    assert_eq!(deliveries(&story, organization).await, (1, 1));
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (1, 0));
    story.end().await;
}

#[tokio::test]
async fn an_address_that_is_no_webhook_is_not_there() {
    let story = Story::begin().await;
    story.connect_and_sync(&mut story.admin(Uuid::new_v4()), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let body = body(&hook, json!({}));
    // The right organization and the wrong secret; another organization and the right secret; no id of ours at all.
    let (base, id) = hook.url.rsplit_once('/').expect("a path");
    let (first, second) = (if id.starts_with('A') { "B" } else { "A" }, if id.ends_with('A') { "B" } else { "A" });
    for id in [format!("{}{second}", &id[..id.len() - 1]), format!("{first}{}", &id[1..]), "unknown".to_owned(), "%00".to_owned(), "x".repeat(5_000)]
    {
        let answer = reqwest::Client::new().post(format!("{base}/{id}")).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{id}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    story.end().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_declared_or_not() {
    let story = Story::with(Setting { variables: vec![("MAX_BODY_BYTES", "2048".into())], ..Setting::default() }).await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let large = body(&hook, json!({"padding": "x".repeat(4096)}));
    assert_eq!(deliver(&hook.url, &large).await, 413);
    let chunks = futures_util::stream::iter(
        large.to_string().into_bytes().chunks(512).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>(),
    );
    let answer = reqwest::Client::new().post(&hook.url).body(reqwest::Body::wrap_stream(chunks)).send().await.expect("an answer");
    assert_eq!(answer.status(), 413);
    assert_eq!(deliveries(&story, organization).await, (0, 0));
    assert_eq!(deliver(&hook.url, &body(&hook, json!({"padding": "x".repeat(512)}))).await, 200);
    story.end().await;
}

#[tokio::test]
async fn whatever_lever_adds_or_leaves_out_is_taken() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let good = || body(&hook, json!({}));
    let without = |name: &str| {
        let mut changed = good();
        changed.as_object_mut().expect("an object").remove(name);
        changed
    };
    let with = |name: &str, value: Value| {
        let mut changed = good();
        changed[name] = value;
        changed
    };
    let unusual = [
        good(),
        without("id"),
        without("data"),
        without("event"),
        with("event", json!("somethingOfTomorrow")),
        with("event", json!(7)),
        with("data", Value::Null),
        with("data", json!("text")),
        with("data", json!({"opportunityId": "a\u{0}b", "contactId": ""})),
        with("data", json!({"opportunityId": ["x"], "interviewId": "unknown"})),
        with("newField", json!({"deep": [1, 2, {"er": null}]})),
    ];
    for body in &unusual {
        assert_eq!(deliver(&hook.url, body).await, 200, "{body}");
    }
    // Nothing to read again: stored, settled, and no job.
    assert_eq!(deliveries(&story, organization).await, (unusual.len() as i64, 0));
    assert!(jobs(&story, organization).await.is_empty());

    let account = story.account(0).id;
    story.lever.send_verify_delivery(&account, &hook.id).expect("Lever's settings verify a connection");
    story.lever.wait_deliveries_idle().await;
    assert!(story.lever.deliveries(&account).expect("deliveries").iter().all(|delivery| delivery.succeeded));
    story.end().await;
}

#[tokio::test]
async fn a_hundred_copies_at_once_on_two_replicas_are_one_delivery_and_one_job() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let (replica, replica_base) = story.replica(&Setting::default()).await;
    let hook = webhook(&story, 0, EVENT);
    let elsewhere = hook.url.replace(&story.base, &replica_base);
    let opportunity = story.account(0).active[0].clone();
    let body = body(&hook, json!({"opportunityId": opportunity}));
    let copies = (0..100).map(|at| deliver(if at % 2 == 0 { &hook.url } else { &elsewhere }, &body));
    assert!(join_all(copies).await.into_iter().all(|status| status == 200));
    assert_eq!(deliveries(&story, organization).await, (1, 1));
    assert_eq!(jobs(&story, organization).await, [("refresh_opportunity".to_owned(), opportunity.clone())]);

    story.lever.clear_ledger();
    story.work().await;
    let path = format!("/v1/opportunities/{opportunity}");
    assert_eq!(story.lever.ledger().iter().filter(|entry| entry.path == path).count(), 1, "one reading");
    replica.stop().await;
    story.end().await;
}

#[tokio::test]
async fn a_replay_with_edited_data_has_no_effect() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let hook = webhook(&story, 0, EVENT);
    let account = story.account(0);
    let mut captured = body(&hook, json!({"opportunityId": account.active[0]}));
    assert_eq!(deliver(&hook.url, &captured).await, 200);
    story.work().await;

    captured["data"] = json!({"opportunityId": account.active[1]});
    captured["event"] = json!("candidateDeleted");
    story.lever.clear_ledger();
    assert_eq!(deliver(&hook.url, &captured).await, 200);
    // The signature covers token and time with nothing between: with a digit moved from one to the other it still fits.
    let mut shifted = captured.clone();
    shifted["token"] = json!(format!("{}1", captured["token"].as_str().expect("a token")));
    shifted["triggeredAt"] = json!(790_000_000_000_i64);
    assert_eq!(captured["triggeredAt"], 1_790_000_000_000_i64);
    assert_eq!(deliver(&hook.url, &shifted).await, 200);
    assert_eq!(deliveries(&story, organization).await, (1, 0));
    story.work().await;
    assert!(story.lever.ledger().is_empty(), "nothing is read again");
    story.end().await;
}

/// What Postgres makes of several at once: each is told for itself, a copy beside its original too.
#[tokio::test]
async fn of_several_at_once_each_is_told_what_became_of_it() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let url = webhook(&story, 0, EVENT).url;
    let hook = url.rsplit('/').next().expect("an id");
    let opportunity = &story.account(0).active[0];
    let job = Job::RefreshOpportunity { opportunity: opportunity.clone() };
    let store = async || -> Vec<String> {
        sqlx::query_scalar(
            "SELECT store_webhook_deliveries($1, ARRAY[$2, $2, 'nobody''s', $2], ARRAY['a', 'a', 'b', 'c']::bytea[],
                 array_fill($3, '{4}'), array_fill(NULL::text, '{4}'), array_fill($4, '{4}'), array_fill($4, '{4}'),
                 array_fill($5, '{4}'), array_fill($3, '{4}'), array_fill($6, '{4}'), array_fill($7, '{4}'))",
        )
        .bind(organization)
        .bind(hook)
        .bind(opportunity)
        .bind(story.clock.now())
        .bind(job.kind())
        .bind(job.payload())
        .bind(job.priority())
        .fetch_one(story.app.state.db.webhooks())
        .await
        .expect("stored")
    };
    assert_eq!(store().await, ["new", "known", "refused", "new"]);
    assert_eq!(store().await, ["known", "known", "refused", "known"]);
    assert_eq!(deliveries(&story, organization).await, (2, 2));
    assert_eq!(jobs(&story, organization).await, [("refresh_opportunity".to_owned(), opportunity.clone())]);
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (2, 0));
    story.end().await;
}

/// A connection plans how to store deliveries with the first ones, on tables that may be empty; the plan must do for full ones.
#[tokio::test]
async fn what_is_stored_already_is_not_read_through() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    story.connect_and_sync(&mut story.admin(organization), 0).await;
    let url = webhook(&story, 0, EVENT).url;
    let hook = url.rsplit('/').next().expect("an id");
    let mut connection = rows::connection(&story).await;
    sqlx::query("SET ROLE lever_integration_app").execute(&mut connection).await.expect("the service's role");
    // Postgres keeps a plan after five.
    let first = (1..=8).map(|at| (format!("first {at}"), 1));
    for (call, count) in first.chain([("many".into(), 2_000), ("last".into(), 1)]) {
        let mut tx = connection.begin().await.expect("a transaction");
        let stored: Vec<String> = sqlx::query_scalar(
            "SELECT store_webhook_deliveries($1, array_fill($2, ARRAY[$4]), array_agg(sha256(($3 || n)::bytea)), array_agg('opportunity ' || n),
                 array_fill(NULL::text, ARRAY[$4]), array_fill($5, ARRAY[$4]), array_fill($5, ARRAY[$4]),
                 array_fill('refresh_opportunity'::text, ARRAY[$4]), array_agg('opportunity ' || n), array_fill('{}'::jsonb, ARRAY[$4]),
                 array_fill(1::smallint, ARRAY[$4]))
             FROM generate_series(1, $4) AS n",
        )
        .bind(organization)
        .bind(hook)
        .bind(&call)
        .bind(count)
        .bind(story.clock.now())
        .fetch_one(&mut *tx)
        .await
        .expect("stored");
        assert_eq!(stored, vec!["new"; count as usize]);
        if call == "last" {
            let read: i64 = sqlx::query_scalar(
                "SELECT sum(seq_tup_read + idx_tup_fetch)::int8 FROM pg_stat_xact_all_tables WHERE relname LIKE 'webhook_deliveries%' OR relname = 'jobs'",
            )
            .fetch_one(&mut *tx)
            .await
            .expect("counted");
            assert!(read < 20, "{read} rows were read to store one");
        }
        tx.commit().await.expect("committed");
    }
    sqlx::query("RESET ROLE").execute(&mut connection).await.expect("our own role");
    for table in ["jobs", "webhook_deliveries"] {
        let invented = format!("DELETE FROM {table} WHERE tenant_id = $1");
        sqlx::query(AssertSqlSafe(invented)).bind(organization).execute(&mut connection).await.expect("removed");
    }
    story.end().await;
}
