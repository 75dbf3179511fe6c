//! The pages that people see: Interviews, Candidates, Integrations; and sign-in (in `dev`).
//!
//! | file | what it holds |
//! | --- | --- |
//! | `integrations` | the page with Lever's card: reads how things stand and hands it to the template |
//! | `card` `progress` `webhooks` `permissions` `outcome` `history` `activity` | what that page says, in words; pure |
//! | `activity_log` | the whole activity log on a page of its own |
//! | `candidates` `candidate` | the list with its search; one candidate with the panels and the form that schedules them |
//! | `interviews` `week` `week_address` | the week of interviews; its table; what its address asks for (both pure) |
//! | `candidate_line` `panel_card` `when` | a candidate, a panel, a time, in words; pure |
//! | `notice` | what a page with data from Lever must say about that data |
//! | `visitor` `shell` `assets` `headers` `errors` | who looks; the frame of every page, its files, its security headers, refusals for people |
//! | `marked` | the link that Lever shows with a panel leads to its candidate |
//! | `sign_in` `demo_people` | the sign-in page of `dev` and its invented people |
//!
//! The rule: a page is rendered here and shows what the API would answer; its script keeps it true and does what must not reload
//! the page. No page holds an inline script or style, and each says what is true in plain words. The pages are the one feature that
//! lies on top of the others: they may call what they show.

mod activity;
mod activity_log;
mod assets;
mod candidate;
mod candidate_line;
mod candidates;
mod card;
pub mod demo_people;
mod errors;
mod headers;
mod history;
mod integrations;
mod interviews;
mod marked;
mod notice;
mod outcome;
mod panel_card;
mod permissions;
mod progress;
mod shell;
mod sign_in;
mod visitor;
mod webhooks;
mod week;
mod week_address;
mod when;

use axum::response::Redirect;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;
pub use errors::Reader;
pub use headers::secure;

/// The pages and their files. They are not part of the API, so the OpenAPI document does not list them.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/", get(|| async { Redirect::to(integrations::PATH) }))
        .route(integrations::PATH, get(integrations::show))
        .route(activity_log::PATH, get(activity_log::show))
        .route(interviews::PATH, get(interviews::show))
        .route(candidates::PATH, get(candidates::show))
        .route("/candidates/{id}", get(candidate::show))
        .route("/i/{mark}", get(marked::lead))
        .route(sign_in::PATH, get(sign_in::show).post(sign_in::sign_in))
        .route("/assets/{file}", get(assets::serve))
}
