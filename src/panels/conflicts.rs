//! `GET /v1/conflicts`: what these people already have then, before anything is scheduled: at Lever, and in writes that are under way.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::under_way::{UnderWay, under_way};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::interviews::{Booked, Position, booked_after};
use crate::mirror::{Filters, span};
use crate::page::{Page, Paging};
use crate::state::AppState;

/// More people than any panel has.
const MOST_PEOPLE: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ConflictFilter {
    /// Lever users; repeat the parameter for several, at most 100.
    #[serde(default)]
    #[param(min_items = 1, max_items = 100)]
    interviewer_id: Vec<String>,
    /// Where the span begins.
    #[param(value_type = DateTime<Utc>)]
    from: Option<String>,
    /// Where the span ends.
    #[param(value_type = DateTime<Utc>)]
    to: Option<String>,
}

/// Something that one of the people has then. No `Debug`: it holds names.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Conflict {
    /// An interview at Lever.
    Booked(Booked),
    UnderWay(UnderWay),
}

impl Conflict {
    fn position(&self) -> Position {
        match self {
            Self::Booked(booked) => (booked.start, booked.interview_id.clone(), booked.interviewer_id.clone()),
            Self::UnderWay(sent) => (sent.start, sent.operation_id.to_string(), sent.interviewer_id.clone()),
        }
    }
}

/// What these people have that overlaps the span of time, by when it begins; one entry for each of the people in an interview.
#[utoipa::path(
    get, path = "/v1/conflicts", operation_id = "listConflicts", tag = "Interviews", security(("bearer" = [])),
    params(ConflictFilter, Paging),
    responses((status = 200, body = Page<Conflict>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<ConflictFilter>,
) -> Result<Json<Page<Conflict>>> {
    let people: BTreeSet<String> = filter.interviewer_id.into_iter().collect();
    if people.is_empty() || people.len() > MOST_PEOPLE {
        return Err(Error::invalid_parameter("interviewerId", "must name one to 100 Lever users"));
    }
    let people: Vec<String> = people.into_iter().collect();
    let (from, to) = span(filter.from.as_deref(), filter.to.as_deref())?;
    let from = from.ok_or_else(|| Error::invalid_parameter("from", "is required: a time such as 2026-12-01T17:00:00Z"))?;
    let to = to.ok_or_else(|| Error::invalid_parameter("to", "is required: a time such as 2026-12-01T18:00:00Z"))?;
    let after: Option<Position> = paging.after()?;
    let mut tx = state.db.look(caller.tenant).await?;
    let sent = under_way(&mut tx).await?.into_iter();
    let asked_for = sent.filter(|sent| sent.start < to && sent.end > from && people.contains(&sent.interviewer_id));
    let mut found: Vec<Conflict> = asked_for.map(Conflict::UnderWay).collect();
    found.retain(|conflict| after.as_ref().is_none_or(|after| conflict.position() > *after));
    found.extend(booked_after(&mut tx, &people, from, to, None, after, paging.rows()).await?.into_iter().map(Conflict::Booked));
    found.sort_by_cached_key(Conflict::position);
    Ok(Json(Page::cut(found, &paging, Conflict::position)))
}
