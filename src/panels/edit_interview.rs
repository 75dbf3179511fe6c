//! `PATCH /v1/interviews/{interviewId}`: edits one interview by a JSON merge patch over what Lever has at that moment.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::draft::{InterviewDraft, Wishes};
use super::evidence;
use super::judge::{self, Except};
use super::requests::InterviewPatch;
use super::write::{Operation, Write};
use super::{alone, answer, echoed, merge, panel, send, slots};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::error::{Error, Problem, Result};
use crate::lever::{Lane, is_only_named};
use crate::mirror::LeverId;
use crate::mirror::interviews::{self, InterviewView};
use crate::operations::body::Body;
use crate::operations::patience::Patience;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// What a caller is told to wait before trying again.
const PAUSE: Duration = Duration::from_secs(5);

/// Edit one interview. What is not sent stays as it is. It can be sent back as it was read: fields that cannot be set are let through while
/// they say what is there.
#[utoipa::path(
    patch, path = "/v1/interviews/{interviewId}", operation_id = "editInterview", tag = "Interviews", security(("bearer" = [])),
    params(
        ("interviewId" = String, Path, description = "Lever's id of the interview"),
        ("If-Match" = Option<String>, Header, description = "The panel's `ETag`: the edit is refused when the panel has changed since"),
    ),
    request_body = InterviewPatch,
    responses(
        (status = 200, body = InterviewView, headers(("ETag" = String, description = "The panel's version"))),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`panel_not_externally_managed`, `panel_canceled`, `panel_busy`, `interviewer_conflict`, ..."),
        (status = 412, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(super) async fn edit(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let patience = Patience::begin(&state);
    let panel_id = panel_of(&state, &caller, &id).await?;
    let (known, opened) = tokio::join!(panel::known(&state, caller.tenant, &panel_id), accounts::open(&state, caller.tenant));
    let known = known?;
    panel::still_on(&known)?;
    panel::check_known_version(&state, caller.tenant, &headers, &known).await?;
    let patch = own_patch(&state, &caller, &id, body.value).await?;
    let (draft, wishes) = InterviewDraft::patch(&patch, panel::zone(&known)).map_err(Error::invalid)?;
    let (account, connection) = opened?;
    if let Some(there) = evidence::by_id(&known.raw, Some(&id)) {
        let slot = slots::of_interview(there, &merge::interview(there, &draft), String::new());
        judge::beforehand(&state, (&caller, &connection), slot.as_slice(), &wishes).await?;
    }
    let account = account.in_lane(Lane::Person);
    let place = panel::read_fresh(&state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    let shown = evidence::by_id(&place.panel.raw, Some(&id));
    shown.map_or(Ok(()), is_shown)?;
    let whole = alone::read(&state, &account, place.opportunity.clone(), id.clone(), patience).await?;
    // Against the panel as it was then: what somebody clears meanwhile stays cleared.
    let rest = shown.map_or(Value::Null, |shown| alone::rest(shown, &whole));
    let edit = Edit { interview: &id, panel: &panel_id, draft: &draft, wishes: &wishes, patch, rest };
    match again_when_undone(|| prepare(&state, &caller, &connection, &headers, &edit)).await? {
        Err(response) => Ok(response),
        Ok(operation) => {
            let operation = send::carry_out(&state, caller.tenant, &account, operation, patience).await?;
            answer::of(&state, caller.tenant, &operation).await
        }
    }
}

/// The patch without what the caller only sends back.
async fn own_patch(state: &AppState, caller: &Caller, id: &str, patch: Value) -> Result<Value> {
    if !echoed::is_in_interview(&patch) {
        return Ok(patch);
    }
    let view = interviews::view_with_version(&mut state.db.look(caller.tenant).await?, id).await?.map(|(view, _)| view);
    Ok(echoed::without_interview(patch, &json!(view)))
}

struct Edit<'a> {
    interview: &'a str,
    panel: &'a str,
    draft: &'a InterviewDraft,
    wishes: &'a Wishes,
    patch: Value,
    /// What of it the panel does not show.
    rest: Value,
}

/// Judges the edit and records it; one that changes nothing is answered at once.
async fn prepare(
    state: &AppState,
    caller: &Caller,
    connection: &Connection,
    headers: &HeaderMap,
    edit: &Edit<'_>,
) -> Result<Result<Operation, Response>> {
    let now = state.clock.now();
    let (mut tx, row) = panel::begin(state, caller.tenant, edit.panel).await?;
    panel::still_on(&row)?;
    panel::check_version(&mut tx, headers, &row).await?;
    judge::opportunity(&mut tx, &row.opportunity_id).await?;
    let fresh = evidence::by_id(&row.raw, Some(edit.interview)).filter(|interview| merge::is_on(interview)).ok_or_else(Error::not_found)?;
    is_shown(fresh)?;
    let fresh = &alone::with_rest(fresh, &edit.rest);
    let before = merge::interview(fresh, &InterviewDraft::default());
    let body = merge::interview(fresh, edit.draft);
    if body == before {
        let response = answer::interview(&mut tx, Some(edit.interview), StatusCode::OK).await?.ok_or_else(Error::not_found)?;
        tx.commit().await?;
        return Ok(Err(response));
    }
    let slot = slots::of_interview(fresh, &body, String::new());
    let performer = judge::slots(&mut tx, (caller, connection), slot.as_slice(), Vec::new(), edit.wishes, now).await?;
    judge::free(&mut tx, slot.as_slice(), edit.wishes, Except::Interview(edit.interview)).await?;
    let write = Write::EditInterview {
        panel: edit.panel.to_owned(),
        interview: edit.interview.to_owned(),
        body: of_panel(body, edit.panel),
        patch: edit.patch.clone(),
        before,
        alone: edit.rest.clone(),
        pinned: panel::is_pinned(headers),
    };
    let operation = store::record(&mut tx, NewOperation::by(caller, connection, &performer, &row.opportunity_id, write), now).await?;
    record::commit(state, tx, &operation).await?;
    Ok(Ok(operation))
}

/// The interview that Lever gets for this edit of `fresh`, an interview inside its panel.
pub(super) fn merged(panel: &str, fresh: &Value, draft: &InterviewDraft) -> Value {
    of_panel(merge::interview(fresh, draft), panel)
}

/// Refuses to edit an interview that Lever only names: what is not shown would be lost.
///
/// # Errors
/// 503 `lever_unavailable`.
fn is_shown(interview: &Value) -> Result<()> {
    if is_only_named(interview) {
        let detail = "Lever does not show this interview right now. Nothing was changed; try again shortly.";
        return Err(Error::unavailable("lever_unavailable", detail, PAUSE));
    }
    Ok(())
}

/// Lever wants to be told the panel of an interview that is sent alone.
fn of_panel(mut body: Value, panel: &str) -> Value {
    body["panel"] = json!(panel);
    body
}

/// The panel that an interview is in.
///
/// # Errors
/// 404.
async fn panel_of(state: &AppState, caller: &Caller, interview: &str) -> Result<String> {
    let row = interviews::find(&mut state.db.look(caller.tenant).await?, interview).await?;
    row.filter(|row| row.gone_at.is_none()).map(|row| row.panel_id).ok_or_else(Error::not_found)
}
