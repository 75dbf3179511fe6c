//! The `opportunities` table: a page stored, one found.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::expanded::collapse;
use super::forget;
use crate::db::TenantTx;
use crate::lever::{Application, Contact, Opportunity, Record};
use crate::mirror::storable::{self, column, latest, search_text};
use crate::mirror::{contacts, impersonal};

/// What others need to know of an opportunity. No `Debug`: it holds a person's name.
#[derive(Clone, FromRow)]
pub struct OpportunityRow {
    pub id: String,
    pub contact_id: Option<String>,
    pub application_id: Option<String>,
    pub posting_id: Option<String>,
    pub stage_id: Option<String>,
    pub owner_id: Option<String>,
    /// The candidate's name.
    pub name: Option<String>,
    /// Set while the candidacy is over.
    pub archived_at: Option<DateTime<Utc>>,
    pub confidential: bool,
    pub anonymized: bool,
    pub synced_at: DateTime<Utc>,
    /// When its panels were last read as a whole; `None` when they never were.
    pub panels_synced_at: Option<DateTime<Utc>>,
    /// As for panels.
    pub notes_synced_at: Option<DateTime<Utc>>,
    /// As for panels.
    pub resumes_synced_at: Option<DateTime<Utc>>,
    /// Set when Lever no longer has it.
    pub gone_at: Option<DateTime<Utc>>,
}

/// Stores opportunities as Lever sent them, and the contacts inside; answers how many opportunities were written. Rows of a newer
/// read stay as they are. Of an anonymized person only what is about nobody is stored, whatever was sent.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<Opportunity>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows: Vec<_> = latest(records).into_iter().map(impersonal::opportunity).collect();
    let contacts: Vec<Record<Contact>> = rows.iter().filter_map(|row| row.contact.as_ref()?.object.as_deref().cloned()).collect();
    // Contacts before opportunities, everywhere: two transactions never wait for each other in a circle.
    contacts::upsert_of_opportunities(tx, &contacts, read_at).await?;
    let records: Vec<&Record<Opportunity>> = rows.iter().map(AsRef::as_ref).collect();
    let forgotten = forget::newly_anonymized(tx, &records, read_at).await?;
    let rows: Vec<Columns> = rows.iter().map(|row| Columns::of(row)).collect();
    let stored = sqlx::query(
        "INSERT INTO opportunities (tenant_id, id, contact_id, name, emails, stage_id, owner_id, application_id, posting_id, tags, archived_at,
                                    archive_reason_id, confidential, anonymized, lever_created_at, lever_updated_at, last_interaction_at,
                                    application, raw, search, synced_at)
         SELECT $1, r.id, r.contact_id, r.name, ARRAY(SELECT jsonb_array_elements_text(r.emails)), r.stage_id, r.owner_id, r.application_id,
                r.posting_id, ARRAY(SELECT jsonb_array_elements_text(r.tags)), r.archived_at, r.archive_reason_id, r.confidential, r.anonymized,
                r.created_at, r.updated_at, r.last_interaction_at, r.application, r.raw, r.search, $2
         FROM unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::text[], $9::text[], $10::text[], $11::jsonb[],
                     $12::timestamptz[], $13::text[], $14::boolean[], $15::boolean[], $16::timestamptz[], $17::timestamptz[],
                     $18::timestamptz[], $19::jsonb[], $20::jsonb[], $21::text[])
              AS r (id, contact_id, name, emails, stage_id, owner_id, application_id, posting_id, tags, archived_at, archive_reason_id,
                    confidential, anonymized, created_at, updated_at, last_interaction_at, application, raw, search)
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET contact_id = excluded.contact_id, name = excluded.name, emails = excluded.emails, stage_id = excluded.stage_id,
             owner_id = excluded.owner_id, application_id = excluded.application_id, posting_id = excluded.posting_id, tags = excluded.tags,
             archived_at = excluded.archived_at, archive_reason_id = excluded.archive_reason_id, confidential = excluded.confidential,
             anonymized = excluded.anonymized, lever_created_at = excluded.lever_created_at, lever_updated_at = excluded.lever_updated_at,
             last_interaction_at = excluded.last_interaction_at, application = excluded.application, raw = excluded.raw,
             search = excluded.search, synced_at = excluded.synced_at, gone_at = NULL
         WHERE opportunities.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |row| row.typed.id.as_str()))
    .bind(column(&rows, |row| storable::id(row.typed.contact.as_ref().map(|contact| contact.id.as_str()))))
    .bind(column(&rows, |row| row.typed.name.as_deref()))
    .bind(column(&rows, |row| Json(&row.typed.emails)))
    .bind(column(&rows, |row| storable::id(row.typed.stage.as_ref().map(|stage| stage.id.as_str()))))
    .bind(column(&rows, |row| row.typed.owner.as_ref().map(|owner| owner.id.as_str())))
    .bind(column(&rows, |row| row.application_id))
    .bind(column(&rows, |row| storable::id(row.posting_id)))
    .bind(column(&rows, |row| Json(&row.typed.tags)))
    .bind(column(&rows, |row| row.archived_at))
    .bind(column(&rows, |row| row.archive_reason_id.as_deref()))
    .bind(column(&rows, |row| row.typed.confidentiality.as_deref() == Some("confidential")))
    .bind(column(&rows, |row| row.typed.is_anonymized.unwrap_or(false)))
    .bind(column(&rows, |row| storable::time(row.typed.created_at).unwrap_or(DateTime::UNIX_EPOCH)))
    .bind(column(&rows, |row| storable::time(row.typed.updated_at)))
    .bind(column(&rows, |row| storable::time(row.typed.last_interaction_at)))
    .bind(column(&rows, |row| row.application.map(Json)))
    .bind(column(&rows, |row| Json(&row.raw)))
    .bind(column(&rows, |row| row.search.as_str()))
    .execute(&mut **tx)
    .await?;
    forget::forget(tx, &forgotten, read_at).await?;
    Ok(stored.rows_affected())
}

