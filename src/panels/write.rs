//! The writes that are made at Lever, as they are recorded before they are sent: everything needed to send one again, and to find
//! out by reading whether it happened. No `Debug`: the bodies are about people.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer;
use crate::error::Result;
use crate::ids::{OperationId, TenantId};
use crate::jobs::Job;
use crate::operations;
use crate::state::AppState;

/// One write. `body` is what Lever gets, exactly; `before` is what Lever had when it was made.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub(super) enum Write {
    SchedulePanel {
        body: Value,
    },
    EditPanel {
        panel: String,
        body: Value,
        /// What the caller asked for, to be merged anew when the panel has changed before a repeat.
        patch: Value,
        before: Value,
        /// What of its interviews the panel does not show, by their ids.
        #[serde(default)]
        alone: Value,
        /// The caller named the version that the edit is for: it must not be merged into another.
        pinned: bool,
    },
    CancelPanel {
        panel: String,
    },
    /// A panel that Lever made twice of one booking: the younger is taken away.
    RemoveDouble {
        panel: String,
    },
    AddInterview {
        panel: String,
        body: Value,
        before: Value,
    },
    EditInterview {
        panel: String,
        interview: String,
        body: Value,
        patch: Value,
        /// The interview alone.
        before: Value,
        /// What of it the panel does not show.
        #[serde(default)]
        alone: Value,
        pinned: bool,
    },
    CancelInterview {
        panel: String,
        interview: String,
    },
}

/// A write of this feature, recorded.
pub(super) type Operation = operations::store::Operation<Write>;

impl operations::Write for Write {
    const KINDS: &'static [&'static str] =
        &["schedule_panel", "edit_panel", "cancel_panel", "remove_double", "add_interview", "edit_interview", "cancel_interview"];

    fn kind(&self) -> &'static str {
        match self {
            Self::SchedulePanel { .. } => "schedule_panel",
            Self::EditPanel { .. } => "edit_panel",
            Self::CancelPanel { .. } => "cancel_panel",
            Self::RemoveDouble { .. } => "remove_double",
            Self::AddInterview { .. } => "add_interview",
            Self::EditInterview { .. } => "edit_interview",
            Self::CancelInterview { .. } => "cancel_interview",
        }
    }

    fn panel(&self) -> Option<&str> {
        match self {
            Self::SchedulePanel { .. } => None,
            Self::EditPanel { panel, .. }
            | Self::CancelPanel { panel }
            | Self::RemoveDouble { panel }
            | Self::AddInterview { panel, .. }
            | Self::EditInterview { panel, .. }
            | Self::CancelInterview { panel, .. } => Some(panel),
        }
    }

    fn interview(&self) -> Option<&str> {
        match self {
            Self::EditInterview { interview, .. } | Self::CancelInterview { interview, .. } => Some(interview),
            _ => None,
        }
    }

    fn settle(operation: OperationId) -> Job {
        Job::SettleOperation { operation }
    }

    async fn answer(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Response> {
        answer::of(state, tenant, operation).await
    }
}

impl Write {
    /// Whether it only takes something away: done twice, or of what is not there, it changes nothing.
    pub(super) fn takes_away(&self) -> bool {
        matches!(self, Self::CancelPanel { .. } | Self::RemoveDouble { .. } | Self::CancelInterview { .. })
    }

    /// The interviews that will take place if this write happens.
    pub(super) fn interviews(&self) -> Vec<&Value> {
        match self {
            Self::SchedulePanel { body } | Self::EditPanel { body, .. } => {
                body.get("interviews").and_then(Value::as_array).into_iter().flatten().collect()
            }
            Self::AddInterview { body, .. } | Self::EditInterview { body, .. } => vec![body],
            Self::CancelPanel { .. } | Self::RemoveDouble { .. } | Self::CancelInterview { .. } => Vec::new(),
        }
    }
}
