//! The worker: claims due jobs, does each in a task of its own, keeps their leases alive, settles them.
//!
//! Every replica runs one. A job is never cut off (a dropped future could leave a connection inside a transaction): one that
//! lost its lease fails at its next fenced write, and one that outlives a shutdown is taken over when its lease ends.

use std::time::Duration;

use rand::RngExt;
use tokio_util::task::TaskTracker;

use crate::error::Result;
use crate::jobs::{self, Claim, Job, Outcome};
use crate::operations::idempotency;
use crate::state::AppState;
use crate::{accounts, connect, live, notes, panels, sync, webhooks};

/// Jobs under way at once in one process. Most of them wait for Lever.
const AT_ONCE: usize = 256;
/// Places among them that only what a person waits for may take.
const KEPT_FOR_URGENT: usize = 32;
const BATCH: i64 = 32;
/// How often to look for due jobs when nothing rang; jittered so that replicas do not march in step.
const POLL: Duration = Duration::from_millis(250);
const HEARTBEAT: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(20);
/// How often what has become useless is thrown away.
const TIDY: Duration = Duration::from_secs(600);
/// How often to look for connections whose turn it is to be looked after.
const TEND: Duration = Duration::from_secs(15);
/// How often to look whether a probe is due.
const PROBE: Duration = Duration::from_secs(2);

/// Works until `state.shutdown`, then lets the jobs under way reach their next stop.
pub async fn run(state: AppState) {
    let under_way = TaskTracker::new();
    if let Err(error) = sync::replan(&state).await {
        tracing::warn!(%error, "the regular syncs stay planned as they were");
    }
    tokio::spawn(keep_tidy(state.clone()));
    // In the middle of looking after one it may be storing what Lever said.
    under_way.spawn(tend_connections(state.clone()));
    tokio::spawn(probe_upstream(state.clone()));
    while !state.shutdown.is_cancelled() {
        match start_due(&state, &under_way).await {
            Ok(0) => {}
            // More may be due already: of the same organization, or of those that come after it.
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "cannot look for jobs"),
        }
        let pause = POLL.mul_f64(rand::rng().random_range(0.75..1.25));
        tokio::select! {
            () = state.work.notified() => {}
            () = state.shutdown.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    under_way.close();
    if tokio::time::timeout(GRACE, under_way.wait()).await.is_err() {
        tracing::warn!("some jobs did not stop in time; another worker takes them over when their leases end");
    }
}

/// Does what is due, and what becomes due by it, until nothing is. For stories that move the clock by hand.
///
/// # Errors
/// The database failed.
pub async fn run_until_idle(state: &AppState) -> Result<()> {
    let state = state.for_jobs();
    loop {
        let under_way = TaskTracker::new();
        let started = start_due(&state, &under_way).await?;
        under_way.close();
        under_way.wait().await;
        if started == 0 {
            return Ok(());
        }
    }
}

/// Finds out whether a Lever that went away is back, until the process ends.
async fn probe_upstream(state: AppState) {
    loop {
        accounts::probe_due(&state).await;
        tokio::select! {
            () = tokio::time::sleep(PROBE) => {}
            () = state.shutdown.cancelled() => return,
        }
    }
}

/// Looks after connections until the process ends.
async fn tend_connections(state: AppState) {
    loop {
        match connect::tend_due(&state).await {
            Ok(0) => {}
            Ok(_) => state.work.notify_one(),
            Err(error) => tracing::warn!(%error, "cannot look for connections to look after"),
        }
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(TEND.mul_f64(rand::rng().random_range(0.75..1.25))) => {}
        }
    }
}

/// Throws away what has become useless, now and again until the process ends.
async fn keep_tidy(state: AppState) {
    loop {
        tidy(&state).await;
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(TIDY.mul_f64(rand::rng().random_range(0.75..1.25))) => {}
        }
    }
}

