//! `GET /v1/panels`: every panel, by when it begins.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::PanelView;
use super::view::{Shown, show};
use crate::auth::Member;
use crate::error::{Problem, Result};
use crate::mirror::params::{self, Filters};
use crate::page::{Page, Paging};
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct PanelFilter {
    /// Only panels that end after this time.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<String>,
    /// Only panels that begin before this time.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<String>,
    /// Only panels in which this Lever user interviews.
    interviewer_id: Option<String>,
    opportunity_id: Option<String>,
    /// `scheduled` (when absent), `canceled` or `any`.
    status: Option<String>,
}

/// Panels by when they begin; those without a time come last.
#[utoipa::path(
    get, path = "/v1/panels", operation_id = "listPanels", tag = "Panels", security(("bearer" = [])), params(PanelFilter, Paging),
    responses((status = 200, body = Page<PanelView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<PanelFilter>,
) -> Result<Json<Page<PanelView>>> {
    let (from, to) = params::span(filter.from.as_deref(), filter.to.as_deref())?;
    let canceled = params::canceled(filter.status.as_deref().unwrap_or("scheduled"))?;
    let (after_start, after_id) = paging.after::<(Option<DateTime<Utc>>, String)>()?.unzip();
    let mut tx = state.db.look(caller.tenant).await?;
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT id, start_at, opportunity_id, canceled_at, externally_managed, raw, synced_at FROM panels p
         WHERE tenant_id = $1 AND gone_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM opportunities o WHERE o.tenant_id = $1 AND o.id = p.opportunity_id AND o.gone_at IS NOT NULL)
           AND ($2::timestamptz IS NULL OR end_at > $2)
           AND ($3::timestamptz IS NULL OR start_at < $3)
           AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM interviews i
                WHERE i.tenant_id = $1 AND i.panel_id = p.id AND i.gone_at IS NULL AND $4 = ANY(i.interviewer_ids)))
           AND ($5::text IS NULL OR opportunity_id = $5)
           AND ($6::boolean IS NULL OR (canceled_at IS NOT NULL) = $6)
           AND ($8::text IS NULL OR (coalesce(start_at, 'infinity'), id) > (coalesce($7::timestamptz, 'infinity'), $8))
         ORDER BY coalesce(start_at, 'infinity'), id LIMIT $9",
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
    .fetch_all(&mut *tx)
    .await?;
    let page = Page::cut(rows, &paging, |row| (row.start_at, row.id.clone()));
    let data = show(&mut tx, page.data).await?;
    Ok(Json(Page { data, next_cursor: page.next_cursor }))
}
