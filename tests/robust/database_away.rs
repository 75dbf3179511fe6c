//! Postgres goes away in the middle of things and comes back: requests are refused in words meanwhile, and served again without a
//! restart of the service.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chrono::Utc;
use lever_integration::dev::postgres::{self, Cluster, Durability, Options};
use lever_integration::fake_lever::{FakeLever, Options as LeverOptions};
use rustix::process::{Pid, Signal, kill_process};
use uuid::Uuid;

use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{Person, Setting};

#[tokio::test]
async fn a_database_that_crashed_and_came_back_is_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    // Temporary folders are private; the server may run as another user.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("opened");
    let cluster = start(folder.path()).await;
    cluster.ensure_database("service").await.expect("made");
    let options = LeverOptions { opportunities: 300, requests_per_second: 0.0, ..LeverOptions::default() };
    let variables = vec![("MIGRATE_ON_START", "true".to_owned())];
    let setting = Setting { lever: options.clone(), requests_per_second: 40.0, variables, ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let service = Service::start(&setting, &lever, &cluster.url("service"), free_port()).await;
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    admin.connect(&lever, 0).await;
    run_until(&admin, "the sync is under way", |run| run["requests"].as_u64() > Some(10)).await;

    crash(&cluster);
    let refused = admin.get("/v1/opportunities").await.expect(503);
    assert_eq!(refused.code(), "database_unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(admin.get("/readyz").await.status, 503);
    assert_eq!(admin.get("/healthz").await.status, 200);

    let again = start(folder.path()).await;
    service.ready().await;
    admin.get("/v1/opportunities").await.expect(200);
    let run = run_until(&admin, "the sync has ended", |run| run["status"] != "running" && run["status"] != "queued").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let account = lever.accounts().swap_remove(0);
    assert_eq!(admin.count("/v1/opportunities?archived=any").await, lever.counts(&account.id).expect("counts").opportunities);
    assert!(!service.log().contains("panicked"));
    service.kill().await;
    lever.stop().await;
    drop(cluster);
    again.stop().await.expect("stopped");
}

async fn start(folder: &std::path::Path) -> Cluster {
    postgres::start(Options { folder: folder.join("data"), durability: Durability::Durable }).await.expect("Postgres starts")
}

/// Its immediate shutdown: every session is cut off, nothing is written out.
fn crash(cluster: &Cluster) {
    let pid_file = cluster.folder().join("pgdata/postmaster.pid");
    let said = fs::read_to_string(&pid_file).expect("it runs");
    let pid = said.lines().next().and_then(|line| line.parse().ok()).and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::QUIT).expect("signalled");
    while pid_file.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
}
