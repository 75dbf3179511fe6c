//! A migrated database of its own for every test, on a Postgres that nobody has to set up.
//!
//! All test processes of a checkout, one after the other or at once, share one throw-away cluster under `target/`, or the
//! server named by `TEST_DATABASE_URL`. The schema is applied once per set of migrations, to a template; a test gets a copy
//! (tens of milliseconds), and the copy goes when its [`TestDatabase`] is dropped.
//!
//! Nothing is left behind, however the tests end:
//! - The server. Every process that uses it holds a lock that the kernel releases at its death, `kill -9` included. The
//!   *keeper*, a detached process started with the cluster, waits for that lock and then stops the server. It is this very
//!   test binary, told to run [`keeper`] alone, since a test run has no other program that is sure to exist.
//! - Databases of killed runs. Every process holds an advisory lock; whoever finds it free sweeps first.
//!
//! One thread per process does all of this: a test's own runtime ends with the test, and with it its connections.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{LazyLock, mpsc as blocking};
use std::thread;

use lever_integration::MIGRATOR;
use lever_integration::dev::postgres::{self, Cluster, Durability, Options};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};
use url::Url;
use uuid::Uuid;

const TEST: &str = "lever_test_";
const TEMPLATE: &str = "lever_template_";
/// Advisory locks: held shared by every process that uses test databases; held while the template is made.
const USERS: i64 = 0x4c65_7665_7201;
const MAKING_TEMPLATE: i64 = 0x4c65_7665_7202;
/// Names the cluster's folder to the keeper.
const KEPT_FOLDER: &str = "LEVER_TEST_CLUSTER";

/// A database with the schema and no rows, for one test. Dropping it drops the database, whoever is still connected.
pub struct TestDatabase {
    pub url: String,
    name: String,
}

enum Request {
    Create(oneshot::Sender<Result<TestDatabase, String>>),
    Drop(String, blocking::Sender<()>),
}

static DESK: LazyLock<mpsc::UnboundedSender<Request>> = LazyLock::new(|| {
    let (sender, requests) = mpsc::unbounded_channel();
    thread::spawn(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(serve(requests)));
    sender
});

impl TestDatabase {
    /// # Panics
    /// There is no Postgres to be had, or a migration fails; the message says what helps.
    pub async fn create() -> Self {
        let (reply, answer) = oneshot::channel();
        DESK.send(Request::Create(reply)).expect("the thread that makes databases lives as long as the process");
        answer.await.expect("every request is answered").unwrap_or_else(|problem| panic!("no database for this test: {problem}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Waits, because a process that ends takes the thread with it. A failure only leaves the database to the next sweep.
        let (reply, done) = blocking::channel();
        if DESK.send(Request::Drop(std::mem::take(&mut self.name), reply)).is_ok() {
            let _ = done.recv();
        }
    }
}

async fn serve(mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut server = Server::open().await;
    while let Some(request) = requests.recv().await {
        match (request, &mut server) {
            (Request::Create(reply), Ok(server)) => drop(reply.send(server.create().await.map_err(|error| error.to_string()))),
            (Request::Create(reply), Err(problem)) => drop(reply.send(Err(problem.clone()))),
            (Request::Drop(name, reply), Ok(server)) => {
                let _ = server.run(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                let _ = reply.send(());
            }
            (Request::Drop(..), Err(_)) => unreachable!("nothing was created"),
        }
    }
}

struct Server {
    address: Url,
    connection: PgConnection,
    copy: String,
    /// Our hold on the cluster, until the process ends.
    _cluster: Option<Cluster>,
}

impl Server {
    async fn open() -> Result<Self, String> {
        let (address, cluster) = match env::var("TEST_DATABASE_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let cluster = postgres::start_kept(Options { folder: folder(), durability: Durability::Throwaway }, keeper_command())
                    .await
                    .map_err(|error| error.to_string())?;
                (cluster.url("postgres"), Some(cluster))
            }
        };
        let address = Url::parse(&address).map_err(|error| format!("TEST_DATABASE_URL: {error}"))?;
        let connection = PgConnection::connect(address.as_str()).await.map_err(|error| error.to_string())?;
        let mut server = Self { address, connection, copy: String::new(), _cluster: cluster };
        server.prepare().await.map_err(|error| error.to_string())?;
        Ok(server)
    }

    async fn prepare(&mut self) -> Result<(), sqlx::Error> {
        let template = template_name();
        if sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(USERS).fetch_one(&mut self.connection).await? {
            self.sweep(&template).await?;
            sqlx::query("SELECT pg_advisory_unlock($1)").bind(USERS).execute(&mut self.connection).await?;
        }
        sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(USERS).execute(&mut self.connection).await?;

        sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING_TEMPLATE).execute(&mut self.connection).await?;
        self.make_template(&template).await?;
        sqlx::query("SELECT pg_advisory_unlock($1)").bind(MAKING_TEMPLATE).execute(&mut self.connection).await?;

        let version: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut self.connection).await?;
        // Version 14 always copies files; 15 and later would write every page to the log first, unless told.
        let strategy = if version.as_str() >= "150000" { " STRATEGY FILE_COPY" } else { "" };
        self.copy = format!("TEMPLATE {template}{strategy}");
        Ok(())
    }

