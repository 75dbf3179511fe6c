//! What people already have in a span of time: the one query behind the conflicts of a new panel and `GET /v1/conflicts`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::db::TenantTx;

/// More bookings than that say no more than "busy".
const MOST: i64 = 1000;

/// One interview that one of the people has then. No `Debug`: it holds names.
#[derive(Clone, Serialize, FromRow, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Booked {
    /// The Lever user who is booked.
    #[schema(example = "5f2a8c1e-0000-4000-8000-000000000001")]
    pub interviewer_id: String,
    #[schema(example = "Rosa Example")]
    pub interviewer_name: Option<String>,
    pub interview_id: String,
    pub panel_id: String,
    pub opportunity_id: String,
    #[schema(example = "Ada Example")]
    pub candidate_name: Option<String>,
    #[schema(example = "System design")]
    pub subject: Option<String>,
    #[sqlx(rename = "start_at")]
    pub start: DateTime<Utc>,
    #[sqlx(rename = "end_at")]
    pub end: DateTime<Utc>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// Where a page of bookings goes on: beginning, interview and interviewer of the last one shown.
pub type Position = (DateTime<Utc>, String, String);

/// The interviews that these people have and that overlap the span, by when they begin; one for each of the people in it.
/// Interviews of `except_panel` do not count: a panel is in nobody's way when it moves itself. An interview that ends when the
/// span begins, or begins when it ends, does not overlap it. One that lasts longer than a week takes nobody's time, and is not looked
/// for: so only a week is read, and not everything that ever was.
///
/// # Errors
/// The database failed.
pub async fn booked(
    tx: &mut TenantTx,
    interviewers: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    except_panel: Option<&str>,
) -> Result<Vec<Booked>, sqlx::Error> {
    booked_after(tx, interviewers, from, to, except_panel, None, MOST).await
}

/// As [`booked`], a page of so many after a position.
///
/// # Errors
/// The database failed.
pub async fn booked_after(
    tx: &mut TenantTx,
    interviewers: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    except_panel: Option<&str>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Booked>, sqlx::Error> {
    let (after_start, after_interview, after_interviewer) = match after {
        Some((start, interview, interviewer)) => (Some(start), Some(interview), Some(interviewer)),
        None => (None, None, None),
    };
    sqlx::query_as(
        "SELECT who.id AS interviewer_id, u.name AS interviewer_name, i.id AS interview_id, i.panel_id, i.opportunity_id,
                nullif(o.name, '') AS candidate_name, i.raw->>'subject' AS subject, i.start_at, i.end_at, i.synced_at
         FROM interviews i
         JOIN unnest($2::text[]) AS who (id) ON who.id = ANY(i.interviewer_ids)
         LEFT JOIN users u ON u.tenant_id = $1 AND u.id = who.id
         LEFT JOIN opportunities o ON o.tenant_id = $1 AND o.id = i.opportunity_id
         WHERE i.tenant_id = $1 AND i.gone_at IS NULL AND i.canceled_at IS NULL AND o.gone_at IS NULL
           AND i.end_at > $3 AND i.start_at < $4 AND i.start_at > $3 - interval '7 days'
           AND ($5::text IS NULL OR i.panel_id <> $5)
           AND ($6::timestamptz IS NULL OR (i.start_at, i.id, who.id) > ($6, $7, $8))
         ORDER BY i.start_at, i.id, who.id LIMIT $9",
    )
    .bind(tx.tenant())
    .bind(interviewers)
    .bind(from)
    .bind(to)
    .bind(except_panel)
    .bind(after_start)
    .bind(after_interview)
    .bind(after_interviewer)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}
