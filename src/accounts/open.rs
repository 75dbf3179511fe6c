//! Opening an organization's Lever account: the client with its tokens and its budget.

use std::sync::Arc;

use sqlx::FromRow;

use super::connection::select;
use super::tokens::{SealedAccess, StoredTokens};
use super::{Connection, Status, budget, connection, contact};
use crate::config::LeverEnvironment;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lever;
use crate::state::AppState;

/// The code of the refusal to use a connection of another environment. A job that meets it must wait and not be dropped: another
/// replica, or this one when it is configured as it was, will do it.
pub const ANOTHER_ENVIRONMENT: &str = "lever_environment_changed";

/// A connection with its token: whoever opens it asks Lever next.
#[derive(FromRow)]
struct Opened {
    #[sqlx(flatten)]
    connection: Connection,
    #[sqlx(flatten)]
    access: SealedAccess,
}

/// The account of a working connection, with the connection as it is now.
///
/// # Errors
/// 409 `not_connected`, `lever_connection_incomplete`, `lever_environment_changed` or `lever_reauthorization_required`, each saying who must do what.
pub async fn open(state: &AppState, tenant: TenantId) -> Result<(lever::Account, Connection)> {
    open_in(state, &mut state.db.look(tenant).await?).await
}

/// As [`open`], for whoever looks at more in the same transaction.
///
/// # Errors
/// As [`open`].
pub async fn open_in(state: &AppState, tx: &mut TenantTx) -> Result<(lever::Account, Connection)> {
    let tenant = tx.tenant();
    let opened: Option<Opened> =
        sqlx::query_as(select!(", c.token_version, c.access_token, c.access_expires_at")).bind(tenant).fetch_optional(&mut **tx).await?;
    let Some(Opened { connection, access }) = opened else { return Err(not_connected()) };
    match connection.status {
        Status::Connected => {
            let tokens = StoredTokens::new(state.clone(), tenant).begin_with(&access);
            Ok((account(state, tenant, &connection, tokens)?, connection))
        }
        Status::Disconnected => Err(not_connected()),
        Status::Incomplete => Err(Error::conflict(
            "lever_connection_incomplete",
            "Lever granted fewer permissions than this integration needs. An admin must connect again and accept all of them.",
        )),
        Status::ReauthorizationRequired => Err(Error::lever_reauthorization_required()),
    }
}

/// The account with whatever tokens are stored, also of an incomplete connection: for disconnecting, and for asking who connected.
///
/// # Errors
/// 409 [`ANOTHER_ENVIRONMENT`]; or the data centre that was remembered is no url: our own fault.
pub fn open_sealed(state: &AppState, tenant: TenantId, connection: &Connection) -> Result<lever::Account> {
    account(state, tenant, connection, StoredTokens::new(state.clone(), tenant))
}

fn account(state: &AppState, tenant: TenantId, connection: &Connection, tokens: StoredTokens) -> Result<lever::Account> {
    check_environment(state, connection)?;
    let root = connection.api_root.as_deref().map(str::parse).transpose().map_err(Error::internal)?;
    let account = lever::Account::new(state.lever.clone(), Arc::new(tokens), budget::of(state, tenant));
    Ok(account.behind(contact::of(state, tenant)).at_api_root(root))
}

/// Nothing of one of Lever's environments is ever asked of another: its tokens would be refused there, and the connection given up.
///
/// # Errors
/// 409 [`ANOTHER_ENVIRONMENT`]: this is not the end of the connection, but of no use before the configuration is mended.
pub fn check_environment(state: &AppState, connection: &Connection) -> Result<()> {
    match another_environment(connection, state.config.lever.environment) {
        Some(detail) => Err(Error::conflict(ANOTHER_ENVIRONMENT, detail)),
        None => Ok(()),
    }
}

/// That a connection belongs to another environment than `current`, and what to do about it, in a sentence; `None` when it does not.
pub fn another_environment(connection: &Connection, current: LeverEnvironment) -> Option<String> {
    let (own, current) = (connection.environment.as_str(), current.as_str());
    (own != current).then(|| {
        format!(
            "This connection was made with Lever's {own} environment, and this service works with {current}. Whoever operates it must set \
             LEVER_ENVIRONMENT back to {own}; or an admin must disconnect, delete the synced data, and then connect."
        )
    })
}

/// Stores where Lever has redirected the account's requests to, if it did: the next ones begin there. In a transaction of its own,
/// because whoever holds the connection ([`super::hold`]) must not also change it.
///
/// # Errors
/// The database failed.
pub async fn remember_data_centre(state: &AppState, tenant: TenantId, connection: &Connection, account: &lever::Account) -> Result<(), sqlx::Error> {
    let root = account.api_root();
    if root.as_str() == connection.api_root.as_deref().unwrap_or(state.config.lever.api_url.as_str()) {
        return Ok(());
    }
    let mut tx = state.db.begin(tenant).await?;
    connection::record_api_root(&mut tx, connection.epoch, root.as_str(), state.clock.now()).await?;
    tx.commit().await
}

fn not_connected() -> Error {
    Error::conflict("not_connected", "Lever is not connected. An admin can connect it on the Integrations page.")
}
