//! Who granted access, as Lever describes them, and where their account lives: asked once, right after the tokens were stored.
//!
//! Best effort: the connection works without it, and the sync of users fills the gap. The first call is also where Lever
//! says which data centre the account lives in.

use crate::accounts::{self, Grantor};
use crate::error::Result;
use crate::ids::TenantId;
use crate::state::AppState;

/// Asks Lever for the person and stores the answer. A failure is logged and changes nothing.
pub(super) async fn record(state: &AppState, tenant: TenantId) {
    if let Err(error) = try_record(state, tenant).await {
        tracing::warn!(%tenant, %error, "Lever did not say who connected; the sync of users will");
    }
}

async fn try_record(state: &AppState, tenant: TenantId) -> Result<()> {
    let mut tx = state.db.begin(tenant).await?;
    let connection = accounts::find(&mut tx).await?;
    tx.commit().await?;
    let Some(connection) = connection else { return Ok(()) };
    let Some(id) = connection.grantor.id.clone() else { return Ok(()) };

    let account = accounts::open_sealed(state, tenant, &connection)?;
    let user = account.get_user(&id).await?;
    let grantor = Grantor { id: Some(id), name: user.name.clone(), email: user.email.clone(), access_role: user.access_role.clone() };

    let mut tx = state.db.begin(tenant).await?;
    accounts::record_grantor(&mut tx, &grantor, state.clock.now()).await?;
    tx.commit().await?;
    Ok(accounts::remember_data_centre(state, tenant, &connection, &account).await?)
}