/// One row to be stored, where its columns are not the record's own fields.
struct Columns<'a> {
    typed: &'a Opportunity,
    application_id: Option<&'a str>,
    posting_id: Option<&'a str>,
    application: Option<&'a Value>,
    archived_at: Option<DateTime<Utc>>,
    archive_reason_id: Option<String>,
    search: String,
    raw: Value,
}

impl<'a> Columns<'a> {
    fn of(record: &'a Record<Opportunity>) -> Self {
        let opportunity = &record.typed;
        let reference = opportunity.applications.first();
        let application: Option<&Record<Application>> = reference.and_then(|reference| reference.object.as_deref());
        let archived = opportunity.archive_state();
        Self {
            typed: opportunity,
            application_id: reference.map(|reference| reference.id.as_str()),
            posting_id: application.and_then(|application| application.posting.as_ref()).map(|posting| posting.id.as_str()),
            application: application.map(|application| &application.raw),
            // Archived without a time is archived all the same.
            archived_at: archived
                .as_ref()
                .map(|archived| storable::time(archived.archived_at).or(storable::time(opportunity.created_at)).unwrap_or(DateTime::UNIX_EPOCH)),
            archive_reason_id: archived.and_then(|archived| archived.reason),
            search: search_text(opportunity.name.as_deref().into_iter().chain(opportunity.emails.iter().map(String::as_str))),
            raw: collapse(&record.raw),
        }
    }
}

/// One opportunity as stored, also when it is archived or gone.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: &str) -> Result<Option<OpportunityRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, contact_id, application_id, posting_id, stage_id, owner_id, name, archived_at, confidential, anonymized, synced_at,
                panels_synced_at, notes_synced_at, resumes_synced_at, gone_at
         FROM opportunities WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

/// The other opportunities of the same person, active ones first: where a panel may be after candidates were merged.
///
/// # Errors
/// The database failed.
pub async fn others_of_the_person(tx: &mut TenantTx, id: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT other.id FROM opportunities this
         JOIN opportunities other ON other.tenant_id = $1 AND other.contact_id = this.contact_id AND other.id <> this.id AND other.gone_at IS NULL
         WHERE this.tenant_id = $1 AND this.id = $2
         ORDER BY other.archived_at IS NOT NULL, other.id LIMIT 10",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_all(&mut **tx)
    .await
}

/// How many opportunities are there, archived ones included.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL").bind(tx.tenant()).fetch_one(&mut **tx).await
}
