//! `lever-integration`: ModernLoop's side of Lever.
//!
//! The modules, floor by floor; imports point down only, and features never import each other (a test keeps it so).

#![warn(clippy::disallowed_methods)]

use std::sync::LazyLock;

use sqlx::migrate::Migrator;

// The floor: mechanisms that know nothing of tenants' business.
pub mod clock;
pub mod config;
pub mod crypto;
pub mod failpoint;
pub mod ids;
pub mod lever;
pub mod limits;
pub mod outbound;
pub mod telemetry;
mod to_the_end;

// The way to Postgres, the error, what everyone shares.
pub mod db;
pub mod error;
pub mod jobs;
pub mod page;
pub mod state;

// Who is calling, and an organization's connection to Lever.
pub mod accounts;
pub mod auth;

// Who watches, and what changed.
pub mod live;

// Our copy of Lever's objects.
pub mod mirror;

// Writes at Lever: recorded before they are sent.
pub mod operations;

// The features, and the pages on top of them.
pub mod connect;
pub mod notes;
pub mod pages;
pub mod panels;
pub mod sync;
pub mod webhooks;

// Put together: routes, jobs, connections accepted, and what operators ask.
pub mod app;
pub mod doctor;
pub mod health;
pub mod router;
pub mod server;
pub mod worker;

// A stand-in for Lever, and one machine with nothing set up.
#[cfg(feature = "fake-lever")]
pub mod dev;
#[cfg(feature = "fake-lever")]
pub mod fake_lever;

/// The schema, applied in order. Expand and contract: version N runs on the schema of N and N + 1, and so it must start there too,
/// among migrations that it does not know.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!();
    migrator.set_ignore_missing(true);
    migrator
});
