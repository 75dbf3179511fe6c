//! The job that finds out what became of a write: after a crash, and when Lever's answer never came while the caller waited.
//!
//! Until a write can no longer be on its way it only reads. Then, and only when a read shows that the write did not happen, it is sent
//! again: the attempt is recorded first, so a lost job cannot send another. A booking that succeeded is looked at once more, in case
//! something on the way to Lever made it twice.

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{Found, Seen, booking, look};
use super::send::{Delivered, complete, deliver};
use super::whereabouts::{self, Place};
use super::write::{Operation, Write};
use super::{again, doubles, outcome};
use crate::accounts;
use crate::db::TenantTx;
use crate::error::Result;
use crate::failpoint::Step;
use crate::ids::OperationId;
use crate::jobs::{Claim, Outcome};
use crate::lever::{self, Account, Lane};
use crate::operations::failure::Failure;
use crate::operations::store;
use crate::state::AppState;

/// A write that was sent this long ago is not on its way any more.
const SETTLE: TimeDelta = TimeDelta::seconds(60);
/// Between two looks.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// A write that Lever has not taken until then is not wanted any more: nobody expects a panel to appear an hour later.
const TOO_LATE: TimeDelta = TimeDelta::hours(1);
const MOST_ATTEMPTS: i32 = 5;
/// What is said when Lever could not be asked.
const NOT_ASKED: &str = "Lever could not be asked what became of this. Look at the candidate in Lever.";
/// When Lever could not even be asked for so long, a person has to look.
const NOBODY_KNOWS: TimeDelta = TimeDelta::hours(24);

/// Finds out what became of an operation; see the module.
///
/// # Errors
/// Lever or the database failed; the job is tried again.
pub async fn settle(state: &AppState, claim: &Claim, id: OperationId) -> Result<Outcome> {
    let now = state.clock.now();
    let mut tx = state.db.begin(claim.tenant_id).await?;
    let operation = store::find(&mut tx, id).await?;
    tx.commit().await?;
    let Some(operation) = operation else { return Ok(Outcome::Done) };
    if let Some(lease) = operation.lease_until.filter(|lease| operation.is_open() && *lease > now) {
        return Ok(Outcome::Again(lease));
    }
    match accounts::open(state, claim.tenant_id).await {
        Ok((account, connection)) => {
            let settling = Settling { state, claim, operation, epoch: Some(connection.epoch) };
            settling.go_on(&account.in_lane(Lane::Webhook)).await
        }
        Err(error) if error.status().is_client_error() && error.code() != accounts::ANOTHER_ENVIRONMENT => {
            Settling { state, claim, operation, epoch: None }.cannot_ask(now).await
        }
        Err(error) => Err(error),
    }
}

struct Settling<'a> {
    state: &'a AppState,
    claim: &'a Claim,
    operation: Operation,
    /// The epoch of the connection over which Lever is asked; `None` when there is none.
    epoch: Option<i64>,
}

