//! The last use of a connection's tokens: taken out of the database before they are destroyed there, and kept by the one who says
//! goodbye to Lever with them.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::connection::{access_place, refresh_place};
use super::{Connection, Status, budget, check_environment};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::lever::{self, AccessToken, Lever, TokenSource};
use crate::state::AppState;

/// The account of a connection that is about to end, read in the transaction that ends it. `None` when Lever would not listen:
/// nothing works with these tokens, or not from here.
///
/// # Errors
/// The database failed, or the data centre that was remembered is no url.
pub async fn part(state: &AppState, tx: &mut TenantTx, connection: &Connection) -> Result<Option<lever::Account>> {
    let works = matches!(connection.status, Status::Connected | Status::Incomplete) && check_environment(state, connection).is_ok();
    if !works {
        return Ok(None);
    }
    let tenant = tx.tenant();
    let (access, refresh): (Option<Vec<u8>>, Option<Vec<u8>>) =
        sqlx::query_as("SELECT access_token, refresh_token FROM connections WHERE tenant_id = $1").bind(tenant).fetch_one(&mut **tx).await?;
    let keyring = &state.config.keyring;
    let Some(access) = access.and_then(|sealed| keyring.open(access_place(tenant), &sealed).ok()) else { return Ok(None) };
    let refresh = refresh.and_then(|sealed| keyring.open(refresh_place(tenant), &sealed).ok());
    let tokens = LastTokens { lever: state.lever.clone(), access, refresh, renewed: OnceCell::new() };
    let root = connection.api_root.as_deref().map(str::parse).transpose().map_err(Error::internal)?;
    Ok(Some(lever::Account::new(state.lever.clone(), Arc::new(tokens), budget::of(state, tenant)).at_api_root(root)))
}

/// Tokens that nobody else uses any more: a new pair is of use here alone, and is kept nowhere.
struct LastTokens {
    lever: Lever,
    access: SecretString,
    refresh: Option<SecretString>,
    renewed: OnceCell<SecretString>,
}

const FIRST: i64 = 0;
const RENEWED: i64 = 1;

impl LastTokens {
    async fn renewed(&self) -> Result<AccessToken, lever::Error> {
        let refresh = self.refresh.as_ref().ok_or(lever::Error::ReauthorizationRequired)?;
        let renew = async || match self.lever.refresh(refresh).await {
            Ok(grant) => Ok(grant.access_token),
            Err(_) => Err(lever::Error::ReauthorizationRequired),
        };
        self.renewed.get_or_try_init(renew).await.map(|secret| AccessToken { secret: secret.clone(), version: RENEWED })
    }
}

impl TokenSource for LastTokens {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        let renewed = self.renewed.get().map(|secret| AccessToken { secret: secret.clone(), version: RENEWED });
        let token = renewed.unwrap_or_else(|| AccessToken { secret: self.access.clone(), version: FIRST });
        std::future::ready(Ok(token)).boxed()
    }

    fn renew(&self, spent: &AccessToken) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        match spent.version {
            FIRST => self.renewed().boxed(),
            _ => std::future::ready(Err(lever::Error::ReauthorizationRequired)).boxed(),
        }
    }
}
