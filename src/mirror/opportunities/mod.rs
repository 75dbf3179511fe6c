//! Opportunities: one candidacy of one person each, with their contact and application taken out of Lever's expanded answer.

mod expanded;
mod forget;
mod get;
mod gone;
mod list;
mod names;
mod sets;
mod store;
mod unread;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) use expanded::collapse;
pub use get::view;
pub use gone::{known_among, mark_gone, unseen_among, unseen_since};
pub use list::{OpportunityFilter, page};
pub use names::names;
pub(super) use sets::{is_anonymized, is_news, take_set};
pub use store::{OpportunityRow, count, find, others_of_the_person, upsert};
pub use unread::{Among, NeverRead, StaleSets, active_unseen_since, stale, unread, unread_among};
pub use view::{ApplicationView, ArchivedView, ContactSummary, OpportunityLinks, OpportunityView, PostingRef};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(get::get))
}
