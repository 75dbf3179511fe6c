//! Sealing an organization's secrets anew after a new key was put in front of `ENCRYPTION_KEYS`, so that the old one can go.

use crate::crypto::{Keyring, Place, Standing};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::state::AppState;

use super::connection::{access_place, refresh_place};
use super::webhooks;
use crate::ids::TenantId;

/// A secret as it is stored, if it is.
type Sealed = Option<Vec<u8>>;

/// The worst standing among an organization's sealed secrets; `Current` when it has none.
///
/// # Errors
/// The database failed.
pub async fn standing(tx: &mut TenantTx, keyring: &Keyring) -> Result<Standing, sqlx::Error> {
    let sealed: Vec<Sealed> = sqlx::query_scalar(
        "SELECT access_token FROM connections WHERE tenant_id = $1
         UNION ALL SELECT refresh_token FROM connections WHERE tenant_id = $1
         UNION ALL SELECT signature_token FROM webhooks WHERE tenant_id = $1",
    )
    .bind(tx.tenant())
    .fetch_all(&mut **tx)
    .await?;
    Ok(sealed.iter().flatten().map(|sealed| keyring.standing(sealed)).max().unwrap_or(Standing::Current))
}

/// Does every sealed secret of an organization open? Tried, because a key's id says nothing about its bytes.
///
/// # Errors
/// The database failed.
pub async fn secrets_open(tx: &mut TenantTx, keyring: &Keyring) -> Result<bool, sqlx::Error> {
    let tenant = tx.tenant();
    let tokens: Option<(Sealed, Sealed)> =
        sqlx::query_as("SELECT access_token, refresh_token FROM connections WHERE tenant_id = $1").bind(tenant).fetch_optional(&mut **tx).await?;
    let (access, refresh) = tokens.unwrap_or_default();
    let keys: Vec<Sealed> = sqlx::query_scalar("SELECT signature_token FROM webhooks WHERE tenant_id = $1").bind(tenant).fetch_all(&mut **tx).await?;
    let keys = keys.into_iter().map(|sealed| (webhooks::key_place(tenant), sealed));
    let all = [(access_place(tenant), access), (refresh_place(tenant), refresh)].into_iter().chain(keys);
    Ok(all.filter_map(|(place, sealed)| Some(keyring.open(place, &sealed?))).all(|opened| opened.is_ok()))
}

/// Seals with the first key what another one sealed. What no key opens is left as it is; [`standing`] says so.
///
/// # Errors
/// The database failed.
pub async fn reseal(state: &AppState, tenant: TenantId) -> Result<()> {
    let keyring = &state.config.keyring;
    let mut tx = state.db.begin(tenant).await?;
    if standing(&mut tx, keyring).await? != Standing::Older {
        return Ok(tx.commit().await?);
    }
    let tokens: Option<(Sealed, Sealed)> = sqlx::query_as("SELECT access_token, refresh_token FROM connections WHERE tenant_id = $1 FOR UPDATE")
        .bind(tenant)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some((access, refresh)) = tokens {
        sqlx::query("UPDATE connections SET access_token = $2, refresh_token = $3 WHERE tenant_id = $1")
            .bind(tenant)
            .bind(anew(keyring, access_place(tenant), access)?)
            .bind(anew(keyring, refresh_place(tenant), refresh)?)
            .execute(&mut *tx)
            .await?;
    }
    for (id, sealed) in webhooks::sealed_keys(&mut tx).await? {
        if let Some(sealed) = anew(keyring, webhooks::key_place(tenant), Some(sealed))? {
            webhooks::replace_sealed_key(&mut tx, &id, &sealed).await?;
        }
    }
    tx.commit().await?;
    tracing::info!(%tenant, "secrets were sealed anew with the first encryption key");
    Ok(())
}

fn anew(keyring: &Keyring, place: Place, sealed: Sealed) -> Result<Sealed> {
    sealed.map(|sealed| keyring.open(place, &sealed).map(|secret| keyring.seal(place, &secret))).transpose().map_err(Error::internal)
}
