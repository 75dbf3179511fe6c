//! The `connections` table: one row per organization, kept after a disconnect so that a reconnect knows what was there.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::care;
use crate::crypto::{Keyring, Place};
use crate::db::TenantTx;
use crate::ids::TenantId;
use crate::lever::{Grant, scopes};

/// Where a connection stands, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    Connected,
    /// Lever granted less than we need: nothing is synced until the admin connects again.
    Incomplete,
    /// The grant is dead: only a person can mend that.
    ReauthorizationRequired,
    Disconnected,
}

/// A connection, without its tokens.
#[derive(Debug, Clone, FromRow)]
pub struct Connection {
    pub status: Status,
    /// Grows with every connect and disconnect.
    pub epoch: i64,
    pub environment: String,
    pub api_root: Option<String>,
    /// Lever's id of the customer account.
    pub account_id: Option<String>,
    #[sqlx(flatten)]
    pub grantor: Grantor,
    /// The ModernLoop user who clicked Connect.
    pub connected_by: Option<String>,
    /// Null: no account's data is here.
    pub connected_at: Option<DateTime<Utc>>,
    pub granted_scopes: Vec<String>,
    /// When the refresh token was last exchanged for a new one.
    pub refreshed_at: Option<DateTime<Utc>>,
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Since when Lever's token endpoint has failed; null while all is well.
    pub refresh_failing_since: Option<DateTime<Utc>>,
    /// It does not fail, it refuses: us as an application, and not this connection.
    pub refresh_refused: bool,
    /// Since when Lever has not answered any request, while that is so.
    pub unreachable_since: Option<DateTime<Utc>>,
}

/// The Lever user who granted access.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Grantor {
    #[sqlx(rename = "lever_user_id")]
    pub id: Option<String>,
    #[sqlx(rename = "lever_user_name")]
    pub name: Option<String>,
    #[sqlx(rename = "lever_user_email")]
    pub email: Option<String>,
    #[sqlx(rename = "lever_user_role")]
    pub access_role: Option<String>,
}

impl Connection {
    /// Scopes that we need and Lever did not grant.
    pub fn missing_scopes(&self) -> Vec<&'static str> {
        scopes::missing(&self.granted_scopes)
    }
}

/// Reads a connection; more columns can be named, after a comma. A sync that ended well after the last request in vain has proved that
/// Lever is back.
macro_rules! select {
    ($more:literal) => {
        concat!(
            "SELECT c.status, c.epoch, c.environment, c.api_root, c.account_id, c.lever_user_id, c.lever_user_name, c.lever_user_email,
                    c.lever_user_role, c.connected_by, c.connected_at, c.granted_scopes, c.refreshed_at, c.last_sync_at, c.refresh_failing_since,
                    c.refresh_refused, CASE WHEN c.last_sync_at > k.unreachable_at THEN NULL ELSE k.unreachable_since END AS unreachable_since",
            $more,
            " FROM connections c LEFT JOIN connection_care k ON k.tenant_id = $1 WHERE c.tenant_id = $1"
        )
    };
}
pub(super) use select;

/// The organization's connection; `None` when it never had one.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx) -> Result<Option<Connection>, sqlx::Error> {
    sqlx::query_as(select!("")).bind(tx.tenant()).fetch_optional(&mut **tx).await
}

/// Whether the connection still works and is of this epoch. If so, nobody disconnects it before the transaction ends: what is
/// stored in it is either there before a purge, or not at all. Ask this before [`crate::jobs::Claim::holds`]: connecting
/// touches the connection first and jobs after it, and two orders make a deadlock.
///
/// # Errors
/// The database failed.
pub async fn hold(tx: &mut TenantTx, epoch: i64) -> Result<bool, sqlx::Error> {
    let held = sqlx::query("SELECT 1 FROM connections WHERE tenant_id = $1 AND epoch = $2 AND status = 'connected' FOR SHARE")
        .bind(tx.tenant())
        .bind(epoch)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(held.is_some())
}

/// The epoch of the connection as it is, whether its grant still works or not. If there is one, it does not end before the transaction does;
/// asked in the same order as [`hold`].
///
/// # Errors
/// The database failed.
pub async fn hold_any(tx: &mut TenantTx) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT epoch FROM connections WHERE tenant_id = $1 AND status <> 'disconnected' FOR SHARE")
        .bind(tx.tenant())
        .fetch_optional(&mut **tx)
        .await
}

/// What a finished Connect brings.
pub struct NewGrant<'a> {
    pub grant: &'a Grant,
    pub environment: &'a str,
    pub connected_by: &'a str,
    pub status: Status,
}

pub(super) fn access_place(tenant: TenantId) -> Place<'static> {
    Place { tenant, column: "connections.access_token", row: None }
}

pub(super) fn refresh_place(tenant: TenantId) -> Place<'static> {
    Place { tenant, column: "connections.refresh_token", row: None }
}

