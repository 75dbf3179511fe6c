//! The job that carries a run on from where it stands, whoever began it, and what all kinds of runs share.
//!
//! Every page is one request to Lever and then one transaction: the connection is still the one the run began under, the claim is
//! still ours (the fence), the records go to the mirror, and the cursor moves. So a crash costs the requests under way, a
//! worker that lost its lease stores nothing, and a disconnect ends the run at its next page.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::plan::Step;
use super::store::{Run, RunKind, Status, StepRow, runs, steps};
use super::{full, incremental, reconcile};
use crate::accounts;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::jobs::{Claim, Outcome};
use crate::lever::{self, Account, Lane, Paging};
use crate::state::AppState;

/// Why a run stops short of its end.
pub(super) enum Halt {
    /// The process ends, or another part of the run has stopped.
    Stopped,
    /// Another worker has the run now.
    ClaimLost,
    /// Disconnected, connected anew, or no longer accepted by Lever.
    ConnectionLost,
    /// Some lists cannot be read just now; all others are.
    Later(DateTime<Utc>),
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
    /// Asks in the lane of what people wait for.
    pub(super) account: Account,
    /// Asks before the others, for what makes the product usable.
    pub(super) ahead: Account,
    /// Asks in the lane of what hardly anybody looks at.
    pub(super) archived: Account,
    pub(super) id: RunId,
    pub(super) kind: RunKind,
    pub(super) dry_run: bool,
    pub(super) started_at: DateTime<Utc>,
    pub(super) epoch: i64,
    /// It was begun before, and stopped: perhaps because of something that will be met again.
    pub(super) resumed: bool,
    claim: &'a Claim,
    /// Of this run: its parts stop at their next read, none in the middle of a transaction.
    stop: CancellationToken,
    /// Requests that are in the run's count already.
    counted: AtomicU64,
}

