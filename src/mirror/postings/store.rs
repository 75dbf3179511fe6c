//! The `postings` table.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Posting, Record};
use crate::mirror::storable::{self, column, latest, search_text};

/// Stores postings as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<Posting>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO postings (tenant_id, id, title, state, confidential, owner_id, hiring_manager_id, lever_created_at, lever_updated_at,
                               search, raw, synced_at)
         SELECT $1, r.*, $2
         FROM unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                     $11::text[], $12::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET title = excluded.title, state = excluded.state, confidential = excluded.confidential, owner_id = excluded.owner_id,
             hiring_manager_id = excluded.hiring_manager_id, lever_created_at = excluded.lever_created_at,
             lever_updated_at = excluded.lever_updated_at, search = excluded.search, raw = excluded.raw,
             synced_at = excluded.synced_at, gone_at = NULL
         WHERE postings.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |posting| posting.id.as_str()))
    .bind(column(&rows, |posting| posting.text.as_deref()))
    .bind(column(&rows, |posting| posting.state.as_deref()))
    .bind(column(&rows, |posting| posting.confidentiality.as_deref() == Some("confidential")))
    .bind(column(&rows, |posting| posting.owner.as_ref().map(|owner| owner.id.as_str())))
    .bind(column(&rows, |posting| posting.hiring_manager.as_ref().map(|manager| manager.id.as_str())))
    .bind(column(&rows, |posting| storable::time(posting.created_at)))
    .bind(column(&rows, |posting| storable::time(posting.updated_at)))
    .bind(column(&rows, |posting| searched(posting)))
    .bind(column(&rows, |posting| Json(&posting.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// What `?q=` looks through: the title and where the job sits, and its requisition codes.
fn searched(posting: &Posting) -> String {
    let places = posting.categories.as_ref().map(|place| [&place.team, &place.department, &place.location]);
    let places = places.into_iter().flatten().filter_map(|place| place.as_deref());
    search_text(posting.text.as_deref().into_iter().chain(places).chain(posting.requisition_codes.iter().map(String::as_str)))
}

/// Marks one posting gone: Lever does not have it any more.
///
/// # Errors
/// The database failed.
pub async fn mark_gone(tx: &mut TenantTx, id: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE postings SET gone_at = $3, synced_at = $3 WHERE tenant_id = $1 AND id = $2 AND synced_at <= $3")
        .bind(tx.tenant())
        .bind(id)
        .bind(read_at)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Marks gone the postings that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE postings SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}

/// How many postings are there.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM postings WHERE tenant_id = $1 AND gone_at IS NULL").bind(tx.tenant()).fetch_one(&mut **tx).await
}
