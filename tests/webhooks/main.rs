//! Webhooks as stories: what Lever delivers is believed, stored and read again; what is forged or repeated has no effect; and the
//! webhooks at Lever are as they should be, whatever happened on the way.
#![cfg(feature = "fake-lever")]

mod arriving;
mod delivery;
mod durable;
mod killed;
mod logged;
mod pressure;
mod receive;
mod refresh;
mod register;
mod rows;

#[path = "../support/mod.rs"]
mod support;
