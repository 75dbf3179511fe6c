//! The pages that people see: sign-in (in `dev`) and the Integrations page with Lever's card.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `integrations` | the page: reads how things stand and hands it to the template |
//! | `card` `progress` `webhooks` `permissions` `outcome` | what the page says, in words; pure |
//! | `sign_in` `demo_people` | the sign-in page of `dev` and its invented people |
//! | `shell` `assets` `headers` `errors` | the frame of every page, its files, its security headers, refusals for people |
//!
//! The rule: a page works without its script as far as it can, holds no inline script or style, and says what is true in plain
//! words. It is the one feature that lies on top of the others: it may call what they show.

mod assets;
mod card;
pub mod demo_people;
mod errors;
mod headers;
mod integrations;
mod outcome;
mod permissions;
mod progress;
mod shell;
mod sign_in;
mod webhooks;

use axum::response::Redirect;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;
pub use errors::errors_for_people;
pub use headers::security_headers;

/// The pages and their files. They are not part of the API, so the OpenAPI document does not list them.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/", get(|| async { Redirect::to(integrations::PATH) }))
        .route(integrations::PATH, get(integrations::show))
        .route(sign_in::PATH, get(sign_in::show).post(sign_in::sign_in))
        .route("/assets/{file}", get(assets::serve))
}
