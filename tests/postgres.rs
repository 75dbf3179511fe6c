//! The embedded Postgres: started, shared, adopted, stopped; never two servers on one folder, never a server left behind.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lever_integration::dev::postgres::{self, Cluster, Durability, Options, PostgresError};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// Tells this binary, run again by a test, to be somebody who uses the cluster in that folder until it is killed.
const USE_FOLDER: &str = "LEVER_TEST_USE_CLUSTER";
/// As above, and to stop the server once its last user has gone.
const KEEP_FOLDER: &str = "LEVER_TEST_KEEP_CLUSTER";

/// How the other process begins the line that says when its server was started.
const USING: &str = "using the server started at ";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Temporary folders are private; a checkout usually is not.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn options(folder: &Path, durability: Durability) -> Options {
    Options { folder: folder.join("data"), durability }
}

async fn start(folder: &Path) -> Cluster {
    postgres::start(options(folder, Durability::Durable)).await.unwrap()
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url("postgres")).await.unwrap()
}

/// When this server was started: the same for the same server.
async fn started_at(cluster: &Cluster) -> String {
    sqlx::query_scalar("SELECT pg_postmaster_start_time()::text").fetch_one(&mut connect(cluster).await).await.unwrap()
}

fn pid_file(cluster: &Cluster) -> PathBuf {
    cluster.folder().join("pgdata/postmaster.pid")
}

/// This binary, as another process.
fn another(role: &str, variable: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", role]).env(variable, folder).stdin(Stdio::null());
    command
}

