//! The job that finds out what became of a note: after a crash, and when Lever's answer never came while the caller waited. It only
//! reads. A note that is still not there when it can no longer be on its way is reported as unknown: a person has to look, because
//! a second one would be worse.

use chrono::TimeDelta;

use super::send::{look, succeeded};
use super::write::Operation;
use crate::accounts;
use crate::error::Result;
use crate::ids::OperationId;
use crate::jobs::{Claim, Outcome};
use crate::lever::Lane;
use crate::operations::store;
use crate::state::AppState;

/// A note that was sent this long ago is not on its way any more.
const SETTLE: TimeDelta = TimeDelta::seconds(60);
/// Between two looks.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// When Lever could not even be asked for so long, a person has to look.
const NOBODY_KNOWS: TimeDelta = TimeDelta::hours(24);

/// Finds out what became of a note; see the module.
///
/// # Errors
/// The database failed; the job is tried again.
pub async fn settle(state: &AppState, claim: &Claim, id: OperationId) -> Result<Outcome> {
    let now = state.clock.now();
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let operation: Option<Operation> = store::find(&mut tx, id).await?;
    tx.commit().await?;
    let Some(operation) = operation.filter(Operation::is_open) else { return Ok(Outcome::Done) };
    if let Some(lease) = operation.lease_until.filter(|lease| *lease > now) {
        return Ok(Outcome::Again(lease));
    }
    let asked = match accounts::open(state, claim.tenant_id).await {
        Ok((account, _)) => look(state, claim.tenant_id, &account.in_lane(Lane::Webhook), &operation).await,
        Err(error) => Err(error),
    };
    // When the note was sent, it was sent before this look: a read that began later would have shown it.
    let settled_by = operation.sent_at + SETTLE;
    match asked {
        Ok(Some(found)) => {
            succeeded(state, claim.tenant_id, &operation, &found).await?;
            Ok(Outcome::Done)
        }
        Ok(None) if now >= settled_by => {
            give_up(
                state,
                claim,
                &operation,
                "Lever's answer never came, and the note is not there. Look at the candidate in Lever before you write it again.",
            )
            .await
        }
        Ok(None) => wait(state, claim, &operation).await,
        Err(error) if now - operation.created_at > NOBODY_KNOWS => {
            tracing::warn!(operation = %operation.id, %error, "what became of a note was not found out in a day");
            give_up(state, claim, &operation, "Lever could not be asked what became of this. Look at the candidate in Lever.").await
        }
        Err(error) => {
            tracing::info!(operation = %operation.id, %error, "Lever could not be asked what became of a note");
            wait(state, claim, &operation).await
        }
    }
}

/// Not known yet: says so, and comes back.
async fn wait(state: &AppState, claim: &Claim, operation: &Operation) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    if !claim.holds(&mut tx).await? {
        return Ok(Outcome::Done);
    }
    store::mark_unknown(&mut tx, operation).await?;
    tx.commit().await?;
    let (now, settled_by) = (state.clock.now(), operation.sent_at + SETTLE);
    let pause = if now > settled_by { SETTLE } else { PAUSE };
    Ok(Outcome::Again(if settled_by > now { settled_by.min(now + pause) } else { now + pause }))
}

async fn give_up(state: &AppState, claim: &Claim, operation: &Operation, message: &str) -> Result<Outcome> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    if claim.holds(&mut tx).await? {
        store::give_up(&mut tx, operation, message, state.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(Outcome::Done)
}
