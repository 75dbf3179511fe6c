//! `GET /v1/lever/connection`: how the organization's connection stands.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::Facts;
use super::health::{self, ConnectionStatus, Warning};
use crate::accounts::webhooks::WebhookStatus;
use crate::accounts::{Connection, Status, SyncedGrantor};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Problem, Result};
use crate::state::AppState;

/// The organization's connection to Lever.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    pub status: ConnectionStatus,
    /// `production` or `sandbox`: the kind of Lever account. Null without a connection.
    #[schema(example = "production")]
    pub environment: Option<String>,
    /// The Lever account; after a disconnect the one whose data is still here, null when there is none.
    pub account: Option<AccountView>,
    /// The Lever user who granted access.
    pub connected_by: Option<GrantorView>,
    pub connected_at: Option<DateTime<Utc>>,
    #[schema(example = json!(["offline_access", "panels:write:admin"]))]
    pub granted_scopes: Vec<String>,
    /// Permissions that are needed and were not granted.
    pub missing_scopes: Vec<&'static str>,
    pub token: Option<TokenView>,
    pub webhooks: Vec<WebhookStatus>,
    pub warnings: Vec<Warning>,
    /// When a sync last ended well; null before the first full one has ended.
    pub last_sync_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountView {
    /// Lever's id of the customer account; null when Lever's token did not name it.
    pub id: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantorView {
    pub lever_user_id: String,
    #[schema(example = "Ada Example")]
    pub name: Option<String>,
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    #[schema(example = "super admin")]
    pub access_role: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// Until when the connection lasts if it is not used.
    pub refreshable_until: DateTime<Utc>,
}

/// Show how the connection to Lever stands
#[utoipa::path(get, path = "/v1/lever/connection", tag = "Connection", security(("bearer" = [])),
    responses((status = 200, body = ConnectionView), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(State(state): State<AppState>, Member(caller): Member) -> Result<Json<ConnectionView>> {
    let mut tx = state.db.look(caller.tenant).await?;
    of(&state, &mut tx).await.map(Json)
}

/// The connection of an organization, also of one that never had any.
///
/// # Errors
/// The database failed.
pub async fn of(state: &AppState, tx: &mut TenantTx) -> Result<ConnectionView> {
    let facts = Facts::gather(state, tx).await?;
    Ok(match facts {
        Some(facts) if facts.connection.status != Status::Disconnected => connected(facts, state.clock.now()),
        former => disconnected(former.map(|facts| facts.connection)),
    })
}

fn disconnected(former: Option<Connection>) -> ConnectionView {
    // Without `connected_at` the data was purged, or never was.
    let former = former.filter(|former| former.connected_at.is_some());
    ConnectionView {
        status: ConnectionStatus::Disconnected,
        environment: None,
        account: former.as_ref().map(|former| AccountView { id: former.account_id.clone() }),
        connected_by: None,
        connected_at: None,
        granted_scopes: Vec::new(),
        missing_scopes: Vec::new(),
        token: None,
        webhooks: Vec::new(),
        warnings: Vec::new(),
        last_sync_at: former.and_then(|former| former.last_sync_at),
    }
}

fn connected(facts: Facts, now: DateTime<Utc>) -> ConnectionView {
    let warnings = health::warnings(&facts, now);
    let Facts { connection, grantor, webhooks, .. } = facts;
    ConnectionView {
        status: health::status(connection.status, &warnings),
        environment: Some(connection.environment.clone()),
        connected_by: who(&connection, grantor.as_ref()),
        connected_at: connection.connected_at,
        missing_scopes: connection.missing_scopes(),
        token: health::refreshable_until(&connection).map(|refreshable_until| TokenView { refreshable_until }),
        webhooks,
        warnings,
        last_sync_at: connection.last_sync_at,
        account: Some(AccountView { id: connection.account_id }),
        granted_scopes: connection.granted_scopes,
    }
}

/// The person as last synced; until then, as Lever described them when they connected.
fn who(connection: &Connection, synced: Option<&SyncedGrantor>) -> Option<GrantorView> {
    let recorded = connection.grantor.clone();
    let pick = |newer: Option<&String>, older: Option<String>| newer.cloned().or(older);
    Some(GrantorView {
        lever_user_id: recorded.id?,
        name: pick(synced.and_then(|user| user.name.as_ref()), recorded.name),
        email: pick(synced.and_then(|user| user.email.as_ref()), recorded.email),
        access_role: pick(synced.and_then(|user| user.access_role.as_ref()), recorded.access_role),
    })
}
