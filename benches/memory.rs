//! Memory: what the real binary holds resident with a thousand organizations connected, idle but for their regular syncs.
//!
//! `cargo bench --bench memory`

mod common;

use std::time::Duration;

use chrono::Utc;
use common::support::process::{Service, free_port};
use common::support::story::Person;
use common::{Asked, Wish, postgres};
use lever_integration::fake_lever::{FakeLever, Options};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

const ORGANIZATIONS: usize = 1_000;
/// Longer than an interval of the regular sync, so that each organization had its turn.
const WATCHED: Duration = Duration::from_secs(150);

#[tokio::main]
async fn main() {
    let organizations = if Asked::read().switch("short") { ORGANIZATIONS / 10 } else { ORGANIZATIONS };
    let cluster = postgres("memory").await;
    cluster.recreate_database("bench").await.expect("a database");
    let options = Options { opportunities: 1, accounts: organizations, requests_per_second: 0.0, ..Options::default() };
    let setting = Wish::of(options.clone()).setting();
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let (url, port) = (cluster.url("bench"), free_port());
    let service = Service::start(&setting, &lever, &url, port).await;
    let alone = service.resident();
    for at in 0..organizations {
        Person::new(&service.base, Uuid::from_u128(1 + at as u128), "admin", Utc::now()).connect(&lever, at).await;
    }
    let mut database = PgConnection::connect(&url).await.expect("a connection");
    while synced(&mut database).await < organizations as i64 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let connected = service.resident();
    tokio::time::sleep(WATCHED).await;
    println!(
        "resident: {:.1} MB alone, {:.1} MB when {organizations} organizations had connected, {:.1} MB after {} s of their regular syncs",
        mb(alone),
        mb(connected),
        mb(service.resident()),
        WATCHED.as_secs()
    );
    service.kill().await;

    let service = Service::start(&setting, &lever, &url, port).await;
    tokio::time::sleep(WATCHED).await;
    println!("resident after a restart and {} s of regular syncs: {:.1} MB", WATCHED.as_secs(), mb(service.resident()));
    service.kill().await;
    database.close().await.expect("closed");
    lever.stop().await;
    cluster.stop().await.expect("Postgres stops");
}

async fn synced(database: &mut PgConnection) -> i64 {
    let statement = "SELECT count(DISTINCT tenant_id) FROM sync_runs WHERE kind = 'full' AND status = 'succeeded'";
    sqlx::query_scalar(statement).fetch_one(database).await.expect("runs")
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
