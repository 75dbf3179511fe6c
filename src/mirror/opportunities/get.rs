//! `GET /v1/opportunities/{id}`: one candidacy.

use axum::Json;
use axum::extract::State;
use sqlx::QueryBuilder;

use super::OpportunityView;
use super::view::{SELECT, Shown};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::mirror::opened;
use crate::mirror::params::LeverId;
use crate::state::AppState;

/// One opportunity, archived ones too. One that was never seen is read from Lever now.
#[utoipa::path(
    get, path = "/v1/opportunities/{id}", operation_id = "getOpportunity", tag = "Opportunities", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the opportunity")),
    responses((status = 200, body = OpportunityView), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "`lever_rejected`"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`, when it had to be read from Lever")),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<OpportunityView>> {
    let mut found = view(&mut state.db.look(caller.tenant).await?, &id).await?;
    if found.is_none() {
        let (mut tx, _) = opened::opportunity(&state, caller.tenant, &id).await?;
        found = view(&mut tx, &id).await?;
        tx.commit().await?;
    }
    found.map(Json).ok_or_else(Error::not_found)
}

/// One opportunity as callers see it; `None` when it is unknown or gone.
///
/// # Errors
/// The database failed.
pub async fn view(tx: &mut TenantTx, id: &str) -> Result<Option<OpportunityView>, sqlx::Error> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.tenant()).push(" AND o.id = ").push_bind(id);
    let row: Option<Shown> = query.build_query_as().fetch_optional(&mut **tx).await?;
    Ok(row.map(OpportunityView::from))
}
