//! All resumes of one opportunity at once: what is not in the whole set is no longer there, and what was read out of it goes.

use chrono::{DateTime, Utc};

use super::upsert;
use crate::db::TenantTx;
use crate::lever::{Record, Resume};
use crate::mirror::children::Kind;
use crate::mirror::opportunities;

/// Makes our copy of an opportunity's resumes equal to the whole set that was read. Does nothing when a newer read of the set, or a
/// newer proof that the opportunity is gone, is stored already. Only for a set that was read completely; single resumes go through
/// [`upsert`].
///
/// # Errors
/// The database failed.
pub async fn replace_for_opportunity(
    tx: &mut TenantTx,
    opportunity: &str,
    records: &[Record<Resume>],
    read_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if !opportunities::take_set(tx, opportunity, Kind::Resumes, read_at).await? {
        return Ok(());
    }
    upsert(tx, opportunity, records, read_at).await?;
    let kept: Vec<&str> = records.iter().map(|resume| resume.id.as_str()).collect();
    forget_others(tx, opportunity, &kept, read_at).await
}

/// Marks every resume of an opportunity gone and empties it: the opportunity itself is gone.
///
/// # Errors
/// The database failed.
pub async fn mark_all_gone(tx: &mut TenantTx, opportunity: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    forget_others(tx, opportunity, &[], read_at).await
}

/// The person is forgotten: as [`mark_all_gone`], and what was read later than that is emptied as well, though it is there.
///
/// # Errors
/// The database failed.
pub async fn forget_all(tx: &mut TenantTx, opportunity: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE resumes SET gone_at = CASE WHEN synced_at <= $3 THEN $3 END, synced_at = greatest(synced_at, $3), raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND opportunity_id = $2 AND gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .execute(&mut **tx)
    .await
    .map(drop)
}

async fn forget_others(tx: &mut TenantTx, opportunity: &str, kept: &[&str], read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE resumes SET gone_at = $3, synced_at = $3, raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND opportunity_id = $2 AND synced_at <= $3 AND gone_at IS NULL AND id <> ALL($4)",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(kept)
    .execute(&mut **tx)
    .await
    .map(drop)
}
