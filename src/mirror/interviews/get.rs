//! `GET /v1/interviews/{interviewId}`: one interview.

use axum::Json;
use axum::extract::State;

use super::{InterviewView, view};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::params::LeverId;
use crate::state::AppState;

/// One interview, canceled ones too.
#[utoipa::path(
    get, path = "/v1/interviews/{interviewId}", operation_id = "getInterview", tag = "Interviews", security(("bearer" = [])),
    params(("interviewId" = String, Path, description = "Lever's id of the interview")),
    responses((status = 200, body = InterviewView), (status = 401, body = Problem), (status = 404, body = Problem)),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<InterviewView>> {
    let mut tx = state.db.begin(caller.tenant).await?;
    let view = view(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(view.ok_or_else(Error::not_found)?))
}
