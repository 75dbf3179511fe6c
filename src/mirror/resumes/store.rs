//! The `resumes` table: single resumes stored, one found.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Record, Resume};
use crate::mirror::storable::{self, column, latest};

/// Stores single resumes of one opportunity; answers how many rows were written. Rows of a newer read stay as they are. Of a resume of
/// an anonymized person only the id is stored.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, opportunity: &str, records: &[Record<Resume>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO resumes (tenant_id, opportunity_id, id, lever_created_at, raw, synced_at)
         SELECT $1, $2, r.id, r.created_at,
                CASE WHEN (SELECT anonymized FROM opportunities WHERE tenant_id = $1 AND id = $2) THEN jsonb_build_object('id', r.id) ELSE r.raw END, $3
         FROM unnest($4::text[], $5::timestamptz[], $6::jsonb[]) AS r (id, created_at, raw)
         ON CONFLICT (tenant_id, opportunity_id, id) DO UPDATE
         SET lever_created_at = excluded.lever_created_at, raw = excluded.raw, synced_at = excluded.synced_at, gone_at = NULL
         WHERE resumes.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(column(&rows, |resume| resume.id.as_str()))
    .bind(column(&rows, |resume| storable::time(resume.created_at).unwrap_or(DateTime::UNIX_EPOCH)))
    .bind(column(&rows, |resume| Json(&resume.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// One resume as Lever sent it; `None` when it is unknown or gone.
///
/// # Errors
/// The database failed.
pub(super) async fn find(tx: &mut TenantTx, opportunity: &str, id: &str) -> Result<Option<Resume>, sqlx::Error> {
    let row: Option<Json<Resume>> =
        sqlx::query_scalar("SELECT raw FROM resumes WHERE tenant_id = $1 AND opportunity_id = $2 AND id = $3 AND gone_at IS NULL")
            .bind(tx.tenant())
            .bind(opportunity)
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.map(|row| row.0))
}
