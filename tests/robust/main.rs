//! What the service withstands as a whole: slow and oversized clients, signals, a database that goes away, secrets that must not show.

#[path = "../support/mod.rs"]
mod support;

mod database_away;
mod oversized;
mod secrets;
mod shutdown;
mod slow_clients;
mod strangers;
