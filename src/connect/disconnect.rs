//! `DELETE /v1/lever/connection`: the end of a connection.
//!
//! Webhooks are removed at Lever while the tokens still work, as far as Lever lets us; then one transaction destroys the tokens
//! and keys. Syncs and jobs that are under way stop at their next write, because the connection's epoch has moved.

use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::tend;
use crate::accounts::{self, Status};
use crate::auth::Admin;
use crate::error::{Problem, Result};
use crate::ids::TenantId;
use crate::live;
use crate::mirror;
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// Also delete everything that was synced. Without it the copy stays, for a reconnect of the same Lever account.
    #[serde(default)]
    purge: bool,
}

/// Disconnect Lever
#[utoipa::path(delete, path = "/v1/lever/connection", tag = "Connection", security(("bearer" = [])), params(Options),
    responses(
        (status = 204, description = "Disconnected (or it was already): webhooks removed at Lever, tokens destroyed, syncing stopped"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`admin_required`")))]
pub(super) async fn disconnect(State(state): State<AppState>, Admin(caller): Admin, Query(options): Query<Options>) -> Result<StatusCode> {
    remove_webhooks(&state, caller.tenant).await?;
    let now = state.clock.now();
    let mut tx = state.db.begin(caller.tenant).await?;
    accounts::disconnect(&mut tx, now).await?;
    accounts::webhooks::forget_all(&mut tx, now).await?;
    if options.purge {
        mirror::purge(&mut tx).await?;
        accounts::webhooks::purge(&mut tx).await?;
        live::forget(&mut tx).await?;
        accounts::forget_account(&mut tx, now).await?;
    }
    tend::judge(&state, &mut tx).await?;
    tx.commit().await?;
    tracing::info!(tenant = %caller.tenant, purge = options.purge, "Lever was disconnected");
    Ok(StatusCode::NO_CONTENT)
}

/// Best effort: a Lever that is down or refuses must not keep anybody connected. Bounded by the client's patience with a person's
/// requests.
async fn remove_webhooks(state: &AppState, tenant: TenantId) -> Result<()> {
    let mut tx = state.db.begin(tenant).await?;
    let connection = accounts::find(&mut tx).await?;
    tx.commit().await?;
    if let Some(connection) = connection.filter(|connection| connection.status != Status::Disconnected) {
        let account = accounts::open_sealed(state, tenant, &connection)?;
        accounts::webhooks::remove_all(state, &account, tenant).await;
    }
    Ok(())
}
