//! Notes on opportunities, with their comments. A secret note is for admins alone; a note that is gone keeps none of its text.

mod list;
mod set;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use list::page_of_opportunity;
pub use set::{forget_all, mark_all_gone, replace_for_opportunity};
pub use store::{ids, upsert};
pub use view::{CommentView, NoteView, view};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list))
}
