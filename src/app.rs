//! The service put together: database, Lever, router, worker; started and stopped as one. `serve`, `dev`, `demo` and the stories
//! all start it here.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use crate::accounts::keys::KeysError;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{self, Db};
use crate::lever::{Credentials, Endpoints, Lever, Options};
use crate::state::AppState;
use crate::{accounts, health, router, server, worker};

/// From the wish to stop until the database is left, whatever is still under way.
const LONGEST_STOP: Duration = Duration::from_secs(22);

const UNDEFINED_TABLE: &str = "42P01";

/// Who does the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jobs {
    /// A worker in the background, as in production.
    InBackground,
    /// Nobody, until the story calls [`worker::run_until_idle`].
    ByHand,
}

/// A running service.
pub struct App {
    pub state: AppState,
    address: SocketAddr,
    tasks: TaskTracker,
}

impl App {
    /// Migrates (unless told not to), listens, and starts the worker.
    ///
    /// # Errors
    /// The database cannot be reached or migrated, or the address cannot be listened on; each names the variable to look at.
    pub async fn start(config: Config, clock: Clock, jobs: Jobs) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| format!("LISTEN_ADDR {} cannot be listened on; for example LISTEN_ADDR=127.0.0.1:8080", config.http.listen))?;
        Self::start_on(listener, config, clock, jobs).await
    }

    /// As [`App::start`], on a listener that is there already (its port may be needed for `PUBLIC_URL`).
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_on(listener: TcpListener, config: Config, clock: Clock, jobs: Jobs) -> anyhow::Result<Self> {
        Self::start_with(listener, config, Options::default(), clock, jobs).await
    }

    /// As [`App::start_on`], with other bounds on what is asked of Lever: a story does not wait for as long as people do.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with(listener: TcpListener, config: Config, patience: Options, clock: Clock, jobs: Jobs) -> anyhow::Result<Self> {
        if config.database.migrate_on_start {
            db::migrate(&config.database).await.context("DATABASE_URL: the database cannot be reached or migrated")?;
        }
        let state = state(config, patience, clock)?;
        check_keys(&state).await?;
        let router = router::router(state.clone())?;
        let tasks = TaskTracker::new();
        let address = listener.local_addr()?;
        if let Some(metrics) = state.config.http.metrics {
            let listener = TcpListener::bind(metrics).await.with_context(|| format!("METRICS_ADDR {metrics} cannot be listened on"))?;
            tasks.spawn(server::serve(listener, health::metrics_router(), state.shutdown.clone()));
        }
        tasks.spawn(server::serve(listener, router, state.shutdown.clone()));
        if jobs == Jobs::InBackground {
            tasks.spawn(worker::run(state.for_jobs()));
        }
        tasks.close();
        Ok(Self { state, address, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops softly: no new requests, those under way and the jobs reach their next stop, tokens that are under way are stored, then
    /// the database is left.
    pub async fn stop(self) {
        let until = Instant::now() + LONGEST_STOP;
        self.state.shutdown.cancel();
        self.tasks.wait().await;
        self.state.must_end.close();
        if timeout_at(until, self.state.must_end.wait()).await.is_err() {
            tracing::warn!("new tokens were still under way; if Lever gave them out, their connection may have to be made anew");
        }
        // A connection that hangs must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_secs(3), self.state.db.close()).await;
    }
}

/// A wrong key is refused before anything is changed with it. Where nothing is migrated yet nothing is sealed either.
async fn check_keys(state: &AppState) -> anyhow::Result<()> {
    match accounts::keys::check_and_remember(&state.db, &state.config.keyring, state.clock.now()).await {
        Err(KeysError::Database(sqlx::Error::Database(error))) if error.code().as_deref() == Some(UNDEFINED_TABLE) => Ok(()),
        Err(error @ KeysError::Database(_)) => Err(error).context("DATABASE_URL: the database cannot be used"),
        checked => Ok(checked?),
    }
}

fn state(config: Config, patience: Options, clock: Clock) -> anyhow::Result<AppState> {
    let db = Db::open(&config.database).context("DATABASE_URL cannot be read")?;
    let lever = &config.lever;
    let endpoints = Endpoints {
        api: lever.api_url.clone(),
        authorize: lever.authorize_url.clone(),
        token: lever.token_url.clone(),
        audience: lever.audience.clone(),
    };
    let credentials = Credentials { client_id: lever.client_id.clone(), client_secret: lever.client_secret.clone() };
    let lever = Lever::new(endpoints, credentials, patience).context("no HTTP client could be made")?;
    Ok(AppState::new(config, clock, db, lever))
}
