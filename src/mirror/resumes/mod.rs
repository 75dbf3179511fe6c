//! Resumes of opportunities: what Lever read out of them. The files are streamed from Lever when somebody asks, and never kept.

mod disposition;
mod file;
mod list;
mod set;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use list::page_of_opportunity;
pub use set::{forget_all, mark_all_gone, replace_for_opportunity};
pub use store::upsert;
pub use view::{FileView, ResumeView};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(file::file))
}
