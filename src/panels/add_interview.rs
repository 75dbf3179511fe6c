//! `POST /v1/panels/{panelId}/interviews`: adds one interview to a panel. The others are not touched, so nothing of them can be lost.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::draft::{InterviewDraft, Wishes};
use super::judge::{self, Except};
use super::requests::InterviewRequest;
use super::slots::{self, Slot};
use super::write::{Operation, Write};
use super::{answer, merge, panel, send};
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
    let addition = Addition::judged(state, (caller, &connection), id, &draft, &wishes).await?;
    let account = account.in_lane(Lane::Person);
    // Which interviews are there already must be known, to recognise the new one should Lever's answer be lost.
    panel::read_fresh(state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    let operation = again_when_undone(|| prepare(state, (caller, &connection), &addition, &ticket)).await?;
    let operation = send::carry_out(state, caller.tenant, &account, operation, patience).await?;
    answer::of(state, caller.tenant, &operation).await
}

/// The interview as Lever gets it; nothing about it depends on what the panel has by now, but whether the people are free.
struct Addition<'a> {
    panel: &'a str,
    body: Value,
    slot: Option<Slot>,
    wishes: &'a Wishes,
    performer: String,
}

impl<'a> Addition<'a> {
    async fn judged(
        state: &AppState,
        (caller, connection): (&Caller, &Connection),
        panel: &'a str,
        draft: &InterviewDraft,
        wishes: &'a Wishes,
    ) -> Result<Self> {
        let mut body = merge::interview(&Value::Object(Map::new()), draft);
        body["panel"] = json!(panel);
        let slot = slots::of_interview(&Value::Null, &body, String::new());
        let mut tx = state.db.look(caller.tenant).await?;
        let performer = judge::slots(&mut tx, (caller, connection), slot.as_slice(), Vec::new(), wishes, state.clock.now()).await?;
        Ok(Self { panel, body, slot, wishes, performer })
    }
}

async fn prepare(state: &AppState, (caller, connection): (&Caller, &Connection), addition: &Addition<'_>, ticket: &Ticket) -> Result<Operation> {
    let (mut tx, row) = panel::begin(state, caller.tenant, addition.panel).await?;
    panel::still_on(&row)?;
    judge::opportunity(&mut tx, &row.opportunity_id).await?;
    judge::free(&mut tx, addition.slot.as_slice(), addition.wishes, Except::Nothing).await?;
    let write = Write::AddInterview { panel: addition.panel.to_owned(), body: addition.body.clone(), before: row.raw };
    let new = NewOperation::by(caller, connection, &addition.performer, &row.opportunity_id, write);
    let operation = store::record(&mut tx, new, state.clock.now()).await?;
    ticket.attach(&mut tx, operation.id).await?;
    record::commit(state, tx, &operation).await?;
    Ok(operation)
}
