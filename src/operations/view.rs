//! A write as the log shows it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use utoipa::ToSchema;

use super::steps::OperationStep;
use super::store::{Operation, Status};
use crate::ids::OperationId;

/// One write at Lever.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Operation)]
pub struct OperationView {
    pub id: OperationId,
    /// `schedule_panel`, `edit_panel`, `cancel_panel`, `add_interview`, `edit_interview`, `cancel_interview`, `write_note`, `remove_double` (a panel
    /// that Lever had made twice was taken away), `register_webhook`, or `remove_webhook`.
    #[schema(example = "schedule_panel")]
    pub kind: String,
    pub status: OperationStatus,
    /// Null for a webhook, which is about no candidate.
    pub opportunity_id: Option<String>,
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    pub note_id: Option<String>,
    /// The event of the webhook that was registered or removed.
    #[schema(example = "candidateStageChange")]
    pub webhook_event: Option<String>,
    /// The ModernLoop user who asked for it; `service` when the service did it by itself.
    pub caller: String,
    /// Null when the service did it by itself.
    #[schema(example = "coordinator@example.com")]
    pub caller_email: Option<String>,
    /// The Lever user in whose name it is done; null for a webhook.
    pub perform_as: Option<String>,
    pub created_at: DateTime<Utc>,
    /// When the outcome was known.
    pub settled_at: Option<DateTime<Utc>>,
    /// How often it was sent.
    pub attempts: i32,
    /// Every attempt, oldest first.
    pub steps: Vec<OperationStep>,
    /// The status of Lever's answer; null while there is none, and when it was found out by reading.
    #[schema(example = 201)]
    pub lever_status: Option<i32>,
    /// Lever's own code for a refusal.
    pub lever_code: Option<String>,
    pub error: Option<OperationError>,
}

/// Whether it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationStatus {
    /// Being sent.
    Sending,
    /// Lever's answer never came; it is being found out.
    Unknown,
    Succeeded,
    Failed,
}

/// Why it did not happen.
#[derive(Serialize, ToSchema)]
pub struct OperationError {
    /// Stable, for programs.
    pub code: String,
    pub message: String,
}

impl From<Status> for OperationStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Sending => Self::Sending,
            Status::Unknown => Self::Unknown,
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
        }
    }
}

impl OperationError {
    fn stored(code: Option<String>, message: Option<String>) -> Option<Self> {
        code.map(|code| Self { code, message: message.unwrap_or_default() })
    }
}

/// Text, where there is any: an entry about a webhook has empty text, or null, for what it does not have.
fn present(row: &PgRow, column: &str) -> Result<Option<String>, sqlx::Error> {
    Ok(row.try_get::<Option<String>, _>(column)?.filter(|text| !text.is_empty()))
}

impl FromRow<'_, PgRow> for OperationView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            status: row.try_get::<Status, _>("status")?.into(),
            opportunity_id: present(row, "opportunity_id")?,
            panel_id: row.try_get("panel_id")?,
            interview_id: row.try_get("interview_id")?,
            note_id: row.try_get("note_id")?,
            webhook_event: row.try_get("webhook_event")?,
            caller: row.try_get("caller")?,
            caller_email: present(row, "caller_email")?,
            perform_as: present(row, "perform_as")?,
            created_at: row.try_get("created_at")?,
            settled_at: row.try_get("settled_at")?,
            attempts: row.try_get("attempts")?,
            steps: row.try_get::<Json<_>, _>("steps")?.0,
            lever_status: row.try_get("lever_status")?,
            lever_code: row.try_get("lever_code")?,
            error: OperationError::stored(row.try_get("error_code")?, row.try_get("error_message")?),
        })
    }
}

/// A write about a candidate, as whoever asked for it is told.
impl<W> From<&Operation<W>> for OperationView {
    fn from(operation: &Operation<W>) -> Self {
        Self {
            id: operation.id,
            kind: operation.kind.clone(),
            status: operation.status.into(),
            opportunity_id: Some(operation.opportunity_id.clone()),
            panel_id: operation.panel_id.clone(),
            interview_id: operation.interview_id.clone(),
            note_id: operation.note_id.clone(),
            webhook_event: None,
            caller: operation.caller.clone(),
            caller_email: Some(operation.caller_email.clone()),
            perform_as: Some(operation.perform_as.clone()),
            created_at: operation.created_at,
            settled_at: operation.settled_at,
            attempts: operation.attempts,
            steps: operation.steps.clone(),
            lever_status: operation.lever_status,
            lever_code: operation.lever_code.clone(),
            error: OperationError::stored(operation.error_code.clone(), operation.error_message.clone()),
        }
    }
}
