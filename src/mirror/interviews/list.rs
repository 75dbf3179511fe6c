//! `GET /v1/interviews`: individual interviews, by when they begin.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::InterviewView;
use super::view::{Shown, show};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::mirror::params::{self, Filters};
use crate::page::{Page, Paging};
use crate::state::AppState;

/// Which interviews are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct InterviewFilter {
    /// Only interviews that end after this time.
    #[param(value_type = Option<DateTime<Utc>>)]
    pub from: Option<String>,
    /// Only interviews that begin before this time.
    #[param(value_type = Option<DateTime<Utc>>)]
    pub to: Option<String>,
    /// Only interviews in which this Lever user interviews.
    pub interviewer_id: Option<String>,
    /// Only interviews of this candidacy.
    pub opportunity_id: Option<String>,
    /// `scheduled`, `canceled` or `any` (when absent).
    pub status: Option<String>,
}

/// Interviews by when they begin; those without a time come last.
#[utoipa::path(
    get, path = "/v1/interviews", operation_id = "listInterviews", tag = "Interviews", security(("bearer" = [])),
    params(InterviewFilter, Paging),
    responses((status = 200, body = Page<InterviewView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<InterviewFilter>,
) -> Result<Json<Page<InterviewView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let page = page(&mut tx, &filter, &paging).await?;
    Ok(Json(page))
}

/// A page of the interviews that are asked for, by when they begin.
///
/// # Errors
/// A filter or the cursor cannot be read, or the database failed.
pub async fn page(tx: &mut TenantTx, filter: &InterviewFilter, paging: &Paging) -> Result<Page<InterviewView>> {
    let (from, to) = params::span(filter.from.as_deref(), filter.to.as_deref())?;
    let canceled = params::canceled(filter.status.as_deref().unwrap_or("any"))?;
    let (after_start, after_id) = paging.after::<(Option<DateTime<Utc>>, String)>()?.unzip();
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT i.id, i.start_at, i.panel_id, i.opportunity_id, i.canceled_at, i.raw, i.synced_at,
                p.raw->>'timezone' AS timezone, p.externally_managed, o.name AS candidate_name
         FROM interviews i
         JOIN panels p ON p.tenant_id = $1 AND p.id = i.panel_id
         LEFT JOIN opportunities o ON o.tenant_id = $1 AND o.id = i.opportunity_id
         WHERE i.tenant_id = $1 AND i.gone_at IS NULL AND o.gone_at IS NULL
           AND ($2::timestamptz IS NULL OR i.end_at > $2)
           AND ($3::timestamptz IS NULL OR i.start_at < $3)
           AND ($4::text IS NULL OR $4 = ANY(i.interviewer_ids))
           AND ($5::text IS NULL OR i.opportunity_id = $5)
           AND ($6::boolean IS NULL OR (i.canceled_at IS NOT NULL) = $6)
           AND ($8::text IS NULL OR (coalesce(i.start_at, 'infinity'), i.id) > (coalesce($7::timestamptz, 'infinity'), $8))
         ORDER BY coalesce(i.start_at, 'infinity'), i.id LIMIT $9",
    )
    .bind(tx.tenant())
    .bind(from)
    .bind(to)
    .bind(&filter.interviewer_id)
    .bind(&filter.opportunity_id)
    .bind(canceled)
    .bind(after_start.flatten())
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut **tx)
    .await?;
    let page = Page::cut(rows, paging, |row| (row.start_at, row.id.clone()));
    let data = show(tx, page.data).await?;
    Ok(Page { data, next_cursor: page.next_cursor })
}
