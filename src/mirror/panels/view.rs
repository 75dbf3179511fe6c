//! A panel as callers see it: Lever's JSON in our words, with the interviewers' names as our copy of the users has them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::link::without_mark;
use super::missing;
use crate::db::TenantTx;
use crate::lever::PanelContent;
use crate::mirror::interviews::{InterviewerView, People, PeopleColumns, end_of};

/// A panel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Panel)]
pub struct PanelView {
    #[schema(example = "0f6b1d2c-0000-4000-8000-000000000001")]
    pub id: String,
    pub opportunity_id: String,
    pub application_ids: Vec<String>,
    pub status: PanelStatus,
    /// Made through the API. Lever lets nobody change the others through it.
    pub externally_managed: bool,
    /// Whether this service can change it: externally managed and not canceled. While the candidate is archived it can only be canceled
    /// (`opportunity_archived`).
    pub editable: bool,
    /// IANA name.
    #[schema(example = "America/Los_Angeles")]
    pub timezone: Option<String>,
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
    pub note: Option<String>,
    /// As it was sent; a link of this service when none was.
    pub external_url: Option<String>,
    /// `once`, `daily`, `frequently` or `none`.
    #[schema(example = "once")]
    pub feedback_reminder: Option<String>,
    /// The stage the candidate was in when it was scheduled.
    pub stage_id: Option<String>,
    /// The Lever user who scheduled it.
    pub created_by: Option<String>,
    pub canceled_at: Option<DateTime<Utc>>,
    pub interviews: Vec<PanelInterview>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// Whether a panel or interview takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelStatus {
    Scheduled,
    Canceled,
}

/// One interview of a panel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PanelInterview {
    #[schema(example = "9a3e77f4-0000-4000-8000-000000000001")]
    pub id: String,
    pub panel_id: String,
    #[schema(example = "System design")]
    pub subject: Option<String>,
    pub note: Option<String>,
    #[schema(example = "https://meet.example.com/room")]
    pub location: Option<String>,
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
    #[schema(example = 45)]
    pub duration_minutes: Option<i64>,
    /// IANA name.
    #[schema(example = "America/Los_Angeles")]
    pub timezone: Option<String>,
    #[schema(example = "no-feedback")]
    pub feedback_template_id: Option<String>,
    /// `once`, `daily`, `frequently` or `none`.
    #[schema(example = "once")]
    pub feedback_reminder: Option<String>,
    pub interviewers: Vec<InterviewerView>,
}

impl PanelStatus {
    /// Follows from whether there is a time of cancellation.
    pub fn of(canceled_at: Option<DateTime<Utc>>) -> Self {
        if canceled_at.is_some() { Self::Canceled } else { Self::Scheduled }
    }
}

impl PanelInterview {
    /// An interview in our words. What Lever leaves out inside a panel, the panel says.
    pub(in crate::mirror) fn of(interview: crate::lever::Interview, panel_id: String, timezone: Option<String>, people: &People) -> Self {
        Self {
            end: end_of(&interview),
            id: interview.id,
            panel_id,
            subject: interview.subject,
            note: interview.note,
            location: interview.location,
            start: interview.date,
            duration_minutes: interview.duration,
            timezone: interview.timezone.or(timezone),
            feedback_template_id: interview.feedback_template,
            feedback_reminder: interview.feedback_reminder,
            interviewers: interview.interviewers.into_iter().map(|interviewer| people.view(interviewer)).collect(),
        }
    }
}

/// What a view is made of, read by the lists.
#[derive(FromRow)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) start_at: Option<DateTime<Utc>>,
    opportunity_id: String,
    canceled_at: Option<DateTime<Utc>>,
    externally_managed: bool,
    #[sqlx(json)]
    raw: PanelContent,
    synced_at: DateTime<Utc>,
}

/// A panel with its version, and with the users who interview in it.
#[derive(FromRow)]
struct Versioned {
    #[sqlx(flatten)]
    shown: Shown,
    version: String,
    #[sqlx(flatten)]
    people: PeopleColumns,
}

impl Shown {
    fn view(self, people: &People) -> PanelView {
        let mut panel = self.raw;
        panel.interviews.retain(|interview| !interview.id.is_empty());
        let (start, end) = (missing::start(panel.start, &panel.interviews), missing::end(panel.end, &panel.interviews));
        let timezone = panel.timezone;
        PanelView {
            interviews: panel
                .interviews
                .into_iter()
                .map(|interview| PanelInterview::of(interview, self.id.clone(), timezone.clone(), people))
                .collect(),
            id: self.id,
            opportunity_id: self.opportunity_id,
            application_ids: panel.applications,
            status: PanelStatus::of(self.canceled_at),
            externally_managed: self.externally_managed,
            editable: self.externally_managed && self.canceled_at.is_none(),
            timezone,
            start,
            end,
            note: panel.note,
            external_url: panel.external_url.map(|url| without_mark(&url).to_owned()),
            feedback_reminder: panel.feedback_reminder,
            stage_id: panel.stage.map(|stage| stage.id),
            created_by: panel.user.map(|user| user.id),
            canceled_at: self.canceled_at,
            synced_at: self.synced_at,
        }
    }
}

/// Views of these rows, with every interviewer looked up at once.
pub(super) async fn show(tx: &mut TenantTx, rows: Vec<Shown>) -> Result<Vec<PanelView>, sqlx::Error> {
    let people = People::of(tx, rows.iter().flat_map(|row| &row.raw.interviews)).await?;
    Ok(rows.into_iter().map(|row| row.view(&people)).collect())
}

/// One panel as callers see it; `None` when it is unknown or gone.
///
/// # Errors
/// The database failed.
pub async fn view(tx: &mut TenantTx, id: &str) -> Result<Option<PanelView>, sqlx::Error> {
    Ok(views(tx, &[id.to_owned()]).await?.pop())
}

/// As [`view`], with the panel's version. One statement: this is what the frontend asks for most.
///
/// # Errors
/// The database failed.
pub async fn view_with_version(tx: &mut TenantTx, id: &str) -> Result<Option<(PanelView, String)>, sqlx::Error> {
    let row: Option<Versioned> = sqlx::query_as(
        "SELECT p.id, p.start_at, p.opportunity_id, p.canceled_at, p.externally_managed, p.raw, p.synced_at, p.version, u.people, u.names, u.emails
         FROM panels p, LATERAL (
             SELECT coalesce(array_agg(id), '{}') AS people, coalesce(array_agg(name), '{}') AS names, coalesce(array_agg(email), '{}') AS emails
             FROM users WHERE tenant_id = $1 AND id = ANY(ARRAY(SELECT jsonb_path_query(p.raw, '$.interviews[*].interviewers[*].id') #>> '{}'))
         ) u
         WHERE p.tenant_id = $1 AND p.id = $2 AND p.gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.shown.view(&row.people.into()), row.version)))
}

/// These panels as callers see them, as far as they are there, in the order of their beginning.
///
/// # Errors
/// The database failed.
pub async fn views(tx: &mut TenantTx, ids: &[String]) -> Result<Vec<PanelView>, sqlx::Error> {
    let rows = sqlx::query_as(
        "SELECT id, start_at, opportunity_id, canceled_at, externally_managed, raw, synced_at FROM panels
         WHERE tenant_id = $1 AND id = ANY($2) AND gone_at IS NULL ORDER BY start_at, id",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await?;
    show(tx, rows).await
}
