//! Browser sessions: an opaque cookie, revocable, twelve hours. The cookie holds the organization's id and a secret; the table
//! `browser_sessions` holds the secret's hash, so that reading the table opens no session.

use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Caller, Role};
use crate::crypto;
use crate::error::Result;
use crate::ids::TenantId;
use crate::state::AppState;

/// The cookie's name.
pub const COOKIE: &str = "lever_integration_session";
const LIFETIME: TimeDelta = TimeDelta::hours(12);
const TENANT_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// What a session cookie says, before anyone believed it.
pub(super) struct Presented {
    tenant: TenantId,
    pub(super) secret_hash: Vec<u8>,
}

impl Presented {
    pub(super) fn parse(cookie: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let (tenant, secret) = bytes.split_first_chunk::<TENANT_BYTES>()?;
        (secret.len() == SECRET_BYTES).then(|| Self { tenant: TenantId(Uuid::from_bytes(*tenant)), secret_hash: crypto::hash(secret) })
    }
}

#[derive(FromRow)]
struct Row {
    user_id: String,
    email: String,
    role: String,
}

/// Begins a session for the caller and returns its cookie.
///
/// # Errors
/// The database failed.
pub async fn begin(state: &AppState, caller: &Caller) -> Result<Cookie<'static>> {
    super::organizations::ensure(state, caller.tenant).await?;
    let secret = crypto::random::<SECRET_BYTES>();
    let now = state.clock.now();
    let mut tx = state.db.begin(caller.tenant).await?;
    sqlx::query("DELETE FROM browser_sessions WHERE tenant_id = $1 AND expires_at < $2").bind(caller.tenant).bind(now).execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO browser_sessions (tenant_id, secret_hash, user_id, email, role, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(caller.tenant)
    .bind(crypto::hash(secret))
    .bind(&caller.user_id)
    .bind(&caller.email)
    .bind(caller.role.as_str())
    .bind(now)
    .bind(now + LIFETIME)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let value = URL_SAFE_NO_PAD.encode([caller.tenant.0.as_bytes().as_slice(), &secret].concat());
    Ok(cookie(state, value))
}

/// Ends a session; the returned cookie takes the browser's away. A cookie that is no session is no error.
///
/// # Errors
/// The database failed.
pub async fn end(state: &AppState, cookie_value: Option<&str>) -> Result<Cookie<'static>> {
    if let Some(presented) = cookie_value.and_then(Presented::parse) {
        let mut tx = state.db.begin(presented.tenant).await?;
        sqlx::query("DELETE FROM browser_sessions WHERE tenant_id = $1 AND secret_hash = $2")
            .bind(presented.tenant)
            .bind(&presented.secret_hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    let mut gone = cookie(state, String::new());
    gone.make_removal();
    Ok(gone)
}

/// The person whose session this is, and the session's hash (what a Connect click is bound to).
pub(super) async fn find(state: &AppState, presented: Presented) -> Result<Option<(Caller, Vec<u8>)>> {
    let mut tx = state.db.look(presented.tenant).await?;
    let row: Option<Row> =
        sqlx::query_as("SELECT user_id, email, role FROM browser_sessions WHERE tenant_id = $1 AND secret_hash = $2 AND expires_at > $3")
            .bind(presented.tenant)
            .bind(&presented.secret_hash)
            .bind(state.clock.now())
            .fetch_optional(&mut *tx)
            .await?;
    Ok(row.map(|row| {
        let role = if row.role == "admin" { Role::Admin } else { Role::Member };
        (Caller { tenant: presented.tenant, user_id: row.user_id, email: row.email, role }, presented.secret_hash)
    }))
}

fn cookie(state: &AppState, value: String) -> Cookie<'static> {
    Cookie::build((COOKIE, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(state.config.http.is_https()).build()
}
