//! `POST /v1/panels/{panelId}/interviews`: adds one interview to a panel. The others are not touched, so nothing of them can be lost.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::draft::{InterviewDraft, Wishes};
use super::judge::{self, Except};
use super::requests::InterviewRequest;
use super::write::{Operation, Write};
use super::{answer, merge, panel, send, slots};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::error::{Error, Problem, Result};
use crate::lever::Lane;
use crate::mirror::LeverId;
use crate::mirror::interviews::InterviewView;
use crate::operations::body::Body;
use crate::operations::idempotency::{self, Ticket};
use crate::operations::patience::Patience;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// Add one interview to a panel
#[utoipa::path(
    post, path = "/v1/panels/{panelId}/interviews", operation_id = "addInterview", tag = "Panels", security(("bearer" = [])),
    params(
        ("panelId" = String, Path, description = "Lever's id of the panel"),
        ("Idempotency-Key" = Option<String>, Header, description = "Any text up to 255 characters: a repeat with it gets the first answer"),
    ),
    request_body = InterviewRequest,
    responses(
        (status = 201, body = InterviewView, headers(("Location" = String), ("ETag" = String, description = "The panel's version"))),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`panel_not_externally_managed`, `panel_canceled`, `panel_busy`, `interviewer_conflict`, ..."),
        (status = 422, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(super) async fn add(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let key = ("POST /v1/panels/{panelId}/interviews", id.as_str());
    idempotency::once::<Write, _>(&state, &caller, &headers, key, &body, |ticket| work(&state, &caller, &id, &body.value, ticket)).await
}

async fn work(state: &AppState, caller: &Caller, id: &str, body: &Value, ticket: Ticket) -> Result<Response> {
    let patience = Patience::begin(state);
    let (known, opened) = tokio::join!(panel::known(state, caller.tenant, id), accounts::open(state, caller.tenant));
    let known = known?;
    let (draft, wishes) = InterviewDraft::new(body, panel::zone(&known)).map_err(Error::invalid)?;
    panel::still_on(&known)?;
    let (account, connection) = opened?;
    let account = account.in_lane(Lane::Person);
    // Which interviews are there already must be known, to recognise the new one should Lever's answer be lost.
    panel::read_fresh(state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    let operation = again_when_undone(|| prepare(state, caller, &connection, id, &draft, &wishes, &ticket)).await?;
    let operation = send::carry_out(state, caller.tenant, &account, operation, patience).await?;
    answer::of(state, caller.tenant, &operation).await
}

async fn prepare(
    state: &AppState,
    caller: &Caller,
    connection: &Connection,
    id: &str,
    draft: &InterviewDraft,
    wishes: &Wishes,
    ticket: &Ticket,
) -> Result<Operation> {
    let now = state.clock.now();
    let (mut tx, row) = panel::begin(state, caller.tenant, id).await?;
    panel::still_on(&row)?;
    judge::opportunity(&mut tx, &row.opportunity_id).await?;
    let mut body = merge::interview(&Value::Object(Map::new()), draft);
    body["panel"] = json!(id);
    let slots: Vec<_> = slots::of_interview(&Value::Null, &body, String::new()).into_iter().collect();
    let performer = judge::slots(&mut tx, (caller, connection), &slots, Vec::new(), wishes, Except::Nothing, now).await?;
    let write = Write::AddInterview { panel: id.to_owned(), body, before: row.raw };
    let operation = store::record(&mut tx, NewOperation::by(caller, connection, &performer, &row.opportunity_id, write), now).await?;
    ticket.attach(&mut tx, operation.id).await?;
    record::commit(state, tx, &operation).await?;
    Ok(operation)
}
