//! Doing a run's work by hand, and dropping it where it stands, as a crash would.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use lever_integration::app::App;
use lever_integration::error::Result;
use lever_integration::fake_lever::{FakeLever, LedgerEntry};
use lever_integration::jobs::{self, Claim, Job, LEASE, Outcome};
use lever_integration::state::AppState;
use lever_integration::sync;

use crate::support::story::{Setting, Story};

/// More jobs than any story has: a run that others go before is claimed with them.
const ALL: i64 = 10_000;

/// A worker of its own, with database connections of its own.
pub async fn worker(story: &Story) -> App {
    story.replica(&Setting::default()).await.0
}

/// Claims the run that is due; starts it first when it was only asked for. What else is due waits.
pub async fn claim_run(state: &AppState) -> Claim {
    loop {
        let mut run = None;
        for claim in jobs::claim_due(state.db.dispatch(), state.clock.now(), ALL, jobs::LEAST_URGENT).await.expect("the jobs can be read") {
            let now = state.clock.now();
            match claim.job() {
                Some(Job::RunSync { .. }) => run = Some(claim),
                Some(Job::StartSync { requested_by }) => {
                    let outcome = sync::start(state, &claim, requested_by.as_deref()).await.expect("it starts");
                    claim.finish(state.db.dispatch(), outcome, now).await.expect("it is settled");
                }
                _ => claim.hand_back(state.db.dispatch(), now).await.expect("it is handed back"),
            }
        }
        if let Some(run) = run {
            return run;
        }
    }
}

/// The run's work.
pub async fn work(state: &AppState, claim: &Claim) -> Result<Outcome> {
    let Some(Job::RunSync { run }) = claim.job() else { panic!("not a run") };
    sync::run(state, claim, run).await
}

/// Claims the run and carries it on as far as it goes.
pub async fn carry_on(state: &AppState) -> Outcome {
    let claim = claim_run(state).await;
    let outcome = work(state, &claim).await.expect("Lever and the database are there");
    claim.finish(state.db.dispatch(), outcome, state.clock.now()).await.expect("it is settled");
    outcome
}

/// Polls the work until Lever has received that many requests since its ledger was cleared; `None` when it stands still there.
pub async fn until<T>(lever: &FakeLever, requests: usize, work: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if lever.ledger().len() >= requests {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// As [`until`], until Lever has received such a request.
pub async fn until_asked<T>(lever: &FakeLever, is_such: impl Fn(&LedgerEntry) -> bool, work: &mut (impl Future<Output = T> + Unpin)) {
    while !lever.ledger().iter().any(&is_such) {
        let seen = lever.ledger().len();
        assert!(until(lever, seen + 1, work).await.is_none(), "it has ended before");
    }
}

/// Works on the run until Lever has received that many requests, then crashes: the work is dropped in the middle of whatever it
/// does, its connections are closed, and its lease runs out.
pub async fn crash_after(story: &Story, requests: usize) {
    let worker = worker(story).await;
    let claim = claim_run(&worker.state).await;
    {
        let mut work = Box::pin(work(&worker.state, &claim));
        until(&story.lever, requests, &mut work).await;
    }
    worker.stop().await;
    story.clock.advance(LEASE);
}
