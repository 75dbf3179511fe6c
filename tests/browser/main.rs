//! What people do, in a real browser. Every page and state is looked at by axe-core as well, and its picture is kept in
//! `target/screenshots`.

#[path = "../support/mod.rs"]
mod support;

mod axe;
mod calendar;
mod chromium;
mod connect;
mod keyboard;
mod safety;
mod schedule;
mod stage;
mod trouble;
mod week;
