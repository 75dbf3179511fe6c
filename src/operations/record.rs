//! The commit that must stand before a write is sent.

use super::Write;
use super::store::{self, Operation};
use crate::db::TenantTx;
use crate::error::Result;
use crate::failpoint::Step;
use crate::state::AppState;

/// Commits the transaction that recorded the operation. When the acknowledgement is lost, looks whether it was committed: what is
/// recorded is sent, and what is not recorded is never sent.
///
/// # Errors
/// It was not recorded, or nobody can tell. Nothing was sent.
pub async fn commit<W: Write>(state: &AppState, tx: TenantTx, operation: &Operation<W>) -> Result<()> {
    let tenant = tx.tenant();
    let Err(error) = tx.commit().await else {
        state.failpoints.after(Step::Recorded).await;
        return Ok(());
    };
    let mut tx = state.db.begin(tenant).await?;
    let recorded = store::find::<W>(&mut tx, operation.id).await?;
    tx.commit().await?;
    if recorded.is_some_and(|recorded| recorded.is_open() && recorded.attempts == operation.attempts) { Ok(()) } else { Err(error.into()) }
}
