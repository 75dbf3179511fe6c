//! The role that logs in is no superuser: it may create roles, owns its database, and that is all. Everything works, and what the
//! migrations bring along for existing connections reaches them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use chrono::Utc;
use lever_integration::config::DatabaseConfig;
use lever_integration::db;
use lever_integration::dev::postgres::{self, Durability, Options};
use lever_integration::fake_lever::FakeLever;
use sqlx::{Connection, Executor, PgConnection};
use url::Url;
use uuid::Uuid;

use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{Person, Setting};

#[tokio::test]
async fn a_role_that_only_owns_its_database_and_may_create_roles_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    // Temporary folders are private; the server may run as another user.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("opened");
    // A server of its own: roles belong to the whole server, and here they are yet to be made.
    let options = Options { folder: folder.path().join("data"), durability: Durability::Throwaway };
    let cluster = postgres::start(options).await.expect("Postgres starts");
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await.expect("connected");
    superuser.execute("CREATE ROLE owner LOGIN CREATEROLE").await.expect("made");
    superuser.execute("CREATE DATABASE service OWNER owner").await.expect("made");
    let mut url = Url::parse(&cluster.url("service")).expect("a url");
    url.set_username("owner").expect("a name");

    let setting = Setting { requests_per_second: 1000.0, variables: vec![("MIGRATE_ON_START", "true".to_owned())], ..Setting::default() };
    let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
    let service = Service::start(&setting, &lever, url.as_str(), free_port()).await;
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    admin.connect(&lever, 0).await;
    let run = run_until(&admin, "the sync has ended", |run| run["status"] == "succeeded" || run["status"] == "failed").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let account = lever.accounts().swap_remove(0);
    assert_eq!(admin.count("/v1/opportunities?archived=any").await, lever.counts(&account.id).expect("counts").opportunities);
    service.kill().await;

    // As on a database whose connection is older than the regular sync.
    let mut inside = PgConnection::connect(&cluster.url("service")).await.expect("connected");
    // Whose budget it is, is asked in the owner's name.
    let budget: String = sqlx::query_scalar("SELECT account FROM lever_account_budgets").fetch_one(&mut inside).await.expect("one budget");
    assert!(budget.ends_with(&account.id), "{budget}");
    inside.execute("DELETE FROM jobs; DELETE FROM _sqlx_migrations WHERE version = 150").await.expect("deleted");
    db::migrate(&DatabaseConfig { url: url.as_str().into(), migrate_on_start: true }).await.expect("migrated");
    let kept_fresh: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE kind = 'keep_fresh'").fetch_one(&mut inside).await.expect("countable");
    assert_eq!(kept_fresh, 1);
    for connection in [superuser, inside] {
        connection.close().await.expect("closed");
    }
    lever.stop().await;
    cluster.stop().await.expect("stopped");
}
