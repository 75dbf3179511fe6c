//! The budget towards Lever: one for all replicas, never exceeded, and kind to a Lever that has less to give.
//!
//! Lever's limit runs on real time, so these stories do too: a few seconds each.
#![cfg(feature = "fake-lever")]

mod circuit;
mod hang;
mod limit;
mod organizations;
mod saturate;
mod shared;

#[path = "../support/mod.rs"]
mod support;
