//! The `sync_findings` table: what a reconciliation found about each id.

use std::collections::BTreeSet;

use sqlx::FromRow;

use crate::db::TenantTx;
use crate::ids::RunId;
use crate::mirror::compare::Standing;
use crate::sync::plan::Kind;

/// What is found about an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(in crate::sync) enum Finding {
    Same,
    Missing,
    Changed,
    Gone,
    /// No list showed it, and Lever could not be asked for it.
    Unknown,
}

impl Finding {
    pub(in crate::sync) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Same => Self::Same,
            Standing::Missing => Self::Missing,
            Standing::Changed => Self::Changed,
        }
    }
}

/// One finding of a run.
#[derive(Debug, Clone, FromRow)]
pub(in crate::sync) struct FindingRow {
    pub(in crate::sync) object: Kind,
    pub(in crate::sync) id: String,
    pub(in crate::sync) finding: Finding,
}

/// Remembers what was found; answers about how many ids nothing was known before. What a shifting list brings twice keeps what was found
/// first: that compared with what was here before.
pub(in crate::sync) async fn add(tx: &mut TenantTx, run: RunId, kind: Kind, found: &[(String, Finding)]) -> Result<usize, sqlx::Error> {
    let (ids, findings): (Vec<&str>, Vec<Finding>) = found.iter().map(|(id, finding)| (id.as_str(), *finding)).unzip();
    let added = sqlx::query(
        "INSERT INTO sync_findings (tenant_id, run_id, object, id, finding)
         SELECT $1, $2, $3, f.id, f.finding FROM UNNEST($4::text[], $5::text[]) AS f (id, finding)
         ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(kind)
    .bind(ids)
    .bind(findings)
    .execute(&mut **tx)
    .await?;
    Ok(usize::try_from(added.rows_affected()).unwrap_or(usize::MAX))
}

/// The ids of a kind that Lever listed.
pub(in crate::sync) async fn listed(tx: &mut TenantTx, run: RunId, kind: Kind) -> Result<BTreeSet<String>, sqlx::Error> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM sync_findings WHERE tenant_id = $1 AND run_id = $2 AND object = $3 AND finding NOT IN ('gone', 'unknown')",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(kind)
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().collect())
}

/// Everything that differs, by kind and id.
pub(in crate::sync) async fn differences(tx: &mut TenantTx, run: RunId) -> Result<Vec<FindingRow>, sqlx::Error> {
    sqlx::query_as("SELECT object, id, finding FROM sync_findings WHERE tenant_id = $1 AND run_id = $2 AND finding <> 'same' ORDER BY object, id")
        .bind(tx.tenant())
        .bind(run)
        .fetch_all(&mut **tx)
        .await
}

/// Forgets what was the same: it is told by nobody.
pub(in crate::sync) async fn forget_same(tx: &mut TenantTx, run: RunId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_findings WHERE tenant_id = $1 AND run_id = $2 AND finding = 'same'")
        .bind(tx.tenant())
        .bind(run)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// What came of asking for those that no list showed: some are there after all, about some nobody knows, and the others are gone.
pub(in crate::sync) async fn settle_vanished(
    tx: &mut TenantTx,
    run: RunId,
    kind: Kind,
    still_there: &[String],
    unknown: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sync_findings WHERE tenant_id = $1 AND run_id = $2 AND object = $3 AND finding IN ('gone', 'unknown') AND id = ANY($4)")
        .bind(tx.tenant())
        .bind(run)
        .bind(kind)
        .bind(still_there)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE sync_findings SET finding = CASE WHEN id = ANY($4) THEN 'unknown' ELSE 'gone' END
         WHERE tenant_id = $1 AND run_id = $2 AND object = $3 AND finding IN ('gone', 'unknown')",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(kind)
    .bind(unknown)
    .execute(&mut **tx)
    .await
    .map(drop)
}
