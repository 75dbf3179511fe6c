//! `DELETE /v1/panels/{panelId}`: cancels a panel. A second time changes nothing and is as good as the first.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::write::{Operation, Write};
use super::{answer, panel, send};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::lever::Lane;
use crate::mirror::panels::PanelRow;
use crate::mirror::{Filters, LeverId};
use crate::operations::patience::Patience;
use crate::operations::perform_as::Performers;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// In whose name it is done.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Performer {
    /// A Lever user; by default the active one with the caller's address, else the one who connected.
    pub perform_as: Option<String>,
}

/// Cancel a panel
#[utoipa::path(
    delete, path = "/v1/panels/{panelId}", operation_id = "cancelPanel", tag = "Panels", security(("bearer" = [])),
    params(
        ("panelId" = String, Path, description = "Lever's id of the panel"), Performer,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that you read: refused when the panel has changed since"),
    ),
    responses(
        (status = 204, description = "It is canceled, by this request or before"),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`panel_not_externally_managed`, `panel_busy`, `not_connected`, ..."),
        (status = 412, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    Filters(performer): Filters<Performer>,
    headers: HeaderMap,
) -> Result<Response> {
    let patience = Patience::begin(&state);
    let (known, opened) = tokio::join!(panel::known(&state, caller.tenant, &id), accounts::open(&state, caller.tenant));
    let known = known?;
    if known.canceled_at.is_some() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    panel::check_known_version(&state, caller.tenant, &headers, &known).await?;
    let (account, connection) = opened?;
    let account = account.in_lane(Lane::Person);
    // Only a caller who means one version needs a fresh one; canceling itself overwrites nothing.
    if panel::is_pinned(&headers) {
        panel::read_fresh(&state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    }
    let prepared = again_when_undone(|| prepare(&state, &caller, &connection, &id, &headers, &performer)).await?;
    let Some(operation) = prepared else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let operation = send::carry_out(&state, caller.tenant, &account, operation, patience).await?;
    answer::of(&state, caller.tenant, &operation).await
}

/// Judges the cancellation and records it; `None` when the panel is canceled already.
async fn prepare(
    state: &AppState,
    caller: &Caller,
    connection: &Connection,
    id: &str,
    headers: &HeaderMap,
    performer: &Performer,
) -> Result<Option<Operation>> {
    let (mut tx, row) = panel::begin(state, caller.tenant, id).await?;
    if row.canceled_at.is_some() {
        tx.commit().await?;
        return Ok(None);
    }
    panel::check_version(&mut tx, headers, &row).await?;
    let write = Write::CancelPanel { panel: id.to_owned() };
    record_in(state, tx, (caller, connection, performer), &row, write).await.map(Some)
}

/// Records a cancellation that was judged, of the panel or of one of its interviews, with the transaction that judged it.
pub(super) async fn record_in(
    state: &AppState,
    mut tx: TenantTx,
    (caller, connection, performer): (&Caller, &Connection, &Performer),
    row: &PanelRow,
    write: Write,
) -> Result<Operation> {
    let performer = Performers::of(caller, connection, performer.perform_as.as_deref()).choose(&mut tx).await?;
    let performer = performer.map_err(|mistake| Error::invalid(vec![mistake]))?;
    let operation = store::record(&mut tx, NewOperation::by(caller, connection, &performer, &row.opportunity_id, write), state.clock.now()).await?;
    record::commit(state, tx, &operation).await?;
    Ok(operation)
}
