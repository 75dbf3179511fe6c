//! What was told while nobody could read: deliveries go on coming when a connection is no longer accepted, and their jobs find nobody
//! to ask. And a process may die after a job has ended and before it has looked for those that came too late for it.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::jobs::{self, Job};

/// A sync finds the rest too, only later.
const MOST: i64 = 2000;

/// Asks once more for what deliveries of up to then were about, nobody has read since, and no job will read. For whoever connects
/// again, and now and then.
///
/// # Errors
/// The database failed.
pub async fn follow_up(tx: &mut TenantTx, received_by: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let open: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT opportunity_id, CASE WHEN opportunity_id IS NULL THEN contact_id END AS contact
         FROM webhook_deliveries d
         WHERE tenant_id = $1 AND settled_at IS NULL AND received_at <= $3 AND (opportunity_id IS NOT NULL OR contact_id IS NOT NULL)
           AND NOT EXISTS (SELECT FROM jobs j WHERE j.tenant_id = $1 AND (j.kind, j.key) IN (
               ('refresh_opportunity', d.opportunity_id), ('refresh_contact', CASE WHEN d.opportunity_id IS NULL THEN d.contact_id END)))
         GROUP BY 1, 2 ORDER BY max(received_at) DESC LIMIT $2",
    )
    .bind(tx.tenant())
    .bind(MOST)
    .bind(received_by)
    .fetch_all(&mut **tx)
    .await?;
    for told in open {
        let job = match told {
            (Some(opportunity), _) => Job::RefreshOpportunity { opportunity },
            (None, Some(contact)) => Job::RefreshContact { contact },
            (None, None) => continue,
        };
        jobs::enqueue(tx, &job, now, now).await?;
    }
    Ok(())
}
