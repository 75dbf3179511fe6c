//! Pipeline stages, in the pipeline's order.

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
use crate::lever::{Record, Stage};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Stores a page of the list of stages, which Lever sends in pipeline order; the first of them stands at `first_position`.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<Stage>], first_position: i32, read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let position = |id: &str| {
        let index = records.iter().position(|record| record.id == id).unwrap_or(records.len());
        first_position.saturating_add(i32::try_from(index).unwrap_or(i32::MAX))
    };
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO stages (tenant_id, id, text, position, raw, synced_at)
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::text[], $5::int[], $6::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET text = excluded.text, position = excluded.position, raw = excluded.raw, synced_at = excluded.synced_at, gone_at = NULL
         WHERE stages.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |stage| stage.id.as_str()))
    .bind(column(&rows, |stage| stage.text.as_deref()))
    .bind(column(&rows, |stage| position(&stage.id)))
    .bind(column(&rows, |stage| sqlx::types::Json(&stage.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// Marks gone the stages that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE stages SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}

/// A pipeline stage.
#[derive(Serialize, FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stage)]
pub struct StageView {
    #[schema(example = "applicant-new")]
    pub id: String,
    #[schema(example = "New applicant")]
    pub text: Option<String>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
    #[serde(skip)]
    position: i32,
}

/// Stages, in pipeline order.
#[utoipa::path(
    get, path = "/v1/stages", operation_id = "listStages", tag = "Settings", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<StageView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<StageView>>> {
    let (after_position, after_id) = paging.after::<(i32, String)>()?.unzip();
    let mut tx = state.db.look(caller.tenant).await?;
    let rows = sqlx::query_as(
        "SELECT id, text, synced_at, position FROM stages
         WHERE tenant_id = $1 AND gone_at IS NULL AND ($2::int IS NULL OR (position, id) > ($2, $3))
         ORDER BY position, id LIMIT $4",
    )
    .bind(tx.tenant())
    .bind(after_position)
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |stage: &StageView| (stage.position, stage.id.clone()))))
}
