//! `POST /v1/opportunities/{id}/notes`: writes a note about a candidate.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::Value;

use super::draft::{NoteDraft, NoteRequest};
use super::write::{Operation, Write};
use super::{answer, send};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member, Role};
use crate::error::{Error, Problem, Result};
use crate::lever::Lane;
use crate::mirror::notes::{self, NoteView};
use crate::mirror::{LeverId, opened};
use crate::operations::body::Body;
use crate::operations::idempotency::{self, Ticket};
use crate::operations::patience::Patience;
use crate::operations::perform_as::Performers;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// Write a note at Lever. Without an answer from Lever in time: 202, and the operation tells later; it is never written twice.
#[utoipa::path(
    post, path = "/v1/opportunities/{id}/notes", operation_id = "writeNote", tag = "Opportunities", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Lever's id of the opportunity"),
        ("Idempotency-Key" = Option<String>, Header, description = "Any text up to 255 characters: a repeat with it gets the first answer"),
    ),
    request_body = NoteRequest,
    responses(
        (status = 201, body = NoteView, headers(("Location" = String))),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 403, body = Problem, description = "`admin_required`: only admins write secret notes"),
        (status = 409, body = Problem, description = "`not_connected`, `lever_reauthorization_required`, `request_in_progress`, ..."),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(opportunity): LeverId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let key = ("POST /v1/opportunities/{id}/notes", opportunity.as_str());
    idempotency::once::<Write, _>(&state, &caller, &headers, key, &body, |ticket| work(&state, &caller, &opportunity, &body.value, ticket)).await
}

async fn work(state: &AppState, caller: &Caller, opportunity: &str, body: &Value, ticket: Ticket) -> Result<Response> {
    let patience = Patience::begin(state);
    let draft = NoteDraft::new(body).map_err(Error::invalid)?;
    if draft.secret && caller.role != Role::Admin {
        return Err(Error::admin_required());
    }
    let (account, connection) = accounts::open(state, caller.tenant).await?;
    let operation = again_when_undone(|| prepare(state, caller, &connection, opportunity, &draft, &ticket)).await?;
    let operation = send::carry_out(state, caller.tenant, &account.in_lane(Lane::Person), operation, patience).await?;
    answer::of(state, caller.tenant, &operation).await
}

/// Records the note. One about an archived candidate is as good as any.
async fn prepare(
    state: &AppState,
    caller: &Caller,
    connection: &Connection,
    opportunity: &str,
    draft: &NoteDraft,
    ticket: &Ticket,
) -> Result<Operation> {
    let (mut tx, _) = opened::opportunity(state, caller.tenant, opportunity).await?;
    let performer = Performers::of(caller, connection, draft.perform_as.as_deref()).choose(&mut tx).await?;
    let performer = performer.map_err(|mistake| Error::invalid(vec![mistake]))?;
    let known = notes::ids(&mut tx, opportunity).await?;
    let new = NewOperation::by(caller, connection, &performer, opportunity, Write::WriteNote { body: draft.body(), known });
    let operation = store::record(&mut tx, new, state.clock.now()).await?;
    ticket.attach(&mut tx, operation.id).await?;
    record::commit(state, tx, &operation).await?;
    Ok(operation)
}
