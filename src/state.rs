//! What every handler and job works with: configuration, clock, database, the way to Lever, and what this process remembers.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::failpoint::Failpoints;
use crate::ids::TenantId;
use crate::lever::{Budget, Circuit, Lever};

/// Cheap to clone; everything inside is shared.
#[derive(Clone)]
pub struct AppState {
    /// The way to Postgres, of people or of jobs.
    pub db: Db,
    shared: Arc<Shared>,
}

/// See [`AppState`].
pub struct Shared {
    pub config: Config,
    pub clock: Clock,
    /// When this process began.
    pub started_at: DateTime<Utc>,
    pub lever: Lever,
    /// Rung when a job was enqueued here, so that it need not wait for the next poll.
    pub work: Notify,
    /// Cancelled when the process is to end: long jobs stop at their next step.
    pub shutdown: CancellationToken,
    /// What a shutdown waits for whoever asked for it: above all refreshes, whose answers hold the only valid tokens.
    pub must_end: TaskTracker,
    /// Where a story stops the service.
    pub failpoints: Failpoints,
    budgets: Mutex<HashMap<TenantId, Budget>>,
    circuits: Mutex<HashMap<TenantId, Circuit>>,
    refreshes: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    known_organizations: RwLock<HashSet<TenantId>>,
}

impl AppState {
    pub fn new(config: Config, clock: Clock, db: Db, lever: Lever) -> Self {
        let shared = Shared {
            config,
            started_at: clock.now(),
            clock,
            lever,
            work: Notify::new(),
            shutdown: CancellationToken::new(),
            must_end: TaskTracker::new(),
            failpoints: Failpoints::default(),
            budgets: Mutex::default(),
            circuits: Mutex::default(),
            refreshes: Mutex::default(),
            known_organizations: RwLock::default(),
        };
        Self { db, shared: Arc::new(shared) }
    }

    /// The same, for what people may be waiting for too.
    pub fn for_people(&self) -> Self {
        Self { db: self.db.for_people(), shared: self.shared.clone() }
    }

    /// The same, for jobs: they leave the connections of people alone.
    pub fn for_jobs(&self) -> Self {
        Self { db: self.db.for_jobs(), shared: self.shared.clone() }
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    /// This process' share of the budget that an organization's connected account has: one for each organization, `begin` makes the first.
    pub fn budget(&self, tenant: TenantId, begin: impl FnOnce() -> Budget) -> Budget {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.entry(tenant).or_insert_with(begin).clone()
    }

    /// The circuit of an organization's connected account, as [`Shared::budget`].
    pub fn circuit(&self, tenant: TenantId, begin: impl FnOnce() -> Circuit) -> Circuit {
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        circuits.entry(tenant).or_insert_with(begin).clone()
    }

    /// The organizations whose Lever went away and should be asked whether it is back.
    pub fn due_probes(&self) -> Vec<TenantId> {
        let circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        circuits.iter().filter(|(_, circuit)| circuit.is_probe_due()).map(|(tenant, _)| *tenant).collect()
    }

    /// The lock that lets one task of this process at a time refresh an organization's tokens.
    pub fn refresh_lock(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default().clone()
    }

    /// Whether this process has seen that the organization exists.
    pub fn knows_organization(&self, tenant: TenantId) -> bool {
        self.known_organizations.read().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }

    /// Remembers that the organization exists.
    pub fn remember_organization(&self, tenant: TenantId) {
        self.known_organizations.write().unwrap_or_else(PoisonError::into_inner).insert(tenant);
    }
}
