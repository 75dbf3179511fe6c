//! The way to Postgres: four small pools, and the transaction that knows its organization.
//!
//! The rule: no query without the tenant. Work for an organization happens in a [`TenantTx`], whose `BEGIN` carries `app.tenant`
//! in the same round trip; row-level security is the second wall behind every `WHERE tenant_id = $1`. Connections take a
//! role that owns nothing before anyone gets them. Jobs have a pool of their own, so that no sync takes the connections of people who
//! wait, nor spreads their work over so many that each must learn their statements; what both share (budget, tokens, whether Lever is
//! there) is short, and done on those of people. Webhooks have a pool, so that acknowledging them does not wait behind anything else.
//! The dispatch pool sees what is due across organizations, and nothing more.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Postgres, Transaction};

use crate::MIGRATOR;
use crate::config::DatabaseConfig;
use crate::ids::TenantId;
use crate::to_the_end::ToTheEnd;

const PEOPLE_CONNECTIONS: u32 = 12;
const JOB_CONNECTIONS: u32 = 12;
const WEBHOOK_CONNECTIONS: u32 = 4;
const DISPATCH_CONNECTIONS: u32 = 2;
/// Longer than this for a connection means overload: better to say so than to queue.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was used more recently is taken to be alive: asking it first would cost a round trip each time, and each was asked
/// when it was handed back.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The pools, as whoever works with them sees them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Arc<Pools>,
    work: Work,
}

#[derive(Debug)]
struct Pools {
    people: PgPool,
    jobs: PgPool,
    webhooks: PgPool,
    dispatch: PgPool,
}

/// What an organization's transactions are for.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Somebody waits.
    People,
    Jobs,
}

