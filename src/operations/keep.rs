//! What of a write's result may be stored in our copy: the connection may have ended, and the copy been purged, before Lever answered.

use super::store::Operation;
use crate::accounts;
use crate::db::TenantTx;

/// What is done with what Lever answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Our copy shows it.
    Answer,
    /// Somebody has connected anew since: what is there is read again.
    Reread,
    /// There is no connection, and nothing of it is ours any more.
    Nothing,
}

/// Asks before anything else of the transaction: as with [`accounts::hold`], nobody disconnects before it ends.
///
/// # Errors
/// The database failed.
pub async fn keep<W>(tx: &mut TenantTx, operation: &Operation<W>) -> Result<Keep, sqlx::Error> {
    Ok(match accounts::hold_any(tx).await? {
        None => Keep::Nothing,
        // A version that did not ask recorded none.
        Some(epoch) if operation.connection_epoch.is_none_or(|sent_in| sent_in == epoch) => Keep::Answer,
        Some(_) => Keep::Reread,
    })
}
