//! What hangs on opportunities: panels, notes and resumes, one request for each set, many under way at once.
//!
//! What is still to be read needs no cursor: every opportunity knows when each of its sets was read last. So the order is free, a
//! crash costs the requests under way and no more, and whoever appears meanwhile is found by looking again.
//!
//! One set that fails costs itself. Whether more than that is wrong is seen by the next ones: see `doubt`.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream, StreamExt};

use super::answer::{Answer, Wish, ask, kind_of};
use super::doubt::{Doubt, Round};
use super::plan::{Kind, Step};
use super::run::{Halt, Running};
use super::store::{Advance, RunKind, StepRow, due, quarantine, steps};
use super::trouble::{self, About};
use crate::db::TenantTx;
use crate::lever::Account;
use crate::mirror::children;
use crate::mirror::opportunities::{self, Among};

/// Ids that are looked up at once.
const BATCH: i64 = 20_000;
/// Of these, so many are looked at once more just before they are asked for: others may have read some meanwhile.
const AT_A_TIME: usize = 32;

/// The sets of a run, as far as they are read.
pub(super) struct Children<'a> {
    pub(super) running: &'a Running<'a>,
    /// Panels, notes, resumes.
    pub(super) steps: Vec<StepRow>,
    /// What cannot be read is not asked for again and again.
    held: HashSet<(Kind, String)>,
    /// What could not be read before, and is tried again.
    put_aside_before: HashSet<(Kind, String)>,
    pub(super) doubt: Doubt,
}

impl<'a> Children<'a> {
    /// A full sync tries again what earlier runs have put aside: somebody asked for everything.
    pub(super) async fn open(running: &'a Running<'a>, all: &[StepRow]) -> Result<Self, Halt> {
        let now = running.state.clock.now();
        let since = (running.kind == RunKind::Full).then_some(running.started_at);
        let mut tx = running.begin().await?;
        let (held, put_aside_before) = quarantine::all(&mut tx, now, since).await?;
        tx.commit().await?;
        let steps = all.iter().filter(|step| step.step.is_of_children()).cloned().collect();
        Ok(Self { running, steps, held, put_aside_before, doubt: Doubt::default() })
    }

