//! Webhooks: how fast deliveries are acknowledged, against a bare axum handler that inserts the same row, and how soon what they tell
//! of is visible. Everything in one run on one machine, on a Postgres that really writes to disk; what counts are the ratios.
//!
//! `cargo bench --bench webhooks`

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use common::numbers::{median, percentile};
use common::support::process::run_until;
use common::support::story::Person;
use common::{ORGANIZATION, Rig, Wish, postgres};
use futures_util::StreamExt;
use futures_util::stream::iter;
use hmac::{Hmac, KeyInit, Mac};
use http::StatusCode;
use lever_integration::app::Jobs;
use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::{Event, Options, WebhookView};
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use tokio::net::TcpListener;
use uuid::Uuid;

const AT_ONCE: usize = 32;
/// As many connections as the service keeps for webhooks.
const CONNECTIONS: u32 = 4;
/// Requests per second and account: what deliveries tell of is read no faster than this, however many come.
const LEVERS_LIMIT: f64 = 10.0;

#[tokio::main]
async fn main() {
    let cluster = postgres("webhooks").await;
    throughput(&cluster).await;
    steady(&cluster).await;
    neighbours(&cluster).await;
    visible(&cluster, "idle", 0.0, 400, 100, Duration::from_millis(50)).await;
    visible(&cluster, "during a backfill at 10 requests/s", LEVERS_LIMIT, 3_000, 30, Duration::from_millis(1_000)).await;
    cluster.stop().await.expect("Postgres stops");
}

