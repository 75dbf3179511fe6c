//! `GET /v1/postings/{id}`: one job.

use axum::Json;
use axum::extract::State;

use super::PostingView;
use super::view::PostingRow;
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::params::LeverId;
use crate::state::AppState;

/// One job.
#[utoipa::path(
    get, path = "/v1/postings/{id}", operation_id = "getPosting", tag = "Postings", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the posting")),
    responses((status = 200, body = PostingView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<PostingView>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let row: Option<PostingRow> = sqlx::query_as(
        "SELECT p.id, p.raw, p.confidential, p.synced_at, coalesce(p.lever_created_at, 'epoch') AS listed_at,
                o.name AS owner_name, m.name AS hiring_manager_name
         FROM postings p
         LEFT JOIN users o ON o.tenant_id = $1 AND o.id = p.owner_id
         LEFT JOIN users m ON m.tenant_id = $1 AND m.id = p.hiring_manager_id
         WHERE p.tenant_id = $1 AND p.id = $2 AND p.gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(Json(row.ok_or_else(Error::not_found)?.into()))
}
