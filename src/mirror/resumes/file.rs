//! `GET /v1/opportunities/{id}/resumes/{resumeId}/file`: the file, streamed from Lever piece by piece. Nothing of it is kept, and no
//! database connection is held while it flows.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use super::{disposition, store};
use crate::accounts;
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::lever::{Lane, could_be_id};
use crate::mirror::children::Kind;
use crate::mirror::opened;
use crate::state::AppState;

/// A resume's file. Always a download: it was uploaded by a stranger.
#[utoipa::path(
    get, path = "/v1/opportunities/{id}/resumes/{resumeId}/file", operation_id = "downloadResume", tag = "Opportunities",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Lever's id of the opportunity"),
        ("resumeId" = String, Path, description = "Lever's id of the resume"),
    ),
    responses(
        (status = 200, description = "The file, in the type that Lever says when a browser cannot run it", content(
            (Vec<u8> = "application/octet-stream"),
            (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/msword"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (Vec<u8> = "application/vnd.oasis.opendocument.text"),
            (Vec<u8> = "application/rtf"),
            (Vec<u8> = "text/rtf"),
            (Vec<u8> = "text/plain"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/jpeg"),
        )),
        (status = 401, body = Problem), (status = 404, body = Problem, description = "There is no such resume, or it has no file"),
        (status = 409, body = Problem, description = "`not_connected`, `lever_reauthorization_required`, `lever_connection_incomplete`"),
        (status = 422, body = Problem, description = "`lever_rejected`: Lever could not process this file"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`"),
    ),
)]
pub(super) async fn file(
    State(state): State<AppState>,
    Member(caller): Member,
    ids: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response> {
    let Path((opportunity, resume)) = ids.map_err(|_| Error::not_found())?;
    if !could_be_id(&opportunity) || !could_be_id(&resume) {
        return Err(Error::not_found());
    }
    let mut tx = opened::children(&state, caller.tenant, &opportunity, Kind::Resumes).await?;
    let known = store::find(&mut tx, &opportunity, &resume).await?;
    tx.commit().await?;
    let known = known.ok_or_else(Error::not_found)?;
    let (account, _) = accounts::open(&state, caller.tenant).await?;
    let download = account.in_lane(Lane::Person).download_resume(&opportunity, &resume).await;
    let download = download.map_err(|error| if error.is_not_found() { Error::not_found() } else { error.into() })?;
    let mut response = Body::from_stream(download.bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, disposition::content_type(download.content_type.as_deref()));
    headers.insert(header::CONTENT_DISPOSITION, disposition::attachment(known.file.as_ref()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("content-security-policy"), HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Some(length) = download.content_length {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok(response)
}
