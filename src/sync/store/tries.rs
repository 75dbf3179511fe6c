//! How often the full sync was tried in vain: a look at the `sync_runs` table.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::db::TenantTx;

/// Full syncs of one connection that failed, with none that succeeded.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct Failed {
    pub(in crate::sync) times: i64,
    /// Of the last one.
    pub(in crate::sync) began_at: DateTime<Utc>,
    pub(in crate::sync) ended_at: DateTime<Utc>,
}

/// `None` when none failed, when one succeeded, and while another is under way.
pub(in crate::sync) async fn failed_in_vain(tx: &mut TenantTx, epoch: i64) -> Result<Option<Failed>, sqlx::Error> {
    sqlx::query_as(
        "SELECT coalesce(started_at, created_at) AS began_at, finished_at AS ended_at, count(*) OVER () AS times
         FROM sync_runs WHERE tenant_id = $1 AND kind = 'full' AND epoch = $2 AND status = 'failed'
           AND NOT EXISTS (SELECT FROM sync_runs WHERE tenant_id = $1 AND kind = 'full' AND epoch = $2 AND status IN ('succeeded', 'queued', 'running'))
         ORDER BY finished_at DESC LIMIT 1",
    )
    .bind(tx.tenant())
    .bind(epoch)
    .fetch_optional(&mut **tx)
    .await
}
