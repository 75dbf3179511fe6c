//! `GET /v1/panels/{panelId}`: one panel, with its version as `ETag`.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderValue, header};

use super::{PanelView, view_with_version};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::mirror::params::LeverId;
use crate::state::AppState;

/// The version as a header's value.
pub fn etag(version: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("a version is hex")
}

/// One panel, canceled ones too. Hand the `ETag` back as `If-Match` when you change it.
#[utoipa::path(
    get, path = "/v1/panels/{panelId}", operation_id = "getPanel", tag = "Panels", security(("bearer" = [])),
    params(("panelId" = String, Path, description = "Lever's id of the panel")),
    responses(
        (status = 200, body = PanelView, headers(("ETag" = String, description = "The panel's version"))),
        (status = 401, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<impl IntoResponse> {
    let mut tx = state.db.look(caller.tenant).await?;
    let found = view_with_version(&mut tx, &id).await?;
    let (view, version) = found.ok_or_else(Error::not_found)?;
    Ok(([(header::ETAG, etag(&version))], Json(view)))
}