/// Stores the tokens of a finished Connect and starts a new epoch of the connection.
///
/// False, and nothing stored, when another Lever account was connected before and its data is still here: two accounts' data
/// is never merged. [`forget_account`] opens the way. A connection that never brought any is no obstacle.
///
/// # Errors
/// The database failed.
pub async fn store_grant(tx: &mut TenantTx, keyring: &Keyring, new: NewGrant<'_>, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let tenant = tx.tenant();
    let grant = new.grant;
    let refresh_token = grant.refresh_token.as_ref().map(|token| keyring.seal(refresh_place(tenant), token));
    let stored = sqlx::query(
        "INSERT INTO connections (tenant_id, status, environment, account_id, lever_user_id, connected_by, connected_at, granted_scopes,
                                  access_token, refresh_token, token_version, access_expires_at, refreshed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $7, $7)
         ON CONFLICT (tenant_id) DO UPDATE SET
             status = excluded.status, epoch = connections.epoch + 1, environment = excluded.environment, api_root = NULL,
             account_id = excluded.account_id, lever_user_id = excluded.lever_user_id,
             lever_user_name = NULL, lever_user_email = NULL, lever_user_role = NULL,
             connected_by = excluded.connected_by, connected_at = excluded.connected_at, disconnected_at = NULL,
             granted_scopes = excluded.granted_scopes, access_token = excluded.access_token, refresh_token = excluded.refresh_token,
             token_version = connections.token_version + 1, access_expires_at = excluded.access_expires_at,
             refreshed_at = excluded.refreshed_at, refresh_holder = NULL, refresh_lease_until = NULL, updated_at = excluded.updated_at,
             last_sync_at = CASE WHEN connections.account_id IS NOT DISTINCT FROM excluded.account_id THEN connections.last_sync_at END,
             refresh_failing_since = NULL, refresh_failures = 0, refresh_retry_at = NULL, refresh_refused = false
         WHERE connections.connected_at IS NULL
            OR NOT EXISTS (SELECT FROM sync_runs WHERE tenant_id = $1) AND NOT EXISTS (SELECT FROM opportunities WHERE tenant_id = $1)
               AND NOT EXISTS (SELECT FROM contacts WHERE tenant_id = $1) AND NOT EXISTS (SELECT FROM users WHERE tenant_id = $1)
            OR (connections.account_id IS NOT DISTINCT FROM excluded.account_id AND connections.environment = excluded.environment)",
    )
    .bind(tenant)
    .bind(new.status)
    .bind(new.environment)
    .bind(grant.claims.account_id.as_deref())
    .bind(grant.claims.user_id.as_deref())
    .bind(new.connected_by)
    .bind(now)
    .bind(&grant.scope)
    .bind(keyring.seal(access_place(tenant), &grant.access_token))
    .bind(refresh_token)
    .bind(now + grant.expires_in)
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Remembers who granted access, as Lever describes them now.
///
/// # Errors
/// The database failed.
pub async fn record_grantor(tx: &mut TenantTx, grantor: &Grantor, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE connections SET lever_user_name = $3, lever_user_email = $4, lever_user_role = $5, updated_at = $6
         WHERE tenant_id = $1 AND lever_user_id = $2",
    )
    .bind(tx.tenant())
    .bind(&grantor.id)
    .bind(&grantor.name)
    .bind(&grantor.email)
    .bind(&grantor.access_role)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Remembers the data centre that an account's requests were redirected to, while the connection is still that of `epoch`.
///
/// # Errors
/// The database failed.
pub(super) async fn record_api_root(tx: &mut TenantTx, epoch: i64, api_root: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE connections SET api_root = $3, updated_at = $4 WHERE tenant_id = $1 AND epoch = $2")
        .bind(tx.tenant())
        .bind(epoch)
        .bind(api_root)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// The grant is dead. Only while the tokens are still those of `token_version`: somebody may have connected again meanwhile.
///
/// # Errors
/// The database failed.
pub async fn require_reauthorization(tx: &mut TenantTx, token_version: i64, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE connections SET status = 'reauthorization_required', refresh_holder = NULL, refresh_lease_until = NULL, updated_at = $3
         WHERE tenant_id = $1 AND token_version = $2 AND status IN ('connected', 'incomplete')",
    )
    .bind(tx.tenant())
    .bind(token_version)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Destroys the tokens and starts a new epoch: what is under way stops at its next write.
///
/// # Errors
/// The database failed.
pub async fn disconnect(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE connections SET status = 'disconnected', epoch = epoch + 1, token_version = token_version + 1, access_token = NULL,
                refresh_token = NULL, access_expires_at = NULL, refresh_holder = NULL, refresh_lease_until = NULL,
                refresh_failing_since = NULL, refresh_failures = 0, refresh_retry_at = NULL, refresh_refused = false,
                disconnected_at = $2, updated_at = $2
         WHERE tenant_id = $1 AND status <> 'disconnected'",
    )
    .bind(tx.tenant())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Forgets which account was connected and who granted access, once its data is purged: any account may be connected next.
/// The row stays, because its epoch must go on growing.
///
/// # Errors
/// The database failed.
pub async fn forget_account(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE connections SET account_id = NULL, api_root = NULL, lever_user_id = NULL, lever_user_name = NULL, lever_user_email = NULL,
                lever_user_role = NULL, connected_by = NULL, connected_at = NULL, granted_scopes = '{}', refreshed_at = NULL,
                last_sync_at = NULL, updated_at = $2
         WHERE tenant_id = $1 AND status = 'disconnected'",
    )
    .bind(tx.tenant())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// What a sync that ended well says of the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synced {
    /// It is whole.
    Whole,
    /// It is newer, and whole only if one of this connection has made it so before.
    Newer,
}

/// A sync has ended well. It may show how the one who connected stands now, so the connection is looked after next.
///
/// # Errors
/// The database failed.
pub async fn record_sync(tx: &mut TenantTx, synced: Synced, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    care::look_soon(tx).await?;
    sqlx::query("UPDATE connections SET last_sync_at = $2, updated_at = $2 WHERE tenant_id = $1 AND ($3 OR last_sync_at >= connected_at)")
        .bind(tx.tenant())
        .bind(now)
        .bind(synced == Synced::Whole)
        .execute(&mut **tx)
        .await
        .map(drop)
}
