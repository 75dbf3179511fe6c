//! Writes at Lever, recorded before they are sent: what every feature that writes there stands on.
//!
//! The rule: Lever has no idempotency keys, so a write is committed here first, is sent once, and when its answer never comes its outcome
//! is found by reading. How it is sent and found is for its feature to know; that it is remembered, fenced and told is done here.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `write` | what a feature says about its writes |
//! | `store` `record` `failure` | the table, the commit before the sending, why a write did not happen |
//! | `log` `view` `steps` | the endpoints of the log of writes; what they show; every attempt to make one |
//! | `webhooks` | webhooks made and removed at Lever, which are in the log too |
//! | `idempotency` | the same key, the same answer |
//! | `undone` | a transaction that lost against another is done again |
//! | `keep` | what of a write's result may be stored in our copy |
//! | `body` `strict` `fields` `time` | a body as it was sent, and read field by field |
//! | `perform_as` `patience` | in whose name a write is made; how long a caller waits for it |

pub mod body;
pub mod failure;
pub mod fields;
pub mod idempotency;
mod keep;
pub mod log;
pub mod patience;
pub mod perform_as;
pub mod record;
mod steps;
pub mod store;
mod strict;
mod time;
mod undone;
mod view;
pub mod webhooks;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use keep::{Keep, keep};
pub use log::log;
pub use steps::{OperationStep, StepOutcome};
pub use undone::again_when_undone;
pub use view::{OperationError, OperationStatus, OperationView};
pub use write::Write;

/// The log of what was written at Lever.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(log::list)).routes(routes!(log::get))
}
