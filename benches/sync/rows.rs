//! Without a limit: rows per second from Connect to the end of the full sync, over HTTP and page by page, against a bare `UNNEST` upsert
//! of the same rows into the same tables without our triggers and row-level security.

use std::time::{Duration, Instant};

use lever_integration::dev::postgres::Cluster;
use lever_integration::fake_lever::Options;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::common::support::process::run_until;
use crate::common::{ORGANIZATION, Rig, Wish, data_requests};

const TABLES: [&str; 8] = ["users", "postings", "contacts", "opportunities", "panels", "interviews", "notes", "resumes"];
/// As many as a page of Lever's lists has.
const BATCH: usize = 100;

pub async fn run(cluster: &Cluster) {
    let lever = Options { opportunities: 2_000, accounts: 1, requests_per_second: 0.0, ..Options::default() };
    let mut rig = Rig::start(cluster, Wish { database: "rows".into(), ..Wish::of(lever) }).await;
    let began = Instant::now();
    rig.connect().await;
    run_until(&rig.admin, "the first sync has ended", |run| run["status"] == "succeeded").await;
    let ours = began.elapsed();
    let requests = data_requests(&rig.lever).len();
    let pool = PgPoolOptions::new().max_connections(1).connect(&rig.database_url).await.expect("a connection");
    rig.stop().await;

    let (mut rows, mut bare) = (0, Duration::ZERO);
    for table in TABLES {
        let (stored, took) = upsert(&pool, table).await;
        rows += stored;
        bare += took;
    }
    let rate = |span: Duration| rows as f64 / span.as_secs_f64();
    println!(
        "without a limit: {:.0} rows/s over {:.0} requests/s; bare upsert {:.0} rows/s, ratio {:.3} ({rows} rows)",
        rate(ours),
        requests as f64 / ours.as_secs_f64(),
        rate(bare),
        rate(ours) / rate(bare)
    );
}

/// Upserts the rows of a table into an empty one like it, a page at a time; how many there are, and how long that took.
async fn upsert(pool: &PgPool, table: &'static str) -> (usize, Duration) {
    sqlx::query(AssertSqlSafe(format!("CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)"))).execute(pool).await.expect("a table");
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM {table} t WHERE tenant_id = $1")))
        .bind(ORGANIZATION)
        .fetch_all(pool)
        .await
        .expect("rows");
    let statement = format!(
        "INSERT INTO bare_{table} SELECT * FROM unnest($1::text[]::{table}[])
         ON CONFLICT ON CONSTRAINT bare_{table}_pkey DO UPDATE SET raw = excluded.raw, synced_at = excluded.synced_at"
    );
    let began = Instant::now();
    for page in rows.chunks(BATCH) {
        sqlx::query(AssertSqlSafe(statement.clone())).bind(page).execute(pool).await.expect("stored");
    }
    (rows.len(), began.elapsed())
}
