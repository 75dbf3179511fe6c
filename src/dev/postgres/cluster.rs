//! The life of a cluster: started or adopted, used, stopped by the last one to leave.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::lock::{Hold, lock, try_lock, wait_for_last};
use super::pidfile::running;
use super::place::Place;
use super::server::{last_lines, launch, remove};
use super::unprivileged::server_user;
use super::{Durability, Options, PostgresError};

const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// A start after a crash replays the log first; a stop writes everything out.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a server without users waits for the next one: test runners start a process per test, with small gaps between.
const LINGER: Duration = Duration::from_millis(300);

/// A Postgres that runs and that we use. Dropping it leaves as [`Cluster::stop`] does, but waits for nothing.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    /// Our shared hold on `users.lock`; `None` once given up.
    using: Option<File>,
    /// The server, if it is our child: a child must be waited for.
    child: Option<Child>,
}

/// Finds or fetches Postgres, makes the cluster if there is none, and starts it, unless it already runs.
///
/// # Errors
/// There is no Postgres to be had, or it does not start; the sentence says what helps.
pub async fn start(options: Options) -> Result<Cluster, PostgresError> {
    start_with(options, None).await
}

/// As [`start`], for users that may be killed and must leave no server behind: `keeper` is a program that calls
/// [`stop_when_unused`]. It is started before the server, detached, unless one is at it already.
///
/// # Errors
/// As [`start`].
pub async fn start_kept(options: Options, keeper: Command) -> Result<Cluster, PostgresError> {
    start_with(options, Some(keeper)).await
}

async fn start_with(Options { folder, durability }: Options, keeper: Option<Command>) -> Result<Cluster, PostgresError> {
    let place = Place::prepare(&folder, server_user()?)?;
    let using = lock(&place.users_lock(), Hold::Shared).await?;
    if let Some(keeper) = keeper {
        start_keeper(&place, keeper)?;
    }
    let starting = lock(&place.start_lock(), Hold::Alone).await?;
    let mut cluster = Cluster { place, using: Some(using), child: None };
    if !cluster.becomes_ready().await? {
        match cluster.launch(durability).await {
            // Data that were never forced to disk do not survive a crash of the machine, and need not.
            Err(PostgresError::Exited { .. }) if durability == Durability::Throwaway => {
                remove(&cluster.place.data())?;
                cluster.launch(durability).await?;
            }
            launched => launched?,
        }
    }
    drop(starting);
    Ok(cluster)
}

/// Waits until nobody uses the cluster in `folder` any more, however they ended, and then stops its server.
///
/// For a process of its own that outlives the users of a shared cluster, such as a run of tests.
///
/// # Errors
/// The folder cannot be used, or the server does not stop.
pub async fn stop_when_unused(folder: &Path) -> Result<(), PostgresError> {
    let place = Place::prepare(folder, server_user()?)?;
    let Some(keeping) = try_lock(&place.keeper_lock(), Hold::Alone)? else { return Ok(()) };
    loop {
        wait_for_last(&place.users_lock()).await?;
        tokio::time::sleep(LINGER).await;
        if let Some(alone) = try_lock(&place.users_lock(), Hold::Alone)? {
            let stopped = stop_server(&place).await;
            // In this order: who becomes a user after this finds no keeper, and starts one.
            drop(keeping);
            drop(alone);
            return stopped;
        }
    }
}

impl Cluster {
    /// The address of a database, for sqlx, `psql` and `DATABASE_URL`: user `postgres`, over the unix socket.
    pub fn url(&self, database: &str) -> String {
        let socket: String = url::form_urlencoded::byte_serialize(self.place.sockets.to_string_lossy().as_bytes()).collect();
        format!("postgres://postgres@localhost/{database}?host={}", socket.replace('+', "%20"))
    }

    /// Where the data are: the folder that was asked for, or its stand-in.
    pub fn folder(&self) -> &Path {
        &self.place.home
    }

