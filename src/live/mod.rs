//! Live: whoever watches a page is told that something changed, and reads it again.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `stream` | `GET /v1/events` |
//! | `hub` | one look at the database for all who watch in this process |
//! | `seen` | which changes are new, although numbers become visible out of order (pure) |
//! | `store` | the `changes` table, which triggers write |
//!
//! The rule: what is sent are kinds and ids, never content. It says what to read again, and permissions are the reader's business.

mod hub;
mod seen;
mod store;
mod stream;

pub use store::{forget, prune};
pub use stream::router;
