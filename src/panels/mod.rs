//! Interview panels written at Lever: scheduled, edited, canceled; and the same for single interviews.
//!
//! The rule: nothing is done twice at Lever, and nothing that the caller did not touch is lost. Lever has no idempotency keys, so a
//! write is recorded and committed here before it is sent, is sent once, and when its answer never comes its outcome is found by
//! reading. PUT replaces whole objects there, so an edit is merged into what was read a moment ago.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `schedule` `edit` `cancel` `add_interview` `edit_interview` `cancel_interview` | one endpoint each |
//! | `operations` | the endpoints of the log of writes |
//! | `requests` `body` `fields` `draft` | what callers send: described, received, read, understood |
//! | `merge` `mark` `slots` `evidence` `again` | pure: the body that Lever gets; our mark in it; what is new in it; whether Lever shows it; the body of a repeat |
//! | `judge` `perform_as` `panel` | whether a write may be made, in whose name, on which version of a panel |
//! | `write` `failure` `store` `record` | an operation and its table |
//! | `send` `look` `outcome` `answer` | sent, looked for, stored, answered |
//! | `settle` `doubles` | the job that finds out what nobody knows yet, and takes surplus copies away |
//! | `idempotency` | the same key, the same answer |

mod add_interview;
mod again;
mod answer;
mod body;
mod cancel;
mod cancel_interview;
mod doubles;
mod draft;
mod edit;
mod edit_interview;
mod evidence;
mod failure;
mod fields;
mod idempotency;
mod judge;
mod look;
mod mark;
mod merge;
mod operations;
mod outcome;
mod panel;
mod perform_as;
mod record;
pub mod requests;
mod schedule;
mod send;
mod settle;
mod slots;
mod store;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use operations::{OperationError, OperationStatus, OperationView, log};
pub use settle::settle;

/// The endpoints that write panels and interviews, and the log of what was written.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(schedule::schedule))
        .routes(routes!(edit::edit, cancel::cancel))
        .routes(routes!(add_interview::add))
        .routes(routes!(edit_interview::edit, cancel_interview::cancel))
        .routes(routes!(operations::list))
        .routes(routes!(operations::get))
}
