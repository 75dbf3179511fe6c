//! Lever's users: interviewers, recruiters, and the deactivated people that old panels still name.

mod list;
mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use list::UserView;
pub use store::{LookedUp, UserRow, find, look_up, mark_unseen_gone, upsert};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list))
}
