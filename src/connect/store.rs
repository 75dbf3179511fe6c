//! The `authorizations` table: Connect clicks that wait for their callback. Only the state's hash is here, so that reading the
//! table finishes nobody's flow.

use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::Session;
use crate::crypto;
use crate::db::TenantTx;

/// How long a person may take at Lever's authorize page.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Used and expired rows are kept this long, for whoever asks what happened.
const KEEP: TimeDelta = TimeDelta::days(1);

/// Where a Connect click leads.
pub(super) struct Flow<'a> {
    pub redirect_uri: &'a str,
    /// Which Lever it goes to.
    pub environment: &'a str,
}

/// Remembers a Connect click, and forgets old ones.
pub(super) async fn begin(tx: &mut TenantTx, csrf_state: &str, session: &Session, flow: Flow<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM authorizations WHERE tenant_id = $1 AND expires_at < $2").bind(tx.tenant()).bind(now - KEEP).execute(&mut **tx).await?;
    sqlx::query(
        "INSERT INTO authorizations (tenant_id, state_hash, session_hash, begun_by, redirect_uri, created_at, expires_at, environment)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tx.tenant())
    .bind(crypto::hash(csrf_state))
    .bind(&session.hash)
    .bind(&session.caller.user_id)
    .bind(flow.redirect_uri)
    .bind(now)
    .bind(now + LIFETIME)
    .bind(flow.environment)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// What a callback's state turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redeemed {
    /// This session's, and used up from now on.
    Ours { redirect_uri: String },
    /// This session's, used up, and begun with another of Lever's environments.
    AnotherEnvironment,
    /// It waits for another session, and goes on waiting.
    AnotherSession,
    /// Unknown, used, or expired.
    Unusable,
}

/// Uses a state up. One statement decides, so that of two callbacks at once only one goes on.
pub(super) async fn redeem(
    tx: &mut TenantTx,
    csrf_state: &str,
    session: &Session,
    environment: &str,
    now: DateTime<Utc>,
) -> Result<Redeemed, sqlx::Error> {
    let hash = crypto::hash(csrf_state);
    // One that was begun before environments were remembered names none.
    let ours: Option<(String, Option<String>)> = sqlx::query_as(
        "UPDATE authorizations SET used_at = $4
         WHERE tenant_id = $1 AND state_hash = $2 AND session_hash = $3 AND used_at IS NULL AND expires_at > $4
         RETURNING redirect_uri, environment",
    )
    .bind(tx.tenant())
    .bind(&hash)
    .bind(&session.hash)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    match ours {
        Some((redirect_uri, begun_with)) if begun_with.as_deref().is_none_or(|it| it == environment) => return Ok(Redeemed::Ours { redirect_uri }),
        Some(_) => return Ok(Redeemed::AnotherEnvironment),
        None => {}
    }
    let waits_for_another = sqlx::query(
        "SELECT 1 FROM authorizations
         WHERE tenant_id = $1 AND state_hash = $2 AND session_hash <> $3 AND used_at IS NULL AND expires_at > $4",
    )
    .bind(tx.tenant())
    .bind(&hash)
    .bind(&session.hash)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(if waits_for_another.is_some() { Redeemed::AnotherSession } else { Redeemed::Unusable })
}
