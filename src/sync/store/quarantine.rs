//! The `sync_quarantine` table: what hangs on an opportunity and cannot be read.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::TenantTx;
use crate::sync::plan::Kind;

/// How long something is left alone after its first failure; each further one doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(30);
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);

/// Leaves it alone for a while; answers how often it has failed by now. `reason` names no person.
pub(in crate::sync) async fn add(tx: &mut TenantTx, kind: Kind, opportunity: &str, reason: &str, now: DateTime<Utc>) -> Result<i32, sqlx::Error> {
    let failures: i32 = sqlx::query_scalar(
        "INSERT INTO sync_quarantine (tenant_id, object, opportunity_id, reason, failures, retry_at, failed_at) VALUES ($1, $2, $3, $4, 1, $5, $6)
         ON CONFLICT (tenant_id, object, opportunity_id) DO UPDATE
         SET reason = excluded.reason, failures = sync_quarantine.failures + 1, failed_at = excluded.failed_at
         RETURNING failures",
    )
    .bind(tx.tenant())
    .bind(kind)
    .bind(opportunity)
    .bind(reason)
    .bind(now + pause(1))
    .bind(now)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("UPDATE sync_quarantine SET retry_at = $4 WHERE tenant_id = $1 AND object = $2 AND opportunity_id = $3")
        .bind(tx.tenant())
        .bind(kind)
        .bind(opportunity)
        .bind(now + pause(failures))
        .execute(&mut **tx)
        .await?;
    Ok(failures)
}

/// It could be read after all, or is no longer there.
pub(in crate::sync) async fn lift(tx: &mut TenantTx, kind: Kind, opportunities: &[&str]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_quarantine WHERE tenant_id = $1 AND object = $2 AND opportunity_id = ANY($3)")
        .bind(tx.tenant())
        .bind(kind)
        .bind(opportunities)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// What is to be left alone now (of that, only what has failed since then), and what was put aside before and may be asked for.
pub(in crate::sync) async fn all(
    tx: &mut TenantTx,
    now: DateTime<Utc>,
    failed_since: Option<DateTime<Utc>>,
) -> Result<(HashSet<(Kind, String)>, HashSet<(Kind, String)>), sqlx::Error> {
    let rows: Vec<(Kind, String, bool)> = sqlx::query_as(
        "SELECT object, opportunity_id, retry_at > $2 AND ($3::timestamptz IS NULL OR failed_at > $3)
         FROM sync_quarantine WHERE tenant_id = $1",
    )
    .bind(tx.tenant())
    .bind(now)
    .bind(failed_since)
    .fetch_all(&mut **tx)
    .await?;
    let (held, askable): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, _, held)| *held);
    let keys = |rows: Vec<(Kind, String, bool)>| rows.into_iter().map(|(kind, opportunity, _)| (kind, opportunity)).collect();
    Ok((keys(held), keys(askable)))
}

/// What has been left alone for long enough; what has waited longest first.
pub(in crate::sync) async fn ripe(tx: &mut TenantTx, now: DateTime<Utc>, rows: i64) -> Result<Vec<(Kind, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT object, opportunity_id FROM sync_quarantine
         WHERE tenant_id = $1 AND retry_at <= $2 ORDER BY retry_at, object, opportunity_id LIMIT $3",
    )
    .bind(tx.tenant())
    .bind(now)
    .bind(rows)
    .fetch_all(&mut **tx)
    .await
}

fn pause(failures: i32) -> TimeDelta {
    let doublings = (failures - 1).clamp(0, 10);
    (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_day() {
        let hours: Vec<i64> = (1..=8).map(|failures| pause(failures).num_minutes()).collect();
        assert_eq!(hours, [30, 60, 120, 240, 480, 960, 1440, 1440]);
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
    }
}
