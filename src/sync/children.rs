//! What hangs on opportunities: panels, notes and resumes, one request for each set, many under way at once.
//!
//! What is still to be read needs no cursor: every opportunity knows when each of its sets was read last. So the order is free, a
//! crash costs the requests under way and no more, and whoever appears meanwhile is found by looking again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::plan::{Kind, Step};
use super::run::{Halt, Running};
use super::store::{Advance, StepRow, quarantine, steps};
use super::trouble::{self, Remedy};
use crate::db::TenantTx;
use crate::lever::{self, Account, Opportunity, Record};
use crate::mirror::children::{self, Reading};
use crate::mirror::opportunities::{self, Among};

/// Requests under way at once: enough to use the whole budget though each answer takes more than a second. The budget says how fast.
pub(super) const AT_ONCE: usize = 16;
/// Ids that are looked up at once.
const BATCH: i64 = 20_000;

/// What is asked about one opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) opportunity: String,
    /// `None`: about itself.
    pub(super) set: Option<children::Kind>,
}

/// The sets of a run, as far as they are read.
pub(super) struct Children<'a> {
    running: &'a Running<'a>,
    /// Panels, notes, resumes.
    steps: Vec<StepRow>,
    /// What cannot be read is not asked for again and again.
    held: HashSet<(Kind, String)>,
}

/// What came of a wish.
struct Answer {
    wish: Wish,
    read_at: DateTime<Utc>,
    said: Result<Said, lever::Error>,
}

enum Said {
    Set(Reading),
    Itself(Box<Record<Opportunity>>),
    /// The set was not found, and yet the opportunity is there.
    NoSet,
    Gone,
}

impl<'a> Children<'a> {
    pub(super) async fn open(running: &'a Running<'a>, all: &[StepRow]) -> Result<Self, Halt> {
        let now = running.state.clock.now();
        let mut tx = running.begin().await?;
        let held = quarantine::held(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Self { running, steps: all.iter().filter(|step| step.step.is_of_children()).cloned().collect(), held })
    }

    /// Reads every set among these opportunities that this run has not read yet, until there is none left.
    pub(super) async fn read_unread(&mut self, account: &Account, among: Among) -> Result<(), Halt> {
        loop {
            let wishes = self.unread(among).await?;
            if wishes.is_empty() {
                return Ok(());
            }
            self.read(account, wishes).await?;
        }
    }

    async fn unread(&self, among: Among) -> Result<Vec<Wish>, Halt> {
        let (since, now) = (self.running.started_at, self.running.state.clock.now());
        let mut wishes = Vec::new();
        let mut tx = self.running.begin().await?;
        for step in self.steps.iter().filter(|step| !step.done) {
            let Some(set) = set_of(step.step) else { continue };
            let unread = opportunities::unread(&mut tx, set, among, since, now, BATCH).await?;
            let before = wishes.len();
            wishes.extend(unread.into_iter().map(|opportunity| Wish { opportunity, set: Some(set) }).filter(|wish| !self.is_held(wish)));
            let elsewhere = match among {
                Among::Active => opportunities::unread(&mut tx, set, Among::Archived, since, now, i64::MAX).await?.len(),
                _ => 0,
            };
            steps::start(&mut tx, step, Some(wishes.len() - before + elsewhere), now).await?;
        }
        self.running.commit(tx).await?;
        Ok(wishes)
    }

    /// Asks and stores, until every wish is answered.
    pub(super) async fn read(&mut self, account: &Account, wishes: Vec<Wish>) -> Result<(), Halt> {
        let running = self.running;
        let mut waiting = wishes.into_iter();
        let mut under_way = FuturesUnordered::new();
        loop {
            // What is asked for and not stored yet is never more than this: it is what a crash costs.
            while under_way.len() < AT_ONCE
                && let Some(wish) = waiting.by_ref().find(|wish| self.wants(wish))
            {
                under_way.push(ask(running, account, wish));
            }
            let Some(answer) = running.unless_stopped(under_way.next()).await? else { return Ok(()) };
            let mut batch = vec![answer];
            while let Some(Some(ready)) = under_way.next().now_or_never() {
                batch.push(ready);
            }
            self.store(batch).await?;
        }
    }

    /// Every set is read that can be.
    pub(super) async fn close(self) -> Result<(), Halt> {
        let mut tx = self.running.begin().await?;
        for step in self.steps.iter().filter(|step| !step.done) {
            steps::advance(&mut tx, step, &Advance { done: true, ..Advance::default() }).await?;
        }
        self.running.commit(tx).await
    }

    fn wants(&self, wish: &Wish) -> bool {
        let refused = wish.set.is_some_and(|set| self.step(set).is_none_or(|step| step.done));
        !refused && !self.is_held(wish)
    }

    fn is_held(&self, wish: &Wish) -> bool {
        wish.set.is_some_and(|set| self.held.contains(&(kind_of(set), wish.opportunity.clone())))
    }

    fn step(&self, set: children::Kind) -> Option<&StepRow> {
        self.steps.iter().find(|step| set_of(step.step) == Some(set))
    }

