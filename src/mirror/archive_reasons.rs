//! Why candidates are archived.

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
use crate::lever::{ArchiveReason, Record};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Stores archive reasons as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<ArchiveReason>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO archive_reasons (tenant_id, id, text, type, status, raw, synced_at)
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET text = excluded.text, type = excluded.type, status = excluded.status, raw = excluded.raw, synced_at = excluded.synced_at, gone_at = NULL
         WHERE archive_reasons.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |reason| reason.id.as_str()))
    .bind(column(&rows, |reason| reason.text.as_deref()))
    .bind(column(&rows, |reason| reason.r#type.as_deref()))
    .bind(column(&rows, |reason| reason.status.as_deref()))
    .bind(column(&rows, |reason| sqlx::types::Json(&reason.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// Marks gone the reasons that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE archive_reasons SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}

/// A reason to archive a candidate; being hired is one of them.
#[derive(Serialize, FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ArchiveReason)]
pub struct ArchiveReasonView {
    pub id: String,
    #[schema(example = "Position filled")]
    pub text: Option<String>,
    /// `hired` or `non-hired`.
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    #[schema(example = "non-hired")]
    pub kind: Option<String>,
    /// `active` or `inactive`.
    #[schema(example = "active")]
    pub status: Option<String>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// Archive reasons, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/archive-reasons", operation_id = "listArchiveReasons", tag = "Settings", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<ArchiveReasonView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<ArchiveReasonView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let rows = sqlx::query_as(
        "SELECT id, text, type, status, synced_at FROM archive_reasons
         WHERE tenant_id = $1 AND gone_at IS NULL AND ($2::text IS NULL OR id > $2)
         ORDER BY id LIMIT $3",
    )
    .bind(tx.tenant())
    .bind(paging.after::<String>()?)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |reason: &ArchiveReasonView| reason.id.clone())))
}
