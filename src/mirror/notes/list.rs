//! `GET /v1/opportunities/{id}/notes`: what people wrote about a candidate.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::NoteView;
use super::view::{Shown, show};
use crate::auth::{Caller, Member, Role};
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::mirror::children::Kind;
use crate::mirror::opened;
use crate::mirror::params::LeverId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// One opportunity's notes, the newest first. Secret notes are shown to admins alone. What was never read is read from Lever now.
#[utoipa::path(
    get, path = "/v1/opportunities/{id}/notes", operation_id = "listNotes", tag = "Opportunities", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the opportunity"), Paging),
    responses(
        (status = 200, body = Page<NoteView>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "`lever_rejected`"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`, when they had to be read from Lever"),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    LeverId(id): LeverId,
    paging: Paging,
) -> Result<Json<Page<NoteView>>> {
    let mut tx = opened::children(&state, caller.tenant, &id, Kind::Notes).await?;
    let page = page_of_opportunity(&mut tx, &caller, &id, &paging).await?;
    tx.commit().await?;
    Ok(Json(page))
}

/// A page of one opportunity's notes as this caller may see them, the newest first.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn page_of_opportunity(tx: &mut TenantTx, caller: &Caller, id: &str, paging: &Paging) -> Result<Page<NoteView>> {
    let (after_created, after_id) = paging.after::<(DateTime<Utc>, String)>()?.unzip();
    let rows: Vec<Shown> = sqlx::query_as(
        "SELECT id, lever_created_at, secret, raw, synced_at FROM notes
         WHERE tenant_id = $1 AND opportunity_id = $2 AND gone_at IS NULL AND ($3 OR NOT secret)
           AND ($4::timestamptz IS NULL OR lever_created_at < $4 OR (lever_created_at = $4 AND id > $5))
         ORDER BY lever_created_at DESC, id LIMIT $6",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(caller.role == Role::Admin)
    .bind(after_created)
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut **tx)
    .await?;
    let page = Page::cut(rows, paging, |row| (row.lever_created_at, row.id.clone()));
    let data = show(tx, page.data).await?;
    Ok(Page { data, next_cursor: page.next_cursor })
}
