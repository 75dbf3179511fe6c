//! `DELETE /v1/lever/connection`: the end of a connection.
//!
//! One transaction ends it: tokens and keys are destroyed, and syncs and jobs that are under way stop at their next write, because
//! the connection's epoch has moved. Then the webhooks are removed at Lever, as far as Lever lets us, with tokens that only this request
//! still has: a Lever that hangs keeps nobody connected.

use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{tend, unregister};
use crate::accounts;
use crate::auth::Admin;
use crate::error::{Problem, Result};
use crate::jobs;
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
    let now = state.clock.now();
    let mut tx = state.db.begin(caller.tenant).await?;
    let former = accounts::find(&mut tx).await?;
    let account = match &former {
        Some(connection) => accounts::part(&state, &mut tx, connection).await?,
        None => None,
    };
    let registered = accounts::webhooks::active(&mut tx).await?;
    accounts::disconnect(&mut tx, now).await?;
    let removals = match account {
        Some(_) => unregister::plan(&state, &mut tx, &caller, &registered).await?,
        None => Vec::new(),
    };
    accounts::webhooks::forget_all(&mut tx, now).await?;
    if options.purge {
        mirror::purge(&mut tx).await?;
        accounts::webhooks::purge(&mut tx).await?;
        live::forget(&mut tx).await?;
        jobs::forget_readings(&mut tx).await?;
        accounts::forget_account(&mut tx, now).await?;
    }
    tend::judge(&state, &mut tx).await?;
    tx.commit().await?;
    if let Some(account) = account {
        unregister::remove_all(&state, &account, &caller, removals).await;
    }
    tracing::info!(tenant = %caller.tenant, purge = options.purge, "Lever was disconnected");
    Ok(StatusCode::NO_CONTENT)
}
