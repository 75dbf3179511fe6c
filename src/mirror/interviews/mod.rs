//! Interviews: one conversation each. They live inside panels and have rows of their own so that they can be found by time and by
//! person.

mod booked;
mod get;
mod list;
mod people;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use booked::{Booked, Position, booked, booked_after};
pub use list::{InterviewFilter, page};
pub use people::{InterviewerView, People, PeopleColumns};
pub use store::{InterviewRow, end_of, find};
pub(super) use store::{forget_words_in_panel, mark_canceled_in_panel, mark_gone_in_panels, replace_in_panels};
pub use view::{InterviewView, view_with_version};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(get::get))
}