    /// Databases of runs that were killed, and templates of other migrations.
    async fn sweep(&mut self, template: &str) -> Result<(), sqlx::Error> {
        let left: Vec<String> = sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1) OR starts_with(datname, $2)")
            .bind(TEST)
            .bind(TEMPLATE)
            .fetch_all(&mut self.connection)
            .await?;
        for name in left.iter().filter(|name| *name != template) {
            // One whose dropping was cut off is invalid: it can be dropped, and nothing else.
            if name.starts_with(TEMPLATE) {
                self.run(format!("ALTER DATABASE {name} IS_TEMPLATE false")).await?;
            }
            self.run(format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }

    /// Marked as a template only when it is whole.
    async fn make_template(&mut self, name: &str) -> Result<(), sqlx::Error> {
        let whole = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)");
        if whole.bind(name).fetch_one(&mut self.connection).await? {
            return Ok(());
        }
        self.run(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        self.run(format!("CREATE DATABASE {name}")).await?;
        let mut inside = PgConnection::connect(&self.url(name)).await?;
        MIGRATOR.run(&mut inside).await?;
        inside.close().await?;
        // Whoever connected would block the copying.
        self.run(format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false")).await
    }

    async fn create(&mut self) -> Result<TestDatabase, sqlx::Error> {
        let name = format!("{TEST}{}", Uuid::now_v7().simple());
        self.run(format!("CREATE DATABASE {name} {}", self.copy)).await?;
        Ok(TestDatabase { url: self.url(&name), name })
    }

    fn url(&self, database: &str) -> String {
        let mut url = self.address.clone();
        url.set_path(database);
        url.into()
    }

    /// Names are made here, of letters, digits and underscores.
    async fn run(&mut self, statement: String) -> Result<(), sqlx::Error> {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut self.connection).await.map(drop)
    }
}

/// The same for the same migrations.
fn template_name() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    format!("{TEMPLATE}{}", &hex::encode(hash.finalize())[..16])
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("postgres")
}

fn keeper_command() -> Command {
    let mut command = Command::new(env::current_exe().expect("a running program has a path"));
    let module = module_path!().split_once("::").expect("a module of the test binary").1;
    command.args(["--ignored", "--exact", &format!("{module}::keeper")]).env(KEPT_FOLDER, folder());
    command
}

#[tokio::test]
#[ignore = "no test: the process that stops the tests' Postgres once the last of them has ended"]
async fn keeper() {
    if let Some(folder) = env::var_os(KEPT_FOLDER) {
        postgres::stop_when_unused(folder.as_ref()).await.unwrap();
    }
}
