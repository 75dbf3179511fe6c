//! Starting a full sync: asked for by an admin, or because somebody connected. One at a time per organization.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{DISCONNECTED, plan, store};
use crate::accounts::{self, Status};
use crate::auth::Admin;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::ids::RunId;
use crate::jobs::{self, Claim, Job, Outcome};
use crate::state::AppState;

/// A sync that will run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    pub id: RunId,
}

/// Starts a full sync.
#[utoipa::path(post, path = "/v1/lever/syncs", tag = "Sync", security(("bearer" = [])), responses(
    (status = 202, description = "It will run; `Location` says where to watch it", body = Started),
    (status = 403, description = "`admin_required`", body = Problem),
    (status = 409, description = "`sync_in_progress` (its id is in `syncId`), `not_connected`, `lever_reauthorization_required`", body = Problem),
))]
pub(super) async fn request(State(state): State<AppState>, Admin(caller): Admin) -> Result<Response> {
    let (_, connection) = accounts::open(&state, caller.tenant).await?;
    let mut tx = state.db.begin(caller.tenant).await?;
    let Some(id) = begin(&state, &mut tx, connection.epoch, Some(&caller.user_id)).await? else {
        let under_way = store::under_way(&mut tx).await?;
        tx.commit().await?;
        let error = Error::conflict("sync_in_progress", "A full sync is under way already. Wait for its end.");
        return Err(match under_way {
            Some(id) => error.with("syncId", id.to_string()),
            None => error,
        });
    };
    tx.commit().await?;
    state.work.notify_one();
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/v1/lever/syncs/{id}"))], Json(Started { id })).into_response())
}

/// The job that a finished Connect asks for. A sync under way on the same connection is enough.
///
/// # Errors
/// The database failed.
pub async fn start(state: &AppState, claim: &Claim, requested_by: Option<&str>) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    if let Some(connection) = accounts::find(&mut tx).await?
        && connection.status == Status::Connected
        && claim.holds(&mut tx).await?
    {
        begin(state, &mut tx, connection.epoch, requested_by).await?;
    }
    tx.commit().await?;
    state.work.notify_one();
    Ok(Outcome::Done)
}

async fn begin(state: &AppState, tx: &mut TenantTx, epoch: i64, requested_by: Option<&str>) -> Result<Option<RunId>, sqlx::Error> {
    let now = state.clock.now();
    store::cancel_stale(tx, epoch, DISCONNECTED, now).await?;
    let started = store::create(tx, &plan::FULL, requested_by, epoch, now).await?;
    if let Some(run) = started {
        jobs::enqueue(tx, &Job::RunSync { run }, now, now).await?;
    }
    Ok(started)
}
