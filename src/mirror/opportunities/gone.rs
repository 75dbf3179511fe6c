//! Opportunities that Lever no longer has.
//!
//! A 404 for this one id is proof: the candidate was deleted, and what we knew about the person goes too. Being missing from a whole
//! list is only a hint, because a candidate who advances while the list is read can be skipped: whoever reads lists asks for these by id.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::mirror::{contacts, notes, panels, resumes};

/// Lever says that there is no such opportunity: hides it, empties what was known about the person, and marks its panels, notes and
/// resumes gone and empty. An id that was never seen is remembered too, so that a page read earlier and stored later does not bring it
/// back.
///
/// # Errors
/// The database failed.
pub async fn mark_gone(tx: &mut TenantTx, id: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    contacts::forget_unless_shared(tx, id, read_at).await?;
    sqlx::query(
        "INSERT INTO opportunities (tenant_id, id, emails, tags, confidential, anonymized, lever_created_at, raw, search, synced_at, gone_at)
         VALUES ($1, $2, '{}', '{}', false, false, 'epoch', jsonb_build_object('id', $2::text), '', $3, $3)
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET name = NULL, emails = '{}', tags = '{}', application = NULL, raw = excluded.raw, search = '', panels_synced_at = NULL,
             notes_synced_at = NULL, resumes_synced_at = NULL, synced_at = excluded.synced_at, gone_at = excluded.gone_at
         WHERE opportunities.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(read_at)
    .execute(&mut **tx)
    .await?;
    panels::mark_all_gone(tx, id, read_at).await?;
    notes::mark_all_gone(tx, id, read_at).await?;
    resumes::mark_all_gone(tx, id, read_at).await
}

/// Opportunities that no read since then has brought, though whole lists were read: gone, or skipped by a list that shifted. With them
/// those that are hidden, and of which something is still known.
///
/// # Errors
/// The database failed.
pub async fn unseen_since(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM opportunities
         WHERE tenant_id = $1 AND CASE WHEN gone_at IS NULL THEN synced_at < $2 ELSE raw <> jsonb_build_object('id', id) END ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(since)
    .fetch_all(&mut **tx)
    .await
}

/// Those of these opportunities, in order, for which [`unseen_since`] is still true.
///
/// # Errors
/// The database failed.
pub async fn unseen_among(tx: &mut TenantTx, ids: &[String], since: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM opportunities
         WHERE tenant_id = $1 AND id = ANY($3) AND CASE WHEN gone_at IS NULL THEN synced_at < $2 ELSE raw <> jsonb_build_object('id', id) END
         ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(since)
    .bind(ids)
    .fetch_all(&mut **tx)
    .await
}

/// Those of these opportunities, in order, of which something is known: Lever's word that they are gone is news.
///
/// # Errors
/// The database failed.
pub async fn known_among(tx: &mut TenantTx, ids: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM opportunities
         WHERE tenant_id = $1 AND id = ANY($2) AND (gone_at IS NULL OR raw <> jsonb_build_object('id', id)) ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await
}
