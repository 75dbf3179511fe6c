//! What people do, in a real browser. Every page and state is looked at by axe-core as well, and its picture is kept in
//! `target/screenshots`.

#[path = "../support/mod.rs"]
mod support;

mod axe;
mod calendar;
mod chromium;
mod connect;
mod form;
mod health;
mod keyboard;
mod newcomer;
mod organizations;
mod safety;
mod schedule;
mod session;
mod stage;
mod states;
mod trouble;
mod week;
