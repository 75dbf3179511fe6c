//! The `webhooks` table. A row is written before Lever is asked and outlives the webhook: what Lever still retries is believed for
//! a while. The key that Lever tells once is sealed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use sqlx::FromRow;
use uuid::Uuid;

use crate::crypto::{self, Keyring, OpenError, Place};
use crate::db::{Db, TenantTx};
use crate::ids::TenantId;

/// Deliveries of a retired webhook are believed for this long: Lever retries, and an admin can rerun one by hand.
const RETRY_SPAN: TimeDelta = TimeDelta::days(14);
const TENANT_BYTES: usize = 16;
const RANDOM_BYTES: usize = 24;

/// A webhook that was not retired.
#[derive(Debug, Clone, FromRow)]
pub struct Webhook {
    /// The unguessable last part of its url.
    pub id: String,
    pub event: String,
    pub url: String,
    /// Null while the outcome of its registration is not known.
    pub lever_id: Option<String>,
    /// Whether Lever's answer brought the key of its signatures.
    pub has_key: bool,
}

impl Webhook {
    /// Registered at Lever, with a key that we can verify.
    pub fn is_registered(&self) -> bool {
        self.lever_id.is_some() && self.has_key
    }
}

pub(in crate::accounts) fn place(tenant: TenantId, id: &str) -> Place<'_> {
    Place { tenant, column: "webhooks.signature_token", row: Some(id) }
}

/// A new webhook id. It names the organization, so that a delivery finds its rows without a search across organizations, and
/// carries 24 random bytes, so that nobody guesses it.
pub fn new_id(tenant: TenantId) -> String {
    URL_SAFE_NO_PAD.encode([tenant.0.as_bytes().as_slice(), &crypto::random::<RANDOM_BYTES>()].concat())
}

/// The organization that an id names; `None` when it cannot be one of ours.
pub fn tenant_of(id: &str) -> Option<TenantId> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (tenant, random) = bytes.split_first_chunk::<TENANT_BYTES>()?;
    (random.len() == RANDOM_BYTES).then(|| TenantId(Uuid::from_bytes(*tenant)))
}

/// Every webhook that is not retired, in the order of their making.
///
/// # Errors
/// The database failed.
pub async fn active(tx: &mut TenantTx) -> Result<Vec<Webhook>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, event, url, lever_id, signature_token IS NOT NULL AS has_key
         FROM webhooks WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY created_at, id",
    )
    .bind(tx.tenant())
    .fetch_all(&mut **tx)
    .await
}

/// The key of this webhook's signatures; `None` when there is no such webhook, its key never came or is damaged, or it is believed no
/// longer.
///
/// # Errors
/// The database failed, or the key was sealed with one that is not configured: it may be put back, so Lever should try again.
pub async fn signature_key(tx: &mut TenantTx, keyring: &Keyring, id: &str, now: DateTime<Utc>) -> Result<Option<SecretString>, sqlx::Error> {
    let tenant = tx.tenant();
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT signature_token FROM webhooks
         WHERE tenant_id = $1 AND id = $2 AND signature_token IS NOT NULL AND (accept_until IS NULL OR accept_until > $3)",
    )
    .bind(tenant)
    .bind(id)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    match sealed.map(|sealed| keyring.open(place(tenant, id), &sealed)).transpose() {
        Ok(key) => Ok(key),
        Err(error @ OpenError::UnknownKey(_)) => Err(sqlx::Error::Decode(error.into())),
        Err(error @ (OpenError::Malformed | OpenError::Rejected)) => {
            tracing::error!(%tenant, %error, "the key of a webhook does not open; its deliveries are refused");
            Ok(None)
        }
    }
}

/// The ids of all organizations' webhooks whose deliveries may be believed.
///
/// # Errors
/// The database failed.
pub async fn believed_ids(db: &Db, now: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    let mut tx = db.begin_webhook_roll().await?;
    let ids = sqlx::query_scalar("SELECT id FROM webhooks WHERE accept_until IS NULL OR accept_until > $1").bind(now).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(ids)
}

/// The same key, sealed anew.
///
/// # Errors
/// The database failed.
pub(in crate::accounts) async fn replace_sealed_key(tx: &mut TenantTx, id: &str, sealed: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE webhooks SET signature_token = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(id)
        .bind(sealed)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Forgets a key that is of no use: without one the webhook counts as not registered, and another is made.
///
/// # Errors
/// The database failed.
pub(in crate::accounts) async fn drop_key(tx: &mut TenantTx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE webhooks SET signature_token = NULL WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(id)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Destroys the keys of retired webhooks that are believed no longer.
///
/// # Errors
/// The database failed.
pub async fn destroy_expired_keys(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE webhooks SET signature_token = NULL WHERE tenant_id = $1 AND accept_until <= $2 AND signature_token IS NOT NULL")
        .bind(tx.tenant())
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Records a webhook before it is registered at Lever.
///
/// # Errors
/// The database failed.
pub async fn plan(tx: &mut TenantTx, id: &str, event: &str, url: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO webhooks (tenant_id, id, event, url, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(tx.tenant())
        .bind(id)
        .bind(event)
        .bind(url)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Takes back the record of a webhook that Lever refused to make: no delivery can come to it.
///
/// # Errors
/// The database failed.
pub async fn take_back(tx: &mut TenantTx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM webhooks WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(id).execute(&mut **tx).await.map(drop)
}

/// Stores what Lever's answer to the registration said. The signature token comes this once.
///
/// # Errors
/// The database failed.
pub async fn record_registration(
    tx: &mut TenantTx,
    keyring: &Keyring,
    id: &str,
    lever_id: &str,
    token: Option<&SecretString>,
) -> Result<(), sqlx::Error> {
    let sealed = token.map(|token| keyring.seal(place(tx.tenant(), id), token));
    sqlx::query("UPDATE webhooks SET lever_id = $3, signature_token = $4 WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(id)
        .bind(lever_id)
        .bind(sealed)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// The webhook is gone at Lever; what is under way is believed for the retry span.
///
/// # Errors
/// The database failed.
pub async fn retire(tx: &mut TenantTx, id: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE webhooks SET retired_at = $3, accept_until = $4 WHERE tenant_id = $1 AND id = $2 AND retired_at IS NULL")
        .bind(tx.tenant())
        .bind(id)
        .bind(now)
        .bind(now + RETRY_SPAN)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// After a disconnect nothing is believed any more: every key is destroyed.
///
/// # Errors
/// The database failed.
pub async fn forget_all(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE webhooks SET retired_at = coalesce(retired_at, $2), accept_until = $2, signature_token = NULL WHERE tenant_id = $1")
        .bind(tx.tenant())
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_organization_and_nothing_else_does() {
        let tenant = TenantId(Uuid::from_u128(7));
        let id = new_id(tenant);
        assert_eq!(tenant_of(&id), Some(tenant));
        assert_ne!(id, new_id(tenant));
        assert_eq!(tenant_of(&id[..20]), None);
        assert_eq!(tenant_of("not an id"), None);
    }
}
