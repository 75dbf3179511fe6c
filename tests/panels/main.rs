//! Panels and interviews as stories: their whole life at Lever and here, what is refused before Lever is asked, and what becomes of a
//! write whose answer never came.
#![cfg(feature = "fake-lever")]

mod answers;
mod conflicts;
mod crafted;
mod crashes;
mod editors;
mod fresh;
mod histories;
mod idempotency;
mod interviews;
mod judgement;
mod killed;
mod life;
mod lost_answers;
mod moved;
mod named;
mod odd_answers;
mod patience;
mod performers;
mod round_trip;
mod unknown_fields;
mod versions;
mod world;

#[path = "../support/mod.rs"]
mod support;
