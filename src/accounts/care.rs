//! The `connection_care` table: whose turn it is to be looked after, and how each connection stood when that was last judged.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgPool};

use crate::db::TenantTx;
use crate::ids::TenantId;

/// How often a connection is looked after.
const EVERY: TimeDelta = TimeDelta::minutes(5);

/// When the parts of looking after a connection were last done.
#[derive(Debug, Clone, Copy, Default, FromRow)]
pub struct Care {
    /// Lever was asked about the person who connected.
    pub grantor_read_at: Option<DateTime<Utc>>,
    /// The webhooks at Lever were to be compared with what is wanted.
    pub webhooks_compared_at: Option<DateTime<Utc>>,
    /// When the last full sync ended.
    pub full_sync_at: Option<DateTime<Utc>>,
}

/// The next connections to be looked after. Whoever gets one has it for this round.
///
/// # Errors
/// The database failed.
pub async fn claim_due(dispatch: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<Vec<TenantId>, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO connection_care (tenant_id, looked_at)
         SELECT c.tenant_id, $1 FROM connections c LEFT JOIN connection_care k ON k.tenant_id = c.tenant_id
         WHERE c.status <> 'disconnected' AND (k.looked_at IS NULL OR k.looked_at <= $2)
         ORDER BY k.looked_at NULLS FIRST LIMIT $3
         ON CONFLICT (tenant_id) DO UPDATE SET looked_at = excluded.looked_at WHERE connection_care.looked_at <= $2
         RETURNING tenant_id",
    )
    .bind(now)
    .bind(now - EVERY)
    .bind(limit)
    .fetch_all(dispatch)
    .await
}

/// Something about the connection has changed: it is looked after in the next round.
///
/// # Errors
/// The database failed.
pub async fn look_soon(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE connection_care SET looked_at = 'epoch' WHERE tenant_id = $1").bind(tx.tenant()).execute(&mut **tx).await.map(drop)
}

/// How many connections there are in each state, the states that none is in included.
///
/// # Errors
/// The database failed.
pub async fn count_by_status(dispatch: &PgPool) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.status, count(c.tenant_id) FROM unnest(ARRAY['connected', 'incomplete', 'reauthorization_required', 'disconnected']) AS s (status)
         LEFT JOIN connections c ON c.status = s.status GROUP BY s.status",
    )
    .fetch_all(dispatch)
    .await
}

/// See [`Care`].
///
/// # Errors
/// The database failed.
pub async fn care(tx: &mut TenantTx) -> Result<Care, sqlx::Error> {
    let care = sqlx::query_as(
        "SELECT grantor_read_at, webhooks_compared_at,
                (SELECT max(finished_at) FROM sync_runs WHERE tenant_id = $1 AND kind = 'full') AS full_sync_at
         FROM connection_care WHERE tenant_id = $1",
    )
    .bind(tx.tenant())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(care.unwrap_or_default())
}

/// The person who connected was read again.
///
/// # Errors
/// The database failed.
pub async fn record_grantor_read(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE connection_care SET grantor_read_at = $2 WHERE tenant_id = $1").bind(tx.tenant()).bind(now).execute(&mut **tx).await.map(drop)
}

/// The webhooks are about to be compared.
///
/// # Errors
/// The database failed.
pub async fn record_comparison(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE connection_care SET webhooks_compared_at = $2 WHERE tenant_id = $1")
        .bind(tx.tenant())
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Lever does not answer. The connection's turn comes at once: it stands otherwise now.
///
/// # Errors
/// The database failed.
pub(super) async fn record_lost_contact(tx: &mut TenantTx, since: DateTime<Utc>, last: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO connection_care (tenant_id, looked_at, unreachable_since, unreachable_at) VALUES ($1, $4, $2, $3)
         ON CONFLICT (tenant_id) DO UPDATE SET unreachable_since = coalesce(connection_care.unreachable_since, $2), unreachable_at = $3,
             looked_at = CASE WHEN connection_care.unreachable_since IS NULL THEN $4 ELSE connection_care.looked_at END",
    )
    .bind(tx.tenant())
    .bind(since)
    .bind(last)
    .bind(last - EVERY)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Lever answers.
///
/// # Errors
/// The database failed.
pub(super) async fn record_contact(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE connection_care SET unreachable_since = NULL, unreachable_at = NULL, looked_at = $2
         WHERE tenant_id = $1 AND unreachable_since IS NOT NULL",
    )
    .bind(tx.tenant())
    .bind(now - EVERY)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// How the connection stands, judged now. A change is an event: logged and counted, and told to whoever watches.
///
/// # Errors
/// The database failed.
pub async fn record_judgement(tx: &mut TenantTx, status: &str, warnings: &[&str], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    let before: Option<(Option<String>, Vec<String>)> =
        sqlx::query_as("SELECT status, warnings FROM connection_care WHERE tenant_id = $1 FOR UPDATE").bind(tenant).fetch_optional(&mut **tx).await?;
    if before.as_ref().is_some_and(|(known, said)| known.as_deref() == Some(status) && said == warnings) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO connection_care (tenant_id, looked_at, status, warnings, since) VALUES ($1, $4, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE SET status = excluded.status, warnings = excluded.warnings,
             since = CASE WHEN connection_care.status = excluded.status THEN connection_care.since ELSE excluded.since END",
    )
    .bind(tenant)
    .bind(status)
    .bind(warnings)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    let from = before.and_then(|(known, _)| known).unwrap_or_default();
    match warnings.is_empty() {
        true => tracing::info!(%tenant, from, to = status, "how a connection stands has changed"),
        false => tracing::warn!(%tenant, from, to = status, ?warnings, "a connection is ill, or otherwise than before"),
    }
    if from != status {
        metrics::counter!("lever_connection_status_changes_total", "to" => status.to_owned()).increment(1);
    }
    Ok(())
}
