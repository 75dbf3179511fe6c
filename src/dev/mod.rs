//! `dev` and `demo`: everything on one machine with nothing set up; left out of the production image with feature `fake-lever`.
//!
//! Both run the same parts: an embedded Postgres, the stand-in Lever, and the service as `serve` runs it. Each start begins with a
//! fresh database, because the stand-in begins with fresh tokens and webhooks.

mod demo;
mod parts;
pub mod postgres;
mod serve;

pub use demo::{DemoArgs, demo};
pub use serve::{DevArgs, dev};
