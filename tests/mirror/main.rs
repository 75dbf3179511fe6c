//! The copy of Lever's objects: what is stored and what is not, and what callers read of it over HTTP, with a real Postgres.

mod gone;
mod house;
mod interviews;
mod lever;
mod opportunities;
mod panels;
mod recordings;
mod refresh;
mod small_lists;
mod storing;
#[path = "../support/mod.rs"]
mod support;
mod tenants;
