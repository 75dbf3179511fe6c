//! A note as it is recorded before it is sent. No `Debug`: it is about a person.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer;
use crate::error::Result;
use crate::ids::{OperationId, TenantId};
use crate::jobs::Job;
use crate::operations;
use crate::state::AppState;

/// A write of this feature.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub(super) enum Write {
    /// `body` is what Lever gets, exactly; `known` are the notes that were there before, as far as our copy knew.
    WriteNote { body: Value, known: Vec<String> },
}

/// A write of this feature, recorded.
pub(super) type Operation = operations::store::Operation<Write>;

impl operations::Write for Write {
    const KINDS: &'static [&'static str] = &["write_note"];

    fn kind(&self) -> &'static str {
        "write_note"
    }

    fn settle(operation: OperationId) -> Job {
        Job::SettleNote { operation }
    }

    async fn answer(state: &AppState, tenant: TenantId, operation: &Operation) -> Result<Response> {
        answer::of(state, tenant, operation).await
    }
}
