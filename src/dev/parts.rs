//! The parts that `dev` and `demo` run, started in order and stopped in the reverse.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;

use super::postgres::{self, Cluster, Durability};
use crate::app::{App, Jobs};
use crate::clock::Clock;
use crate::config::{Config, Variables};
use crate::crypto;
use crate::fake_lever::{FakeLever, Options};

/// Where everything that is kept on this machine lies.
const FOLDER: &str = ".data";

/// What to run.
pub(super) struct Plan {
    pub database: &'static str,
    pub listen: SocketAddr,
    pub lever: Options,
}

/// See the module.
pub(super) struct Parts {
    postgres: Cluster,
    pub lever: FakeLever,
    app: App,
    /// Of the web page and the API, without a trailing slash.
    pub address: String,
    /// Signs the tokens of demo people.
    pub jwt_secret: String,
}

impl Parts {
    /// # Errors
    /// A part does not start; each error names what helps.
    pub(super) async fn start(plan: Plan) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(plan.listen).await.with_context(|| format!("{} cannot be listened on; choose another with --listen", plan.listen))?;
        let address = format!("http://{}", listener.local_addr()?);
        let lever = FakeLever::start(plan.lever).await.context("the stand-in Lever cannot listen; choose another address with --lever-listen")?;
        let postgres = postgres::start(postgres::Options { folder: PathBuf::from(FOLDER), durability: Durability::Durable }).await?;
        let started = Self::start_service(&postgres, &lever, plan.database, listener, &address).await;
        match started {
            Ok((app, jwt_secret)) => Ok(Self { postgres, lever, app, address, jwt_secret }),
            Err(error) => {
                lever.stop().await;
                postgres.stop().await?;
                Err(error)
            }
        }
    }

    async fn start_service(
        postgres: &Cluster,
        lever: &FakeLever,
        database: &str,
        listener: TcpListener,
        address: &str,
    ) -> anyhow::Result<(App, String)> {
        postgres.recreate_database(database).await?;
        let jwt_secret = STANDARD.encode(crypto::random::<32>());
        let variables = Variables::from_pairs([
            ("DATABASE_URL", postgres.url(database)),
            ("PUBLIC_URL", address.to_owned()),
            ("LEVER_API_URL", lever.api_url()),
            ("LEVER_AUTHORIZE_URL", lever.authorize_url()),
            ("LEVER_TOKEN_URL", lever.token_url()),
            ("LEVER_AUDIENCE", lever.audience()),
            ("LEVER_CLIENT_ID", lever.client_id().to_owned()),
            ("LEVER_CLIENT_SECRET", lever.client_secret().to_owned()),
            ("ENCRYPTION_KEYS", format!("dev:{}", STANDARD.encode(crypto::random::<32>()))),
            ("AUTH_JWT_SECRET", jwt_secret.clone()),
        ]);
        let config = Config { demo_people: true, ..Config::read(&variables)? };
        let app = App::start_on(listener, config, Clock::system(), Jobs::InBackground).await?;
        Ok((app, jwt_secret))
    }

    /// Stops the service softly, then the stand-in, then Postgres.
    ///
    /// # Errors
    /// Postgres does not stop.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.app.stop().await;
        self.lever.stop().await;
        self.postgres.stop().await.context("Postgres does not stop")
    }
}
