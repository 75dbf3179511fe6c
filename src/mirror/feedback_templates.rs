//! The forms that interviewers fill in.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::storable::{self, column, latest};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::lever::{FeedbackTemplate, Record};
use crate::page::{Page, Paging};
use crate::state::AppState;

/// Lever's default template. Interviews name it, and no list of Lever's has it.
pub const NO_FEEDBACK: &str = "no-feedback";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Stores templates as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<FeedbackTemplate>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO feedback_templates (tenant_id, id, text, group_name, stage_id, raw, synced_at)
         SELECT $1, r.*, $2 FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET text = excluded.text, group_name = excluded.group_name, stage_id = excluded.stage_id, raw = excluded.raw,
             synced_at = excluded.synced_at, gone_at = NULL
         WHERE feedback_templates.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |template| template.id.as_str()))
    .bind(column(&rows, |template| template.text.as_deref()))
    .bind(column(&rows, |template| template.group.as_ref().and_then(|group| group.name.as_deref())))
    .bind(column(&rows, |template| template.stage.as_ref().map(|stage| stage.id.as_str())))
    .bind(column(&rows, |template| sqlx::types::Json(&template.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// Which of these templates exist: those of Lever's list, and its default one.
///
/// # Errors
/// The database failed.
pub async fn exists(tx: &mut TenantTx, ids: &[String]) -> Result<Vec<String>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut known: Vec<String> = sqlx::query_scalar("SELECT id FROM feedback_templates WHERE tenant_id = $1 AND id = ANY($2) AND gone_at IS NULL")
        .bind(tx.tenant())
        .bind(ids)
        .fetch_all(&mut **tx)
        .await?;
    if ids.iter().any(|id| id == NO_FEEDBACK) && !known.iter().any(|id| id == NO_FEEDBACK) {
        known.push(NO_FEEDBACK.to_owned());
    }
    Ok(known)
}

/// Marks gone the templates that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE feedback_templates SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}

/// A feedback form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FeedbackTemplate)]
pub struct FeedbackTemplateView {
    pub id: String,
    #[schema(example = "On-site interview")]
    pub text: Option<String>,
    /// What it is filed under.
    #[schema(example = "Engineering")]
    pub group_name: Option<String>,
    pub stage_id: Option<String>,
    /// What the interviewer is told.
    pub instructions: Option<String>,
    /// The questions, as Lever describes them.
    pub fields: Vec<Value>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Listed {
    id: String,
    text: Option<String>,
    group_name: Option<String>,
    stage_id: Option<String>,
    #[sqlx(json)]
    raw: FeedbackTemplate,
    synced_at: DateTime<Utc>,
}

impl From<Listed> for FeedbackTemplateView {
    fn from(row: Listed) -> Self {
        Self {
            id: row.id,
            text: row.text,
            group_name: row.group_name,
            stage_id: row.stage_id,
            instructions: row.raw.instructions,
            fields: row.raw.fields,
            synced_at: row.synced_at,
        }
    }
}

/// Active feedback templates, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/feedback-templates", operation_id = "listFeedbackTemplates", tag = "Settings", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<FeedbackTemplateView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<FeedbackTemplateView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let rows: Vec<Listed> = sqlx::query_as(
        "SELECT id, text, group_name, stage_id, raw, synced_at FROM feedback_templates
         WHERE tenant_id = $1 AND gone_at IS NULL AND ($2::text IS NULL OR id > $2)
         ORDER BY id LIMIT $3",
    )
    .bind(tx.tenant())
    .bind(paging.after::<String>()?)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |row| row.id.clone()).map(FeedbackTemplateView::from)))
}
