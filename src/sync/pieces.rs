//! A list of candidates in pieces, where one record spoils its page and not even its key can be had.
//!
//! Nothing leads past such a record in its own list. But a list can be asked for by when its records were created: whatever piece cannot be
//! read is cut in two, until it holds nothing but what spoils it. That takes hundreds of requests, so only a run that has the time does it. A
//! crash begins it anew: it happens hardly ever, and what is read twice is stored twice and does no harm.
//!
//! Pieces of one size share no record. So when more of them break off and bring nothing new than records may be left out, it is not for
//! single records, and cutting on would never come to an end.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::endless::Endless;
use super::lists;
use super::plan::Kind;
use super::read::{self, Read};
use super::run::{Halt, Running};
use super::step_over::MOST_LEFT_OUT;
use super::store::{Advance, StepRow, steps};
use super::trouble::{self, MOST_RESTARTS};
use super::window;
use crate::lever::{self, Window};

/// So many pieces in a row without a page that can be read are no single records: more than may be left out.
const MOST_IN_VAIN: i64 = MOST_LEFT_OUT + 5;

/// A span of creation times in milliseconds, both ends included. The first begins with time itself, and the last never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: i64,
    end: i64,
    has_start: bool,
    has_end: bool,
}

impl Span {
    /// Everything, with most of it before `now`.
    fn all(now: DateTime<Utc>) -> Self {
        Self { start: 0, end: now.timestamp_millis().max(1), has_start: false, has_end: false }
    }

    /// `None`: there is nothing between its ends.
    fn halves(self) -> Option<[Self; 2]> {
        let middle = self.start + (self.end - self.start) / 2;
        (self.start < self.end).then_some([Self { end: middle, has_end: true, ..self }, Self { start: middle + 1, has_start: true, ..self }])
    }

    fn window(self) -> Window {
        let at = |has, millis| if has { DateTime::from_timestamp_millis(millis) } else { None };
        Window { start: at(self.has_start, self.start), end: at(self.has_end, self.end) }
    }
}

/// What reading a piece came to.
enum Came {
    Whole,
    Broken,
    /// It leads to itself.
    Endless,
    /// Lever does not give the list like this.
    Refused,
}

/// Reads the whole list again in pieces, to its end or until it is given up. False: it has no pieces, or hardly any can be read just now.
pub(super) async fn read_in_pieces(running: &Running<'_>, step: &mut StepRow) -> Result<bool, Halt> {
    let halves = Span::all(running.state.clock.now()).halves().filter(|_| read::has_pieces(step.step));
    let mut spans: Vec<Span> = halves.into_iter().flatten().collect();
    if spans.is_empty() {
        return Ok(false);
    }
    tracing::warn!(run = %running.id, step = ?step.step, "a list is read in pieces, because nothing leads past one of its records");
    let mut reading = Reading { running, step, seen: HashSet::new(), pages: 0 };
    let (mut in_vain, mut left_out, mut is_endless) = (0, 0, false);
    // The larger ones first: around single records something can be read at every size.
    while !spans.is_empty() {
        let (mut smaller, mut fruitless) = (Vec::new(), 0);
        for span in spans {
            let (pages, seen) = (reading.pages, reading.seen.len());
            match reading.read(span).await? {
                Came::Whole => {}
                Came::Refused => return reading.give_up(trouble::unreadable).await,
                Came::Endless => is_endless = true,
                Came::Broken => match span.halves() {
                    Some(halves) => {
                        smaller.extend(halves);
                        fruitless += i64::from(reading.seen.len() == seen);
                    }
                    None => left_out += 1,
                },
            }
            in_vain = if reading.pages > pages { 0 } else { in_vain + 1 };
            if in_vain >= MOST_IN_VAIN {
                return Ok(false);
            }
            if left_out + fruitless > MOST_LEFT_OUT {
                return reading.give_up(trouble::unreadable).await;
            }
        }
        // What the others of its size brought is kept.
        if is_endless {
            return reading.give_up(trouble::endless).await;
        }
        spans = smaller;
    }
    // One without a time of its creation is in no piece at all.
    let left_out = usize::try_from(left_out).unwrap_or_default().max(1);
    lists::store_page(running, step, Read::nothing_but(left_out), running.read_at(step.began_at)).await?;
    tracing::error!(run = %running.id, step = ?step.step, left_out, "records spoil their pages; all others of their list are read");
    Ok(true)
}

