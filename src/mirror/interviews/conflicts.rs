//! `GET /v1/conflicts`: what these people already have then, before anything is scheduled.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Booked;
use super::booked::{Position, booked_after};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::params::{self, Filters};
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
    interviewer_id: Vec<String>,
    /// Where the span begins.
    #[param(value_type = DateTime<Utc>)]
    from: Option<String>,
    /// Where the span ends.
    #[param(value_type = DateTime<Utc>)]
    to: Option<String>,
}

/// The interviews that these people have and that overlap the span of time; one entry for each of the people in an interview.
#[utoipa::path(
    get, path = "/v1/conflicts", operation_id = "listConflicts", tag = "Interviews", security(("bearer" = [])),
    params(ConflictFilter, Paging),
    responses((status = 200, body = Page<Booked>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<ConflictFilter>,
) -> Result<Json<Page<Booked>>> {
    let people: BTreeSet<String> = filter.interviewer_id.into_iter().collect();
    if people.is_empty() || people.len() > MOST_PEOPLE {
        return Err(Error::invalid_parameter("interviewerId", "must name one to 100 Lever users"));
    }
    let people: Vec<String> = people.into_iter().collect();
    let (from, to) = params::span(filter.from.as_deref(), filter.to.as_deref())?;
    let from = from.ok_or_else(|| Error::invalid_parameter("from", "is required: a time such as 2026-12-01T17:00:00Z"))?;
    let to = to.ok_or_else(|| Error::invalid_parameter("to", "is required: a time such as 2026-12-01T18:00:00Z"))?;
    let after: Option<Position> = paging.after()?;
    let mut tx = state.db.begin(caller.tenant).await?;
    let rows = booked_after(&mut tx, &people, from, to, None, after, paging.rows()).await?;
    tx.commit().await?;
    Ok(Json(Page::cut(rows, &paging, |row| (row.start, row.interview_id.clone(), row.interviewer_id.clone()))))
}
