//! What is known about a connection, gathered from where it is stored.

use std::time::Duration;

use crate::accounts::webhooks::{self, WebhookStatus};
use crate::accounts::{self, Connection};
use crate::config::LeverEnvironment;
use crate::crypto::Standing;
use crate::db::TenantTx;
use crate::mirror;
use crate::mirror::users::UserRow;
use crate::state::AppState;

/// See the module.
pub(super) struct Facts {
    pub connection: Connection,
    /// The Lever user who granted access, as last synced.
    pub grantor: Option<UserRow>,
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
        let Some((connection, secrets)) = accounts::find_with_standing(tx, &state.config.keyring).await? else { return Ok(None) };
        let grantor = match &connection.grantor.id {
            Some(id) => mirror::users::find(tx, std::slice::from_ref(id)).await?.pop(),
            None => None,
        };
        Ok(Some(Self {
            connection,
            grantor,
            webhooks: webhooks::statuses(tx).await?,
            secrets,
            environment: state.config.lever.environment,
            sync_interval: state.config.sync.interval,
        }))
    }
}
