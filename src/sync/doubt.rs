//! Reads of sets that failed so that nobody knows yet what is wrong: with one candidate, with all sets of the kind, or with Lever.
//!
//! A success of the same kind clears the others. So many failures in a row mean that more is wrong: a refused kind is given up, and where
//! nothing came that can be read, Lever is asked for something else. Does it answer that, the kind rests while the run goes on with all
//! others; does it not, the run waits until Lever is back, and nothing is held against anything.

use std::collections::{HashMap, HashSet};

use super::answer::{Answer, Wish};
use super::children::{Children, set_of, step_of};
use super::lists;
use super::run::Halt;
use super::store::{RunKind, StepRow, steps};
use super::trouble::{self, About};
use crate::lever;
use crate::mirror::children;

/// Requests under way at once: enough to use the whole budget though each answer takes more than a second. The budget says how fast.
const AT_ONCE: usize = 16;

/// How wishes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Many at once, as long as Lever answers.
    First,
    /// What failed, one by one: nothing else is answered meanwhile.
    Last,
}

/// What of the sets is in doubt. `None` for a kind are the opportunities themselves.
#[derive(Default)]
pub(super) struct Doubt {
    /// Answers since the last silence: with each, more is asked for at once.
    answers: u32,
    in_a_row: HashMap<Option<children::Kind>, usize>,
    /// Failed, and neither put aside nor cleared.
    suspects: Vec<Answer>,
    /// Kinds that this part of the run asks for no more: Lever answers, but not about them.
    silent: HashSet<Option<children::Kind>>,
    unasked: Vec<Wish>,
}

impl Doubt {
    /// How many requests may be under way. It begins with one and doubles with every answer, so that a run which was stopped by what
    /// fails meets it again alone.
    pub(super) fn at_once(&self, round: Round) -> usize {
        match round {
            Round::First => AT_ONCE.min(1 << self.answers.min(usize::BITS - 2)),
            Round::Last => 1,
        }
    }

    pub(super) fn is_answered_about(&mut self, set: Option<children::Kind>) {
        self.answers = self.answers.saturating_add(1);
        self.in_a_row.remove(&set);
    }

    pub(super) fn is_silent_about(&self, set: Option<children::Kind>) -> bool {
        self.silent.contains(&set)
    }

    pub(super) fn leave_unasked(&mut self, wish: Wish) {
        self.unasked.push(wish);
    }

    pub(super) fn take_unasked(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.unasked)
    }

    pub(super) fn take_suspects(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.suspects)
    }

    /// Adds a failure; answers how many there are in a row of its kind that are news.
    fn suspect(&mut self, answer: Answer, is_news: bool) -> usize {
        let in_a_row = self.in_a_row.entry(answer.wish.set).or_default();
        *in_a_row += usize::from(is_news);
        self.suspects.push(answer);
        *in_a_row
    }

    /// The whole kind is wrong: nothing is held against single candidates.
    fn clear(&mut self, set: Option<children::Kind>) {
        let (of_set, others): (Vec<Answer>, Vec<Answer>) = self.take_suspects().into_iter().partition(|suspect| suspect.wish.set == set);
        self.suspects = others;
        self.unasked.extend(of_set.into_iter().map(|suspect| suspect.wish));
    }
}

impl Children<'_> {
    /// A failure that may be about more than its set.
    pub(super) async fn meet(&mut self, answer: Answer, round: Round) -> Result<(), Halt> {
        let (Some(error), Some(about)) = (answer.error().cloned(), answer.about()) else { return Ok(()) };
        match about {
            About::Everything if matches!(error, lever::Error::ReauthorizationRequired) => return Err(Halt::ConnectionLost),
            About::Everything => return Err(error.into()),
            About::OneSet | About::Unclear => {}
        }
        let set = answer.wish.set;
        let is_silence = trouble::is_silence(&error);
        if is_silence {
            self.doubt.answers = 0;
            if let Some(silence) = self.running.silence(step_of(set)).await? {
                return Err(silence.into());
            }
        }
        let is_news = !self.was_put_aside(&answer.wish);
        let in_a_row = self.doubt.suspect(answer, is_news);
        if round == Round::Last || in_a_row < trouble::MOST_IN_A_ROW || self.doubt.is_silent_about(set) {
            return Ok(());
        }
        if !is_silence {
            self.doubt.suspects.retain(|suspect| suspect.wish.set != set);
            return self.give_up(set, &error).await;
        }
        self.doubt.silent.insert(set);
        self.doubt.clear(set);
        self.rest(set, &error).await
    }

    async fn give_up(&mut self, set: Option<children::Kind>, error: &lever::Error) -> Result<(), Halt> {
        let running = self.running;
        let Some(step) = self.steps.iter_mut().find(|step| set.is_some() && set_of(step.step) == set && !step.done) else { return Ok(()) };
        step.done = true;
        lists::give_up(running, step, &trouble::refused(step.object, error)).await
    }

    /// Leaves a kind alone until the run is carried on. The regular sync does not wait: its next one asks again.
    async fn rest(&mut self, set: Option<children::Kind>, error: &lever::Error) -> Result<(), Halt> {
        let running = self.running;
        let Some(step) = self.steps.iter_mut().find(|step| set.is_some() && set_of(step.step) == set && !step.done) else { return Ok(()) };
        let mut tx = running.begin().await?;
        step.failures = steps::count_failure(&mut tx, step).await?;
        running.commit(tx).await?;
        tracing::warn!(run = %running.id, step = ?step.step, failures = step.failures, %error, "Lever is silent about one kind of set; it rests");
        if step.failures >= trouble::MOST_SILENCES || running.kind == RunKind::Incremental {
            return self.give_up(set, error).await;
        }
        Ok(())
    }

    /// How often in a row the kinds have failed that rest; `None` when none does.
    pub(super) fn resting(&self) -> Option<i32> {
        let rests = |step: &&StepRow| !step.done && self.doubt.is_silent_about(set_of(step.step));
        self.steps.iter().filter(rests).map(|step| step.failures).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_asked_for_at_once_the_longer_lever_answers() {
        let mut doubt = Doubt::default();
        let mut allowed = Vec::new();
        for _ in 0..6 {
            allowed.push(doubt.at_once(Round::First));
            doubt.is_answered_about(Some(children::Kind::Notes));
        }
        assert_eq!(allowed, [1, 2, 4, 8, 16, 16]);
        assert_eq!(doubt.at_once(Round::Last), 1);
        doubt.answers = u32::MAX;
        assert_eq!(doubt.at_once(Round::First), AT_ONCE);
    }
}
