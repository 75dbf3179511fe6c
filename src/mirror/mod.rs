//! Our copy of Lever's objects, one folder or file per kind: upsert a page, find, mark gone, and the endpoints that read it.
//!
//! Three rules. An older read never overwrites a newer one, nor brings back what a newer read found gone: every row carries the
//! time its read was SENT (`read_at`), and so does a tombstone. Each table is written here and nowhere else. And what Lever sent
//! is kept whole beside the columns, so that no field is lost for not being known.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `users` `stages` `archive_reasons` `tags` `feedback_templates` `postings` `contacts` `opportunities` `panels` `interviews` `notes` `resumes` | one kind each |
//! | `refresh` | one opportunity read from Lever again, with its panels |
//! | `children` `opened` | the sets that hang on an opportunity; what a person opens before the sync got there |
//! | `purge` | an organization's whole copy deleted |
//! | `impersonal` | what is kept of a person who was anonymized |
//! | `compare` | what Lever has against what is here |
//! | `storable` | what Postgres can keep of what Lever sends |
//! | `choices` | what candidates can be filtered by |
//! | `params` `references` | reading a caller's filters; the small objects that views share |

pub mod archive_reasons;
pub mod children;
mod choices;
pub mod compare;
pub mod contacts;
pub mod count;
pub mod feedback_templates;
mod impersonal;
pub mod interviews;
pub mod notes;
pub mod opened;
pub mod opportunities;
pub mod panels;
mod params;
pub mod postings;
mod purge;
mod references;
pub mod refresh;
pub mod resumes;
pub mod stages;
mod storable;
pub mod tags;
pub mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub use choices::{Choices, choices};
pub use params::{Filters, LeverId, span};
pub use purge::purge;
pub use references::{NamedRef, PhoneView, TextRef};

/// The endpoints that read the copy.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::router())
        .merge(stages::router())
        .merge(tags::router())
        .merge(archive_reasons::router())
        .merge(feedback_templates::router())
        .merge(postings::router())
        .merge(opportunities::router())
        .merge(contacts::router())
        .merge(panels::router())
        .merge(interviews::router())
        .merge(notes::router())
        .merge(resumes::router())
}
