//! `GET /v1/operations`: the audit log. Every write that was made at Lever: who, what, when, and what became of it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::steps::OperationStep;
use super::store::{self, Operation, Status};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::ids::OperationId;
use crate::mirror::LeverId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// One write at Lever.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Operation)]
pub struct OperationView {
    pub id: OperationId,
    /// `schedule_panel`, `edit_panel`, `cancel_panel`, `add_interview`, `edit_interview`, `cancel_interview`, `write_note`, or `remove_double`: a
    /// panel that Lever had made twice was taken away.
    #[schema(example = "schedule_panel")]
    pub kind: String,
    pub status: OperationStatus,
    pub opportunity_id: String,
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    pub note_id: Option<String>,
    /// The ModernLoop user who asked for it.
    pub caller: String,
    #[schema(example = "coordinator@example.com")]
    pub caller_email: String,
    /// The Lever user in whose name it is done.
    pub perform_as: String,
    pub created_at: DateTime<Utc>,
    /// When the outcome was known.
    pub settled_at: Option<DateTime<Utc>>,
    /// How often it was sent.
    pub attempts: i32,
    /// Every attempt, oldest first.
    pub steps: Vec<OperationStep>,
    /// The status of Lever's answer; null while there is none, and when it was found out by reading.
    #[schema(example = 201)]
    pub lever_status: Option<i32>,
    /// Lever's own code for a refusal.
    pub lever_code: Option<String>,
    pub error: Option<OperationError>,
}

/// Whether it happened.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationStatus {
    /// Being sent.
    Sending,
    /// Lever's answer never came; it is being found out.
    Unknown,
    Succeeded,
    Failed,
}

/// Why it did not happen.
#[derive(Serialize, ToSchema)]
pub struct OperationError {
    /// Stable, for programs.
    pub code: String,
    pub message: String,
}

impl<W> From<&Operation<W>> for OperationView {
    fn from(operation: &Operation<W>) -> Self {
        let error = operation.error_code.clone().map(|code| OperationError { code, message: operation.error_message.clone().unwrap_or_default() });
        Self {
            id: operation.id,
            kind: operation.kind.clone(),
            status: match operation.status {
                Status::Sending => OperationStatus::Sending,
                Status::Unknown => OperationStatus::Unknown,
                Status::Succeeded => OperationStatus::Succeeded,
                Status::Failed => OperationStatus::Failed,
            },
            opportunity_id: operation.opportunity_id.clone(),
            panel_id: operation.panel_id.clone(),
            interview_id: operation.interview_id.clone(),
            note_id: operation.note_id.clone(),
            caller: operation.caller.clone(),
            caller_email: operation.caller_email.clone(),
            perform_as: operation.perform_as.clone(),
            created_at: operation.created_at,
            settled_at: operation.settled_at,
            attempts: operation.attempts,
            steps: operation.steps.clone(),
            lever_status: operation.lever_status,
            lever_code: operation.lever_code.clone(),
            error,
        }
    }
}

/// Every write made at Lever, newest first.
#[utoipa::path(
    get, path = "/v1/operations", operation_id = "listOperations", tag = "Operations", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<OperationView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<OperationView>>> {
    let mut tx = state.db.begin(caller.tenant).await?;
    let page = log(&mut tx, &paging).await?;
    tx.commit().await?;
    Ok(Json(page))
}

/// A page of the writes made at Lever, newest first.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn log(tx: &mut TenantTx, paging: &Paging) -> Result<Page<OperationView>> {
    let rows = store::newest(tx, paging.after()?, paging.rows()).await?;
    let page = Page::cut(rows, paging, |operation| (operation.created_at, operation.id));
    Ok(page.map(|operation| OperationView::from(&operation)))
}

/// One write made at Lever. The address that a 202 names: ask again until the status is `succeeded` or `failed`.
#[utoipa::path(
    get, path = "/v1/operations/{id}", operation_id = "getOperation", tag = "Operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the operation")),
    responses((status = 200, body = OperationView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<OperationView>> {
    let id: OperationId = id.parse().map_err(|_| Error::not_found())?;
    let mut tx = state.db.begin(caller.tenant).await?;
    let operation: Option<Operation> = store::find(&mut tx, id).await?;
    tx.commit().await?;
    operation.map(|operation| Json(OperationView::from(&operation))).ok_or_else(Error::not_found)
}

/// 202: ask there.
///
/// # Errors
/// None that can happen: an id fits a header.
pub fn accepted<W>(operation: &Operation<W>) -> Result<Response> {
    let path = format!("/v1/operations/{}", operation.id);
    let mut response = (StatusCode::ACCEPTED, Json(OperationView::from(operation))).into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(path).map_err(Error::internal)?);
    Ok(response)
}
