//! What a caller is answered about a note: the note itself, why it was not written, or where to ask for it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::write::Operation;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::mirror::notes;
use crate::operations::log;
use crate::operations::store::Status;
use crate::state::AppState;

/// The answer about an operation as it stands.
///
/// # Errors
/// What the operation failed with.
pub(super) async fn of(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Response> {
    let note = match operation.status {
        Status::Failed => {
            return Err(operation.failure().map_or_else(|| Error::internal("a failed operation without a reason"), |failure| failure.error()));
        }
        Status::Sending | Status::Unknown => None,
        Status::Succeeded => operation.note_id.as_deref(),
    };
    let Some(id) = note else { return log::accepted(operation) };
    let mut tx = state.db.begin(tenant).await?;
    let view = notes::view(&mut tx, &operation.opportunity_id, id).await?;
    tx.commit().await?;
    // Written, and taken away again since: the operation says what there is to say.
    let Some(view) = view else { return log::accepted(operation) };
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(path) = HeaderValue::try_from(format!("/v1/opportunities/{}/notes", operation.opportunity_id)) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    Ok(response)
}
