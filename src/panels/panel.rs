//! How every write to a panel that is there begins: the panel is known and ours to change, read fresh from Lever, of the version the
//! caller means, and in nobody else's hands.

use std::time::Duration;

use chrono_tz::Tz;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use tokio::time::Instant;

use super::judge;
use super::whereabouts::{self, Place};
use crate::accounts;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::lever::Account;
use crate::mirror::panels::{self, PanelRow};
use crate::operations::patience::Patience;
use crate::operations::store;
use crate::state::AppState;

/// How long a write waits for another one on the same panel.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// A panel that this service may change, canceled or not.
///
/// # Errors
/// 404, or 409 `panel_not_externally_managed`.
pub(super) async fn known(state: &AppState, tenant: TenantId, id: &str) -> Result<PanelRow> {
    let panel = panels::find(&mut state.db.look(tenant).await?, id).await?;
    let panel = panel.filter(|panel| panel.gone_at.is_none()).ok_or_else(Error::not_found)?;
    if panel.externally_managed {
        return Ok(panel);
    }
    Err(Error::conflict("panel_not_externally_managed", "This panel was scheduled inside Lever and can only be changed there."))
}

/// The panel's time zone, in which the local times of a request are meant.
pub(super) fn zone(panel: &PanelRow) -> Option<Tz> {
    panel.raw.get("timezone")?.as_str()?.parse().ok()
}

/// Reads the panel again from Lever and stores it: what an edit is merged into must be what Lever has.
///
/// # Errors
/// 404 when Lever has it no longer, or the connection has ended meanwhile; 503 when that takes too long; Lever or the database failed.
pub(super) async fn read_fresh(
    state: &AppState,
    tenant: TenantId,
    (account, epoch): (&Account, i64),
    panel: &PanelRow,
    patience: Patience,
) -> Result<Place> {
    let (state, account, panel) = (state.clone(), account.clone(), panel.clone());
    let clock = state.clock.clone();
    let read = async move {
        let read_at = state.clock.now();
        let found = whereabouts::find(&state, tenant, (&account, Some(epoch)), &panel.opportunity_id, &panel.id).await?;
        let mut tx = state.db.begin(tenant).await?;
        if !accounts::hold(&mut tx, epoch).await? {
            return Err(Error::not_found());
        }
        match &found {
            Some(place) => drop(panels::upsert(&mut tx, &place.opportunity, std::slice::from_ref(&place.panel), read_at).await?),
            None => panels::mark_gone(&mut tx, &panel.id, read_at).await?,
        }
        tx.commit().await?;
        found.ok_or_else(Error::not_found)
    };
    patience.demand(&clock, read).await
}

/// Begins the transaction in which a write to the panel is judged and recorded, under the organization's lock, once no other write
/// to it is under way. With the panel as it is then.
///
/// # Errors
/// 404, or 409 `panel_busy` when another write takes too long.
pub(super) async fn begin(state: &AppState, tenant: TenantId, id: &str) -> Result<(TenantTx, PanelRow)> {
    let deadline = Instant::now() + LONGEST_WAIT;
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
    if is_meant(headers, panel) { Ok(()) } else { Err(changed(tx, panel).await?) }
}

/// As [`check_version`], before Lever is asked: of a version that our copy has left behind, Lever's is no newer.
///
/// # Errors
/// As [`check_version`].
pub(super) async fn check_known_version(state: &AppState, tenant: TenantId, headers: &HeaderMap, panel: &PanelRow) -> Result<()> {
    if is_meant(headers, panel) { Ok(()) } else { Err(changed(&mut state.db.look(tenant).await?, panel).await?) }
}

/// Whether the caller means the panel as it is.
fn is_meant(headers: &HeaderMap, panel: &PanelRow) -> bool {
    let current = etag(panel);
    let named = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    !is_pinned(headers) || named.flat_map(|value| value.split(',')).any(|tag| tag.trim() == current)
}

async fn changed(tx: &mut TenantTx, panel: &PanelRow) -> Result<Error, sqlx::Error> {
    let view = panels::view(tx, &panel.id).await?;
    Ok(Error::new(StatusCode::PRECONDITION_FAILED, "panel_changed", "The panel was changed since you read it. Look at it again.")
        .with("current", json!(view))
        .with("etag", etag(panel)))
}

fn etag(panel: &PanelRow) -> String {
    format!("\"{}\"", panel.version)
}
