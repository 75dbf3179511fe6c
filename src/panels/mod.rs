//! Interview panels written at Lever: scheduled, edited, canceled; and the same for single interviews.
//!
//! The rule: nothing is done twice at Lever, and nothing that the caller did not touch is lost. Lever has no idempotency keys, so a
//! write is recorded and committed here before it is sent, is sent once, and when its answer never comes its outcome is found by
//! reading. PUT replaces whole objects there, so an edit is merged into what was read a moment ago.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `schedule` `edit` `cancel` `add_interview` `edit_interview` `cancel_interview` `conflicts` | one endpoint each |
//! | `requests` `draft` `echoed` | what callers send: described, understood, and what of it they only send back |
//! | `merge` `mark` `slots` `evidence` `answered` `again` | pure: the body that Lever gets; our mark in it; what is new in it; whether Lever shows it; an answer put into its panel; the body of a repeat |
//! | `under_way` | what people's time is being taken for |
//! | `judge` `panel` `whereabouts` `alone` | whether a write may be made, on which version of a panel, where Lever has it, and what of it the panel does not show |
//! | `write` | the writes, as `operations` records them |
//! | `send` `look` `outcome` `answer` | sent, looked for, stored, answered |
//! | `settle` `doubles` | the job that finds out what nobody knows yet, and takes surplus copies away |

mod add_interview;
mod again;
mod alone;
mod answer;
mod answered;
mod cancel;
mod cancel_interview;
mod conflicts;
mod doubles;
mod draft;
mod echoed;
mod edit;
mod edit_interview;
mod evidence;
mod judge;
mod look;
mod mark;
mod merge;
mod outcome;
mod panel;
pub mod requests;
mod schedule;
mod send;
mod settle;
mod slots;
mod under_way;
mod whereabouts;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use settle::settle;

/// The endpoints that write panels and interviews, and the one that tells what is in their way.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(schedule::schedule))
        .routes(routes!(edit::edit, cancel::cancel))
        .routes(routes!(add_interview::add))
        .routes(routes!(edit_interview::edit, cancel_interview::cancel))
        .routes(routes!(conflicts::list))
}
