//! The Lever client: everything that is said to Lever's API goes through here, and nothing here knows our tenants or tables.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `client` `account` | the application at Lever; one connected account of it, in one lane |
//! | `auth` `scopes` `token` | the OAuth flow, the scopes it asks for, where an access token comes from |
//! | `request` `call` `answer` `retry` `redirect` | the one way out: a call, its URL, its answer, when it is repeated, where it may be sent on to |
//! | `budget` `share` `bucket` `level_store` | how fast we may ask: lanes over a token bucket that all replicas draw from |
//! | `circuit` | whether Lever is there at all: nobody asks during an outage but a probe |
//! | `error` | what went wrong, by meaning, and whether a write may have happened |
//! | `envelope` `record` `forms` | reading answers: Lever's envelopes; typed views that keep the whole JSON; odd forms made even |
//! | the others | one file per resource: its types and its calls on [`Account`] |
//!
//! The rule: a read may be repeated, a write is sent once. Whether a write whose answer was lost did happen is for the caller
//! to find out by reading; [`Error::outcome`] says when that is needed.

#[macro_use]
mod record;

mod account;
mod answer;
mod auth;
mod bucket;
mod budget;
mod call;
mod circuit;
mod client;
mod endpoints;
mod envelope;
mod error;
mod forms;
mod level_store;
mod redirect;
mod request;
mod retry;
pub mod scopes;
mod share;
mod token;

pub mod applications;
pub mod archive_reasons;
pub mod contacts;
pub mod feedback_templates;
pub mod interviews;
pub mod notes;
pub mod opportunities;
pub mod panels;
pub mod postings;
pub mod resumes;
pub mod stages;
pub mod tags;
pub mod users;
pub mod webhooks;

pub use account::Account;
pub use applications::Application;
pub use archive_reasons::ArchiveReason;
pub use auth::{Claims, Grant, OAuthError};
pub use bucket::Level;
pub use budget::{Budget, Lane, Permit};
pub use call::{Paging, Window, could_be_id};
pub use circuit::{Circuit, ContactLog};
pub use client::{Credentials, Lever, Options, Patience};
pub use contacts::{Contact, Phone};
pub use endpoints::Endpoints;
pub use error::{Error, Outcome, Withheld};
pub use feedback_templates::FeedbackTemplate;
pub use interviews::{Interview, Interviewer};
pub use level_store::{LevelStore, StoreUnreachable, Stored};
pub use notes::Note;
pub use opportunities::{Opportunity, OpportunityFilter};
pub use panels::{Panel, PanelContent, is_only_named};
pub use postings::{Posting, PostingFilter};
pub use record::{Page, Record, Ref, Resource, whole};
pub use resumes::Resume;
pub use stages::Stage;
pub use tags::Tag;
pub use token::{AccessToken, TokenSource};
pub use users::User;
pub use webhooks::{CreatedWebhook, Webhook};
