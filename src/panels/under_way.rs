//! Interviews that are being written at Lever: they take people's time as if they were there, until it is known that they are not.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::slots;
use super::write::Write;
use crate::db::TenantTx;
use crate::ids::OperationId;
use crate::operations::store;

/// An interview that is being written at Lever; it is not known yet whether it will take place.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnderWay {
    /// The Lever user whose time it takes.
    pub interviewer_id: String,
    /// The write: see `/v1/operations/{id}`.
    #[schema(value_type = uuid::Uuid)]
    pub operation_id: OperationId,
    /// Unknown of a panel that is only being made.
    pub panel_id: Option<String>,
    pub opportunity_id: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// All of them, one for each of the people in an interview. Asked before what is booked: what settles in between is then found there.
///
/// # Errors
/// The database failed.
pub(super) async fn under_way(tx: &mut TenantTx) -> Result<Vec<UnderWay>, sqlx::Error> {
    let mut found = Vec::new();
    for operation in store::open::<Write>(tx).await? {
        for interview in operation.request.interviews() {
            let Some((start, end)) = slots::span(interview) else { continue };
            found.extend(slots::people(interview).map(|person| UnderWay {
                interviewer_id: person.to_owned(),
                operation_id: operation.id,
                panel_id: operation.panel_id.clone(),
                opportunity_id: operation.opportunity_id.clone(),
                start,
                end,
            }));
        }
    }
    Ok(found)
}
