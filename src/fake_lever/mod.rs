//! A stand-in for Lever: OAuth server, data API, webhook deliveries and the few pages of Lever that
//! the main job needs, over real HTTP, with invented people.
//!
//! It keeps to what was recorded of Lever, and to Lever's documentation where nothing was. It
//! imports nothing of the product and has its own JSON types, so that a wrong field name in the
//! client cannot agree with itself. Tests, `dev` and `demo` use it in-process through
//! [`FakeLever`]; other processes through `/_fake`.
//!
//! Every account begins with the same six people, one or two for each access role; of the first
//! account: `avery.stone@acme.example` and `taylor.brook@acme.example` (super admins),
//! `jordan.reyes@` (admin), `riley.park@` (team member), `sasha.quill@` (interviewer) and
//! `casey.marsh@` (limited team member); of the second: `morgan.vale@birch.example` and
//! `skyler.dune@` (super admins), `quinn.harbor@`, `robin.field@`, `emery.lake@`, `reese.cliff@`.
//!
//! What a test may want of it beyond Lever: a [ledger](FakeLever::ledger) of every request,
//! [faults](FakeLever::fault) on order, changes [made inside Lever](FakeLever::inside) with or
//! without their webhook, and the time set by hand.

mod answer;
mod api;
mod broken;
mod bucket;
mod changes;
mod delivery;
mod dice;
mod fault;
mod generate;
mod handle;
mod hold;
mod inside;
mod ledger;
mod model;
mod oauth;
mod options;
mod pages;
mod pdf;
mod receive;
mod refusal;
mod run;
mod server;
mod state;
mod steer;
mod view;

pub use changes::NewCandidate;
pub use fault::{Fault, FaultKind};
pub use handle::FakeLever;
pub use inside::Inside;
pub use ledger::LedgerEntry;
pub use model::Event;
pub use oauth::TokenCalls;
pub use options::{Args, Options};
pub use refusal::Refusal;
pub use run::run;
pub use view::{AccountView, AttemptView, Counts, DeliveryView, UserView, WebhookView};