/// A process that uses the cluster, and when its server was started.
fn another_user(folder: &Path) -> (Child, String) {
    let mut child = another("another_user_of_a_cluster", USE_FOLDER, folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let began = lines.find_map(|line| line.strip_prefix(USING).map(str::to_owned)).expect("the process begins to use the cluster");
    (child, began)
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let folder = folder();
    let cluster = start(folder.path()).await;
    cluster.ensure_database("kept").await.unwrap();
    cluster.ensure_database("kept").await.unwrap();
    let mut connection = PgConnection::connect(&cluster.url("kept")).await.unwrap();
    sqlx::query("CREATE TABLE things AS SELECT 7 AS number").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (url, pid_file) = (cluster.url("kept"), pid_file(&cluster));
    assert!(pid_file.exists());

    cluster.stop().await.unwrap();
    assert!(!pid_file.exists());
    assert!(PgConnection::connect(&url).await.is_err());

    let cluster = start(folder.path()).await;
    let mut connection = PgConnection::connect(&cluster.url("kept")).await.unwrap();
    let number: i32 = sqlx::query_scalar("SELECT number FROM things").fetch_one(&mut connection).await.unwrap();
    assert_eq!(number, 7);

    cluster.recreate_database("kept").await.unwrap();
    let mut connection = PgConnection::connect(&cluster.url("kept")).await.unwrap();
    let things: Option<String> = sqlx::query_scalar("SELECT to_regclass('things')::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(things, None);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn no_port_is_opened_and_nothing_of_people_is_logged() {
    let folder = folder();
    let cluster = start(folder.path()).await;
    let mut connection = connect(&cluster).await;
    let addresses: String = sqlx::query_scalar("SHOW listen_addresses").fetch_one(&mut connection).await.unwrap();
    assert_eq!(addresses, "");

    sqlx::query("CREATE TABLE people (name text UNIQUE)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO people VALUES ('Ada Example')").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO people VALUES ('Ada Example')").execute(&mut connection).await.unwrap_err();
    let log = fs::read_to_string(cluster.log()).unwrap();
    assert!(log.contains("people_name_key"), "the error itself is logged");
    assert!(!log.contains("Ada Example"));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn two_starts_at_once_end_in_one_server_and_the_last_to_leave_stops_it() {
    let folder = folder();
    let (one, other) = tokio::join!(start(folder.path()), start(folder.path()));
    assert_eq!(started_at(&one).await, started_at(&other).await);

    one.stop().await.unwrap();
    let pid_file = pid_file(&other);
    connect(&other).await.close().await.unwrap();
    other.stop().await.unwrap();
    assert!(!pid_file.exists());
}

#[tokio::test]
async fn a_server_whose_owner_was_killed_is_adopted_and_stopped() {
    let folder = folder();
    let (owner, began) = another_user(folder.path());
    kill(owner);

    let cluster = start(folder.path()).await;
    assert_eq!(started_at(&cluster).await, began, "the same server, not a new one");

    let pid_file = pid_file(&cluster);
    cluster.stop().await.unwrap();
    assert!(!pid_file.exists());
}

#[tokio::test]
async fn a_server_that_somebody_else_uses_is_left_to_them() {
    let folder = folder();
    let (other, _) = another_user(folder.path());
    let cluster = start(folder.path()).await;
    let url = cluster.url("postgres");

    cluster.stop().await.unwrap();
    PgConnection::connect(&url).await.unwrap();

    kill(other);
    start(folder.path()).await.stop().await.unwrap();
}

#[tokio::test]
async fn the_keeper_stops_the_server_after_its_users_were_killed() {
    let folder = folder();
    let options = options(folder.path(), Durability::Throwaway);
    let cluster = postgres::start_kept(options, another("keeper_of_a_cluster", KEEP_FOLDER, folder.path())).await.unwrap();
    let pid_file = pid_file(&cluster);
    let (other, _) = another_user(folder.path());

    // As if this process had been killed, too: the lock goes, and nobody stops anything.
    drop(cluster);
    assert!(pid_file.exists());
    kill(other);
    // The keeper is nobody's child any more: nothing tells us, so look.
    let gone = async {
        while pid_file.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), gone).await.expect("the server is stopped");
}

#[tokio::test]
async fn a_server_that_was_killed_is_replaced_by_a_new_one() {
    let folder = folder();
    let cluster = start(folder.path()).await;
    let began = started_at(&cluster).await;
    let pid: i32 = fs::read_to_string(pid_file(&cluster)).unwrap().lines().next().unwrap().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    drop(cluster);

    let cluster = start(folder.path()).await;
    assert_ne!(started_at(&cluster).await, began);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_major_version_are_refused_and_left_alone() {
    let folder = folder();
    start(folder.path()).await.stop().await.unwrap();
    let version = folder.path().join("data/pgdata/PG_VERSION");
    fs::write(&version, "9\n").unwrap();

    let refused = postgres::start(options(folder.path(), Durability::Durable)).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OtherMajor { made_by: 9, .. }), "{refused}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "9\n");

    let cluster = postgres::start(options(folder.path(), Durability::Throwaway)).await.unwrap();
    assert_ne!(fs::read_to_string(&version).unwrap(), "9\n", "throw-away data are made anew");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn throwaway_data_that_do_not_start_are_made_anew() {
    let folder = folder();
    let throwaway = options(folder.path(), Durability::Throwaway);
    postgres::start(throwaway.clone()).await.unwrap().stop().await.unwrap();
    fs::remove_dir_all(folder.path().join("data/pgdata/pg_xact")).unwrap();

    let refused = postgres::start(options(folder.path(), Durability::Durable)).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Exited { .. }), "{refused}");
    postgres::start(throwaway).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_all_the_same() {
    let folder = folder();
    let deep = folder.path().join("a-folder-with-a-rather-long-name".repeat(4));
    let cluster = start(&deep).await;
    connect(&cluster).await.close().await.unwrap();
    assert!(cluster.folder().starts_with(deep.canonicalize().unwrap()));

    let url = url::Url::parse(&cluster.url("postgres")).unwrap();
    let (_, sockets) = url.query_pairs().find(|(name, _)| name == "host").unwrap();
    cluster.stop().await.unwrap();
    fs::remove_dir(sockets.as_ref()).unwrap();
}

#[tokio::test]
async fn root_hands_the_server_to_somebody_else_even_in_a_folder_closed_to_them() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root has to hand the server over");
        return;
    }
    // As root's home folder is.
    let closed = folder();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = start(closed.path()).await;
    assert!(!cluster.folder().starts_with(closed.path()), "the data are where the server may go");
    assert_ne!(fs::metadata(pid_file(&cluster)).unwrap().uid(), 0);
    connect(&cluster).await.close().await.unwrap();

    let stand_in = cluster.folder().to_owned();
    let again = start(closed.path()).await;
    assert_eq!(again.folder(), stand_in, "the same stand-in every time");
    again.stop().await.unwrap();
    cluster.stop().await.unwrap();
    fs::remove_dir_all(stand_in).unwrap();
}

#[tokio::test]
#[ignore = "no test: the other process of the tests above"]
async fn another_user_of_a_cluster() {
    if let Some(folder) = env::var_os(USE_FOLDER).map(PathBuf::from) {
        let cluster = start(&folder).await;
        println!("\n{USING}{}", started_at(&cluster).await);
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
#[ignore = "no test: the keeper of the test above"]
async fn keeper_of_a_cluster() {
    if let Some(folder) = env::var_os(KEEP_FOLDER).map(PathBuf::from) {
        postgres::stop_when_unused(&folder.join("data")).await.unwrap();
    }
}
