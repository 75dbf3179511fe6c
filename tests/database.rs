//! The tests' own databases: migrated, apart from each other, and gone when their test is over.

#[path = "support/database.rs"]
mod database;

use database::TestDatabase;
use futures_util::FutureExt;
use lever_integration::config::DatabaseConfig;
use lever_integration::db::{self, Db};
use lever_integration::ids::TenantId;
use sqlx::{Connection, PgConnection, Row};
use uuid::Uuid;

async fn names(url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::query("SELECT datname FROM pg_database").fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_migration_has_been_applied() {
    let database = TestDatabase::create().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success").fetch_one(&mut connection).await.unwrap();
    assert!(applied > 0);
    assert_eq!(applied as usize, lever_integration::MIGRATOR.iter().count());
}

/// The next version has migrated already, and this one is started once more, as in a rolling restart.
#[tokio::test]
async fn a_version_starts_on_the_schema_of_the_next_one() {
    let database = TestDatabase::create().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let of_the_next =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999999, 'next', true, '\\x00', 0)";
    sqlx::query(of_the_next).execute(&mut connection).await.unwrap();
    let config = DatabaseConfig { url: database.url.clone().into(), migrate_on_start: true };
    db::migrate(&config).await.unwrap();
    let service = Db::open(&config).unwrap();
    assert!(service.is_migrated().await.unwrap());
    service.close().await;
}

/// Whoever waits for a transaction may go away at any moment; the next to get the connection is not inside of what they left.
#[tokio::test]
async fn a_transaction_that_nobody_waits_for_any_more_is_not_left_open() {
    let database = TestDatabase::create().await;
    let service = Db::open(&DatabaseConfig { url: database.url.clone().into(), migrate_on_start: false }).unwrap();
    let tenant = TenantId(Uuid::from_u128(1));
    let mut given_up = 0;
    for _ in 0..50 {
        // Asked once, which sends it; whoever has no answer by then goes away.
        given_up += u32::from(service.look(tenant).now_or_never().is_none());
        let mut tx = service.begin(tenant).await.unwrap();
        sqlx::query("SELECT FROM organizations FOR SHARE").execute(&mut *tx).await.expect("not inside a look");
        tx.commit().await.unwrap();
    }
    assert!(given_up > 0, "Postgres answers at once");
    service.close().await;
}

#[tokio::test]
async fn what_one_test_writes_another_does_not_see() {
    let (one, other) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let mut connection = PgConnection::connect(&one.url).await.unwrap();
    sqlx::query("CREATE TABLE mine (id int)").execute(&mut connection).await.unwrap();

    let mut connection = PgConnection::connect(&other.url).await.unwrap();
    let seen: Option<String> = sqlx::query_scalar("SELECT to_regclass('mine')::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(seen, None);
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_with_somebody_connected() {
    let witness = TestDatabase::create().await;
    let database = TestDatabase::create().await;
    let name = url::Url::parse(&database.url).unwrap().path().trim_start_matches('/').to_owned();
    let _connected = PgConnection::connect(&database.url).await.unwrap();
    assert!(names(&witness.url).await.contains(&name));

    drop(database);

    assert!(!names(&witness.url).await.contains(&name));
}
