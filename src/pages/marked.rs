//! `GET /i/{mark}`: the link that Lever shows with a panel scheduled here leads to its candidate.

use askama::filters::urlencode_strict;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::candidates;
use super::visitor::Visitor;
use crate::error::{Error, Result};
use crate::mirror::panels;
use crate::state::AppState;

/// Where these links begin.
pub(super) const PREFIX: &str = "/i/";
/// Longer than any mark.
const MOST: usize = 100;

pub(super) async fn lead(State(state): State<AppState>, visitor: Visitor, Path(mark): Path<String>) -> Result<Response> {
    if mark.len() > MOST || mark.contains('\0') {
        return Err(Error::not_found());
    }
    let link = state.config.http.public(&format!("{PREFIX}{mark}"));
    let mut tx = state.db.look(visitor.caller.tenant).await?;
    let opportunity = panels::opportunity_of_link(&mut tx, &link).await?;
    let id = opportunity.ok_or_else(Error::not_found)?;
    let id = urlencode_strict(&id).map_err(Error::internal)?;
    Ok(Redirect::to(&format!("{}/{id}", candidates::PATH)).into_response())
}
