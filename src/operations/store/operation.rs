//! A row of the table: one write, and how it stands.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;

use crate::ids::OperationId;
use crate::operations::OperationStep;
use crate::operations::failure::{Failure, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// Committed here; sent, or about to be.
    Sending,
    /// Sent, and no answer came.
    Unknown,
    Succeeded,
    Failed,
}

/// One operation, with the write as its feature knows it. No `Debug`: the write is about people.
#[derive(Clone, FromRow)]
pub struct Operation<W = Value> {
    pub id: OperationId,
    pub kind: String,
    pub status: Status,
    /// The ModernLoop user who asked for it.
    pub caller: String,
    pub caller_email: String,
    /// The Lever user in whose name it is done.
    pub perform_as: String,
    pub opportunity_id: String,
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    /// The note that was written.
    pub note_id: Option<String>,
    /// The mark that a new panel carries.
    pub mark: Option<String>,
    #[sqlx(json)]
    pub request: W,
    pub attempts: i32,
    /// The epoch of the connection under which it was sent.
    pub connection_epoch: Option<i64>,
    pub lease_until: Option<DateTime<Utc>>,
    pub sent_at: DateTime<Utc>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub lever_status: Option<i32>,
    pub lever_code: Option<String>,
    pub lever_message: Option<String>,
    #[sqlx(json)]
    pub steps: Vec<OperationStep>,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
}

impl<W> Operation<W> {
    /// Nobody knows yet, and somebody is to find out.
    pub fn is_open(&self) -> bool {
        self.settled_at.is_none()
    }

    /// Why it failed.
    pub fn failure(&self) -> Option<Failure> {
        let refusal = self.lever_status.filter(|status| *status >= 400).map(|status| Refusal {
            status,
            code: self.lever_code.clone().unwrap_or_default(),
            message: self.lever_message.clone().unwrap_or_default(),
        });
        Some(Failure::stored(self.error_code.as_deref()?, self.error_message.as_deref().unwrap_or_default(), refusal))
    }
}