/// A service with a connected organization, its webhooks registered.
async fn start(cluster: &Cluster, jobs: Jobs, requests_per_second: f64, opportunities: usize) -> Rig {
    let options = Options { opportunities, requests_per_second, ..Options::default() };
    let mut rig = Rig::start(cluster, Wish { jobs, ..Wish::of(options) }).await;
    rig.connect().await;
    if jobs == Jobs::ByHand {
        rig.work().await;
        lever_integration::worker::tidy(&rig.app.state).await;
    } else {
        while rig.lever.webhooks(&rig.account().id).expect("the account").len() < 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    rig
}

fn hook(rig: &Rig, event: &str) -> WebhookView {
    let webhooks = rig.lever.webhooks(&rig.account().id).expect("the account");
    webhooks.into_iter().find(|webhook| webhook.event == event).expect("registered")
}

/// The same row, and nothing else: no signature, no replay store, no job.
async fn bare(cluster: &Cluster) -> String {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&cluster.url("bench")).await.expect("a pool");
    pool.execute("CREATE TABLE IF NOT EXISTS bare_deliveries (LIKE webhook_deliveries INCLUDING ALL)").await.expect("a table");
    let app = Router::new().route("/", post(insert)).with_state(pool);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn insert(State(pool): State<PgPool>, Json(body): Json<Value>) -> StatusCode {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let done = sqlx::query(
        "INSERT INTO bare_deliveries (tenant_id, token_hash, webhook_id, event, opportunity_id, contact_id, triggered_at, received_at)
         VALUES ($1, $2, 'webhook', $3, $4, NULL, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(ORGANIZATION)
    .bind(text(&body["token"]).into_bytes())
    .bind(text(&body["event"]))
    .bind(text(&body["data"]["opportunityId"]))
    .bind(chrono::Utc::now())
    .execute(&pool)
    .await;
    if done.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
}

fn body(hook: &WebhookView, opportunity: &str) -> String {
    let token = Uuid::new_v4().simple().to_string();
    let triggered_at = chrono::Utc::now().timestamp_millis();
    let mut mac = Hmac::<Sha256>::new_from_slice(hook.signature_token.as_bytes()).expect("any key");
    mac.update(format!("{token}{triggered_at}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    json!({"id": token, "event": hook.event, "triggeredAt": triggered_at, "token": token, "signature": signature,
           "data": {"opportunityId": opportunity, "contactId": opportunity, "candidateId": opportunity}})
    .to_string()
}

/// Whether it was acknowledged.
async fn send(http: &reqwest::Client, url: &str, body: String) -> bool {
    let answer = http.post(url).header("content-type", "application/json").body(body).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// Deliveries per second with so many under way at once.
async fn rate(url: &str, hook: &WebhookView, opportunities: &[String], count: usize) -> f64 {
    let http = reqwest::Client::new();
    let bodies: Vec<String> = (0..count).map(|at| body(hook, &opportunities[at % opportunities.len()])).collect();
    let began = Instant::now();
    let answers: Vec<bool> = iter(bodies.into_iter().map(|body| send(&http, url, body))).buffer_unordered(AT_ONCE).collect().await;
    assert!(answers.into_iter().all(|acknowledged| acknowledged));
    count as f64 / began.elapsed().as_secs_f64()
}

async fn throughput(cluster: &Cluster) {
    let bench = start(cluster, Jobs::ByHand, 0.0, 300).await;
    let (hook, bare) = (hook(&bench, "candidateStageChange"), bare(cluster).await);
    let account = bench.account();
    let opportunities: Vec<String> = account.active.into_iter().chain(account.archived).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..7 {
        let bare_rate = rate(&bare, &hook, &opportunities, 3_000).await;
        let own_rate = rate(&hook.url, &hook, &opportunities, 3_000).await;
        // The first round warms both up.
        if round > 0 {
            theirs.push(bare_rate);
            ours.push(own_rate);
        }
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    println!("acknowledged: {ours:.0}/s, bare insert {theirs:.0}/s, ratio {:.2}", ours / theirs);
    bench.stop().await;
}

/// Five hundred a second for ten seconds, each sent when its time has come; the latency counts from that time.
async fn paced(url: &str, hook: &WebhookView, opportunities: &[String], per_second: u32, seconds: u32) -> Vec<f64> {
    let http = reqwest::Client::new();
    let began = Instant::now();
    let mut sent = tokio::task::JoinSet::new();
    for at in 0..per_second * seconds {
        let due = began + Duration::from_secs(1) * at / per_second;
        tokio::time::sleep_until(due.into()).await;
        let (http, url, body) = (http.clone(), url.to_owned(), body(hook, &opportunities[at as usize % opportunities.len()]));
        sent.spawn(async move {
            // One that is lost has no latency that anybody could wish for.
            if send(&http, &url, body).await { due.elapsed().as_secs_f64() * 1e3 } else { f64::INFINITY }
        });
    }
    sent.join_all().await
}

async fn steady(cluster: &Cluster) {
    let bench = start(cluster, Jobs::InBackground, LEVERS_LIMIT, 60).await;
    run_until(&bench.admin, "the first sync has ended", |run| run["status"] == "succeeded").await;
    let (hook, bare) = (hook(&bench, "candidateStageChange"), bare(cluster).await);
    let opportunities = bench.account().active;
    let theirs = paced(&bare, &hook, &opportunities, 500, 10).await;
    let ours = paced(&hook.url, &hook, &opportunities, 500, 10).await;
    println!(
        "at 500/s with the jobs done beside it: p50 {:.1} ms, p99 {:.1} ms; bare insert p50 {:.1} ms, p99 {:.1} ms",
        percentile(&ours, 50),
        percentile(&ours, 99),
        percentile(&theirs, 50),
        percentile(&theirs, 99)
    );
    bench.stop().await;
}

/// One organization's candidate in a burst, another organization's deliveries beside it.
async fn neighbours(cluster: &Cluster) {
    let bench = start(cluster, Jobs::InBackground, LEVERS_LIMIT, 60).await;
    let mut other = Person::new(&bench.admin.base, Uuid::from_u128(2), "admin", chrono::Utc::now());
    other.connect(&bench.lever, 1).await;
    for person in [&bench.admin, &other] {
        run_until(person, "the first sync has ended", |run| run["status"] == "succeeded").await;
    }
    let hook = hook(&bench, "candidateStageChange");
    let accounts = bench.lever.accounts();
    let theirs = bench.lever.webhooks(&accounts[1].id).expect("the account");
    let theirs = theirs.into_iter().find(|webhook| webhook.event == "candidateStageChange").expect("registered");
    let calm = paced(&theirs.url, &theirs, &accounts[1].active, 50, 10).await;
    bench.lever.clear_ledger();
    let one = [accounts[0].active[0].clone()];
    let (burst, beside) = tokio::join!(paced(&hook.url, &hook, &one, 500, 10), paced(&theirs.url, &theirs, &accounts[1].active, 50, 10));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let path = format!("/v1/opportunities/{}", one[0]);
    let readings = bench.lever.ledger().iter().filter(|entry| entry.path == path).count();
    println!(
        "5,000 deliveries about one candidate in 10 s: {readings} readings; burst p99 {:.1} ms; another organization's p99 {:.1} ms, alone {:.1} ms, ratio {:.2}",
        percentile(&burst, 99),
        percentile(&beside, 99),
        percentile(&calm, 99),
        percentile(&beside, 99) / percentile(&calm, 99)
    );
    bench.stop().await;
}

/// From a change inside Lever, over its delivery, to our API showing it.
async fn visible(cluster: &Cluster, when: &str, requests_per_second: f64, opportunities: usize, changes: usize, pause: Duration) {
    let bench = start(cluster, Jobs::InBackground, requests_per_second, opportunities).await;
    if requests_per_second == 0.0 {
        run_until(&bench.admin, "the first sync has ended", |run| run["status"] == "succeeded").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    } else {
        run_until(&bench.admin, "the sync is under way", |run| run["requests"].as_u64() > Some(40)).await;
    }
    let account = bench.account();
    bench.lever.switch(&account.id, Event::CandidateStageChange, true).expect("switched on");
    let admin = Arc::new(bench.admin.clone());
    let (mut took, mut told) = (Vec::new(), Vec::new());
    for at in 0..changes {
        let candidate = &account.active[at % account.active.len()];
        let now = bench.lever.opportunity(&account.id, candidate).expect("a candidate")["stage"].clone();
        let stage = account.stages.iter().find(|stage| now != stage.as_str()).expect("another");
        let deliveries = || bench.lever.deliveries(&account.id).expect("the account");
        let before = deliveries().len();
        let began = Instant::now();
        let millis = || began.elapsed().as_secs_f64() * 1e3;
        bench.lever.inside(&account.id).change_stage(candidate, stage).expect("moved");
        let path = format!("/v1/opportunities/{candidate}");
        let mut delivered = None;
        loop {
            if delivered.is_none() && deliveries().get(before).is_some_and(|delivery| delivery.succeeded) {
                delivered = Some(millis());
            }
            let shown = admin.get(&path).await;
            if shown.status == 200 && shown.json()["stage"]["id"] == stage.as_str() {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "never visible");
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        took.push(millis());
        told.push(delivered.unwrap_or_else(millis));
        tokio::time::sleep(pause).await;
    }
    println!(
        "visible {when}: p50 {:.0} ms, p99 {:.0} ms; Lever had told us after p50 {:.0} ms, p99 {:.0} ms; ratio {:.1} and {:.1}",
        percentile(&took, 50),
        percentile(&took, 99),
        percentile(&told, 50),
        percentile(&told, 99),
        percentile(&took, 50) / percentile(&told, 50),
        percentile(&took, 99) / percentile(&told, 99)
    );
    bench.stop().await;
}
