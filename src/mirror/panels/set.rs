//! All panels of one opportunity at once: what is not in the whole set is no longer there.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use super::{upsert, version};
use crate::db::TenantTx;
use crate::lever::{Panel, Record};
use crate::mirror::children::Kind;
use crate::mirror::{interviews, opportunities};

/// Makes our copy of an opportunity's panels equal to the whole set that was read: stores them, and marks gone what is missing.
/// Does nothing when the set is no news ([`opportunities::take_set`]). Only for a set that was read completely; single panels go through
/// [`upsert`].
///
/// # Errors
/// The database failed.
pub async fn replace_for_opportunity(
    tx: &mut TenantTx,
    opportunity: &str,
    records: &[Record<Panel>],
    read_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if !opportunities::take_set(tx, opportunity, Kind::Panels, read_at).await? {
        return Ok(());
    }
    upsert(tx, opportunity, records, read_at).await?;
    let there: Vec<&str> = records.iter().map(|panel| panel.id.as_str()).collect();
    // Canceled ones are kept: whoever canceled a panel may still read that it is.
    let vanished: Vec<String> = sqlx::query_scalar(
        "UPDATE panels SET gone_at = $3, synced_at = $3, raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND opportunity_id = $2 AND synced_at <= $3 AND gone_at IS NULL AND canceled_at IS NULL AND id <> ALL($4)
         RETURNING id",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(there)
    .fetch_all(&mut **tx)
    .await?;
    interviews::mark_gone_in_panels(tx, &vanished, read_at).await
}

/// Marks every panel of an opportunity gone and empties it, canceled ones too: the opportunity itself is gone.
///
/// # Errors
/// The database failed.
pub async fn mark_all_gone(tx: &mut TenantTx, opportunity: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let marked: Vec<String> = sqlx::query_scalar(
        "UPDATE panels SET gone_at = $3, synced_at = $3, raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND opportunity_id = $2 AND synced_at <= $3 AND gone_at IS NULL RETURNING id",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .fetch_all(&mut **tx)
    .await?;
    interviews::mark_gone_in_panels(tx, &marked, read_at).await
}

/// Empties the words of an opportunity's canceled panels, whenever they were read: the person is anonymized, and Lever need not list such
/// panels again.
///
/// # Errors
/// The database failed.
pub async fn forget_words_of_canceled(tx: &mut TenantTx, opportunity: &str) -> Result<(), sqlx::Error> {
    let canceled: Vec<(String, Value)> = sqlx::query_as(
        "SELECT id, without_words(raw) FROM panels
         WHERE tenant_id = $1 AND opportunity_id = $2 AND canceled_at IS NOT NULL AND gone_at IS NULL
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .fetch_all(&mut **tx)
    .await?;
    for (id, raw) in &canceled {
        sqlx::query("UPDATE panels SET raw = $3, version = $4 WHERE tenant_id = $1 AND id = $2")
            .bind(tx.tenant())
            .bind(id)
            .bind(Json(raw))
            .bind(version(raw))
            .execute(&mut **tx)
            .await?;
        interviews::forget_words_in_panel(tx, id).await?;
    }
    Ok(())
}