impl Db {
    /// Opens the pools; connections are made as they are needed.
    ///
    /// # Errors
    /// The url cannot be read.
    pub fn open(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        let options = options(config)?;
        // Lever waits some ten seconds for an acknowledgement: a lock that lasts must not outlast that.
        let impatient = options.clone().options([("lock_timeout", "3s"), ("statement_timeout", "8s")]);
        // Finding what is due goes on for everybody else, whatever one row waits for.
        let brisk = options.clone().options([("lock_timeout", "2s")]);
        let pool = |size: u32, role: &'static str, options: &PgConnectOptions| {
            PgPoolOptions::new()
                .max_connections(size)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .before_acquire(|connection, it| {
                    Box::pin(async move { if it.idle_for < TRUSTED_FOR { Ok(true) } else { connection.ping().await.map(|()| true) } })
                })
                .after_connect(move |connection, _| Box::pin(async move { sqlx::query(role).execute(connection).await.map(drop) }))
                .connect_lazy_with(options.clone())
        };
        let pools = Pools {
            people: pool(PEOPLE_CONNECTIONS, "SET ROLE lever_integration_app", &options),
            jobs: pool(JOB_CONNECTIONS, "SET ROLE lever_integration_app", &options),
            webhooks: pool(WEBHOOK_CONNECTIONS, "SET ROLE lever_integration_app", &impatient),
            dispatch: pool(DISPATCH_CONNECTIONS, "SET ROLE lever_integration_dispatch", &brisk),
        };
        Ok(Self { pools: Arc::new(pools), work: Work::People })
    }

    /// The same, for work that somebody waits for.
    pub fn for_people(&self) -> Self {
        Self { work: Work::People, ..self.clone() }
    }

    /// The same, for jobs.
    pub fn for_jobs(&self) -> Self {
        Self { work: Work::Jobs, ..self.clone() }
    }

    fn app(&self) -> &PgPool {
        match self.work {
            Work::People => &self.pools.people,
            Work::Jobs => &self.pools.jobs,
        }
    }

    /// Begins work for one organization.
    ///
    /// # Errors
    /// The database cannot be reached, or no connection came free in five seconds.
    pub async fn begin(&self, tenant: TenantId) -> Result<TenantTx, sqlx::Error> {
        begin(self.app(), "BEGIN", tenant).await
    }

    /// Begins work that may be lost should Postgres die in the next half second: its commit does not wait for the disk. For what is read
    /// from Lever again anyway, and for what comes to nothing without a later commit that does wait and takes it along.
    ///
    /// Not for what the service goes on from in memory, as a sync does from its cursor, nor for an outcome that somebody is told: Postgres
    /// may come back without it under a service that never noticed.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_recoverable(&self, tenant: TenantId) -> Result<TenantTx, sqlx::Error> {
        begin(self.app(), "BEGIN; SET LOCAL synchronous_commit = off", tenant).await
    }

    /// Begins a look at what an organization has: Postgres refuses writes in it. It is simply dropped: its end travels with what the pool
    /// asks a connection that is handed back, so that nobody waits for it.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn look(&self, tenant: TenantId) -> Result<TenantTx, sqlx::Error> {
        begin(self.app(), "BEGIN READ ONLY", tenant).await
    }

    /// Begins the look-up that a webhook delivery needs, on the pool that is kept for webhooks.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_webhook(&self, tenant: TenantId) -> Result<TenantTx, sqlx::Error> {
        begin(&self.pools.webhooks, "BEGIN", tenant).await
    }

    /// Begins a look at which webhooks there are, of all organizations, on the pool that is kept for webhooks: telling ours from invented
    /// ones must not wait for anything that the dispatch pool waits for.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_webhook_roll(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        begun(&self.pools.webhooks, "BEGIN; SET LOCAL ROLE lever_integration_dispatch".into()).await
    }

    /// The application's pool, for a single statement that sets its organization by itself.
    pub fn single(&self) -> &PgPool {
        self.app()
    }

    /// The pool that is kept for webhooks, for the one statement that sets its organization by itself.
    pub fn webhooks(&self) -> &PgPool {
        &self.pools.webhooks
    }

    /// What is due, across organizations.
    pub fn dispatch(&self) -> &PgPool {
        &self.pools.dispatch
    }

    /// Is the database there?
    ///
    /// # Errors
    /// It is not.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(self.app()).await.map(drop)
    }

    /// Has every migration of this version been applied?
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_migrated(&self) -> Result<bool, sqlx::Error> {
        let newest = MIGRATOR.iter().map(|migration| migration.version).max();
        let applied = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(self.app()).await;
        match applied {
            Ok(applied) => Ok(newest <= applied),
            // No such table: nothing has been applied yet.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Closes every connection once it is handed back.
    pub async fn close(&self) {
        let Pools { people, jobs, webhooks, dispatch } = &*self.pools;
        tokio::join!(people.close(), jobs.close(), webhooks.close(), dispatch.close());
    }
}

async fn begin(pool: &PgPool, begin: &str, tenant: TenantId) -> Result<TenantTx, sqlx::Error> {
    // A UUID has no character that could end the literal.
    let statement = format!("{begin}; SET LOCAL app.tenant = '{tenant}'");
    Ok(TenantTx { tx: begun(pool, statement).await?, tenant })
}

/// A transaction. Whoever waits for it may go away, as a page does that listens for events: then it is begun all the same, and ended at
/// once. By itself, sqlx would hand the connection back with the transaction open, and whoever gets it next would find themselves inside:
/// where nothing can be written, or where nothing that is written lasts.
async fn begun(pool: &PgPool, statement: String) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    ToTheEnd::of(async move { pool.begin_with(AssertSqlSafe(statement)).await }).await
}

fn options(config: &DatabaseConfig) -> Result<PgConnectOptions, sqlx::Error> {
    // A transaction that was forgotten, or whose process hangs, must not hold its locks for ever.
    Ok(PgConnectOptions::from_str(config.url.expose_secret())?.application_name("lever-integration").options([
        ("idle_in_transaction_session_timeout", "30s"),
        ("statement_timeout", "60s"),
        // Whoever waits for us is told to come back about as soon as when no connection comes free.
        ("lock_timeout", "4s"),
    ]))
}

/// A connection as the role that logs in, for whoever looks at the database rather than works in it.
///
/// # Errors
/// The database cannot be reached, or does not let us in.
pub async fn log_in(config: &DatabaseConfig) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&options(config)?).await
}

/// Applies the migrations, as the role that logs in.
///
/// # Errors
/// The database cannot be reached, or a migration failed.
pub async fn migrate(config: &DatabaseConfig) -> Result<(), sqlx::Error> {
    let mut connection = log_in(config).await?;
    // A migration may take long, and another replica may be at it already.
    connection.execute("SET statement_timeout = 0; SET lock_timeout = '20s'").await?;
    MIGRATOR.run_direct(None, &mut connection, false).await?;
    connection.close().await
}

/// A transaction that works for one organization and can see no other. Rolls back unless committed.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
}

impl TenantTx {
    /// The organization: bind it in every statement.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Makes the work durable.
    ///
    /// # Errors
    /// It may or may not have been committed: look before doing it again.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