    /// What the server says.
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }

    /// Makes a database that is empty: one of this name is dropped first, whoever is connected to it.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn recreate_database(&self, name: &str) -> Result<(), PostgresError> {
        let mut connection = self.connect().await?;
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
        let dropped = sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await;
        connection.close().await?;
        dropped?;
        self.ensure_database(name).await
    }

    /// Makes an empty database, unless it is there.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub async fn ensure_database(&self, name: &str) -> Result<(), PostgresError> {
        let mut connection = self.connect().await?;
        let made = sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {}", quoted(name)))).execute(&mut connection).await;
        connection.close().await?;
        match made {
            // duplicate_database, or unique_violation where two make it in the same moment.
            Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42P04" | "23505")) => Ok(()),
            made => Ok(made.map(drop)?),
        }
    }

    /// Stops the server and waits until it has gone, unless somebody else uses it: then it is theirs to stop.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(mut self) -> Result<(), PostgresError> {
        let Some(_alone) = self.leave()? else { return Ok(()) };
        stop_server(&self.place).await?;
        if let Some(mut child) = self.child.take() {
            // It has gone, so this returns at once.
            child.wait().map_err(PostgresError::file("wait for", &self.place.data()))?;
        }
        Ok(())
    }

    /// Gives up our hold; the lock is ours alone if nobody else has one.
    fn leave(&mut self) -> Result<Option<File>, PostgresError> {
        // In this order: of several that leave at once, the last one gets it.
        match self.using.take() {
            Some(using) => drop(using),
            None => return Ok(None),
        }
        try_lock(&self.place.users_lock(), Hold::Alone)
    }

    async fn launch(&mut self, durability: Durability) -> Result<(), PostgresError> {
        let place = self.place.clone();
        let launched = tokio::task::spawn_blocking(move || launch(&place, durability)).await;
        let launched = launched.unwrap_or_else(|gone| Err(PostgresError::file("start", &self.place.data())(std::io::Error::other(gone))));
        self.child = Some(launched?);
        if self.becomes_ready().await? {
            return Ok(());
        }
        let log = self.place.log();
        let said = std::fs::read_to_string(&log).map_err(PostgresError::file("read", &log))?;
        Err(PostgresError::Exited { log, detail: last_lines(&said) })
    }

    /// Waits until the server answers; false if there is none (any more).
    async fn becomes_ready(&mut self) -> Result<bool, PostgresError> {
        let mut seen = None;
        let wait = async {
            loop {
                let found = running(&self.place.pid_file())?;
                seen = found.map(|server| server.pid).or(seen);
                match found {
                    Some(server) if server.ready && self.connect().await.is_ok() => return Ok(true),
                    None if !self.child_lives()? => return Ok(false),
                    _ => tokio::time::sleep(LOOK_AGAIN).await,
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.unwrap_or_else(|_| Err(stuck(&self.place, seen, "runs but does not answer")))
    }

    fn child_lives(&mut self) -> Result<bool, PostgresError> {
        let Some(child) = &mut self.child else { return Ok(false) };
        let ended = child.try_wait().map_err(PostgresError::file("wait for", &self.place.data()))?;
        if ended.is_some() {
            self.child = None;
        }
        Ok(ended.is_none())
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let options = PgConnectOptions::new_without_pgpass().socket(&self.place.sockets).username("postgres").database("postgres");
        PgConnection::connect_with(&options).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What cannot be stopped now is adopted by the next start.
        if let Ok(Some(_alone)) = self.leave()
            && let Ok(Some(server)) = running(&self.place.pid_file())
        {
            let _ = kill_process(server.pid, Signal::INT);
        }
    }
}

/// We are a user by now, so a keeper that is at it will not end before we do.
fn start_keeper(place: &Place, mut keeper: Command) -> Result<(), PostgresError> {
    if try_lock(&place.keeper_lock(), Hold::Alone)?.is_none() {
        return Ok(());
    }
    keeper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    keeper.spawn().map(drop).map_err(PostgresError::file("run", Path::new(keeper.get_program())))
}

/// Fast shutdown: connections are closed, everything is written out.
async fn stop_server(place: &Place) -> Result<(), PostgresError> {
    let Some(server) = running(&place.pid_file())? else { return Ok(()) };
    // It may have gone by itself in this moment.
    let _ = kill_process(server.pid, Signal::INT);
    let wait = async {
        while running(&place.pid_file())?.is_some() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    waited.unwrap_or_else(|_| Err(stuck(place, Some(server.pid), "does not stop")))
}

/// As an identifier of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn stuck(place: &Place, pid: Option<Pid>, problem: &'static str) -> PostgresError {
    PostgresError::Stuck { pid: Pid::as_raw(pid), problem, log: place.log() }
}
