//! `DELETE /v1/interviews/{interviewId}`: cancels one interview. The last one of a panel cancels the panel (so Lever does).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use super::cancel::{Performer, record_in};
use super::write::{Operation, Write};
use super::{answer, evidence, merge, panel, send};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::error::{Error, Problem, Result};
use crate::lever::Lane;
use crate::mirror::interviews;
use crate::mirror::{Filters, LeverId};
use crate::operations::patience::Patience;
use crate::operations::{OperationView, again_when_undone, store};
use crate::state::AppState;

/// Cancel one interview. The last one of a panel cancels the panel.
#[utoipa::path(
    delete, path = "/v1/interviews/{interviewId}", operation_id = "cancelInterview", tag = "Interviews", security(("bearer" = [])),
    params(
        ("interviewId" = String, Path, description = "Lever's id of the interview"), Performer,
        ("If-Match" = Option<String>, Header, description = "The panel's `ETag`: refused when the panel has changed since"),
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
    let Some(panel_id) = panel_of(&state, &caller, &id).await? else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let (known, opened) = tokio::join!(panel::known(&state, caller.tenant, &panel_id), accounts::open(&state, caller.tenant));
    let known = known?;
    panel::check_known_version(&state, caller.tenant, &headers, &known).await?;
    let (account, connection) = opened?;
    let account = account.in_lane(Lane::Person);
    if panel::is_pinned(&headers) {
        panel::read_fresh(&state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    }
    let prepared = again_when_undone(|| prepare(&state, &caller, &connection, (&panel_id, &id), &headers, &performer)).await?;
    let Some(operation) = prepared else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let operation = send::carry_out(&state, caller.tenant, &account, operation, patience).await?;
    answer::of(&state, caller.tenant, &operation).await
}

/// Judges the cancellation and records it; `None` when the interview is canceled already.
async fn prepare(
    state: &AppState,
    caller: &Caller,
    connection: &Connection,
    (panel_id, id): (&str, &str),
    headers: &HeaderMap,
    performer: &Performer,
) -> Result<Option<Operation>> {
    let (mut tx, row) = panel::begin(state, caller.tenant, panel_id).await?;
    if row.canceled_at.is_some() || !evidence::by_id(&row.raw, Some(id)).is_some_and(merge::is_on) {
        tx.commit().await?;
        return Ok(None);
    }
    panel::check_version(&mut tx, headers, &row).await?;
    let write = Write::CancelInterview { panel: panel_id.to_owned(), interview: id.to_owned() };
    record_in(state, tx, (caller, connection, performer), &row, write).await.map(Some)
}

/// The panel of an interview that takes place; `None` when it was canceled already.
///
/// # Errors
/// 404.
async fn panel_of(state: &AppState, caller: &Caller, id: &str) -> Result<Option<String>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let row = interviews::find(&mut tx, id).await?.ok_or_else(Error::not_found)?;
    // A deleted interview vanishes from Lever; that it was us is in the log of operations.
    let canceled = row.canceled_at.is_some() || (row.gone_at.is_some() && store::canceled_interview(&mut tx, &row.panel_id, id).await?);
    match (canceled, row.gone_at) {
        (true, _) => Ok(None),
        (false, None) => Ok(Some(row.panel_id)),
        (false, Some(_)) => Err(Error::not_found()),
    }
}
