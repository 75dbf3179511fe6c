//! `GET /v1/operations`: the audit log. Every write that was made at Lever: who, what, when, and what became of it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderValue, StatusCode, header};

use super::store::Operation;
use super::view::OperationView;
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::ids::OperationId;
use crate::mirror::LeverId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// Every write made at Lever, newest first.
#[utoipa::path(
    get, path = "/v1/operations", operation_id = "listOperations", tag = "Operations", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = Page<OperationView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub async fn list(State(state): State<AppState>, Member(caller): Member, paging: Paging) -> Result<Json<Page<OperationView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let page = log(&mut tx, &paging).await?;
    Ok(Json(page))
}

/// A page of the writes made at Lever, newest first.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn log(tx: &mut TenantTx, paging: &Paging) -> Result<Page<OperationView>> {
    let after: Option<(DateTime<Utc>, OperationId)> = paging.after()?;
    let (created, id) = after.unzip();
    let rows: Vec<OperationView> = sqlx::query_as(
        "SELECT * FROM operations WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4",
    )
    .bind(tx.tenant())
    .bind(created)
    .bind(id)
    .bind(paging.rows())
    .fetch_all(&mut **tx)
    .await?;
    Ok(Page::cut(rows, paging, |operation| (operation.created_at, operation.id)))
}

/// One write made at Lever. The address that a 202 names: ask again until the status is `succeeded` or `failed`.
#[utoipa::path(
    get, path = "/v1/operations/{id}", operation_id = "getOperation", tag = "Operations", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the operation")),
    responses((status = 200, body = OperationView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<OperationView>> {
    let id: OperationId = id.parse().map_err(|_| Error::not_found())?;
    let mut tx = state.db.look(caller.tenant).await?;
    let operation: Option<OperationView> =
        sqlx::query_as("SELECT * FROM operations WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(id).fetch_optional(&mut *tx).await?;
    operation.map(Json).ok_or_else(Error::not_found)
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
