//! The full sync: everything that an organization has at Lever, read into the mirror.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `plan` | which lists are read, in which order (pure) |
//! | `start` | asking for a sync; one at a time |
//! | `run` | the job: resumable, fenced, stopped by a disconnect |
//! | `lists` `read` | one list page by page; one page of it |
//! | `panels` | the panels of active opportunities, one request each |
//! | `trouble` | what a failed read means (pure) |
//! | `finish` | what is gone, what is counted, how it ended |
//! | `progress` `events` | how far it is: as JSON, and live |
//! | `store` | the tables of runs and steps |
//!
//! The rule: a page and its cursor are committed together, behind a fence. A crash repeats the page under way and nothing else.

mod events;
mod finish;
mod lists;
mod panels;
mod plan;
mod progress;
mod read;
mod run;
mod start;
mod store;
mod trouble;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
pub use plan::Kind;
pub use progress::{ObjectView, SyncView, find, latest, page};
pub use run::run;
pub use start::{Started, start};
pub use store::{RunKind, Status};

/// Why a run that lost its connection was canceled.
const DISCONNECTED: &str = "Lever was disconnected or connected anew while this ran.";

/// The endpoints of the sync.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(start::request, progress::list)).routes(routes!(progress::show)).routes(routes!(events::stream))
}