/// One round of it. Every replica does it, and twice is harmless.
pub async fn tidy(state: &AppState) {
    if let Err(error) = webhooks::turn_months(state.db.dispatch(), state.clock.now()).await {
        tracing::warn!(%error, "the months of deliveries cannot be turned; the next round will");
    }
    match accounts::care::count_by_status(state.db.dispatch()).await {
        Ok(counts) => counts.into_iter().for_each(|(status, count)| metrics::gauge!("lever_connections", "status" => status).set(count as f64)),
        Err(error) => tracing::warn!(%error, "the connections cannot be counted"),
    }
    if let Err(error) = idempotency::prune(state.db.dispatch(), state.clock.now()).await {
        tracing::warn!(%error, "idempotency keys that are over cannot be deleted; the next round will");
    }
    if let Err(error) = live::prune(state.db.dispatch()).await {
        tracing::warn!(%error, "old changes cannot be deleted; the next round will");
    }
}

async fn start_due(state: &AppState, under_way: &TaskTracker) -> Result<usize> {
    let free = AT_ONCE.saturating_sub(under_way.len());
    let (room, least_urgent) = match free.saturating_sub(KEPT_FOR_URGENT) {
        0 => (free, jobs::URGENT),
        room => (room, jobs::LEAST_URGENT),
    };
    if room == 0 {
        return Ok(0);
    }
    let claims = jobs::claim_due(state.db.dispatch(), state.clock.now(), BATCH.min(room as i64), least_urgent).await?;
    let started = claims.len();
    for claim in claims {
        under_way.spawn(work_on(state.clone(), claim));
    }
    Ok(started)
}

async fn work_on(state: AppState, claim: Claim) {
    let heartbeat = tokio::spawn(keep_alive(state.clone(), claim.clone()));
    // In a task of its own, so that a panic is this job's failure and not the worker's.
    let done = tokio::spawn({
        let (state, claim) = (state.clone(), claim.clone());
        async move { perform(&state, &claim).await }
    })
    .await;
    heartbeat.abort();
    let now = state.clock.now();
    let dispatch = state.db.dispatch();
    let settled = match done {
        Ok(Ok(outcome)) => claim.finish(dispatch, outcome, now).await,
        Ok(Err(error)) => {
            let pause = error.lever_is_back_in();
            tracing::warn!(tenant = %claim.tenant_id, job = claim.kind(), attempts = claim.attempts, ?pause, %error, "a job failed; it will be tried again");
            claim.fail(dispatch, &error.to_string(), pause, now).await
        }
        Err(panic) => {
            tracing::error!(tenant = %claim.tenant_id, job = claim.kind(), is_panic = panic.is_panic(), "a job broke; it will be tried again");
            claim.fail(dispatch, "panic", None, now).await
        }
    };
    if let Err(error) = settled {
        tracing::warn!(tenant = %claim.tenant_id, job = claim.kind(), %error, "a job's end cannot be stored; it will be done again");
    }
}

async fn keep_alive(state: AppState, claim: Claim) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match claim.renew(state.db.dispatch(), state.clock.now()).await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!(tenant = %claim.tenant_id, job = claim.kind(), "another worker took this job over"),
            Err(error) => tracing::warn!(tenant = %claim.tenant_id, job = claim.kind(), %error, "cannot prolong a job's lease"),
        }
    }
}

async fn perform(state: &AppState, claim: &Claim) -> Result<Outcome> {
    match claim.job() {
        Some(Job::SettleOperation { operation }) => panels::settle(state, claim, operation).await,
        Some(Job::SettleNote { operation }) => notes::settle(state, claim, operation).await,
        Some(Job::RefreshOpportunity { opportunity }) => webhooks::refresh_opportunity(state, claim, &opportunity).await,
        Some(Job::RefreshContact { contact }) => webhooks::refresh_contact(state, claim, &contact).await,
        Some(Job::RegisterWebhooks) => webhooks::register(state, claim).await,
        Some(Job::StartSync { requested_by }) => sync::start(state, claim, requested_by.as_deref()).await,
        Some(Job::RunSync { run }) => sync::run(state, claim, run).await,
        Some(Job::KeepFresh) => sync::keep_fresh(state, claim).await,
        // A newer version of this service runs beside us: the job is for it.
        None => Ok(Outcome::Again(state.clock.now() + HEARTBEAT)),
    }
}
