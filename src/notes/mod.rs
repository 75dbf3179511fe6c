//! Notes written at Lever.
//!
//! The rule: a note is never sent twice. Nothing of ours can be put into one to know it by, so when Lever's answer never came the note
//! is looked for by its author, its exact text and its time; one that is not found is reported as unknown, and not written again.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `create` | the endpoint |
//! | `draft` `evidence` | pure: what callers send; which of Lever's notes is the one |
//! | `write` `answer` | the write as it is recorded, and what a caller is told about it |
//! | `send` `settle` | sent once and looked for; the job that looks on |

mod answer;
mod create;
mod draft;
mod evidence;
mod send;
mod settle;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use draft::NoteRequest;
pub use settle::settle;

/// The endpoint that writes notes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create::create))
}
