//! What candidates can be filtered by, for a page that offers it: one query over three small tables.

use sqlx::FromRow;

use super::TextRef;
use crate::db::TenantTx;

/// More than that is no list to choose from.
const MOST_POSTINGS: i64 = 300;
const MOST_TAGS: i64 = 200;

/// Stages in pipeline order, jobs that are not over by title, and the tags most used.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub stages: Vec<TextRef>,
    pub postings: Vec<TextRef>,
    pub tags: Vec<String>,
}

#[derive(FromRow)]
struct Row {
    kind: String,
    id: String,
    text: Option<String>,
}

/// Everything there is to choose from.
///
/// # Errors
/// The database failed.
pub async fn choices(tx: &mut TenantTx) -> Result<Choices, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "(SELECT 'stage' AS kind, id, text FROM stages WHERE tenant_id = $1 AND gone_at IS NULL ORDER BY position, id)
         UNION ALL
         (SELECT 'posting', id, title FROM postings
          WHERE tenant_id = $1 AND gone_at IS NULL AND state IN ('published', 'internal', 'pending', 'draft') ORDER BY title, id LIMIT $2)
         UNION ALL
         (SELECT 'tag', id, id FROM tags WHERE tenant_id = $1 AND gone_at IS NULL ORDER BY count DESC NULLS LAST, id LIMIT $3)",
    )
    .bind(tx.tenant())
    .bind(MOST_POSTINGS)
    .bind(MOST_TAGS)
    .fetch_all(&mut **tx)
    .await?;
    let mut found = Choices::default();
    for row in rows {
        match row.kind.as_str() {
            "stage" => found.stages.push(TextRef { id: row.id, text: row.text }),
            "posting" => found.postings.push(TextRef { id: row.id, text: row.text }),
            _ => found.tags.push(row.id),
        }
    }
    Ok(found)
}
