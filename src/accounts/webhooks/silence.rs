//! Whether Lever keeps quiet about what happens there.
//!
//! The API cannot see the switches in Lever's settings. But a change that our copy shows, and of which no delivery came within ten
//! minutes, proves that its event's switch is off.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::TenantTx;

/// Lever tries again for longer than this, but its first try comes within seconds.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// Our clock and that of the replica that received it may disagree a little.
const SLACK: TimeDelta = TimeDelta::minutes(1);

/// A sync has found that a candidate was deleted at Lever. To be told while our copy still shows the candidate: it cannot tell this by
/// itself, because a merge takes one away too.
///
/// # Errors
/// The database failed.
pub async fn expect_deletion(
    tx: &mut TenantTx,
    opportunity: &str,
    deleted_at: Option<DateTime<Utc>>,
    found_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO webhook_expectations (tenant_id, event, object_id, happened_after, found_at)
         SELECT tenant_id, 'candidateDeleted', id, happened_after(synced_at, $3, $4), $4 FROM opportunities
         WHERE tenant_id = $1 AND id = $2 AND gone_at IS NULL
         ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(deleted_at)
    .bind(found_at)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Judges what was expected long enough ago: a webhook that stood when the change happened, and brought nothing about it, has missed
/// it. A delivery that does not say what it is about may have been about anything.
///
/// # Errors
/// The database failed.
pub async fn judge(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH due AS (
             DELETE FROM webhook_expectations WHERE tenant_id = $1 AND found_at <= $2 RETURNING event, object_id, happened_after, found_at)
         UPDATE webhooks w SET missed_at = missed.found_at
         FROM (SELECT due.event, max(due.found_at) AS found_at FROM due
               JOIN webhooks stood ON stood.tenant_id = $1 AND stood.event = due.event AND stood.created_at <= due.happened_after
                                  AND stood.retired_at IS NULL AND stood.signature_token IS NOT NULL
               WHERE NOT EXISTS (
                   SELECT FROM webhook_deliveries d
                   WHERE d.tenant_id = $1 AND d.event = due.event AND d.received_at >= due.happened_after - $3
                     AND (due.object_id IN (d.opportunity_id, d.contact_id) OR (d.opportunity_id IS NULL AND d.contact_id IS NULL)))
               GROUP BY due.event) AS missed
         WHERE w.tenant_id = $1 AND w.event = missed.event AND w.retired_at IS NULL
           AND (w.missed_at IS NULL OR w.missed_at < missed.found_at)",
    )
    .bind(tx.tenant())
    .bind(now - PATIENCE)
    .bind(SLACK)
    .execute(&mut **tx)
    .await
    .map(drop)
}
