//! People who were anonymized at Lever: what is stored about them here goes, also what no later read would bring again.
//!
//! What hangs on the opportunity is emptied in the transaction that stores the news, also what was read later than that. What Lever still
//! has of it is read again soon: the tables ask for that themselves, whoever found the change. A read that was sent before and is stored
//! after brings nothing back, and of one that was sent after only what is about nobody is stored.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::lever::{Opportunity, Record};
use crate::mirror::{contacts, notes, panels, resumes};

/// Those of these records that say for the first time that the person is anonymized. Asked before they are stored.
///
/// # Errors
/// The database failed.
pub(super) async fn newly_anonymized(
    tx: &mut TenantTx,
    records: &[&Record<Opportunity>],
    read_at: DateTime<Utc>,
) -> Result<Vec<String>, sqlx::Error> {
    let anonymized: Vec<&str> = records.iter().filter(|record| is_anonymized(record)).map(|record| record.id.as_str()).collect();
    if anonymized.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<&str> =
        records.iter().filter(|record| is_anonymized(record)).filter_map(|record| Some(record.contact.as_ref()?.id.as_str())).collect();
    // Lever may send the person along or not: the contact is the same one.
    contacts::anonymize(tx, &people, read_at).await?;
    sqlx::query_scalar("SELECT id FROM opportunities WHERE tenant_id = $1 AND id = ANY($2) AND NOT anonymized AND synced_at <= $3 ORDER BY id")
        .bind(tx.tenant())
        .bind(anonymized)
        .bind(read_at)
        .fetch_all(&mut **tx)
        .await
}

fn is_anonymized(record: &Record<Opportunity>) -> bool {
    record.is_anonymized.unwrap_or(false)
}

/// Empties what hangs on these opportunities.
///
/// # Errors
/// The database failed.
pub(super) async fn forget(tx: &mut TenantTx, opportunities: &[String], read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    for id in opportunities {
        sqlx::query("UPDATE opportunities SET forgotten_at = $3 WHERE tenant_id = $1 AND id = $2")
            .bind(tx.tenant())
            .bind(id)
            .bind(read_at)
            .execute(&mut **tx)
            .await?;
        notes::forget_all(tx, id, read_at).await?;
        resumes::forget_all(tx, id, read_at).await?;
        panels::forget_words_of_canceled(tx, id).await?;
    }
    Ok(())
}
