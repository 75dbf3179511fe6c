//! Postings: the jobs.

mod get;
mod list;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use store::{count, mark_gone, mark_unseen_gone, upsert};
pub use view::{PostingLinks, PostingView};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(get::get))
}
