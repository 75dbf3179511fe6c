//! The `interviews` table. Its rows follow the panels they are in: written with them, gone and canceled with them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Interview, Panel, Record};
use crate::mirror::storable::{self, MAX_ID, column};

/// An interview as stored. No `Debug`: its notes may be about people.
#[derive(Clone, FromRow)]
pub struct InterviewRow {
    pub id: String,
    pub panel_id: String,
    pub opportunity_id: String,
    pub start_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
    /// Set when it, or its panel, is canceled.
    pub canceled_at: Option<DateTime<Utc>>,
    /// As it lies in the panel that Lever sent.
    pub raw: Value,
    pub synced_at: DateTime<Utc>,
    /// Set when Lever no longer has it.
    pub gone_at: Option<DateTime<Utc>>,
}

/// When an interview ends; `None` when Lever did not say when it begins or how long it lasts.
pub fn end_of(interview: &Interview) -> Option<DateTime<Utc>> {
    interview.date?.checked_add_signed(TimeDelta::try_minutes(interview.duration?)?)
}

/// Makes our copy of the interviews in these panels, which were just stored, equal to what the panels hold.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn replace_in_panels(
    tx: &mut TenantTx,
    opportunity: &str,
    panels: &[&Record<Panel>],
    read_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if panels.is_empty() {
        return Ok(());
    }
    let rows = inside(panels);
    // One that its panel only names is there as well, and stays as it was.
    let there: Vec<&str> = panels.iter().flat_map(|panel| &panel.interviews).map(|interview| interview.id.as_str()).collect();
    // One statement, and no row is touched twice: those that are gone are none of those that are there.
    sqlx::query(
        "WITH there AS (
             INSERT INTO interviews (tenant_id, id, panel_id, opportunity_id, start_at, end_at, canceled_at, interviewer_ids, raw, synced_at)
             SELECT $1, r.id, r.panel_id, $2, r.start_at, r.end_at, r.canceled_at, ARRAY(SELECT jsonb_array_elements_text(r.interviewers)), r.raw, $3
             FROM unnest($4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::jsonb[], $10::jsonb[])
                  AS r (id, panel_id, start_at, end_at, canceled_at, interviewers, raw)
             ON CONFLICT (tenant_id, id) DO UPDATE
             SET panel_id = excluded.panel_id, opportunity_id = excluded.opportunity_id, start_at = excluded.start_at, end_at = excluded.end_at,
                 canceled_at = excluded.canceled_at, interviewer_ids = excluded.interviewer_ids, raw = excluded.raw,
                 synced_at = excluded.synced_at, gone_at = NULL
             WHERE interviews.synced_at <= excluded.synced_at
         )
         UPDATE interviews SET gone_at = $3, synced_at = $3, raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND panel_id = ANY($11) AND id <> ALL($12) AND synced_at <= $3 AND gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(column(&rows, |(_, interview)| interview.id.as_str()))
    .bind(column(&rows, |(panel, _)| panel.id.as_str()))
    .bind(column(&rows, |(_, interview)| storable::time(interview.date)))
    .bind(column(&rows, |(_, interview)| storable::time(end_of(interview))))
    .bind(column(&rows, |(panel, interview)| storable::time(interview.canceled_at.or(panel.canceled_at))))
    .bind(column(&rows, |(_, interview)| Json(interviewer_ids(interview))))
    .bind(column(&rows, |(_, interview)| Json(&interview.raw)))
    .bind(column(panels, |panel| panel.id.as_str()))
    .bind(there)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The interviews inside, each id once and in order, with the panel each is in.
fn inside<'a>(panels: &[&'a Record<Panel>]) -> Vec<(&'a Record<Panel>, &'a Record<Interview>)> {
    let interviews = |panel: &&'a Record<Panel>| {
        let panel = *panel;
        panel.interviews.iter().filter_map(move |interview| Some((panel, interview.object.as_deref()?)))
    };
    let mut rows: Vec<_> = panels.iter().flat_map(interviews).filter(|(_, interview)| interview.id.len() <= MAX_ID).collect();
    rows.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    rows.dedup_by(|(_, one), (_, other)| one.id == other.id);
    rows
}

fn interviewer_ids(interview: &Interview) -> Vec<&str> {
    interview.interviewers.iter().map(|interviewer| interviewer.id.as_str()).filter(|id| !id.is_empty()).collect()
}

/// Marks gone the interviews of panels that are, and empties them.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn mark_gone_in_panels(tx: &mut TenantTx, panels: &[String], read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    if panels.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE interviews SET gone_at = $2, synced_at = $2, raw = jsonb_build_object('id', id)
         WHERE tenant_id = $1 AND panel_id = ANY($3) AND synced_at <= $2 AND gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(panels)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Marks the interviews of a panel canceled with it; one that was before keeps its time.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn mark_canceled_in_panel(
    tx: &mut TenantTx,
    panel: &str,
    canceled_at: DateTime<Utc>,
    read_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE interviews
         SET canceled_at = $4, synced_at = $3, raw = jsonb_set(raw, '{canceledAt}', to_jsonb($5::bigint))
         WHERE tenant_id = $1 AND panel_id = $2 AND synced_at <= $3 AND gone_at IS NULL AND canceled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(panel)
    .bind(read_at)
    .bind(canceled_at)
    .bind(canceled_at.timestamp_millis())
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Empties what people wrote in the interviews of a panel.
///
/// # Errors
/// The database failed.
pub(in crate::mirror) async fn forget_words_in_panel(tx: &mut TenantTx, panel: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE interviews SET raw = without_words(raw) WHERE tenant_id = $1 AND panel_id = $2")
        .bind(tx.tenant())
        .bind(panel)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// One interview as stored, also when it is canceled or gone.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: &str) -> Result<Option<InterviewRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, panel_id, opportunity_id, start_at, end_at, canceled_at, raw, synced_at, gone_at
         FROM interviews WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_interview_ends_when_its_minutes_are_over_and_never_overflows() {
        let end = |raw: Value| end_of(&Record::<Interview>::read(raw).expect("an interview"));
        assert_eq!(end(json!({"id": "i", "date": 0, "duration": 45})).map(|end| end.timestamp()), Some(2700));
        for unknown in [json!({"id": "i", "date": 0}), json!({"id": "i", "duration": 45}), json!({"id": "i", "date": 0, "duration": i64::MAX})] {
            assert_eq!(end(unknown), None);
        }
    }
}