    /// Reads every set among these opportunities that this run has not read yet, until there is none left that can be.
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
            wishes.extend(unread.into_iter().map(|opportunity| Wish { opportunity, set: Some(set) }).filter(|wish| self.wants(wish)));
            steps::start(&mut tx, step, Some(wishes.len() - before), now).await?;
        }
        self.running.commit(tx).await?;
        Ok(wishes)
    }

    /// Asks and stores, until every wish is answered that can be. What fails is asked for once more in the end, before it is put aside.
    pub(super) async fn read(&mut self, account: &Account, wishes: Vec<Wish>) -> Result<(), Halt> {
        self.ask_all(account, wishes, Round::First).await?;
        let (silent, refused): (Vec<Answer>, Vec<Answer>) =
            self.doubt.take_suspects().into_iter().partition(|suspect| suspect.error().is_some_and(trouble::is_silence));
        self.settle(refused).await?;
        if !silent.is_empty() {
            self.ask_all(account, silent.into_iter().map(|answer| answer.wish).collect(), Round::Last).await?;
            // Twice, while Lever answers others.
            let suspects = self.doubt.take_suspects();
            self.settle(suspects).await?;
        }
        self.leave_unasked().await
    }

    /// The regular sync comes back to what it left unasked, because Lever was silent about all of its kind.
    async fn leave_unasked(&mut self) -> Result<(), Halt> {
        let unasked = self.doubt.take_unasked();
        if unasked.is_empty() || self.running.kind != RunKind::Incremental {
            return Ok(());
        }
        let now = self.running.state.clock.now();
        let mut tx = self.running.begin().await?;
        for wish in &unasked {
            match wish.set {
                Some(set) => drop(quarantine::add(&mut tx, kind_of(set), &wish.opportunity, "left unasked", now).await?),
                None => due::add(&mut tx, std::slice::from_ref(&wish.opportunity), true, now).await?,
            }
        }
        self.running.commit(tx).await
    }

    async fn ask_all(&mut self, account: &Account, wishes: Vec<Wish>, round: Round) -> Result<(), Halt> {
        let running = self.running;
        let mut waiting = VecDeque::from(wishes);
        let mut next_ones = VecDeque::new();
        let mut under_way = FuturesUnordered::new();
        let mut answered = Vec::new();
        loop {
            // What is asked for and not stored yet is never more than this: it is what a crash costs.
            while under_way.len() + answered.len() < self.doubt.at_once(round) {
                let Some(wish) = next_ones.pop_front() else {
                    if waiting.is_empty() {
                        break;
                    }
                    let some = waiting.drain(..waiting.len().min(AT_A_TIME)).collect();
                    next_ones = beside(self.still_unread(some), &mut under_way, &mut answered).await?;
                    continue;
                };
                if self.wants(&wish) {
                    under_way.push(ask(running, account, wish));
                } else if self.doubt.is_silent_about(wish.set) {
                    self.doubt.leave_unasked(wish);
                }
            }
            let next = async { if answered.is_empty() { under_way.next().await } else { answered.pop() } };
            let Some(answer) = running.unless_stopped(next).await? else { return Ok(()) };
            let mut batch = vec![answer];
            batch.append(&mut answered);
            while let Some(Some(ready)) = under_way.next().now_or_never() {
                batch.push(ready);
            }
            beside(self.store(batch, round), &mut under_way, &mut answered).await?;
        }
    }

    /// Every set is read that can be.
    pub(super) async fn close(self) -> Result<(), Halt> {
        let mut tx = self.running.begin().await?;
        for step in self.steps.iter().filter(|step| !step.done) {
            steps::advance(&mut tx, step, &Advance { done: true, ..Advance::default() }).await?;
        }
        self.count_all(&mut tx).await?;
        self.running.commit(tx).await
    }

    fn wants(&self, wish: &Wish) -> bool {
        let is_held = wish.set.is_some_and(|set| self.held.contains(&(kind_of(set), wish.opportunity.clone())));
        let is_over = wish.set.is_some_and(|set| self.step(set).is_none_or(|step| step.done));
        !is_held && !is_over && !self.doubt.is_silent_about(wish.set)
    }

    /// That this one fails is no news, and says nothing about others.
    pub(super) fn was_put_aside(&self, wish: &Wish) -> bool {
        wish.set.is_some_and(|set| self.put_aside_before.contains(&(kind_of(set), wish.opportunity.clone())))
    }

    /// Whose set of this kind is left alone for now, because it cannot be read.
    pub(super) fn held_of(&self, set: children::Kind) -> impl Iterator<Item = &str> {
        self.held.iter().filter(move |(kind, _)| *kind == kind_of(set)).map(|(_, opportunity)| opportunity.as_str())
    }

    fn step(&self, set: children::Kind) -> Option<&StepRow> {
        self.steps.iter().find(|step| set_of(step.step) == Some(set))
    }

    async fn store(&mut self, batch: Vec<Answer>, round: Round) -> Result<(), Halt> {
        let is_clear = |answer: &Answer| matches!(answer.about(), None | Some(About::OneSet));
        let (clear, failed): (Vec<Answer>, Vec<Answer>) = batch.into_iter().partition(is_clear);
        self.settle(clear).await?;
        for answer in failed {
            self.meet(answer, round).await?;
        }
        Ok(())
    }

    /// Stores what was said, and puts aside what could not be read; in the order of ids, as all do: no two transactions wait for each
    /// other in a circle.
    async fn settle(&mut self, mut answers: Vec<Answer>) -> Result<(), Halt> {
        if answers.is_empty() {
            return Ok(());
        }
        answers.sort_by(|one, other| one.wish.opportunity.cmp(&other.wish.opportunity));
        let mut newly_held = Vec::new();
        let mut tx = self.running.begin().await?;
        for answer in &answers {
            match answer.store(&mut tx).await? {
                Some(reason) => newly_held.extend(self.hold(&mut tx, answer, reason).await?),
                None => self.doubt.is_answered_about(answer.wish.set),
            }
        }
        for step in &self.steps {
            let of_step: Vec<&Answer> = answers.iter().filter(|answer| answer.wish.set.is_some() && answer.wish.set == set_of(step.step)).collect();
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
        Ok(())
    }

    /// Puts a set aside that cannot be read: said in the run, in the log and as a metric, and tried again after a while.
    async fn hold(&self, tx: &mut TenantTx, answer: &Answer, reason: &'static str) -> Result<Option<(Kind, String)>, Halt> {
        let opportunity = &answer.wish.opportunity;
        let Some(kind) = answer.wish.set.map(kind_of) else {
            tracing::error!(run = %self.running.id, opportunity, reason, "an opportunity cannot be read; it is left as it was");
            return Ok(None);
        };
        let failures = quarantine::add(tx, kind, opportunity, reason, self.running.state.clock.now()).await?;
        metrics::counter!("lever_sync_quarantined_total", "kind" => kind.words()).increment(1);
        tracing::error!(run = %self.running.id, opportunity, kind = kind.words(), reason, failures, "a set cannot be read; it is left as it was");
        Ok(Some((kind, opportunity.clone())))
    }
}

/// Does the work and lets the requests under way go on meanwhile: however slow the database is, the budget is used.
async fn beside<T>(work: impl Future<Output = T>, under_way: &mut (impl Stream<Item = Answer> + Unpin), answered: &mut Vec<Answer>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(answer) = under_way.next() => answered.push(answer),
        }
    }
}

pub(super) fn set_of(step: Step) -> Option<children::Kind> {
    match step {
        Step::Panels => Some(children::Kind::Panels),
        Step::Notes => Some(children::Kind::Notes),
        Step::Resumes => Some(children::Kind::Resumes),
        _ => None,
    }
}

/// The step that a wish belongs to, for saying what was not answered.
pub(super) fn step_of(set: Option<children::Kind>) -> Step {
    match set {
        Some(children::Kind::Panels) => Step::Panels,
        Some(children::Kind::Notes) => Step::Notes,
        Some(children::Kind::Resumes) => Step::Resumes,
        None => Step::ActiveOpportunities,
    }
}
