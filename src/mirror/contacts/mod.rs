//! Contacts: the people behind the opportunities. Lever has no list of them; they come expanded in their opportunities.

mod get;
mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use get::ContactView;
pub(super) use store::{anonymize, forget_unless_shared, upsert_of_opportunities};
pub use store::{is_known, mark_gone, synced_at, upsert};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get::get))
}
