//! The sync: everything that an organization has at Lever, read into the mirror, and kept as fresh as a small share of the budget allows.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `plan` | which lists each kind of run reads, in which order (pure) |
//! | `start` `again` `keep_fresh` | asking for a sync; the first one again when it failed; the regular job of a connection |
//! | `run` | the job: resumable, fenced, stopped by a disconnect; what all runs share |
//! | `full` `incremental` `reconcile` | what each kind of run does |
//! | `lists` `read` | one list page by page; one page of it |
//! | `children` `answer` | panels, notes and resumes, one request for each set, many under way |
//! | `meanwhile` | what others have read of these while a full sync goes on |
//! | `doubt` | sets that failed, while nobody knows whether it is them or Lever |
//! | `comparison` | when every list is compared with the copy again (pure) |
//! | `unasked` | candidates of whom Lever gave no answer |
//! | `window` `sweep` | how far changes were read; what is read again without a sign (pure) |
//! | `trouble` `endless` | what a failed read means; a list without an end (pure) |
//! | `step_over` `pieces` | one record that spoils its page: past it, or around it |
//! | `finish` | what is gone, what is counted, how it ended |
//! | `progress` `estimate` `warnings` `events` | how far it is and what was left out: as JSON, and live |
//! | `store` | the tables of runs, steps, cursors, and what is due, quarantined or found |
//!
//! The rule: a page and its cursor are committed together, behind a fence. A crash repeats the requests under way and nothing else.

mod again;
mod answer;
mod children;
mod comparison;
mod doubt;
mod endless;
mod estimate;
mod events;
mod finish;
mod full;
mod incremental;
mod keep_fresh;
mod lists;
mod meanwhile;
mod pieces;
mod plan;
mod progress;
mod read;
mod reconcile;
mod run;
mod start;
mod step_over;
mod store;
mod sweep;
mod trouble;
mod unasked;
mod warnings;
mod window;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
pub use keep_fresh::{keep_fresh, replan};
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
