//! What is known about a connection, gathered from where it is stored and how this service is set up.

use std::time::Duration;

use crate::accounts::webhooks::WebhookStatus;
use crate::accounts::{self, Connection, Overview, SyncedGrantor};
use crate::config::LeverEnvironment;
use crate::crypto::Standing;
use crate::db::TenantTx;
use crate::state::AppState;

/// See the module.
pub(super) struct Facts {
    pub connection: Connection,
    /// The Lever user who granted access, as last synced.
    pub grantor: Option<SyncedGrantor>,
    pub webhooks: Vec<WebhookStatus>,
    /// By which key the secrets are sealed.
    pub secrets: Standing,
    /// That this service works with.
    pub environment: LeverEnvironment,
    /// How often the copy is brought up to date.
    pub sync_interval: Duration,
}

impl Facts {
    /// `None` when the organization never had a connection.
    ///
    /// # Errors
    /// The database failed.
    pub async fn gather(state: &AppState, tx: &mut TenantTx) -> Result<Option<Self>, sqlx::Error> {
        let Some(overview) = accounts::overview(tx, &state.config.keyring).await? else { return Ok(None) };
        let Overview { connection, grantor, webhooks, secrets } = overview;
        let (environment, sync_interval) = (state.config.lever.environment, state.config.sync.interval);
        Ok(Some(Self { connection, grantor, webhooks, secrets, environment, sync_interval }))
    }
}
