//! Tags. Lever gives them no id: the text is the key.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::storable::{self, column, latest};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::lever::{Record, Tag};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Stores tags as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<Tag>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO tags (tenant_id, id, count, raw, synced_at)
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::bigint[], $5::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET count = excluded.count, raw = excluded.raw, synced_at = excluded.synced_at, gone_at = NULL
         WHERE tags.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |tag| tag.text.as_str()))
    .bind(column(&rows, |tag| tag.count))
    .bind(column(&rows, |tag| sqlx::types::Json(&tag.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// Marks gone the tags that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE tags SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}

/// A tag.
#[derive(Serialize, FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tag)]
pub struct TagView {
    /// The tag, and its key.
    #[sqlx(rename = "id")]
    #[schema(example = "Engineering")]
    pub text: String,
    /// How many candidates carry it, as Lever counts.
    #[schema(example = 61)]
    pub count: Option<i64>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// Tags, in alphabetical order.
#[utoipa::path(
    get, path = "/v1/tags", operation_id = "listTags", tag = "Settings", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<TagView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<TagView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let rows = sqlx::query_as(
        "SELECT id, count, synced_at FROM tags
         WHERE tenant_id = $1 AND gone_at IS NULL AND ($2::text IS NULL OR id > $2)
         ORDER BY id LIMIT $3",
    )
    .bind(tx.tenant())
    .bind(paging.after::<String>()?)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |tag: &TagView| tag.text.clone())))
}
