//! The `panels` table: single panels stored, found, marked gone. Their interviews go with them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::{missing, version};
use crate::db::TenantTx;
use crate::lever::{Panel, Record};
use crate::mirror::storable::{self, column, latest};
use crate::mirror::{impersonal, interviews, opportunities};

/// Bytes of the longest url that is looked for by an index. Ours have about a hundred.
const MAX_INDEXED_URL: usize = 2000;

/// A panel as stored. No `Debug`: its notes may be about people.
#[derive(Clone, FromRow)]
pub struct PanelRow {
    pub id: String,
    pub opportunity_id: String,
    pub start_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
    /// Set when the panel is canceled; it stays readable.
    pub canceled_at: Option<DateTime<Utc>>,
    /// Made through the API. Only such a panel can be changed through it.
    pub externally_managed: bool,
    pub external_url: Option<String>,
    /// Changes whenever anything of the panel does.
    pub version: String,
    /// As Lever sent it, fields that we do not know included.
    pub raw: Value,
    pub synced_at: DateTime<Utc>,
    /// Set when Lever no longer has it.
    pub gone_at: Option<DateTime<Utc>>,
}

/// Stores single panels of one opportunity with their interviews, such as the answer to a write; answers how many panels were
/// written. Panels of a newer read stay as they are, with their interviews. Of a canceled panel of an anonymized person no words are
/// stored; one that is to take place keeps them, because an edit hands them back to Lever.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, opportunity: &str, records: &[Record<Panel>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    if records.is_empty() {
        return Ok(0);
    }
    let mut rows = latest(records);
    if rows.iter().any(|panel| panel.canceled_at.is_some()) && opportunities::is_anonymized(tx, opportunity).await? {
        for panel in rows.iter_mut().filter(|panel| panel.canceled_at.is_some()) {
            *panel = Cow::Owned(impersonal::panel(panel));
        }
    }
    let stored: Vec<String> = sqlx::query_scalar(
        "INSERT INTO panels (tenant_id, id, opportunity_id, start_at, end_at, canceled_at, externally_managed, external_url, raw, version, synced_at)
         SELECT $1, r.id, $2, r.start_at, r.end_at, r.canceled_at, r.externally_managed, r.external_url, r.raw, r.version, $3
         FROM unnest($4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::boolean[], $9::text[], $10::jsonb[], $11::text[])
              AS r (id, start_at, end_at, canceled_at, externally_managed, external_url, raw, version)
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET opportunity_id = excluded.opportunity_id, start_at = excluded.start_at, end_at = excluded.end_at,
             canceled_at = excluded.canceled_at, externally_managed = excluded.externally_managed, external_url = excluded.external_url,
             raw = excluded.raw, version = excluded.version, synced_at = excluded.synced_at, gone_at = NULL
         WHERE panels.synced_at <= excluded.synced_at
         RETURNING id",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(column(&rows, |panel| panel.id.as_str()))
    .bind(column(&rows, |panel| storable::time(missing::start(panel.start, missing::interviews(panel)))))
    .bind(column(&rows, |panel| storable::time(missing::end(panel.end, missing::interviews(panel)))))
    .bind(column(&rows, |panel| storable::time(panel.canceled_at)))
    .bind(column(&rows, |panel| missing::externally_managed(panel)))
    .bind(column(&rows, |panel| panel.external_url.as_deref().filter(|url| url.len() <= MAX_INDEXED_URL)))
    .bind(column(&rows, |panel| Json(&panel.raw)))
    .bind(column(&rows, |panel| version(&panel.raw)))
    .fetch_all(&mut **tx)
    .await?;
    let panels: Vec<&Record<Panel>> = rows.iter().map(AsRef::as_ref).filter(|panel: &&Record<Panel>| stored.contains(&panel.id)).collect();
    interviews::replace_in_panels(tx, opportunity, &panels, read_at).await?;
    Ok(stored.len() as u64)
}

/// One panel as stored, also when it is canceled or gone.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: &str) -> Result<Option<PanelRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, opportunity_id, start_at, end_at, canceled_at, externally_managed, external_url, version, raw, synced_at, gone_at
         FROM panels WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

/// Marks one panel gone with its interviews: Lever does not have it any more.
///
/// # Errors
/// The database failed.
pub async fn mark_gone(tx: &mut TenantTx, id: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let marked = sqlx::query(
        "UPDATE panels SET gone_at = $3, synced_at = $3, raw = jsonb_build_object('id', id) WHERE tenant_id = $1 AND id = $2 AND synced_at <= $3",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(read_at)
    .execute(&mut **tx)
    .await?;
    if marked.rows_affected() == 0 {
        return Ok(());
    }
    interviews::mark_gone_in_panels(tx, &[id.to_owned()], read_at).await
}