impl Settling<'_> {
    async fn go_on(&self, account: &Account) -> Result<Outcome> {
        if !self.operation.is_open() {
            return doubles::remove(self.state, self.claim, (account, self.epoch), &self.operation).await;
        }
        match self.look(account).await {
            Ok(Seen::Done(found)) => self.succeeded(account, &found).await,
            Ok(Seen::Gone) => self.failed(&Failure::gone()).await,
            Ok(Seen::NotDone(place)) => self.not_done(account, place).await,
            Err(error) if error.code() == "lever_reauthorization_required" => self.cannot_ask(self.state.clock.now()).await,
            Err(error) => {
                tracing::info!(operation = %self.operation.id, %error, "Lever could not be asked what became of a write");
                self.wait_for_a_day().await
            }
            Ok(Seen::Unclear) => self.wait_for_a_day().await,
        }
    }

    async fn look(&self, account: &Account) -> Result<Seen> {
        look(self.state, self.claim.tenant_id, account, &self.operation).await
    }

    async fn not_done(&self, account: &Account, place: Option<Place>) -> Result<Outcome> {
        if self.state.clock.now() < self.operation.sent_at + SETTLE {
            return self.wait().await;
        }
        if self.age() > TOO_LATE || self.operation.attempts >= MOST_ATTEMPTS {
            return self.failed(&Failure::not_made()).await;
        }
        // Booked, and merged into another candidacy since: it must not be booked a second time here.
        if matches!(self.operation.request, Write::SchedulePanel { .. }) {
            let read_at = self.state.clock.now();
            if let Some(place) = whereabouts::find_marked_elsewhere(self.state, self.claim.tenant_id, account, &self.operation).await? {
                return self.succeeded(account, &booking(place, read_at)).await;
            }
        }
        match again::renewed(&self.operation.request, place.as_ref().map(|place| &place.panel.raw), &self.state.config.http) {
            Ok(write) => {
                let opportunity = place.as_ref().map_or(&self.operation.opportunity_id, |place| &place.opportunity);
                let Some(mut tx) = self.fenced().await? else { return Ok(Outcome::Done) };
                let begun = store::begin_again(&mut tx, &self.operation, &write, (opportunity, self.epoch), self.state.clock.now()).await?;
                tx.commit().await?;
                self.state.failpoints.after(Step::RecordedAgain).await;
                match begun {
                    // Whoever asked for it has waited long enough; and a lane in which it is sent soon ends its attempt soon.
                    // Boxed: it is rare, and every job would be as large as it.
                    Some(operation) => Box::pin(Settling { operation, ..*self }.send_again(&account.in_lane(Lane::Person))).await,
                    None => Ok(Outcome::Again(self.state.clock.now() + PAUSE)),
                }
            }
            Err(failure) => self.failed(&failure).await,
        }
    }

    async fn send_again(mut self, account: &Account) -> Result<Outcome> {
        tracing::info!(operation = %self.operation.id, kind = self.operation.kind, attempts = self.operation.attempts, "a write that did not happen is sent again");
        let delivered = deliver(self.state, self.claim.tenant_id, account, &mut self.operation).await;
        match delivered {
            Delivered::Made(made) => {
                self.state.failpoints.after(Step::AnsweredAgain).await;
                let found = complete(self.state, self.claim.tenant_id, account, &self.operation, made).await;
                // The first attempt may have come through after all: the older of two is the booking.
                match self.look(account).await {
                    Ok(Seen::Done(seen)) => self.succeeded(account, &Found { lever_status: found.lever_status, ..seen }).await,
                    _ => self.succeeded(account, &found).await,
                }
            }
            Delivered::Seen(found) => self.succeeded(account, &found).await,
            Delivered::Refused(error) => match (&error, self.look(account).await) {
                (_, Ok(Seen::Done(found))) => self.succeeded(account, &found).await,
                (lever::Error::Rejected { .. }, Ok(Seen::NotDone(_) | Seen::Gone)) => self.failed(&Failure::of(&error)).await,
                _ => self.wait().await,
            },
            Delivered::Unknown => {
                let ended = outcome::unknown(self.state, self.claim.tenant_id, &self.operation).await?;
                self.operation = ended.unwrap_or(self.operation);
                match self.look(account).await {
                    Ok(Seen::Done(found)) => self.succeeded(account, &found).await,
                    _ => self.wait().await,
                }
            }
        }
    }

    async fn succeeded(&self, account: &Account, found: &Found) -> Result<Outcome> {
        let Some(tx) = self.fenced().await? else { return Ok(Outcome::Done) };
        tx.commit().await?;
        let operation = outcome::succeeded(self.state, self.claim.tenant_id, &self.operation, found).await?;
        let doubles = doubles::remove(self.state, self.claim, (account, self.epoch), &operation).await?;
        // An attempt that was given up may still come through: look once more when none can be on its way.
        let last = self.operation.sent_at + SETTLE;
        if self.operation.attempts > 1 && self.state.clock.now() < last { Ok(Outcome::Again(last)) } else { Ok(doubles) }
    }

    async fn failed(&self, failure: &Failure) -> Result<Outcome> {
        let Some(tx) = self.fenced().await? else { return Ok(Outcome::Done) };
        tx.commit().await?;
        outcome::failed(self.state, self.claim.tenant_id, &self.operation, failure).await?;
        Ok(Outcome::Done)
    }

    /// As [`Self::wait`], but not for ever.
    async fn wait_for_a_day(&self) -> Result<Outcome> {
        if self.age() > NOBODY_KNOWS { self.cannot_ask(self.state.clock.now()).await } else { self.wait().await }
    }

    /// Not known yet: says so, and comes back; at the latest when the write can no longer be on its way.
    async fn wait(&self) -> Result<Outcome> {
        let now = self.state.clock.now();
        let Some(mut tx) = self.fenced().await? else { return Ok(Outcome::Done) };
        store::mark_unknown(&mut tx, &self.operation).await?;
        tx.commit().await?;
        let settled = self.operation.sent_at + SETTLE;
        Ok(Outcome::Again(if settled > now { settled.min(now + PAUSE) } else { now + PAUSE }))
    }

    /// Lever cannot be asked because the connection is ended. One day later nobody is expected to mend it for this.
    async fn cannot_ask(&self, now: DateTime<Utc>) -> Result<Outcome> {
        if !self.operation.is_open() {
            return Ok(Outcome::Done);
        }
        let Some(mut tx) = self.fenced().await? else { return Ok(Outcome::Done) };
        let over = self.age() > NOBODY_KNOWS;
        if over {
            store::give_up(&mut tx, &self.operation, NOT_ASKED, now).await?;
        } else {
            store::mark_unknown(&mut tx, &self.operation).await?;
        }
        tx.commit().await?;
        Ok(if over { Outcome::Done } else { Outcome::Again(now + SETTLE) })
    }

    fn age(&self) -> TimeDelta {
        self.state.clock.now() - self.operation.created_at
    }

    /// A transaction in which this worker still holds the job; `None` when another has taken over.
    async fn fenced(&self) -> Result<Option<TenantTx>> {
        let mut tx = self.state.db.begin(self.claim.tenant_id).await?;
        Ok(if self.claim.holds(&mut tx).await? { Some(tx) } else { None })
    }
}
