//! Opportunities that Lever no longer has.
//!
//! Two kinds of evidence, and they weigh differently. A 404 for this one id is proof: the candidate was deleted, and what we knew
//! about the person goes too. Being missing from a whole list is only a hint, because a candidate who advances while the list is
//! read can be skipped: the row is hidden, and everything is back as soon as any later read brings it.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::mirror::{contacts, notes, panels, resumes, storable};

/// Lever says that there is no such opportunity: hides it, empties what was known about the person, and marks its panels, notes and
/// resumes gone. An
/// id that was never seen is remembered too, so that a page read earlier and stored later does not bring it back.
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

/// Hides the opportunities that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE opportunities SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}
