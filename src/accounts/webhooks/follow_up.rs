//! What was told while nobody could read: deliveries go on coming when a connection is no longer accepted, and their jobs find nobody
//! to ask.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::jobs::{self, Job};

/// A sync finds the rest too, only later.
const MOST: i64 = 2000;

/// Asks once more for what deliveries were about and nobody has read since. For whoever connects again.
///
/// # Errors
/// The database failed.
pub async fn follow_up(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let open: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT opportunity_id, CASE WHEN opportunity_id IS NULL THEN contact_id END AS contact
         FROM webhook_deliveries
         WHERE tenant_id = $1 AND settled_at IS NULL AND (opportunity_id IS NOT NULL OR contact_id IS NOT NULL)
         GROUP BY 1, 2 ORDER BY max(received_at) DESC LIMIT $2",
    )
    .bind(tx.tenant())
    .bind(MOST)
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
