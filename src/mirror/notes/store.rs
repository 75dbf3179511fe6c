//! The `notes` table: single notes stored.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Note, Record};
use crate::mirror::storable::{self, column, latest};

/// Stores single notes of one opportunity, such as one just written; answers how many rows were written. Rows of a newer read stay
/// as they are. Of a note on an anonymized person only the id is stored.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, opportunity: &str, records: &[Record<Note>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO notes (tenant_id, opportunity_id, id, secret, lever_created_at, raw, synced_at)
         SELECT $1, $2, r.id, r.secret, r.created_at,
                CASE WHEN (SELECT anonymized FROM opportunities WHERE tenant_id = $1 AND id = $2) THEN jsonb_build_object('id', r.id) ELSE r.raw END, $3
         FROM unnest($4::text[], $5::boolean[], $6::timestamptz[], $7::jsonb[]) AS r (id, secret, created_at, raw)
         ON CONFLICT (tenant_id, opportunity_id, id) DO UPDATE
         SET secret = excluded.secret, lever_created_at = excluded.lever_created_at, raw = excluded.raw, synced_at = excluded.synced_at,
             gone_at = NULL
         WHERE notes.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(column(&rows, |note| note.id.as_str()))
    .bind(column(&rows, |note| is_secret(&note.raw)))
    .bind(column(&rows, |note| storable::time(note.created_at).unwrap_or(DateTime::UNIX_EPOCH)))
    .bind(column(&rows, |note| Json(&note.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// The ids of an opportunity's notes, also of those that are gone.
///
/// # Errors
/// The database failed.
pub async fn ids(tx: &mut TenantTx, opportunity: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM notes WHERE tenant_id = $1 AND opportunity_id = $2")
        .bind(tx.tenant())
        .bind(opportunity)
        .fetch_all(&mut **tx)
        .await
}

/// Open is only what Lever calls so, or says nothing about: a form that we cannot read is kept from members.
fn is_secret(raw: &Value) -> bool {
    !matches!(raw.get("secret"), None | Some(Value::Null | Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_secret_is() {
        for open in [json!({}), json!({"secret": null}), json!({"secret": false})] {
            assert!(!is_secret(&open), "{open}");
        }
        for secret in [json!({"secret": true}), json!({"secret": "true"}), json!({"secret": 1})] {
            assert!(is_secret(&secret), "{secret}");
        }
    }
}