/// Carries a run on.
///
/// # Errors
/// Lever or the database is away: the run stays as it is, and is carried on later.
pub async fn run(state: &AppState, claim: &Claim, run: RunId) -> Result<Outcome> {
    match carry_on(state, claim, run).await {
        Ok(()) | Err(Halt::ClaimLost | Halt::ConnectionLost) => Ok(Outcome::Done),
        Err(Halt::Stopped) => Ok(Outcome::Again(state.clock.now())),
        Err(Halt::Later(at)) => Ok(Outcome::Again(at)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Works on a run under any claim; a run without its connection is ended.
pub(super) async fn carry_on(state: &AppState, claim: &Claim, run: RunId) -> Result<(), Halt> {
    let halted = match Running::start(state, claim, run).await {
        Ok(Some(running)) => running.work().await,
        Ok(None) => Ok(()),
        Err(halt) => Err(halt),
    };
    if matches!(halted, Err(Halt::ConnectionLost)) {
        end_without_connection(state, claim, run).await?;
    }
    halted
}

impl<'a> Running<'a> {
    /// `None` when the run is over.
    async fn start(state: &'a AppState, claim: &'a Claim, id: RunId) -> Result<Option<Self>, Halt> {
        let now = state.clock.now();
        let mut tx = state.db.begin(claim.tenant_id).await?;
        let Some(Run { kind, dry_run, epoch, started_at, .. }) = runs::find(&mut tx, id).await?.filter(|run| !run.status.is_final()) else {
            return Ok(None);
        };
        fence(&mut tx, claim, epoch).await?;
        let Some(connection) = accounts::find(&mut tx).await? else { return Err(Halt::ConnectionLost) };
        let account = accounts::open_sealed(state, claim.tenant_id, &connection)?;
        runs::start(&mut tx, id, now).await?;
        tx.commit().await?;
        let lane = match kind {
            RunKind::Incremental => Lane::Incremental,
            RunKind::Full | RunKind::Reconcile => Lane::FirstSync,
        };
        Ok(Some(Self {
            state,
            account: account.in_lane(lane),
            ahead: account.in_lane(Lane::Incremental),
            archived: account.in_lane(Lane::Archived),
            id,
            kind,
            dry_run,
            started_at: started_at.unwrap_or(now),
            epoch,
            resumed: started_at.is_some(),
            claim,
            stop: state.shutdown.child_token(),
            counted: AtomicU64::new(0),
        }))
    }

    async fn work(&self) -> Result<(), Halt> {
        // Should Lever have been away: what stopped the run may not be what shows that it is back.
        if self.resumed
            && let Some(error) = self.silence(Step::Users).await?
        {
            return Err(error.into());
        }
        match self.kind {
            RunKind::Full => full::work(self).await,
            RunKind::Incremental => incremental::work(self).await,
            RunKind::Reconcile => reconcile::work(self).await,
        }
    }

    /// Where every list of the run stands.
    pub(super) async fn steps(&self) -> Result<Vec<StepRow>, Halt> {
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        let steps = steps::of_runs(&mut tx, &[self.id]).await?;
        tx.commit().await?;
        Ok(steps)
    }

    /// A transaction that may store what was read.
    pub(super) async fn begin(&self) -> Result<TenantTx, Halt> {
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        fence(&mut tx, self.claim, self.epoch).await?;
        Ok(tx)
    }

    /// Ends a transaction of the run, and brings its count of requests up to date in it.
    pub(super) async fn commit(&self, mut tx: TenantTx) -> Result<(), Halt> {
        let sent = self.account.requests_sent() + self.ahead.requests_sent() + self.archived.requests_sent();
        let more = sent - self.counted.swap(sent, Ordering::Relaxed);
        runs::count_requests(&mut tx, self.id, i64::try_from(more).unwrap_or(i64::MAX), self.state.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// When the read that is about to be sent is sent. Never before the run began or its list did, even if this machine's clock is behind
    /// that of the one which began it: what is seen now must not count as unseen.
    pub(super) fn read_at(&self, began_at: Option<DateTime<Utc>>) -> DateTime<Utc> {
        self.state.clock.now().max(began_at.unwrap_or(self.started_at)).max(self.started_at)
    }

    /// Whether Lever is silent altogether: asked when a read of `unanswered` was not answered, or not so that it can be read, about other
    /// things that are small. `None`: it has just answered, and what it said can be read.
    pub(super) async fn silence(&self, unanswered: Step) -> Result<Option<lever::Error>, Halt> {
        let small = Paging::first().limit(1);
        let mut silence = None;
        for other in [Step::Stages, Step::ArchiveReasons, Step::Users].into_iter().filter(|step| *step != unanswered) {
            let asked = async {
                match other {
                    Step::Stages => self.account.list_stages(&small).await.map(drop),
                    Step::ArchiveReasons => self.account.list_archive_reasons(&small).await.map(drop),
                    _ => self.account.list_users(&small).await.map(drop),
                }
            };
            match self.unless_stopped(asked).await? {
                Ok(()) | Err(lever::Error::Rejected { .. }) => return Ok(None),
                Err(lever::Error::ReauthorizationRequired) => return Err(Halt::ConnectionLost),
                Err(error) => silence = Some(error),
            }
        }
        Ok(silence)
    }

    /// Waits for reads, unless the run is to stop: an answer that is not stored was not read.
    pub(super) async fn unless_stopped<T>(&self, reads: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Halt::Stopped),
            answer = reads => Ok(answer),
        }
    }

    /// Does parts of the run side by side. The first that halts stops the others at their next read, and says why.
    pub(super) async fn together(&self, parts: Vec<BoxFuture<'_, Result<(), Halt>>>) -> Result<(), Halt> {
        let mut parts: FuturesUnordered<_> = parts.into_iter().collect();
        let mut whole = Ok(());
        while let Some(part) = parts.next().await {
            if part.is_err() && whole.is_ok() {
                self.stop.cancel();
                whole = part;
            }
        }
        whole
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
        && let Some(run) = runs::find(&mut tx, id).await?
    {
        let refused = connection.is_some_and(|connection| connection.epoch == run.epoch && connection.status != accounts::Status::Disconnected);
        let (status, why) = if refused {
            (Status::Failed, Error::lever_reauthorization_required().detail().to_owned())
        } else {
            (Status::Canceled, super::DISCONNECTED.to_owned())
        };
        runs::end(&mut tx, id, status, Some(&why), state.clock.now()).await?;
        tracing::info!(tenant = %claim.tenant_id, run = %id, ?status, "a sync ended without its connection");
    }
    tx.commit().await?;
    Ok(())
}
