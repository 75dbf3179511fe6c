//! What a caller is answered about an operation: its result, why it failed, or where to ask for it.
//!
//! One function for the request itself and for a repeat of it with the same `Idempotency-Key`, so that both say the same.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::write::{Operation, Write};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::mirror::{interviews, panels};
use crate::operations::log;
use crate::operations::store::Status;
use crate::state::AppState;

/// The answer about an operation as it stands.
///
/// # Errors
/// What the operation failed with.
pub(super) async fn of(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Response> {
    match operation.status {
        Status::Failed => Err(operation.failure().map_or_else(|| Error::internal("a failed operation without a reason"), |failure| failure.error())),
        Status::Sending | Status::Unknown => log::accepted(operation),
        Status::Succeeded => {
            let response = done(&mut state.db.look(tenant).await?, operation).await?;
            // Done, but our copy could not be read again yet: the operation says what there is to say.
            response.map_or_else(|| log::accepted(operation), Ok)
        }
    }
}

async fn done(tx: &mut TenantTx, operation: &Operation) -> Result<Option<Response>> {
    match &operation.request {
        Write::SchedulePanel { .. } => panel(tx, operation.panel_id.as_deref(), StatusCode::CREATED).await,
        Write::EditPanel { .. } => panel(tx, operation.panel_id.as_deref(), StatusCode::OK).await,
        Write::AddInterview { .. } => interview(tx, operation.interview_id.as_deref(), StatusCode::CREATED).await,
        Write::EditInterview { .. } => interview(tx, operation.interview_id.as_deref(), StatusCode::OK).await,
        Write::CancelPanel { .. } | Write::RemoveDouble { .. } | Write::CancelInterview { .. } => Ok(Some(StatusCode::NO_CONTENT.into_response())),
    }
}

/// A panel with its version; a new one with its address.
///
/// # Errors
/// The database failed.
pub(super) async fn panel(tx: &mut TenantTx, id: Option<&str>, status: StatusCode) -> Result<Option<Response>> {
    let Some(id) = id else { return Ok(None) };
    let Some((view, version)) = panels::view_with_version(tx, id).await? else { return Ok(None) };
    located(status, &view, &format!("/v1/panels/{id}"), panels::etag(&version)).map(Some)
}

/// An interview with the version of its panel; a new one with its address.
///
/// # Errors
/// The database failed.
pub(super) async fn interview(tx: &mut TenantTx, id: Option<&str>, status: StatusCode) -> Result<Option<Response>> {
    let Some(id) = id else { return Ok(None) };
    let Some((view, version)) = interviews::view_with_version(tx, id).await? else { return Ok(None) };
    located(status, &view, &format!("/v1/interviews/{id}"), panels::etag(&version)).map(Some)
}

fn located(status: StatusCode, view: &impl Serialize, path: &str, etag: HeaderValue) -> Result<Response> {
    let mut response = (status, Json(view)).into_response();
    if status == StatusCode::CREATED {
        // An id of Lever's that cannot stand in a header leaves the address out; it is in the body.
        if let Ok(path) = HeaderValue::try_from(path) {
            response.headers_mut().insert(header::LOCATION, path);
        }
    }
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}
