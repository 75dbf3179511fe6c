//! The steps of an operation: every attempt to make a write, for the log. Nothing is decided by them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

/// One attempt to make a write at Lever.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationStep {
    /// When it was sent, or was about to be.
    pub sent_at: DateTime<Utc>,
    /// The Lever user in whose name; null for a webhook.
    #[serde(deserialize_with = "present")]
    pub perform_as: Option<String>,
    /// Where it was sent to; null for a webhook.
    #[serde(deserialize_with = "present")]
    pub opportunity_id: Option<String>,
    pub outcome: StepOutcome,
    /// When the outcome was known.
    #[serde(default)]
    pub ended_at: Option<DateTime<Utc>>,
    /// The status of Lever's answer, when one came.
    #[serde(default)]
    #[schema(example = 201)]
    pub lever_status: Option<i32>,
    /// Lever's own code for a refusal.
    #[serde(default)]
    pub lever_code: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// Being sent.
    Sending,
    /// Lever did it, and said so.
    Done,
    /// Lever's answer never came; a read showed that it happened.
    Found,
    /// It did not happen.
    Refused,
    /// Lever's answer never came.
    Unknown,
}

/// Text as it is stored: empty where there is none, because an older version that runs beside this one expects some.
fn present<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(text)?.filter(|text| !text.is_empty()))
}

/// An attempt that begins, as a list of one step. A webhook's has no performer and no opportunity.
pub(super) fn begun(perform_as: &str, opportunity: &str, sent_at: DateTime<Utc>) -> Json<Value> {
    Json(json!([{"sentAt": sent_at, "performAs": perform_as, "opportunityId": opportunity, "outcome": StepOutcome::Sending}]))
}

/// What is added to the last step when it ends.
pub(super) fn ended(outcome: StepOutcome, at: DateTime<Utc>, lever_status: Option<i32>, lever_code: Option<&str>) -> Json<Value> {
    Json(json!({"outcome": outcome, "endedAt": at, "leverStatus": lever_status, "leverCode": lever_code}))
}
