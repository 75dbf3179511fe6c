//! What Lever has against what is here, before anything is stored: which records are new, which differ, and which ids are here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::QueryBuilder;
use sqlx::types::Json;

use super::impersonal;
use super::opportunities::collapse;
use super::storable::latest;
use crate::db::TenantTx;
use crate::lever::{Opportunity, Record, Resource};

/// A kind of object that Lever lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Users,
    Stages,
    ArchiveReasons,
    Tags,
    FeedbackTemplates,
    Postings,
    Opportunities,
}

/// How a record stands to our copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Standing {
    /// There is none, or Lever was believed not to have it.
    Missing,
    Changed,
    Same,
}

impl Listed {
    fn table(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Stages => "stages",
            Self::ArchiveReasons => "archive_reasons",
            Self::Tags => "tags",
            Self::FeedbackTemplates => "feedback_templates",
            Self::Postings => "postings",
            Self::Opportunities => "opportunities",
        }
    }
}

/// How each of these records stands to our copy; by id, each once.
///
/// # Errors
/// The database failed.
pub async fn records<T: Resource + Clone>(tx: &mut TenantTx, listed: Listed, records: &[Record<T>]) -> Result<Vec<(String, Standing)>, sqlx::Error> {
    let rows: Vec<(String, Value)> = latest(records).iter().map(|record| (record.key().to_owned(), record.raw.clone())).collect();
    standings(tx, listed, rows).await
}

/// As [`records`], for opportunities, which are stored without what Lever expanded in them, and without what is about an anonymized person.
///
/// # Errors
/// The database failed.
pub async fn opportunities(tx: &mut TenantTx, records: &[Record<Opportunity>]) -> Result<Vec<(String, Standing)>, sqlx::Error> {
    let stored = latest(records).into_iter().map(impersonal::opportunity);
    let rows = stored.map(|record| (record.id.clone(), collapse(&record.raw))).collect();
    standings(tx, Listed::Opportunities, rows).await
}

async fn standings(tx: &mut TenantTx, listed: Listed, rows: Vec<(String, Value)>) -> Result<Vec<(String, Standing)>, sqlx::Error> {
    let (ids, raws): (Vec<String>, Vec<Json<Value>>) = rows.into_iter().map(|(id, raw)| (id, Json(raw))).unzip();
    let tenant = tx.tenant();
    let mut query = QueryBuilder::new(
        "SELECT r.id, CASE WHEN t.id IS NULL OR t.gone_at IS NOT NULL THEN 'missing' WHEN t.raw = r.raw THEN 'same' ELSE 'changed' END FROM unnest(",
    );
    query.push_bind(ids).push("::text[], ").push_bind(raws).push("::jsonb[]) AS r (id, raw) LEFT JOIN ").push(listed.table());
    query.push(" t ON t.id = r.id AND t.tenant_id = ").push_bind(tenant);
    query.build_query_as().fetch_all(&mut **tx).await
}

/// The ids of everything of a kind that is here and not gone.
///
/// # Errors
/// The database failed.
pub async fn ids(tx: &mut TenantTx, listed: Listed) -> Result<BTreeSet<String>, sqlx::Error> {
    let tenant = tx.tenant();
    let mut query = QueryBuilder::new("SELECT id FROM ");
    query.push(listed.table()).push(" WHERE gone_at IS NULL AND tenant_id = ").push_bind(tenant);
    let ids: Vec<String> = query.build_query_scalar().fetch_all(&mut **tx).await?;
    Ok(ids.into_iter().collect())
}

/// Those of these ids that are here and not gone, in order.
///
/// # Errors
/// The database failed.
pub async fn among(tx: &mut TenantTx, listed: Listed, ids: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    let tenant = tx.tenant();
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut query = QueryBuilder::new("SELECT id FROM ");
    query.push(listed.table()).push(" WHERE gone_at IS NULL AND tenant_id = ").push_bind(tenant);
    query.push(" AND id = ANY(").push_bind(ids).push(") ORDER BY id");
    query.build_query_scalar().fetch_all(&mut **tx).await
}

/// How many of these ids no read since then has brought.
///
/// # Errors
/// The database failed.
pub async fn unseen(tx: &mut TenantTx, listed: Listed, ids: &[&str], since: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    let tenant = tx.tenant();
    let mut query = QueryBuilder::new("SELECT count(*) FROM ");
    query.push(listed.table()).push(" WHERE tenant_id = ").push_bind(tenant).push(" AND synced_at >= ").push_bind(since);
    query.push(" AND id = ANY(").push_bind(different.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()).push(")");
    let seen: i64 = query.build_query_scalar().fetch_one(&mut **tx).await?;
    Ok(different.len().saturating_sub(usize::try_from(seen).unwrap_or(0)))
}
