//! `PATCH /v1/panels/{panelId}`: edits a panel by a JSON merge patch (RFC 7396) over what Lever has at that moment.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::draft::PanelDraft;
use super::judge::{self, Except};
use super::requests::PanelPatch;
use super::write::{Operation, Write};
use super::{alone, answer, echoed, mark, merge, panel, send, slots};
use crate::accounts::{self, Connection};
use crate::auth::{Caller, Member};
use crate::config::HttpConfig;
use crate::error::{Error, Mistake, Problem, Result};
use crate::lever::Lane;
use crate::mirror::LeverId;
use crate::mirror::panels::{self, PanelView};
use crate::operations::body::Body;
use crate::operations::patience::Patience;
use crate::operations::store::{self, NewOperation};
use crate::operations::{OperationView, again_when_undone, record};
use crate::state::AppState;

/// Edit a panel. What is not sent stays as it is; `interviews` is the whole list, and those that stay carry their `id`. A panel can be sent back
/// as it was read: fields that cannot be set are let through while they say what is there.
#[utoipa::path(
    patch, path = "/v1/panels/{panelId}", operation_id = "editPanel", tag = "Panels", security(("bearer" = [])),
    params(
        ("panelId" = String, Path, description = "Lever's id of the panel"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that you read: the edit is refused when the panel has changed since"),
    ),
    request_body = PanelPatch,
    responses(
        (status = 200, body = PanelView, headers(("ETag" = String))),
        (status = 202, body = OperationView, headers(("Location" = String))),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`panel_not_externally_managed`, `panel_canceled`, `panel_busy`, `interviewer_conflict`, ..."),
        (status = 412, body = Problem, description = "`panel_changed`, with the panel as it is now"),
        (status = 422, body = Problem), (status = 503, body = Problem),
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
    let (known, opened) = tokio::join!(panel::known(&state, caller.tenant, &id), accounts::open(&state, caller.tenant));
    let known = known?;
    // First: of another version, what is sent back says something else by right.
    panel::still_on(&known)?;
    panel::check_known_version(&state, caller.tenant, &headers, &known).await?;
    let patch = own_patch(&state, &caller, &id, body.value).await?;
    let draft = PanelDraft::patch(&patch, panel::zone(&known)).map_err(Error::invalid)?;
    let (account, connection) = opened?;
    // Where our copy cannot be changed so, Lever says what it has first.
    if let Ok(body) = merged(&state.config.http, &known.raw, &draft) {
        judge::beforehand(&state, (&caller, &connection), &slots::of_panel(&known.raw, &body), &draft.wishes).await?;
    }
    let account = account.in_lane(Lane::Person);
    let place = panel::read_fresh(&state, caller.tenant, (&account, connection.epoch), &known, patience).await?;
    let alone = alone::read_rests(&state, &account, place, patience).await?;
    let edit = Edit { panel: &id, draft: &draft, patch: &patch, alone: &alone };
    match again_when_undone(|| prepare(&state, &caller, &connection, &headers, &edit)).await? {
        Prepared::Nothing(response) => Ok(response),
        Prepared::Recorded(operation) => {
            let operation = send::carry_out(&state, caller.tenant, &account, *operation, patience).await?;
            answer::of(&state, caller.tenant, &operation).await
        }
    }
}

/// The patch without what the caller only sends back.
async fn own_patch(state: &AppState, caller: &Caller, id: &str, patch: Value) -> Result<Value> {
    if !echoed::is_in_panel(&patch) {
        return Ok(patch);
    }
    let view = panels::view(&mut state.db.look(caller.tenant).await?, id).await?;
    Ok(echoed::without_panel(patch, &json!(view)))
}

struct Edit<'a> {
    panel: &'a str,
    draft: &'a PanelDraft,
    patch: &'a Value,
    /// What of its interviews the panel does not show.
    alone: &'a Value,
}

/// An edit is sent, or changes nothing and is answered at once.
enum Prepared {
    Nothing(Response),
    Recorded(Box<Operation>),
}

async fn prepare(state: &AppState, caller: &Caller, connection: &Connection, headers: &HeaderMap, edit: &Edit<'_>) -> Result<Prepared> {
    let (id, draft) = (edit.panel, edit.draft);
    let now = state.clock.now();
    let (mut tx, row) = panel::begin(state, caller.tenant, id).await?;
    panel::still_on(&row)?;
    panel::check_version(&mut tx, headers, &row).await?;
    let candidacy = judge::opportunity(&mut tx, &row.opportunity_id).await?;
    let fresh = alone::with_rests(&row.raw, edit.alone);
    let body = merged(&state.config.http, &fresh, draft).map_err(Error::invalid)?;
    if body == merged(&state.config.http, &fresh, &PanelDraft::default()).map_err(Error::invalid)? {
        let response = answer::panel(&mut tx, Some(id), StatusCode::OK).await?.ok_or_else(Error::not_found)?;
        tx.commit().await?;
        return Ok(Prepared::Nothing(response));
    }
    let mut mistakes = Vec::new();
    for (index, application) in draft.application_ids.as_ref().value().into_iter().flatten().enumerate() {
        let there = fresh["applications"].as_array().is_some_and(|there| there.contains(&json!(application)));
        if !there && candidacy.application_id.as_ref() != Some(application) {
            mistakes.push(Mistake::new(format!("/applicationIds/{index}"), "is not an application of this opportunity").coded("unknown_application"));
        }
    }
    let slots = slots::of_panel(&fresh, &body);
    let performer = judge::slots(&mut tx, (caller, connection), &slots, mistakes, &draft.wishes, now).await?;
    judge::free(&mut tx, &slots, &draft.wishes, Except::Panel(id)).await?;
    let write = Write::EditPanel {
        panel: id.to_owned(),
        body,
        patch: edit.patch.clone(),
        before: fresh,
        alone: edit.alone.clone(),
        pinned: panel::is_pinned(headers),
    };
    let operation = store::record(&mut tx, NewOperation::by(caller, connection, &performer, &row.opportunity_id, write), now).await?;
    record::commit(state, tx, &operation).await?;
    Ok(Prepared::Recorded(Box::new(operation)))
}

/// The whole panel that Lever gets for this edit of `fresh`.
pub(super) fn merged(http: &HttpConfig, fresh: &Value, draft: &PanelDraft) -> Result<Value, Vec<Mistake>> {
    let mut body = merge::panel(fresh, draft)?;
    let before = fresh.get("externalUrl").and_then(Value::as_str);
    match (mark::edited(http, before, draft.external_url.as_ref()), body.as_object_mut()) {
        (Some(url), Some(body)) => drop(body.insert("externalUrl".into(), json!(url))),
        (None, Some(body)) => drop(body.remove("externalUrl")),
        (_, None) => {}
    }
    Ok(body)
}
