//! `GET /v1/interviews/{interviewId}`: one interview.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;

use super::{InterviewView, view_with_version};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::panels::etag;
use crate::mirror::params::LeverId;
use crate::state::AppState;

/// One interview, canceled ones too. Hand the `ETag`, which is its panel's, back as `If-Match` when you change it.
#[utoipa::path(
    get, path = "/v1/interviews/{interviewId}", operation_id = "getInterview", tag = "Interviews", security(("bearer" = [])),
    params(("interviewId" = String, Path, description = "Lever's id of the interview")),
    responses(
        (status = 200, body = InterviewView, headers(("ETag" = String, description = "The panel's version"))),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<impl IntoResponse> {
    let mut tx = state.db.look(caller.tenant).await?;
    let found = view_with_version(&mut tx, &id).await?;
    let (view, version) = found.ok_or_else(Error::not_found)?;
    Ok(([(header::ETAG, etag(&version))], Json(view)))
}
