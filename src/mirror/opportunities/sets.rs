//! When the sets that hang on an opportunity were last read as a whole.

use chrono::{DateTime, Utc};

use super::OpportunityRow;
use crate::db::TenantTx;
use crate::mirror::children::Kind;

impl OpportunityRow {
    /// When this set of it was last read as a whole; `None` when it never was.
    pub fn synced_at_of(&self, kind: Kind) -> Option<DateTime<Utc>> {
        match kind {
            Kind::Panels => self.panels_synced_at,
            Kind::Notes => self.notes_synced_at,
            Kind::Resumes => self.resumes_synced_at,
        }
    }
}

/// Whether something that hangs on an opportunity and was read then is news about it: no newer news is stored that the opportunity is gone
/// or the person anonymized. Keeps others from storing such until the transaction ends.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn is_news(tx: &mut TenantTx, id: &str, read_at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let known: Option<bool> = sqlx::query_scalar(
        "SELECT coalesce(greatest(gone_at, forgotten_at) <= $3, true) FROM opportunities WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(read_at)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(known.unwrap_or(true))
}

/// Whether the person is anonymized, as far as is known.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn is_anonymized(tx: &mut TenantTx, id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM opportunities WHERE tenant_id = $1 AND id = $2 AND anonymized)")
        .bind(tx.tenant())
        .bind(id)
        .fetch_one(&mut **tx)
        .await
}

/// Says that a set was read as a whole, and keeps others from storing it until the transaction ends. False: a newer read of it, or newer
/// news that the opportunity is gone or the person anonymized, is stored already, or nothing is known of such an opportunity; then the
/// set is no news.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn take_set(tx: &mut TenantTx, id: &str, kind: Kind, read_at: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let statement = match kind {
        Kind::Panels => {
            "UPDATE opportunities SET panels_synced_at = $3
             WHERE tenant_id = $1 AND id = $2 AND coalesce(greatest(panels_synced_at, gone_at, forgotten_at) <= $3, true)"
        }
        Kind::Notes => {
            "UPDATE opportunities SET notes_synced_at = $3
             WHERE tenant_id = $1 AND id = $2 AND coalesce(greatest(notes_synced_at, gone_at, forgotten_at) <= $3, true)"
        }
        Kind::Resumes => {
            "UPDATE opportunities SET resumes_synced_at = $3
             WHERE tenant_id = $1 AND id = $2 AND coalesce(greatest(resumes_synced_at, gone_at, forgotten_at) <= $3, true)"
        }
    };
    let taken = sqlx::query(statement).bind(tx.tenant()).bind(id).bind(read_at).execute(&mut **tx).await?;
    Ok(taken.rows_affected() == 1)
}
