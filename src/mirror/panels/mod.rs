//! Panels: the interviews one candidate has in one go, and the interviews inside them.
//!
//! A panel record is the truth about all its interviews, and the list of an opportunity's panels the truth about all of them:
//! Lever tells of a deleted interview only by leaving it out. A canceled panel stays, whether Lever still lists it or not; of what is
//! gone nothing is kept but its id, because its notes may be about a person.

mod by_link;
mod cancel;
mod get;
pub mod link;
mod list;
mod list_of_opportunity;
mod missing;
mod set;
mod store;
mod version;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use by_link::opportunity_of_link;
pub use cancel::mark_canceled;
pub use get::etag;
pub use list_of_opportunity::page_of_opportunity;
pub use set::{forget_words_of_canceled, mark_all_gone, replace_for_opportunity};
pub use store::{PanelRow, find, mark_gone, upsert};
pub use version::{FOLLOWING, interview_version, version};
pub use view::{PanelInterview, PanelStatus, PanelView, view, view_with_version, views};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(get::get)).routes(routes!(list_of_opportunity::list))
}
