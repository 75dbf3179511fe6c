//! `GET /v1/postings`: the jobs, newest first.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::PostingView;
use super::view::PostingRow;
use crate::auth::Member;
use crate::error::{Problem, Result};
use crate::mirror::params::{self, Filters};
use crate::page::{Page, Paging};
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PostingFilter {
    /// Only jobs in this state: `published`, `internal`, `closed`, `draft`, `pending` or `rejected`.
    state: Option<String>,
    /// Text anywhere in the title, team, department, location or requisition codes, in any case.
    q: Option<String>,
}

/// Jobs, the newest first; internal and confidential ones too.
#[utoipa::path(
    get, path = "/v1/postings", operation_id = "listPostings", tag = "Postings", security(("bearer" = [])), params(PostingFilter, Paging),
    responses((status = 200, body = Page<PostingView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<PostingFilter>,
) -> Result<Json<Page<PostingView>>> {
    let pattern = params::pattern(filter.q.as_deref())?;
    let (after_time, after_id) = paging.after::<(DateTime<Utc>, String)>()?.unzip();
    let mut tx = state.db.look(caller.tenant).await?;
    let rows: Vec<PostingRow> = sqlx::query_as(
        "SELECT p.id, p.raw, p.confidential, p.synced_at, coalesce(p.lever_created_at, 'epoch') AS listed_at,
                o.name AS owner_name, m.name AS hiring_manager_name
         FROM postings p
         LEFT JOIN users o ON o.tenant_id = $1 AND o.id = p.owner_id
         LEFT JOIN users m ON m.tenant_id = $1 AND m.id = p.hiring_manager_id
         WHERE p.tenant_id = $1 AND p.gone_at IS NULL
           AND ($2::text IS NULL OR p.state = $2)
           AND ($3::text IS NULL OR p.search LIKE $3)
           AND ($4::timestamptz IS NULL OR coalesce(p.lever_created_at, 'epoch') < $4
                OR (coalesce(p.lever_created_at, 'epoch') = $4 AND p.id > $5))
         ORDER BY listed_at DESC, p.id LIMIT $6",
    )
    .bind(tx.tenant())
    .bind(&filter.state)
    .bind(pattern)
    .bind(after_time)
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |row| (row.listed_at, row.id.clone())).map(PostingView::from)))
}
