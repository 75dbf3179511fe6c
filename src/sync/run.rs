//! The job that carries a run on from where it stands, whoever began it.
//!
//! Every page is one request to Lever and then one transaction: the connection is still the one the run began under, the claim is
//! still ours (the fence), the records go to the mirror, and the cursor moves. So a crash costs the page under way, a
//! worker that lost its lease stores nothing, and a disconnect ends the run at its next page.

use chrono::{DateTime, Utc};

use super::plan::Step;
use super::store::{self, Run, Status, StepRow};
use super::{finish, lists, panels};
use crate::accounts;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::jobs::{Claim, Outcome};
use crate::lever::{Account, Lane};
use crate::state::AppState;

/// Why a run stops short of its end.
pub(super) enum Halt {
    /// The process ends: another one goes on.
    ShuttingDown,
    /// Another worker has the run now.
    ClaimLost,
    /// Disconnected, connected anew, or no longer accepted by Lever.
    ConnectionLost,
    /// To be tried again.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A run that is being worked on.
pub(super) struct Running<'a> {
    pub(super) state: &'a AppState,
    pub(super) account: Account,
    pub(super) id: RunId,
    pub(super) started_at: DateTime<Utc>,
    claim: &'a Claim,
    epoch: i64,
}

/// Carries a run on.
///
/// # Errors
/// Lever or the database is away: the run stays as it is, and is carried on later.
pub async fn run(state: &AppState, claim: &Claim, run: RunId) -> Result<Outcome> {
    let halted = match Running::start(state, claim, run).await {
        Ok(Some(running)) => running.work().await,
        Ok(None) => Ok(()),
        Err(halt) => Err(halt),
    };
    match halted {
        Ok(()) | Err(Halt::ClaimLost) => Ok(Outcome::Done),
        Err(Halt::ShuttingDown) => Ok(Outcome::Again(state.clock.now())),
        Err(Halt::ConnectionLost) => {
            end_without_connection(state, claim, run).await?;
            Ok(Outcome::Done)
        }
        Err(Halt::Failed(error)) => Err(error),
    }
}

impl<'a> Running<'a> {
    /// `None` when the run is over.
    async fn start(state: &'a AppState, claim: &'a Claim, id: RunId) -> Result<Option<Self>, Halt> {
        let now = state.clock.now();
        let mut tx = state.db.begin(claim.tenant_id).await?;
        let Some(Run { epoch, started_at, .. }) = store::find(&mut tx, id).await?.filter(|run| !run.status.is_final()) else { return Ok(None) };
        fence(&mut tx, claim, epoch).await?;
        let Some(connection) = accounts::find(&mut tx).await? else { return Err(Halt::ConnectionLost) };
        store::start(&mut tx, id, now).await?;
        tx.commit().await?;
        let account = accounts::open_sealed(state, claim.tenant_id, &connection)?.in_lane(Lane::FirstSync);
        Ok(Some(Self { state, account, id, started_at: started_at.unwrap_or(now), claim, epoch }))
    }

    async fn work(&self) -> Result<(), Halt> {
        for step in self.steps().await?.into_iter().filter(|step| !step.done) {
            match step.step {
                Step::Panels => panels::read_to_end(self, step).await?,
                _ => lists::read_to_end(self, step).await?,
            }
        }
        finish::finish(self).await
    }

    async fn steps(&self) -> Result<Vec<StepRow>, Halt> {
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        let steps = store::steps(&mut tx, &[self.id]).await?;
        tx.commit().await?;
        Ok(steps)
    }

    /// A transaction that may store what was read.
    pub(super) async fn begin(&self) -> Result<TenantTx, Halt> {
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        fence(&mut tx, self.claim, self.epoch).await?;
        Ok(tx)
    }

    /// When the read that is about to be sent is sent. Never before its list began, even if this machine's clock is behind that of
    /// the one which began it: what is seen now must not count as unseen.
    pub(super) fn read_at(&self, step: &StepRow) -> DateTime<Utc> {
        self.state.clock.now().max(step.began_at.unwrap_or(self.started_at))
    }

    /// Waits for reads, unless the process is to end: an answer that is not stored was not read.
    pub(super) async fn unless_shutting_down<T>(&self, reads: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.state.shutdown.cancelled() => Err(Halt::ShuttingDown),
            answer = reads => Ok(answer),
        }
    }
}

/// In this order: see [`accounts::hold`].
async fn fence(tx: &mut TenantTx, claim: &Claim, epoch: i64) -> Result<(), Halt> {
    if !accounts::hold(tx, epoch).await? {
        return Err(Halt::ConnectionLost);
    }
    if !claim.holds(tx).await? {
        return Err(Halt::ClaimLost);
    }
    Ok(())
}

/// Ends a run that lost its connection: canceled when somebody disconnected or connected anew, failed when Lever no longer accepts it.
async fn end_without_connection(state: &AppState, claim: &Claim, id: RunId) -> Result<()> {
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let connection = accounts::find(&mut tx).await?;
    if claim.holds(&mut tx).await?
        && let Some(run) = store::find(&mut tx, id).await?
    {
        let refused = connection.is_some_and(|connection| connection.epoch == run.epoch && connection.status != accounts::Status::Disconnected);
        let (status, why) = if refused {
            (Status::Failed, Error::lever_reauthorization_required().detail().to_owned())
        } else {
            (Status::Canceled, super::DISCONNECTED.to_owned())
        };
        store::end(&mut tx, id, status, Some(&why), state.clock.now()).await?;
        tracing::info!(tenant = %claim.tenant_id, run = %id, ?status, "a sync ended without its connection");
    }
    tx.commit().await?;
    Ok(())
}
