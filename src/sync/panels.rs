//! The panels of the opportunities one can schedule for: one request each, several under way at once, stored in the order of ids so
//! that the cursor is true.

use chrono::{DateTime, Utc};
use futures_util::stream::{self, FuturesOrdered};
use futures_util::{FutureExt, StreamExt};

use super::lists::give_up;
use super::run::{Halt, Running};
use super::store::{self, Advance, StepRow};
use super::trouble::{self, Remedy};
use crate::db::TenantTx;
use crate::lever::{self, Page, Panel};
use crate::mirror;

/// Requests under way at once: enough to use the whole budget though each answer takes its time.
const AT_ONCE: usize = 8;
const LEVERS_PAGE: usize = 100;

/// What Lever said about one opportunity's panels.
pub(super) struct Answer {
    opportunity: String,
    read_at: DateTime<Utc>,
    panels: Result<Page<Panel>, lever::Error>,
}

/// Reads the panels of every active opportunity after the cursor.
pub(super) async fn read_to_end(running: &Running<'_>, mut step: StepRow) -> Result<(), Halt> {
    let opportunities = begin(running, &step).await?;
    let mut waiting = opportunities.into_iter();
    let mut under_way = FuturesOrdered::new();
    loop {
        // What is asked for and not stored yet is never more than this: it is what a crash costs.
        under_way.extend(waiting.by_ref().take(AT_ONCE - under_way.len()).map(|opportunity| ask(running, opportunity)));
        let Some(answer) = running.unless_shutting_down(under_way.next()).await? else { break };
        let mut batch = vec![answer];
        while let Some(Some(ready)) = under_way.next().now_or_never() {
            batch.push(ready);
        }
        if !store_batch(running, &mut step, batch).await? {
            return Ok(());
        }
    }
    let mut tx = running.begin().await?;
    let end = Advance { cursor: step.cursor.clone(), done: true, ..Advance::default() };
    store::advance(&mut tx, &step, &end, running.state.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// The panels of those among these opportunities that this run has not read yet: they appeared after the panels' turn.
pub(super) async fn of_newcomers(running: &Running<'_>, opportunities: Vec<String>) -> Result<Vec<Answer>, Halt> {
    let mut tx = running.begin().await?;
    let mut newcomers = Vec::new();
    for opportunity in opportunities {
        let known = mirror::opportunities::find(&mut tx, &opportunity).await?;
        if known.and_then(|known| known.panels_synced_at).is_none_or(|read| read < running.started_at) {
            newcomers.push(opportunity);
        }
    }
    tx.commit().await?;
    let asked = stream::iter(newcomers).map(|opportunity| ask(running, opportunity));
    let answers: Vec<Answer> = running.unless_shutting_down(asked.buffered(AT_ONCE).collect()).await?;
    match answers.iter().find_map(Answer::obstacle) {
        Some(lever::Error::ReauthorizationRequired) => Err(Halt::ConnectionLost),
        Some(error) => Err(error.clone().into()),
        None => Ok(answers),
    }
}

async fn begin(running: &Running<'_>, step: &StepRow) -> Result<Vec<String>, Halt> {
    let mut tx = running.begin().await?;
    let opportunities = mirror::opportunities::active_ids_after(&mut tx, step.cursor.as_deref(), i64::MAX).await?;
    store::start_step(&mut tx, step, Some(opportunities.len()), running.state.clock.now()).await?;
    tx.commit().await?;
    Ok(opportunities)
}

async fn ask(running: &Running<'_>, opportunity: String) -> Answer {
    let read_at = running.state.clock.now();
    let panels = running.account.all_panels(&opportunity).await;
    Answer { opportunity, read_at, panels }
}

/// Stores the answers up to the first obstacle. False: the step is over.
async fn store_batch(running: &Running<'_>, step: &mut StepRow, batch: Vec<Answer>) -> Result<bool, Halt> {
    let obstacle = batch.iter().position(|answer| answer.obstacle().is_some()).unwrap_or(batch.len());
    let (usable, rest) = batch.split_at(obstacle);
    if let Some(last) = usable.last() {
        let mut tx = running.begin().await?;
        for answer in usable {
            answer.store(&mut tx).await?;
        }
        let by = Advance {
            cursor: Some(last.opportunity.clone()),
            synced: usable.iter().map(Answer::found).sum(),
            skipped: usable.iter().map(Answer::skipped).sum(),
            visited: usable.len(),
            requests: usable.iter().map(Answer::requests).sum(),
            done: false,
        };
        store::advance(&mut tx, step, &by, running.state.clock.now()).await?;
        tx.commit().await?;
        step.cursor = by.cursor;
    }
    match rest.first().and_then(Answer::obstacle) {
        None => Ok(true),
        Some(error) => match trouble::of_list(error) {
            Remedy::Stop => Err(Halt::ConnectionLost),
            Remedy::GiveUp => give_up(running, step, &trouble::refused(step.object, error)).await.map(|()| false),
            Remedy::Wait | Remedy::TryAgain | Remedy::Restart => Err(error.clone().into()),
        },
    }
}

impl Answer {
    /// What keeps us from reading on, as opposed to what is wrong with this one opportunity.
    fn obstacle(&self) -> Option<&lever::Error> {
        self.panels.as_ref().err().filter(|error| !trouble::concerns_one_record(error))
    }

    fn found(&self) -> usize {
        self.panels.as_ref().map_or(0, |page| page.records.len())
    }

    fn skipped(&self) -> usize {
        match &self.panels {
            Ok(page) => page.unreadable,
            Err(error) => usize::from(!error.is_not_found()),
        }
    }

    /// How many requests it took.
    pub(super) fn requests(&self) -> usize {
        (self.found() + self.skipped()).div_ceil(LEVERS_PAGE).max(1)
    }

    /// Stores what was said; what could not be read leaves what is stored alone.
    pub(super) async fn store(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        match &self.panels {
            Ok(page) if page.unreadable == 0 => {
                mirror::panels::replace_for_opportunity(tx, &self.opportunity, &page.records, self.read_at).await.map(drop)
            }
            Ok(page) => mirror::panels::upsert(tx, &self.opportunity, &page.records, self.read_at).await.map(drop),
            Err(error) if error.is_not_found() => mirror::opportunities::mark_gone(tx, &self.opportunity, self.read_at).await.map(drop),
            Err(error) => {
                tracing::warn!(opportunity = self.opportunity, %error, "the panels of an opportunity cannot be read; they are left as they were");
                Ok(())
            }
        }
    }
}
