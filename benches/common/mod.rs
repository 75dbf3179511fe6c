//! What the benches share: a service on its own Postgres with the stand-in as its Lever, the command line, and a few numbers.
//!
//! Everything a bench compares is measured in one run on one machine, on a Postgres that really writes to disk; what counts are the
//! ratios. A bench prints one line per figure.
#![allow(dead_code, reason = "every bench compiles this module and uses some of it")]

pub mod client;
pub mod numbers;
#[path = "../../tests/support/mod.rs"]
pub mod support;

use std::path::PathBuf;

use chrono::Utc;
use lever_integration::app::{App, Jobs};
use lever_integration::clock::Clock;
use lever_integration::config::{Config, Variables};
use lever_integration::dev::postgres::{self, Cluster, Durability};
use lever_integration::fake_lever::{AccountView, FakeLever, LedgerEntry, Options};
use lever_integration::worker;
use tokio::net::TcpListener;
use uuid::Uuid;

use support::story::{Person, Setting, variables};

pub const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// The Postgres of one bench.
pub async fn postgres(bench: &str) -> Cluster {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{bench}"));
    postgres::start(postgres::Options { folder, durability: Durability::Durable }).await.expect("Postgres starts")
}

/// What was asked for on the command line: parts by their names (none: all of them), and switches that begin with `--`.
pub struct Asked(Vec<String>);

impl Asked {
    pub fn read() -> Self {
        // Cargo adds its own.
        Self(std::env::args().skip(1).filter(|word| word != "--bench").collect())
    }

    pub fn part(&self, name: &str) -> bool {
        self.0.iter().all(|word| word.starts_with("--")) || self.0.iter().any(|word| word == name)
    }

    pub fn switch(&self, name: &str) -> bool {
        self.0.iter().any(|word| word.strip_prefix("--") == Some(name))
    }
}

/// What a service is started with. Our own budget is Lever's limit.
pub struct Wish {
    pub database: String,
    pub lever: Options,
    pub jobs: Jobs,
    pub clock: Clock,
    /// Variables beyond the usual, or instead of them.
    pub variables: Vec<(&'static str, String)>,
}

impl Wish {
    /// Jobs in the background, on the system's clock.
    pub fn of(lever: Options) -> Self {
        Self { database: "bench".into(), lever, jobs: Jobs::InBackground, clock: Clock::system(), variables: Vec::new() }
    }

    pub fn setting(&self) -> Setting {
        let mut variables = vec![("MIGRATE_ON_START", "true".to_owned()), ("LEVER_BURST", self.lever.burst.to_string())];
        variables.extend(self.variables.clone());
        Setting { lever: self.lever.clone(), jobs: self.jobs, requests_per_second: self.lever.requests_per_second, variables, ..Setting::default() }
    }
}

/// A service, its Lever, and an admin of an organization.
pub struct Rig {
    pub app: App,
    pub lever: FakeLever,
    pub admin: Person,
    pub database_url: String,
}

impl Rig {
    /// Starts all of it on a new database; nothing is connected yet.
    pub async fn start(cluster: &Cluster, wish: Wish) -> Self {
        cluster.recreate_database(&wish.database).await.expect("a database");
        let database_url = cluster.url(&wish.database);
        let lever = FakeLever::start(wish.lever.clone()).await.expect("the stand-in starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let variables = variables(&wish.setting(), &lever, &database_url, &base);
        let config = Config::read(&Variables::from_pairs(variables)).expect("complete");
        let app = App::start_on(listener, config, wish.clock, wish.jobs).await.expect("the service starts");
        let admin = Person::new(&base, ORGANIZATION, "admin", Utc::now());
        Self { app, lever, admin, database_url }
    }

    /// Connects the admin's organization to the stand-in's first account.
    pub async fn connect(&mut self) {
        self.admin.connect(&self.lever, 0).await;
    }

    /// Does every due job, where nobody else does.
    pub async fn work(&self) {
        worker::run_until_idle(&self.app.state).await.expect("the worker reaches the database");
    }

    /// The stand-in's first account.
    pub fn account(&self) -> AccountView {
        self.lever.accounts().swap_remove(0)
    }

    pub async fn stop(self) {
        self.app.stop().await;
        self.lever.stop().await;
    }
}

/// Requests for data: not for tokens, and not for webhooks.
pub fn data_requests(lever: &FakeLever) -> Vec<LedgerEntry> {
    lever.ledger().into_iter().filter(|entry| entry.path.starts_with("/v1/") && !entry.path.starts_with("/v1/webhooks")).collect()
}

/// The opportunity that a request for panels, notes or resumes is about.
pub fn set_of(entry: &LedgerEntry) -> Option<&str> {
    let (opportunity, set) = entry.path.strip_prefix("/v1/opportunities/")?.split_once('/')?;
    ["panels", "notes", "resumes"].contains(&set).then_some(opportunity)
}
