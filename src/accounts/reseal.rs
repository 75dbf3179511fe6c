//! An organization's sealed secrets: how they stand, and sealing them anew after a new key was put in front of `ENCRYPTION_KEYS`, so that
//! the old one can go.
//!
//! One secret that does not open keeps no other back. A key of a webhook that is damaged is thrown away: another webhook is made. One
//! whose key is not configured is left, because that key may be put back; connecting anew replaces it too.

use sqlx::FromRow;

use super::connection::{access_place, refresh_place};
use super::webhooks;
use crate::crypto::{Keyring, Place, Standing};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::TenantId;
use crate::jobs::{self, Job};
use crate::state::AppState;

/// A secret as it is stored, if it is.
pub(super) type Sealed = Option<Vec<u8>>;

/// The secrets of an organization, as they are sealed.
#[derive(Default, FromRow)]
pub(super) struct Secrets {
    pub(super) access_token: Sealed,
    pub(super) refresh_token: Sealed,
    /// Of its webhooks, those that are retired too, which have a key.
    pub(super) webhooks: Vec<String>,
    /// Their keys.
    pub(super) keys: Vec<Vec<u8>>,
}

impl Secrets {
    async fn read(tx: &mut TenantTx) -> Result<Self, sqlx::Error> {
        let read = sqlx::query_as(
            "SELECT access_token, refresh_token,
                    ARRAY(SELECT id FROM webhooks WHERE tenant_id = $1 AND signature_token IS NOT NULL ORDER BY id) AS webhooks,
                    ARRAY(SELECT signature_token FROM webhooks WHERE tenant_id = $1 AND signature_token IS NOT NULL ORDER BY id) AS keys
             FROM connections WHERE tenant_id = $1",
        );
        Ok(read.bind(tx.tenant()).fetch_optional(&mut **tx).await?.unwrap_or_default())
    }

    fn all(&self, tenant: TenantId) -> impl Iterator<Item = (Place<'_>, &[u8])> {
        let tokens = [(access_place(tenant), self.access_token.as_deref()), (refresh_place(tenant), self.refresh_token.as_deref())];
        let tokens = tokens.into_iter().filter_map(|(place, sealed)| Some((place, sealed?)));
        tokens.chain(self.by_webhook().map(move |(id, sealed)| (webhooks::key_place(tenant, id), sealed)))
    }

    /// The webhooks with their keys.
    fn by_webhook(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.webhooks.iter().map(String::as_str).zip(self.keys.iter().map(Vec::as_slice))
    }

    /// The worst standing among them; `Current` when there are none.
    pub(super) fn standing(&self, tenant: TenantId, keyring: &Keyring) -> Standing {
        self.all(tenant).map(|(place, sealed)| keyring.standing(place, sealed)).max().unwrap_or(Standing::Current)
    }
}

/// Seals as it is done today what was sealed otherwise: with another key, or not bound to its row. What does not open is left as it is,
/// and [`super::overview`] says so; but a webhook's key that is damaged goes.
///
/// # Errors
/// The database failed.
pub async fn reseal(state: &AppState, tenant: TenantId) -> Result<()> {
    let keyring = &state.config.keyring;
    let mut tx = state.db.begin(tenant).await?;
    let is_all_new =
        Secrets::read(&mut tx).await?.all(tenant).all(|(place, sealed)| keyring.is_newest(place, sealed) && keyring.open(place, sealed).is_ok());
    if !is_all_new {
        // In this order everywhere: the connection, then its webhooks.
        sqlx::query("SELECT FROM connections WHERE tenant_id = $1 FOR UPDATE").bind(tenant).execute(&mut *tx).await?;
        let secrets = Secrets::read(&mut tx).await?;
        reseal_tokens(&mut tx, keyring, &secrets).await?;
        reseal_webhooks(&mut tx, keyring, &secrets, state).await?;
    }
    Ok(tx.commit().await?)
}

async fn reseal_tokens(tx: &mut TenantTx, keyring: &Keyring, secrets: &Secrets) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    let access = secrets.access_token.as_deref().and_then(|sealed| anew(keyring, access_place(tenant), sealed));
    let refresh = secrets.refresh_token.as_deref().and_then(|sealed| anew(keyring, refresh_place(tenant), sealed));
    if access.is_none() && refresh.is_none() {
        return Ok(());
    }
    sqlx::query("UPDATE connections SET access_token = coalesce($2, access_token), refresh_token = coalesce($3, refresh_token) WHERE tenant_id = $1")
        .bind(tenant)
        .bind(access)
        .bind(refresh)
        .execute(&mut **tx)
        .await?;
    tracing::info!(%tenant, "tokens were sealed anew with the first encryption key");
    Ok(())
}

async fn reseal_webhooks(tx: &mut TenantTx, keyring: &Keyring, secrets: &Secrets, state: &AppState) -> Result<(), sqlx::Error> {
    let (tenant, now) = (tx.tenant(), state.clock.now());
    for (id, sealed) in secrets.by_webhook() {
        let place = webhooks::key_place(tenant, id);
        if keyring.standing(place, sealed) == Standing::Damaged {
            webhooks::drop_key(tx, id).await?;
            jobs::enqueue(tx, &Job::RegisterWebhooks, now, now).await?;
            tracing::error!(%tenant, "the key of a webhook was damaged or changed; it was thrown away, and another webhook is made");
        } else if let Some(sealed) = anew(keyring, place, sealed) {
            webhooks::replace_sealed_key(tx, id, &sealed).await?;
        }
    }
    Ok(())
}

/// Whoever connects anew need not wait for a key that nobody puts back: webhooks whose keys do not open are made anew.
///
/// # Errors
/// The database failed.
pub async fn drop_unreadable_keys(tx: &mut TenantTx, keyring: &Keyring) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    for (id, sealed) in Secrets::read(tx).await?.by_webhook() {
        if keyring.open(webhooks::key_place(tenant, id), sealed).is_err() {
            webhooks::drop_key(tx, id).await?;
        }
    }
    Ok(())
}

/// `None`: it is as it would be sealed today, or does not open.
fn anew(keyring: &Keyring, place: Place<'_>, sealed: &[u8]) -> Sealed {
    if keyring.is_newest(place, sealed) {
        return None;
    }
    keyring.open(place, sealed).ok().map(|secret| keyring.seal(place, &secret))
}
