//! A panel that was canceled by a write of ours, whose answer says no more than that it happened.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::version;
use crate::db::TenantTx;
use crate::mirror::{impersonal, interviews};

/// Marks a panel and its interviews canceled, in the columns and in the JSON alike, as Lever itself does. One that was canceled
/// before keeps its time. Does nothing when a newer read is stored. The words go when the person is anonymized.
///
/// # Errors
/// The database failed.
pub async fn mark_canceled(tx: &mut TenantTx, id: &str, canceled_at: DateTime<Utc>, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let known: Option<(Value, bool)> = sqlx::query_as(
        "SELECT raw, EXISTS (SELECT FROM opportunities o WHERE o.tenant_id = $1 AND o.id = p.opportunity_id AND o.anonymized)
         FROM panels p WHERE tenant_id = $1 AND id = $2 AND synced_at <= $3 AND canceled_at IS NULL FOR NO KEY UPDATE",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(read_at)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((raw, anonymized)) = known else { return Ok(()) };
    let raw = canceled(if anonymized { impersonal::without_words(&raw) } else { raw }, canceled_at);
    sqlx::query("UPDATE panels SET canceled_at = $4, raw = $5, version = $6, synced_at = $3 WHERE tenant_id = $1 AND id = $2")
        .bind(tx.tenant())
        .bind(id)
        .bind(read_at)
        .bind(canceled_at)
        .bind(Json(&raw))
        .bind(version(&raw))
        .execute(&mut **tx)
        .await?;
    interviews::mark_canceled_in_panel(tx, id, canceled_at, read_at).await?;
    if anonymized { interviews::forget_words_in_panel(tx, id).await } else { Ok(()) }
}

/// The panel's JSON with the time of its cancellation, in itself and in every interview that had none.
fn canceled(mut raw: Value, at: DateTime<Utc>) -> Value {
    let cancel = |object: &mut Map<String, Value>| {
        let field = object.entry("canceledAt").or_insert(Value::Null);
        if field.is_null() {
            *field = at.timestamp_millis().into();
        }
    };
    if let Value::Object(panel) = &mut raw {
        cancel(panel);
        if let Some(Value::Array(interviews)) = panel.get_mut("interviews") {
            interviews.iter_mut().filter_map(Value::as_object_mut).for_each(cancel);
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_panel_and_its_interviews_carry_the_time_and_lose_nothing() {
        let raw = json!({"id": "p", "canceledAt": null, "new": 1, "interviews": [{"id": "i"}, {"id": "j", "canceledAt": 5}]});
        let expected = json!({"id": "p", "canceledAt": 7, "new": 1, "interviews": [{"id": "i", "canceledAt": 7}, {"id": "j", "canceledAt": 5}]});
        assert_eq!(canceled(raw, DateTime::from_timestamp_millis(7).expect("a time")), expected);
    }
}
