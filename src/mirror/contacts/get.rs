//! `GET /v1/contacts/{id}`: one person.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::ids::TenantId;
use crate::lever::Contact;
use crate::mirror::opened;
use crate::mirror::params::LeverId;
use crate::mirror::references::{PhoneView, present};
use crate::state::AppState;

/// A person, with the opportunities that are theirs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Contact)]
pub struct ContactView {
    #[schema(example = "2c9d44f0-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Ada Example")]
    pub name: Option<String>,
    #[schema(example = "Engineer at Example Works")]
    pub headline: Option<String>,
    #[schema(example = "Lisbon")]
    pub location: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<PhoneView>,
    /// The person asked to be forgotten; their data is empty.
    pub anonymized: bool,
    pub opportunity_ids: Vec<String>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Found {
    id: String,
    #[sqlx(json)]
    raw: Contact,
    anonymized: bool,
    opportunity_ids: Vec<String>,
    synced_at: DateTime<Utc>,
}

impl From<Found> for ContactView {
    fn from(row: Found) -> Self {
        Self {
            id: row.id,
            name: present(row.raw.name),
            headline: present(row.raw.headline),
            location: present(row.raw.location.and_then(|location| location.name)),
            emails: row.raw.emails,
            phones: row.raw.phones.into_iter().map(PhoneView::from).collect(),
            anonymized: row.anonymized,
            opportunity_ids: row.opportunity_ids,
            synced_at: row.synced_at,
        }
    }
}

/// One person. One who was never seen is read from Lever now.
#[utoipa::path(
    get, path = "/v1/contacts/{id}", operation_id = "getContact", tag = "Opportunities", security(("bearer" = [])),
    params(("id" = String, Path, description = "Lever's id of the contact")),
    responses((status = 200, body = ContactView), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem, description = "`lever_rejected`"),
        (status = 503, body = Problem, description = "`lever_unavailable` or `lever_rate_limited`, when it had to be read from Lever")),
)]
pub(super) async fn get(State(state): State<AppState>, Member(caller): Member, LeverId(id): LeverId) -> Result<Json<ContactView>> {
    let found = match find(&state, caller.tenant, &id).await? {
        Some(found) => found,
        None => {
            opened::contact(&state, caller.tenant, &id).await?;
            find(&state, caller.tenant, &id).await?.ok_or_else(Error::not_found)?
        }
    };
    Ok(Json(found.into()))
}

async fn find(state: &AppState, tenant: TenantId, id: &str) -> Result<Option<Found>, sqlx::Error> {
    let mut tx = state.db.look(tenant).await?;
    sqlx::query_as(
        "SELECT id, raw, anonymized, synced_at,
                ARRAY(SELECT o.id FROM opportunities o WHERE o.tenant_id = $1 AND o.contact_id = c.id AND o.gone_at IS NULL ORDER BY o.id)
                    AS opportunity_ids
         FROM contacts c WHERE tenant_id = $1 AND id = $2 AND gone_at IS NULL",
    )
    .bind(tenant)
    .bind(id)
    .fetch_optional(&mut *tx)
    .await
}
