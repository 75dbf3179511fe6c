//! The full sync as a story: what it copies, what stops it, how it goes on, and how far it says it is.
#![cfg(feature = "fake-lever")]

mod again;
mod bad_upstream;
mod beside;
mod clocks;
mod copy;
mod endless;
mod endpoints;
mod forgotten;
mod fresh;
mod interrupt;
mod last_sync;
mod poison;
mod progress;
mod reconcile;
mod resume;
mod shown;
mod silence;
mod slow_database;
mod sweep;
mod takeover;
mod trouble;
mod unreadable;
mod waiting;
mod whole;

#[path = "../support/mod.rs"]
mod support;
