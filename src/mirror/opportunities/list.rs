//! `GET /v1/opportunities`: the candidates, newest first.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use super::OpportunityView;
use super::view::{SELECT, Shown};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::ids::TenantId;
use crate::mirror::params::{self, Filters};
use crate::page::{Page, Paging};
use crate::state::AppState;

/// Which opportunities are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct OpportunityFilter {
    /// Text anywhere in the name or e-mail addresses, in any case.
    pub q: Option<String>,
    pub stage_id: Option<String>,
    pub posting_id: Option<String>,
    pub tag: Option<String>,
    pub owner_id: Option<String>,
    /// `false` (when absent): active ones; `true`: archived ones; `any`: both.
    pub archived: Option<String>,
    /// Only those created, updated, archived or interacted with at Lever since this time. Lever itself leaves `updatedAt` empty on most.
    #[param(value_type = Option<DateTime<Utc>>)]
    pub updated_since: Option<String>,
}

/// Opportunities, the newest first.
#[utoipa::path(
    get, path = "/v1/opportunities", operation_id = "listOpportunities", tag = "Opportunities", security(("bearer" = [])),
    params(OpportunityFilter, Paging),
    responses((status = 200, body = Page<OpportunityView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<OpportunityFilter>,
) -> Result<Json<Page<OpportunityView>>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let page = page(&mut tx, filter, &paging).await?;
    Ok(Json(page))
}

/// A page of the opportunities that are asked for, the newest first.
///
/// # Errors
/// A filter or the cursor cannot be read, or the database failed.
pub async fn page(tx: &mut TenantTx, filter: OpportunityFilter, paging: &Paging) -> Result<Page<OpportunityView>> {
    let mut query = select(tx.tenant(), filter)?;
    if let Some((created, id)) = paging.after::<(DateTime<Utc>, String)>()? {
        query.push(" AND o.lever_created_at <= ").push_bind(created);
        query.push(" AND (o.lever_created_at < ").push_bind(created).push(" OR o.id > ").push_bind(id).push(")");
    }
    query.push(" ORDER BY o.lever_created_at DESC, o.id LIMIT ").push_bind(paging.rows());
    let rows: Vec<Shown> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(Page::cut(rows, paging, |row| (row.lever_created_at, row.id.clone())).map(OpportunityView::from))
}

/// The statement with its filters. Built from parts, so that each combination gets the index made for it.
fn select(tenant: TenantId, filter: OpportunityFilter) -> Result<QueryBuilder<Postgres>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tenant);
    match filter.archived.as_deref() {
        None | Some("false") => drop(query.push(" AND o.archived_at IS NULL")),
        Some("true") => drop(query.push(" AND o.archived_at IS NOT NULL")),
        Some("any") => {}
        Some(_) => return Err(Error::invalid_parameter("archived", "must be true, false or any")),
    }
    if let Some(pattern) = params::pattern(filter.q.as_deref())? {
        query.push(" AND o.search LIKE ").push_bind(pattern);
    }
    if let Some(stage) = filter.stage_id {
        query.push(" AND o.stage_id = ").push_bind(stage);
    }
    if let Some(posting) = filter.posting_id {
        query.push(" AND o.posting_id = ").push_bind(posting);
    }
    if let Some(owner) = filter.owner_id {
        query.push(" AND o.owner_id = ").push_bind(owner);
    }
    if let Some(tag) = filter.tag {
        query.push(" AND ").push_bind(tag).push(" = ANY(o.tags)");
    }
    if let Some(since) = params::time("updatedSince", filter.updated_since.as_deref())? {
        query.push(" AND greatest(o.lever_created_at, o.lever_updated_at, o.last_interaction_at, o.archived_at) >= ").push_bind(since);
    }
    Ok(query)
}
