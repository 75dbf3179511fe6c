//! What a feature says about its writes.

use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store::Operation;
use crate::error::Result;
use crate::ids::{OperationId, TenantId};
use crate::jobs::Job;
use crate::state::AppState;

/// A write at Lever as it is recorded before it is sent: everything needed to send it again, and to find out by reading whether it
/// happened.
pub trait Write: Serialize + DeserializeOwned + Clone + Send + Sync + Unpin + 'static {
    /// Every kind there is.
    const KINDS: &'static [&'static str];

    /// Which of them it is, as stored and shown.
    fn kind(&self) -> &'static str;

    /// The panel that is written; `None` for a new one, and where there is none.
    fn panel(&self) -> Option<&str> {
        None
    }

    /// The interview that is written; `None` for a new one, and where there is none.
    fn interview(&self) -> Option<&str> {
        None
    }

    /// The job that finds out what became of it.
    fn settle(operation: OperationId) -> Job;

    /// What a caller is answered about it, at once and on every repeat.
    fn answer(state: &AppState, tenant: TenantId, operation: &Operation<Self>) -> impl Future<Output = Result<Response>> + Send;
}
