//! The regular job of a connection: an incremental sync every so often, a reconciliation once a day, and the first full sync again when it
//! has failed.
//!
//! There is one for each connected organization, and it asks for itself again; it ends with the connection. The pauses vary a little,
//! and by organization, so that a thousand of them do not march in step; they are never longer than was promised.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::{self, CHANGES, LONG, SMALL, Step};
use super::run::{self, Halt};
use super::store::runs::{self, NewRun};
use super::store::{RunKind, cursors, steps};
use super::{again, comparison, start, sweep, window};
use crate::accounts::{self, Status};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::{RunId, TenantId};
use crate::jobs::{self, Claim, Job, Outcome};
use crate::state::AppState;

/// The share of an interval by which a pause may be shorter.
const JITTER: f64 = 0.1;

/// Does what is due for a connection, and says when to come back.
///
/// # Errors
/// Lever or the database is away: what was begun is carried on later.
pub async fn keep_fresh(state: &AppState, claim: &Claim) -> Result<Outcome> {
    let Some(run) = begin(state, claim).await? else { return Ok(Outcome::Done) };
    let next = Outcome::Again(state.clock.now() + varied(state.config.sync.interval, rand::random()));
    let Begun::Run(run) = run else { return Ok(next) };
    match run::carry_on(state, claim, run).await {
        Ok(()) => Ok(next),
        Err(Halt::ClaimLost | Halt::ConnectionLost) => Ok(Outcome::Done),
        Err(Halt::Stopped) => Ok(Outcome::Again(state.clock.now())),
        Err(Halt::Later(at)) => Ok(Outcome::Again(at)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// The interval may have become shorter since the next regular syncs were planned, as it may when a process starts.
///
/// # Errors
/// The database failed.
pub async fn replan(state: &AppState) -> Result<()> {
    let interval = state.config.sync.interval;
    let pauses = varied(interval, 0.0)..=varied(interval, 1.0);
    let brought = jobs::bring_forward(state.db.dispatch(), &Job::KeepFresh, state.clock.now(), pauses).await?;
    if brought > 0 {
        tracing::info!(brought, "regular syncs come sooner than they were planned");
    }
    Ok(())
}

enum Begun {
    Run(RunId),
    /// The first full sync has not come far enough.
    Nothing,
}

/// `None`: there is no connection to keep fresh; whoever connects asks for the job anew.
async fn begin(state: &AppState, claim: &Claim) -> Result<Option<Begun>> {
    let now = state.clock.now();
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let connection = accounts::find(&mut tx).await?.filter(|connection| connection.status == Status::Connected);
    let Some(connection) = connection else { return Ok(None) };
    accounts::check_environment(state, &connection)?;
    again::begin_when_due(state, &mut tx, connection.epoch).await?;
    let cursors = cursors::of_epoch(&mut tx, connection.epoch).await?;
    let begun = if CHANGES.iter().all(|step| cursors.contains_key(step)) {
        runs::cancel_stale(&mut tx, connection.epoch, super::DISCONNECTED, now).await?;
        reconcile_when_due(state, &mut tx, claim.tenant_id, connection.epoch).await?;
        let new = NewRun { kind: RunKind::Incremental, dry_run: false, requested_by: None, epoch: connection.epoch };
        let due: Vec<Step> = due_lists(now, state.config.sync.interval, |step| cursors.get(&step).copied());
        let planned: Vec<_> = plan::incremental(&due).into_iter().map(|step| (step, since(step, &cursors))).collect();
        match runs::create(&mut tx, new, now).await? {
            Some(run) => {
                steps::create(&mut tx, run, &planned).await?;
                Begun::Run(run)
            }
            None => runs::under_way(&mut tx, RunKind::Incremental).await?.map_or(Begun::Nothing, Begun::Run),
        }
    } else {
        Begun::Nothing
    };
    tx.commit().await?;
    Ok(Some(begun))
}

fn since(step: Step, cursors: &HashMap<Step, DateTime<Utc>>) -> Option<DateTime<Utc>> {
    cursors.get(&step).filter(|_| step.has_span()).map(|read_until| window::since(*read_until))
}

/// The lists without a span of time that it is time to read again: the small ones, which seldom change, though a user who is deactivated
/// must be known to be; and the longer ones, which show what no list of changes does.
fn due_lists(now: DateTime<Utc>, interval: Duration, read: impl Fn(Step) -> Option<DateTime<Utc>>) -> Vec<Step> {
    let periods = SMALL.map(|step| (step, sweep::soon(interval))).into_iter().chain(LONG.map(|step| (step, sweep::late(interval))));
    // A time ahead of now was never one to wait for.
    let is_due = |step, period| read(step).is_none_or(|read| read < sweep::due_before(now, period, interval) || read > now);
    periods.filter(|(step, period)| is_due(*step, *period)).map(|(step, _)| step).collect()
}

async fn reconcile_when_due(state: &AppState, tx: &mut TenantTx, tenant: TenantId, epoch: i64) -> Result<()> {
    let now = state.clock.now();
    let period = varied(state.config.sync.reconcile_interval, share_of(tenant));
    let is_full_under_way = runs::under_way(tx, RunKind::Full).await?.is_some();
    if !is_full_under_way && comparison::is_due(now, period, &runs::comparisons(tx).await?) {
        start::begin(state, tx, NewRun { kind: RunKind::Reconcile, dry_run: false, requested_by: None, epoch }).await?;
    }
    Ok(())
}

/// The span, or up to a tenth less; `dice` is in 0..1.
fn varied(span: Duration, dice: f64) -> TimeDelta {
    TimeDelta::from_std(span.mul_f64(1.0 - JITTER + JITTER * dice)).unwrap_or(TimeDelta::days(1))
}

/// In 0..1, always the same for an organization.
fn share_of(tenant: TenantId) -> f64 {
    f64::from(u16::from_le_bytes([tenant.0.as_bytes()[14], tenant.0.as_bytes()[15]])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(120);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    #[test]
    fn a_list_is_due_when_it_was_never_read_or_long_ago() {
        assert_eq!(due_lists(at(0), INTERVAL, |_| None), [SMALL.as_slice(), &LONG].concat());
        assert_eq!(due_lists(at(60), INTERVAL, |_| Some(at(0))), []);
        assert_eq!(due_lists(at(600), INTERVAL, |_| Some(at(0))), SMALL);
        assert_eq!(due_lists(at(3600), INTERVAL, |_| Some(at(0))).len(), SMALL.len() + LONG.len());
        assert_eq!(due_lists(at(50), Duration::from_secs(10), |_| Some(at(0))), SMALL);
    }

    #[test]
    fn a_short_interval_makes_all_lists_come_sooner() {
        let short = Duration::from_secs(4);
        assert_eq!(due_lists(at(4), short, |_| Some(at(0))), []);
        assert_eq!(due_lists(at(20), short, |_| Some(at(0))), SMALL);
        assert_eq!(due_lists(at(120), short, |_| Some(at(0))).len(), SMALL.len() + LONG.len());
        assert_eq!(due_lists(at(0), Duration::MAX, |_| None).len(), SMALL.len() + LONG.len());
    }

    #[test]
    fn a_time_in_the_future_does_not_put_a_list_off() {
        assert_eq!(due_lists(at(0), INTERVAL, |_| Some(at(1_000_000))).len(), SMALL.len() + LONG.len());
    }

    #[test]
    fn pauses_vary_by_a_tenth_and_are_never_longer_than_the_interval() {
        assert_eq!(varied(INTERVAL, 0.0).num_seconds(), 108);
        assert_eq!(varied(INTERVAL, 1.0).num_seconds(), 120);
        assert!(varied(Duration::MAX / 4, 0.5) > TimeDelta::hours(1));
    }

    #[test]
    fn an_organization_has_its_own_share() {
        let share = share_of(TenantId(uuid::Uuid::from_u128(0x1234)));
        assert!((0.0..=1.0).contains(&share) && share > 0.0);
    }
}
