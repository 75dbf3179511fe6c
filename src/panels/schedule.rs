//! `POST /v1/opportunities/{id}/panels`: schedules a panel of interviews for a candidate.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::draft::PanelDraft;
use super::judge::{self, Except};
use super::requests::PanelRequest;
use super::slots::{self, Slot};
use super::write::{Operation, Write};
use super::{answer, mark, merge, send};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::error::{Error, Mistake, Problem, Result};
use crate::lever::{Account, Lane};
use crate::mirror::LeverId;
use crate::mirror::opened;
use crate::mirror::opportunities::{self, OpportunityRow};
use crate::mirror::panels::PanelView;
use crate::mirror::refresh::{self, Refreshed};
use crate::operations::body::Body;
use crate::operations::idempotency::{self, Ticket};
use crate::operations::patience::Patience;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// Our copy of a candidate and the panels is fresh until it is this old.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// Schedule a panel of interviews at Lever. Without an answer from Lever in time: 202, and the operation tells later.
#[utoipa::path(
    post, path = "/v1/opportunities/{id}/panels", operation_id = "schedulePanel", tag = "Panels", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Lever's id of the opportunity"),
        ("Idempotency-Key" = Option<String>, Header, description = "Any text up to 255 characters: a repeat with it gets the first answer"),
    ),
    request_body = PanelRequest,
    responses(
        (status = 201, body = PanelView, headers(("Location" = String), ("ETag" = String))),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`opportunity_archived`, `interviewer_conflict`, `not_connected`, `request_in_progress`, ..."),
        (status = 422, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(super) async fn schedule(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(opportunity): LeverId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let key = ("POST /v1/opportunities/{id}/panels", opportunity.as_str());
    idempotency::once::<Write, _>(&state, &caller, &headers, key, &body, |ticket| work(&state, &caller, &opportunity, &body.value, ticket)).await
}

async fn work(state: &AppState, caller: &Caller, opportunity: &str, body: &Value, ticket: Ticket) -> Result<Response> {
    let patience = Patience::begin(state);
    let draft = PanelDraft::new(body).map_err(Error::invalid)?;
    let (judged, known) = tokio::join!(Booking::judged(state, caller, &draft), known(state, caller, opportunity));
    let (booking, account) = judged?;
    match known? {
        Known::Fresh => {}
        Known::Stale => make_fresh(state, caller, (&account, booking.connection.epoch), opportunity, patience).await?,
        Known::Never => open_unseen(state, caller, opportunity, patience).await?,
    }
    let operation = again_when_undone(|| prepare(state, caller, opportunity, &booking, &ticket)).await?;
    let operation = send::carry_out(state, caller.tenant, &account, operation, patience).await?;
    answer::of(state, caller.tenant, &operation).await
}

/// A panel as Lever gets it, but for its mark and what follows from the candidate. Nothing in it depends on what Lever has by now: what
/// cannot be is refused before Lever is asked.
struct Booking<'a> {
    draft: &'a PanelDraft,
    connection: Connection,
    body: Value,
    slots: Vec<Slot>,
    performer: String,
}

impl<'a> Booking<'a> {
    async fn judged(state: &AppState, caller: &Caller, draft: &'a PanelDraft) -> Result<(Self, Account)> {
        let body = merge::panel(&Value::Object(Map::new()), draft).map_err(Error::invalid)?;
        let slots = slots::of_panel(&Value::Null, &body);
        let mut tx = state.db.look(caller.tenant).await?;
        let (account, connection) = accounts::open_in(state, &mut tx).await?;
        let performer = judge::slots(&mut tx, (caller, &connection), &slots, Vec::new(), &draft.wishes, state.clock.now()).await?;
        Ok((Self { draft, connection, body, slots, performer }, account.in_lane(Lane::Person)))
    }
}

/// How our copy of the candidate and the panels is.
enum Known {
    /// Good enough for a booking.
    Fresh,
    Stale,
    /// There is none, and never was.
    Never,
}

async fn known(state: &AppState, caller: &Caller, opportunity: &str) -> Result<Known> {
    let known = opportunities::find(&mut state.db.look(caller.tenant).await?, opportunity).await?;
    let Some(known) = known else { return Ok(Known::Never) };
    let read_at = known.panels_synced_at.filter(|_| known.gone_at.is_none()).map(|panels| panels.min(known.synced_at));
    let is_fresh = read_at.is_some_and(|read_at| state.clock.now() - read_at <= FRESH);
    Ok(if is_fresh { Known::Fresh } else { Known::Stale })
}

/// Reads a candidate whom we have never seen.
async fn open_unseen(state: &AppState, caller: &Caller, opportunity: &str, patience: Patience) -> Result<()> {
    let (own_state, opportunity, tenant) = (state.clone(), opportunity.to_owned(), caller.tenant);
    let read = async move { opened::opportunity(&own_state, tenant, &opportunity).await.map(drop) };
    patience.demand(&state.clock, read).await
}

/// Reads the candidate and the panels again: what is judged now must be what Lever has.
async fn make_fresh(state: &AppState, caller: &Caller, (account, epoch): (&Account, i64), opportunity: &str, patience: Patience) -> Result<()> {
    let (own_state, account, opportunity, tenant) = (state.clone(), account.clone(), opportunity.to_owned(), caller.tenant);
    let read = async move { refresh::opportunity(&own_state, tenant, &account, epoch, &opportunity).await };
    match patience.demand(&state.clock, read).await? {
        Refreshed::Found => Ok(()),
        Refreshed::Gone => Err(Error::not_found()),
    }
}

/// Judges what depends on the candidate and on others, and records the booking.
async fn prepare(state: &AppState, caller: &Caller, opportunity: &str, booking: &Booking<'_>, ticket: &Ticket) -> Result<Operation> {
    let (draft, mark) = (booking.draft, mark::new());
    let mut tx = state.db.begin(caller.tenant).await?;
    judge::lock(&mut tx).await?;
    let candidacy = judge::opportunity(&mut tx, opportunity).await?;
    let mistakes = applications(&candidacy, draft);
    if !mistakes.is_empty() {
        return Err(Error::invalid(mistakes));
    }
    judge::free(&mut tx, &booking.slots, &draft.wishes, Except::Nothing).await?;
    let mut body = booking.body.clone();
    let own_url = draft.external_url.as_ref().value().map(String::as_str);
    body["externalUrl"] = json!(mark::url(&state.config.http, own_url, &mark));
    if let (None, Some(application)) = (body.get("applications"), &candidacy.application_id) {
        body["applications"] = json!([application]);
    }
    let write = Write::SchedulePanel { body };
    let new = NewOperation { mark: Some(&mark), ..NewOperation::by(caller, &booking.connection, &booking.performer, opportunity, write) };
    let operation = store::record(&mut tx, new, state.clock.now()).await?;
    ticket.attach(&mut tx, operation.id).await?;
    record::commit(state, tx, &operation).await?;
    Ok(operation)
}

/// A panel can be about applications of its own opportunity alone.
fn applications(candidacy: &OpportunityRow, draft: &PanelDraft) -> Vec<Mistake> {
    let named = draft.application_ids.as_ref().value().into_iter().flatten().enumerate();
    let foreign = named.filter(|(_, id)| candidacy.application_id.as_ref() != Some(*id));
    foreign
        .map(|(index, _)| Mistake::new(format!("/applicationIds/{index}"), "is not an application of this opportunity").coded("unknown_application"))
        .collect()
}
