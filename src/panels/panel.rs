//! How every write to a panel that is there begins: the panel is known and ours to change, read fresh from Lever, of the version the
//! caller means, and in nobody else's hands.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use tokio::time::Instant;

use super::judge;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lever::{self, Account, Panel, Record};
use crate::mirror::opportunities;
use crate::mirror::panels::{self, PanelRow};
use crate::operations::store;
use crate::state::AppState;

/// How long a write waits for another one on the same panel.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// A panel that this service may change, canceled or not.
///
/// # Errors
/// 404, or 409 `panel_not_externally_managed`.
pub(super) async fn known(state: &AppState, tenant: TenantId, id: &str) -> Result<PanelRow> {
    let mut tx = state.db.begin(tenant).await?;
    let panel = panels::find(&mut tx, id).await?;
    tx.commit().await?;
    let panel = panel.filter(|panel| panel.gone_at.is_none()).ok_or_else(Error::not_found)?;
    if panel.externally_managed {
        return Ok(panel);
    }
    Err(Error::conflict("panel_not_externally_managed", "This panel was scheduled inside Lever and can only be changed there."))
}

/// Reads the panel again from Lever and stores it: what an edit is merged into must be what Lever has.
///
/// # Errors
/// 404 when Lever has it no longer; Lever or the database failed.
pub(super) async fn read_fresh(state: &AppState, tenant: TenantId, account: &Account, panel: &PanelRow) -> Result<()> {
    let read_at = state.clock.now();
    let found = find_at_lever(state, tenant, account, panel).await?;
    let mut tx = state.db.begin(tenant).await?;
    match &found {
        Some((opportunity, record)) => drop(panels::upsert(&mut tx, opportunity, std::slice::from_ref(record), read_at).await?),
        None => panels::mark_gone(&mut tx, &panel.id, read_at).await?,
    }
    tx.commit().await?;
    found.map(drop).ok_or_else(Error::not_found)
}

/// The panel as Lever has it, with the opportunity it is on: after candidates were merged that may be another one of the same person.
async fn find_at_lever(state: &AppState, tenant: TenantId, account: &Account, panel: &PanelRow) -> Result<Option<(String, Record<Panel>)>> {
    if let Some(record) = get(account, &panel.opportunity_id, &panel.id).await? {
        return Ok(Some((panel.opportunity_id.clone(), record)));
    }
    let mut tx = state.db.begin(tenant).await?;
    let others = opportunities::others_of_the_person(&mut tx, &panel.opportunity_id).await?;
    tx.commit().await?;
    for other in others {
        if let Some(record) = get(account, &other, &panel.id).await? {
            return Ok(Some((other, record)));
        }
    }
    Ok(None)
}

async fn get(account: &Account, opportunity: &str, panel: &str) -> Result<Option<Record<Panel>>, lever::Error> {
    match account.get_panel(opportunity, panel).await {
        Ok(record) => Ok(Some(record)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Begins the transaction in which a write to the panel is judged and recorded, under the organization's lock, once no other write
/// to it is under way. With the panel as it is then.
///
/// # Errors
/// 404, or 409 `panel_busy` when another write takes too long.
pub(super) async fn begin(state: &AppState, tenant: TenantId, id: &str) -> Result<(TenantTx, PanelRow)> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut tx = state.db.begin(tenant).await?;
        judge::lock(&mut tx).await?;
        if !store::is_busy(&mut tx, id).await? {
            let panel = panels::find(&mut tx, id).await?.filter(|panel| panel.gone_at.is_none()).ok_or_else(Error::not_found)?;
            return Ok((tx, panel));
        }
        tx.commit().await?;
        if Instant::now() > deadline {
            return Err(Error::conflict("panel_busy", "Another change of this panel is under way. Try again when it has settled."));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Refuses what is canceled.
///
/// # Errors
/// 409 `panel_canceled`.
pub(super) fn still_on(panel: &PanelRow) -> Result<()> {
    match panel.canceled_at {
        None => Ok(()),
        Some(_) => Err(Error::conflict("panel_canceled", "This panel is canceled. Schedule a new one.")),
    }
}

/// Whether the caller named a version (`If-Match`).
pub(super) fn is_pinned(headers: &HeaderMap) -> bool {
    headers.get_all(header::IF_MATCH).iter().any(|value| value != "*")
}

/// Holds the caller's `If-Match` against the panel.
///
/// # Errors
/// 412 `panel_changed`, with the panel as it is and its `etag`.
pub(super) async fn check_version(tx: &mut TenantTx, headers: &HeaderMap, panel: &PanelRow) -> Result<()> {
    let current = format!("\"{}\"", panel.version);
    let named = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    let matches = named.flat_map(|value| value.split(',')).any(|tag| tag.trim() == current);
    if matches || !is_pinned(headers) {
        return Ok(());
    }
    let view = panels::view(tx, &panel.id).await?;
    Err(Error::new(StatusCode::PRECONDITION_FAILED, "panel_changed", "The panel was changed since you read it. Look at it again.")
        .with("current", json!(view))
        .with("etag", current))
}
