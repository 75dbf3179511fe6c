//! `GET /v1/opportunities/{id}/resumes`: a candidate's resumes.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::ResumeView;
use super::view::Shown;
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::mirror::children::Kind;
use crate::mirror::opened;
use crate::mirror::params::LeverId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// One opportunity's resumes, the newest first. What was never read is read from Lever now.
#[utoipa::path(
    get, path = "/v1/opportunities/{id}/resumes", operation_id = "listResumes", tag = "Opportunities", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the opportunity"), Paging),
    responses(
        (status = 200, body = Page<ResumeView>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "`lever_rejected`"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`, when they had to be read from Lever"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    paging: Paging,
) -> Result<Json<Page<ResumeView>>> {
    let mut tx = opened::children(&state, caller.tenant, &id, Kind::Resumes).await?;
    let page = page_of_opportunity(&mut tx, &id, &paging).await?;
    tx.commit().await?;
    Ok(Json(page))
}

/// A page of one opportunity's resumes, the newest first.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn page_of_opportunity(tx: &mut TenantTx, id: &str, paging: &Paging) -> Result<Page<ResumeView>> {
    let (after_created, after_id) = paging.after::<(DateTime<Utc>, String)>()?.unzip();
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT id, lever_created_at, raw, synced_at FROM resumes
         WHERE tenant_id = $1 AND opportunity_id = $2 AND gone_at IS NULL
           AND ($3::timestamptz IS NULL OR lever_created_at < $3 OR (lever_created_at = $3 AND id > $4))
         ORDER BY lever_created_at DESC, id LIMIT $5",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(after_created)
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut **tx)
    .await?;
    Ok(Page::cut(rows, paging, |row| (row.lever_created_at, row.id.clone())).map(ResumeView::from))
}
