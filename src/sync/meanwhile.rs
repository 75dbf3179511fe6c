//! What hangs on opportunities and was read by others while a full sync went on: by the regular sync beside it, for a webhook, for a
//! person. It is not read again, and counts as brought all the same.

use std::collections::{HashSet, VecDeque};

use super::answer::Wish;
use super::children::{Children, set_of};
use super::finish;
use super::run::Halt;
use super::store::{Advance, RunKind, steps};
use crate::db::TenantTx;
use crate::mirror::opportunities;

impl Children<'_> {
    /// Those of these sets that are still to be read; the others count as visited. Only a full sync leaves some out: other runs were told
    /// what to read, and why.
    pub(super) async fn still_unread(&self, wishes: Vec<Wish>) -> Result<VecDeque<Wish>, Halt> {
        if self.running.kind != RunKind::Full {
            return Ok(wishes.into());
        }
        let mut unread = HashSet::new();
        let mut tx = self.running.begin().await?;
        for step in self.steps.iter().filter(|step| !step.done) {
            let Some(set) = set_of(step.step) else { continue };
            let asked: Vec<&str> = wishes.iter().filter(|wish| wish.set == Some(set)).map(|wish| wish.opportunity.as_str()).collect();
            if asked.is_empty() {
                continue;
            }
            let left = opportunities::unread_among(&mut tx, set, &asked, self.running.started_at).await?;
            if left.len() < asked.len() {
                steps::advance(&mut tx, step, &Advance { visited: asked.len() - left.len(), ..Advance::default() }).await?;
            }
            unread.extend(left.into_iter().map(|opportunity| (set, opportunity)));
        }
        self.running.commit(tx).await?;
        let is_unread = |wish: &Wish| wish.set.is_none_or(|set| unread.contains(&(set, wish.opportunity.clone())));
        Ok(wishes.into_iter().filter(is_unread).collect())
    }

    /// Every set is read: what others have read of them is counted too.
    pub(super) async fn count_all(&self, tx: &mut TenantTx) -> Result<(), Halt> {
        if self.running.kind != RunKind::Full {
            return Ok(());
        }
        let steps = steps::of_runs(tx, &[self.running.id]).await?;
        for step in self.steps.iter().filter(|step| !step.done) {
            finish::correct_count(tx, &steps, step.object, self.running.started_at).await?;
        }
        Ok(())
    }
}
