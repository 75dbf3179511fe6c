//! The `contacts` table.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Contact, Record};
use crate::mirror::impersonal;
use crate::mirror::storable::{column, latest};

/// Stores contacts that were read alone, as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
/// Of an anonymized person only what is about nobody is stored, also when only a candidacy of theirs says so.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<Contact>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let ids: Vec<&str> = records.iter().map(|contact| contact.id.as_str()).collect();
    let anonymized: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT contact_id FROM opportunities WHERE tenant_id = $1 AND contact_id = ANY($2) AND anonymized AND gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    let known = |contact: &Record<Contact>| if anonymized.contains(&contact.id) { impersonal::forgotten(contact) } else { contact.clone() };
    let records: Vec<Record<Contact>> = records.iter().map(known).collect();
    upsert_of_opportunities(tx, &records, read_at).await
}

/// As [`upsert`], of contacts that came with their opportunities, which say whether they are anonymized.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn upsert_of_opportunities(
    tx: &mut TenantTx,
    records: &[Record<Contact>],
    read_at: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let rows: Vec<_> = latest(records).into_iter().map(impersonal::contact).collect();
    let stored = sqlx::query(
        "INSERT INTO contacts (tenant_id, id, name, headline, emails, anonymized, raw, synced_at)
         SELECT $1, r.id, r.name, r.headline, ARRAY(SELECT jsonb_array_elements_text(r.emails)), r.anonymized, r.raw, $2
         FROM unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::boolean[], $8::jsonb[]) AS r (id, name, headline, emails, anonymized, raw)
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET name = excluded.name, headline = excluded.headline, emails = excluded.emails, anonymized = excluded.anonymized,
             raw = excluded.raw, synced_at = excluded.synced_at, gone_at = NULL
         WHERE contacts.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |contact| contact.id.as_str()))
    .bind(column(&rows, |contact| contact.name.as_deref()))
    .bind(column(&rows, |contact| contact.headline.as_deref()))
    .bind(column(&rows, |contact| Json(&contact.emails)))
    .bind(column(&rows, |contact| contact.is_anonymized.unwrap_or(false)))
    .bind(column(&rows, |contact| Json(&contact.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// Whether the contact was ever seen, also when it is gone.
///
/// # Errors
/// The database failed.
pub async fn is_known(tx: &mut TenantTx, id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM contacts WHERE tenant_id = $1 AND id = $2)").bind(tx.tenant()).bind(id).fetch_one(&mut **tx).await
}

/// When our copy of a contact was last read, also when it is gone; `None` when it never was.
///
/// # Errors
/// The database failed.
pub async fn synced_at(tx: &mut TenantTx, id: &str) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("SELECT synced_at FROM contacts WHERE tenant_id = $1 AND id = $2").bind(tx.tenant()).bind(id).fetch_optional(&mut **tx).await
}

/// Marks a contact gone and empties what we knew about the person.
///
/// # Errors
/// The database failed.
pub async fn mark_gone(tx: &mut TenantTx, id: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE contacts SET gone_at = $3, synced_at = $3, name = NULL, headline = NULL, emails = '{}', raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND id = $2 AND synced_at <= $3",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(read_at)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Empties what we knew about people who were anonymized.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn anonymize(tx: &mut TenantTx, ids: &[&str], read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE contacts SET anonymized = true, synced_at = $3, name = NULL, headline = NULL, emails = '{}',
                raw = jsonb_build_object('id', id, 'isAnonymized', true)
         WHERE tenant_id = $1 AND id = ANY($2) AND synced_at <= $3 AND NOT anonymized",
    )
    .bind(tx.tenant())
    .bind(ids)
    .bind(read_at)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Marks gone the contact of an opportunity that is gone, unless another opportunity that is still there shares it.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn forget_unless_shared(tx: &mut TenantTx, opportunity: &str, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let alone: Option<String> = sqlx::query_scalar(
        "SELECT o.contact_id FROM opportunities o
         WHERE o.tenant_id = $1 AND o.id = $2 AND o.synced_at <= $3 AND o.contact_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM opportunities other
                           WHERE other.tenant_id = $1 AND other.contact_id = o.contact_id AND other.id <> o.id AND other.gone_at IS NULL)",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .fetch_optional(&mut **tx)
    .await?;
    match alone {
        Some(contact) => mark_gone(tx, &contact, read_at).await,
        None => Ok(()),
    }
}
