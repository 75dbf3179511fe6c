//! `GET /v1/opportunities/{id}/panels`: one candidate's panels, canceled ones too.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::PanelView;
use super::view::{Shown, show};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::mirror::children::Kind;
use crate::mirror::opened;
use crate::mirror::params::LeverId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// One opportunity's panels by when they begin, canceled ones too. What was never read is read from Lever now.
#[utoipa::path(
    get, path = "/v1/opportunities/{id}/panels", operation_id = "listPanelsOfOpportunity", tag = "Panels", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the opportunity"), Paging),
    responses(
        (status = 200, body = Page<PanelView>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "`lever_rejected`"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`, when they had to be read from Lever"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    paging: Paging,
) -> Result<Json<Page<PanelView>>> {
    let mut tx = opened::children(&state, caller.tenant, &id, Kind::Panels).await?;
    let page = page_of_opportunity(&mut tx, &id, &paging).await?;
    tx.commit().await?;
    Ok(Json(page))
}

/// A page of one opportunity's panels by when they begin, canceled ones too.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn page_of_opportunity(tx: &mut TenantTx, id: &str, paging: &Paging) -> Result<Page<PanelView>> {
    let (after_start, after_id) = paging.after::<(Option<DateTime<Utc>>, String)>()?.unzip();
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT id, start_at, opportunity_id, canceled_at, externally_managed, raw, synced_at FROM panels
         WHERE tenant_id = $1 AND opportunity_id = $2 AND gone_at IS NULL
           AND ($4::text IS NULL OR (coalesce(start_at, 'infinity'), id) > (coalesce($3::timestamptz, 'infinity'), $4))
         ORDER BY coalesce(start_at, 'infinity'), id LIMIT $5",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(after_start.flatten())
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut **tx)
    .await?;
    let page = Page::cut(rows, paging, |row| (row.start_at, row.id.clone()));
    let data = show(tx, page.data).await?;
    Ok(Page { data, next_cursor: page.next_cursor })
}