    /// Stores what can be stored, in the order of ids, as all do: no two transactions wait for each other in a circle.
    async fn store(&mut self, mut batch: Vec<Answer>) -> Result<(), Halt> {
        batch.sort_by(|one, other| one.wish.opportunity.cmp(&other.wish.opportunity));
        let (usable, obstacles): (Vec<Answer>, Vec<Answer>) = batch.into_iter().partition(|answer| answer.obstacle().is_none());
        let mut newly_held = Vec::new();
        let mut tx = self.running.begin().await?;
        for answer in &usable {
            if let Some(reason) = answer.store(&mut tx).await? {
                newly_held.extend(self.hold(&mut tx, answer, reason).await?);
            }
        }
        for step in &self.steps {
            let of_step: Vec<&Answer> = usable.iter().filter(|answer| answer.wish.set.is_some() && answer.wish.set == set_of(step.step)).collect();
            if of_step.is_empty() {
                continue;
            }
            let by = Advance {
                visited: of_step.len(),
                synced: of_step.iter().map(|answer| answer.found()).sum(),
                skipped: of_step.iter().map(|answer| answer.skipped()).sum(),
                ..Advance::default()
            };
            steps::advance(&mut tx, step, &by).await?;
            let read: Vec<&str> = of_step.iter().filter(|answer| answer.skipped() == 0).map(|answer| answer.wish.opportunity.as_str()).collect();
            quarantine::lift(&mut tx, step.object, &read).await?;
        }
        self.running.commit(tx).await?;
        self.held.extend(newly_held);
        for answer in &obstacles {
            self.meet(answer).await?;
        }
        Ok(())
    }

    /// Puts a set aside that cannot be read: said in the run, in the log and as a metric, and tried again after a while.
    async fn hold(&self, tx: &mut TenantTx, answer: &Answer, reason: &'static str) -> Result<Option<(Kind, String)>, Halt> {
        let Some(kind) = answer.wish.set.map(kind_of) else { return Ok(None) };
        let opportunity = &answer.wish.opportunity;
        let failures = quarantine::add(tx, kind, opportunity, reason, self.running.state.clock.now()).await?;
        metrics::counter!("lever_sync_quarantined_total", "kind" => kind.words()).increment(1);
        tracing::error!(run = %self.running.id, opportunity, kind = kind.words(), reason, failures, "a set cannot be read; it is left as it was");
        Ok(Some((kind, opportunity.clone())))
    }

    /// What keeps us from reading on.
    async fn meet(&mut self, obstacle: &Answer) -> Result<(), Halt> {
        let Some(error) = obstacle.obstacle() else { return Ok(()) };
        match trouble::of_list(error) {
            Remedy::Stop => Err(Halt::ConnectionLost),
            Remedy::GiveUp => {
                let running = self.running;
                let Some(set) = obstacle.wish.set else { return Err(error.clone().into()) };
                let Some(step) = self.steps.iter_mut().find(|step| set_of(step.step) == Some(set) && !step.done) else { return Ok(()) };
                step.done = true;
                super::lists::give_up(running, step, &trouble::refused(step.object, error)).await
            }
            Remedy::Wait | Remedy::TryAgain | Remedy::Restart => Err(error.clone().into()),
        }
    }
}

async fn ask(running: &Running<'_>, account: &Account, wish: Wish) -> Answer {
    let read_at = running.read_at(None);
    let said = match wish.set {
        None => itself(account, &wish.opportunity).await,
        Some(set) => match children::read(read_at, account, &wish.opportunity, set).await {
            Ok(reading) => Ok(Said::Set(reading)),
            // Either the opportunity is gone, or this account has no such sets: only a read of itself can tell.
            Err(error) if error.is_not_found() => itself(account, &wish.opportunity).await.map(|said| match said {
                Said::Gone => Said::Gone,
                _ => Said::NoSet,
            }),
            Err(error) => Err(error),
        },
    };
    Answer { wish, read_at, said }
}

async fn itself(account: &Account, opportunity: &str) -> Result<Said, lever::Error> {
    match account.get_opportunity(opportunity).await {
        Ok(record) => Ok(Said::Itself(Box::new(record))),
        Err(error) if error.is_not_found() => Ok(Said::Gone),
        Err(error) => Err(error),
    }
}

impl Answer {
    /// What is wrong with more than this one opportunity.
    fn obstacle(&self) -> Option<&lever::Error> {
        self.said.as_ref().err().filter(|error| !trouble::concerns_one_record(error))
    }

    fn found(&self) -> usize {
        match &self.said {
            Ok(Said::Set(reading)) => reading.found(),
            _ => 0,
        }
    }

    fn skipped(&self) -> usize {
        match &self.said {
            Ok(Said::Set(reading)) => reading.unreadable(),
            Ok(Said::NoSet) | Err(_) => 1,
            Ok(Said::Itself(_) | Said::Gone) => 0,
        }
    }

    /// Stores what was said; what could not be read leaves what is stored alone, and the answer is why.
    async fn store(&self, tx: &mut TenantTx) -> Result<Option<&'static str>, sqlx::Error> {
        match &self.said {
            Ok(Said::Set(reading)) => {
                reading.store(tx).await?;
                Ok((reading.unreadable() > 0).then_some("entries without a key"))
            }
            Ok(Said::Itself(record)) => {
                opportunities::upsert(tx, std::slice::from_ref(record.as_ref()), self.read_at).await?;
                // Merged candidates answer under the id of the one that is left.
                if record.id != self.wish.opportunity {
                    opportunities::mark_gone(tx, &self.wish.opportunity, self.read_at).await?;
                }
                Ok(None)
            }
            Ok(Said::Gone) => opportunities::mark_gone(tx, &self.wish.opportunity, self.read_at).await.map(|()| None),
            Ok(Said::NoSet) => Ok(Some("not found, though the opportunity is there")),
            Err(error) => Ok(Some(trouble::reason(error))),
        }
    }
}

fn set_of(step: Step) -> Option<children::Kind> {
    match step {
        Step::Panels => Some(children::Kind::Panels),
        Step::Notes => Some(children::Kind::Notes),
        Step::Resumes => Some(children::Kind::Resumes),
        _ => None,
    }
}

fn kind_of(set: children::Kind) -> Kind {
    match set {
        children::Kind::Panels => Kind::Panels,
        children::Kind::Notes => Kind::Notes,
        children::Kind::Resumes => Kind::Resumes,
    }
}
