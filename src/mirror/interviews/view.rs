//! An interview listed alone: as in its panel, with what the panel and the opportunity say about it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::People;
use crate::db::TenantTx;
use crate::lever::Interview;
use crate::mirror::panels::{PanelInterview, PanelStatus};
use crate::mirror::references::present;

/// An interview, outside its panel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Interview)]
pub struct InterviewView {
    #[serde(flatten)]
    pub interview: PanelInterview,
    pub opportunity_id: String,
    #[schema(example = "Ada Example")]
    pub candidate_name: Option<String>,
    pub status: PanelStatus,
    /// Whether this service can change it: its panel is externally managed, and it is not canceled.
    pub editable: bool,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// What a view is made of.
#[derive(FromRow)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) start_at: Option<DateTime<Utc>>,
    panel_id: String,
    opportunity_id: String,
    canceled_at: Option<DateTime<Utc>>,
    #[sqlx(json)]
    raw: Interview,
    synced_at: DateTime<Utc>,
    timezone: Option<String>,
    externally_managed: bool,
    candidate_name: Option<String>,
}

impl Shown {
    fn view(self, people: &People) -> InterviewView {
        InterviewView {
            interview: PanelInterview::of(self.raw, self.panel_id, self.timezone, people),
            opportunity_id: self.opportunity_id,
            candidate_name: present(self.candidate_name),
            status: PanelStatus::of(self.canceled_at),
            editable: self.externally_managed && self.canceled_at.is_none(),
            synced_at: self.synced_at,
        }
    }
}

/// Views of these rows, with every interviewer looked up at once.
pub(super) async fn show(tx: &mut TenantTx, rows: Vec<Shown>) -> Result<Vec<InterviewView>, sqlx::Error> {
    let people = People::of(tx, rows.iter().map(|row| &row.raw)).await?;
    Ok(rows.into_iter().map(|row| row.view(&people)).collect())
}

/// An interview with the version of its panel.
#[derive(FromRow)]
struct Versioned {
    #[sqlx(flatten)]
    shown: Shown,
    version: String,
}

/// One interview as callers see it, with the version of its panel; `None` when it is unknown or gone.
///
/// # Errors
/// The database failed.
pub async fn view_with_version(tx: &mut TenantTx, id: &str) -> Result<Option<(InterviewView, String)>, sqlx::Error> {
    let row: Option<Versioned> = sqlx::query_as(
        "SELECT i.id, i.start_at, i.panel_id, i.opportunity_id, i.canceled_at, i.raw, i.synced_at,
                p.raw->>'timezone' AS timezone, p.externally_managed, p.version, o.name AS candidate_name
         FROM interviews i
         JOIN panels p ON p.tenant_id = $1 AND p.id = i.panel_id
         LEFT JOIN opportunities o ON o.tenant_id = $1 AND o.id = i.opportunity_id
         WHERE i.tenant_id = $1 AND i.id = $2 AND i.gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(show(tx, vec![row.shown]).await?.pop().map(|view| (view, row.version)))
}
