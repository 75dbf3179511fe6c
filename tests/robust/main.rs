//! What the service withstands as a whole: slow, oversized and garbled requests, floods, signals, a database that goes away or
//! is locked, an upstream that hangs for one organization, mistakes in its settings, secrets that must not show.

#[path = "../support/mod.rs"]
mod support;

mod database_away;
mod fair;
mod floods;
mod garbage;
mod locks;
mod oversized;
mod plain_owner;
mod secrets;
mod shutdown;
mod slow_clients;
mod starting;
mod strangers;
mod undone;
