//! What the jobs of this feature share: the account they ask, and the fence around what they store.

use crate::accounts::{self, Connection};
use crate::db::TenantTx;
use crate::error::Result;
use crate::jobs::Claim;
use crate::lever::{self, Account, Lane};
use crate::state::AppState;

/// One claimed job on a connection that works.
pub(super) struct Work<'a> {
    pub state: &'a AppState,
    pub claim: &'a Claim,
    pub account: Account,
    connection: Connection,
}

impl<'a> Work<'a> {
    /// `None` when there is no connection to work with: nothing is lost by that, because connecting again brings a full sync and
    /// registers the webhooks.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open(state: &'a AppState, claim: &'a Claim) -> Result<Option<Self>> {
        match accounts::open(state, claim.tenant_id).await {
            Ok((account, connection)) => Ok(Some(Self { state, claim, account: account.in_lane(Lane::Webhook), connection })),
            Err(error) if error.status().is_client_error() && error.code() != accounts::ANOTHER_ENVIRONMENT => {
                tracing::info!(tenant = %claim.tenant_id, job = claim.kind(), code = error.code(), "a job found no working connection and was dropped");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A transaction for the job's result. `None` when another worker has taken the job over, or somebody disconnected or connected
    /// anew meanwhile: then nothing may be stored.
    ///
    /// # Errors
    /// The database failed.
    pub async fn begin(&self) -> Result<Option<TenantTx>> {
        accounts::remember_data_centre(self.state, self.claim.tenant_id, &self.connection, &self.account).await?;
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        if accounts::hold(&mut tx, self.connection.epoch).await? && self.claim.holds(&mut tx).await? {
            return Ok(Some(tx));
        }
        tx.commit().await?;
        Ok(None)
    }

    /// A call to Lever failed. What cannot help later is over, and said in the log.
    ///
    /// # Errors
    /// Lever may answer another time.
    pub fn failed(&self, error: lever::Error) -> Result<()> {
        if error.is_temporary() {
            return Err(error.into());
        }
        tracing::warn!(tenant = %self.claim.tenant_id, job = self.claim.kind(), %error, "Lever refused a job's request; it was dropped");
        Ok(())
    }
}
