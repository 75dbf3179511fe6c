//! A transaction that Postgres undid, because it was in the way of another: all it takes is to do it again. Every transaction of the write
//! protocol is one of its own, and nothing is sent inside it, so each may.

use crate::error::Result;

const TRIES: usize = 3;

/// Does a transaction, from its beginning to its commit, and again when it was undone.
///
/// # Errors
/// Those of the work; that it was undone only after the last try.
pub async fn again_when_undone<T, F: Future<Output = Result<T>>>(transaction: impl Fn() -> F) -> Result<T> {
    for _ in 1..TRIES {
        match transaction().await {
            Err(error) if error.is_rolled_back() => tracing::info!(%error, "a transaction was undone and is done again"),
            done => return done,
        }
    }
    transaction().await
}
