//! What a Lever account holds, and each object's JSON in the form Lever was recorded to answer:
//! field names, key order, nulls. These types are the stand-in's own on purpose, so that a wrong
//! field name in the product's client cannot agree with itself.

mod event;
mod opportunity;
mod panel;
mod paperwork;
mod person;
mod posting;
mod reference;
mod webhook;

pub use event::Event;
pub use event::Occurrence;
pub use opportunity::{Application, Archived, Deleted, OPPORTUNITY_ORIGINS, Opportunity, OrderKey, StageChange};
pub use panel::{Interview, NO_FEEDBACK, Panel, Seat};
pub use paperwork::{Note, NoteField, Resume, ResumeFile};
pub use person::{Contact, User};
pub use posting::Posting;
pub use reference::{ArchiveReason, FeedbackTemplate, Stage};
pub use webhook::{Attempt, Delivery, Webhook};