/// A list that is being read in pieces. Where they stand is nowhere written: until all are read, the list stands at its beginning.
struct Reading<'a, 'r> {
    running: &'a Running<'r>,
    step: &'a mut StepRow,
    /// Keys: the first pages of a piece that is cut come twice.
    seen: HashSet<String>,
    /// That could be read.
    pages: usize,
}

impl Reading<'_, '_> {
    async fn give_up(self, why: fn(Kind) -> String) -> Result<bool, Halt> {
        self.step.done = true;
        lists::give_up(self.running, self.step, &why(self.step.object)).await.map(|()| true)
    }

    async fn read(&mut self, span: Span) -> Result<Came, Halt> {
        let running = self.running;
        let (mut cursor, mut endless) = (None::<String>, Endless::default());
        loop {
            if endless.repeats(cursor.as_deref()) {
                return Ok(Came::Endless);
            }
            let read_at = running.read_at(self.step.began_at);
            let page = read::piece(&running.account, self.step.step, lists::since(running, self.step), span.window(), cursor.as_deref());
            let page = match running.unless_stopped(page).await? {
                Ok(page) if endless.is_proven_by(page.records.keys()) && page.next.is_some() => return Ok(Came::Endless),
                Ok(page) => page,
                Err(error) => return self.meet(error, cursor.is_some()).await,
            };
            if self.pages == 0 && lists::begin_anew(running, self.step).await? > MOST_RESTARTS {
                return Ok(Came::Refused);
            }
            self.pages += 1;
            cursor.clone_from(&page.next);
            self.store(page, read_at).await?;
            if cursor.is_none() {
                return Ok(Came::Whole);
            }
        }
    }

    async fn meet(&self, error: lever::Error, from_offset: bool) -> Result<Came, Halt> {
        match error {
            lever::Error::ReauthorizationRequired => Err(Halt::ConnectionLost),
            _ if trouble::is_silence(&error) => match self.running.silence(self.step.step).await? {
                Some(silence) => Err(silence.into()),
                None => Ok(Came::Broken),
            },
            // An offset that has died: its piece again, as two.
            lever::Error::Rejected { .. } if from_offset => Ok(Came::Broken),
            lever::Error::Rejected { .. } | lever::Error::Invalid { .. } => Ok(Came::Refused),
            _ => Err(error.into()),
        }
    }

    async fn store(&mut self, page: Read, read_at: DateTime<Utc>) -> Result<(), Halt> {
        let (running, step) = (self.running, &mut *self.step);
        let until = step.until.unwrap_or_else(|| window::until(step.began_at.unwrap_or(read_at), page.server_time));
        let mut tx = running.begin().await?;
        let counted = lists::take_in(running, &mut tx, step, &page, read_at).await?;
        let new = page.records.keys().into_iter().filter(|key| self.seen.insert((*key).to_owned())).count();
        let by = Advance { synced: counted.min(new), skipped: page.unreadable, until: Some(until), ..Advance::default() };
        steps::advance(&mut tx, step, &by).await?;
        running.commit(tx).await?;
        step.synced += by.synced as i64;
        step.skipped += by.skipped as i64;
        step.until = Some(until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    #[test]
    fn halves_lie_side_by_side_and_the_outer_ends_stay_open() {
        let [before, after] = Span::all(now()).halves().expect("long enough");
        let (before, after) = (before.window(), after.window());
        assert_eq!((before.start, after.end), (None, None));
        let (ends, begins) = (before.end.expect("an end"), after.start.expect("a start"));
        assert_eq!((begins - ends).num_milliseconds(), 1);
    }

    #[test]
    fn a_single_moment_is_reached_soon() {
        let mut span = Span::all(now());
        let cuts = std::iter::from_fn(|| span.halves().map(|[before, _]| span = before)).count();
        assert!(cuts < 45, "{cuts} cuts");
        assert_eq!((span.start, span.end), (0, 0));
    }
}
