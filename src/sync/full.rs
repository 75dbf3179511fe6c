//! A full sync: everything, what people wait for first.
//!
//! The lists that refer to nothing else and the active candidates are read side by side; then what hangs on the active ones, many
//! requests under way at once, while the archived candidates are listed beside it; what hangs on archived ones comes last, in a
//! lane of its own. Every candidate is listed once, and there are three requests for each.
//!
//! That may take an hour. People work with the active candidates from when these are listed, so the regular sync begins then, beside the
//! rest and in its own lane; what it reads is not read again here.

use futures_util::FutureExt;

use super::children::Children;
use super::run::{Halt, Running};
use super::store::StepRow;
use super::{finish, lists};
use crate::mirror::opportunities::Among;

pub(super) async fn work(running: &Running<'_>) -> Result<(), Halt> {
    let steps = running.steps().await?;
    let (first, rest): (Vec<&StepRow>, Vec<&StepRow>) =
        steps.iter().filter(|step| !step.done && !step.step.is_of_children()).partition(|step| step.step.comes_first());
    lists::read_all(running, first).await?;
    finish::begin_regular(running).await?;

    let mut children = Children::open(running, &steps).await?;
    let other_lists = one_after_the_other(running, rest);
    running.together(vec![children.read_unread(&running.account, Among::Active).boxed(), other_lists.boxed()]).await?;

    // A list that Lever does not give us now keeps nothing waiting but what depends on it, and the end of the run.
    let left = lists::left(running).await?;
    if left.is_none() {
        finish::settle_lists(running, &mut children).await?;
    }
    // Who came while the lists were read.
    children.read_unread(&running.account, Among::Active).await?;
    children.read_unread(&running.archived, Among::Archived).await?;
    lists::wait_for(running, left.max(children.resting()))?;
    children.close().await?;
    finish::full(running).await
}

async fn one_after_the_other(running: &Running<'_>, steps: Vec<&StepRow>) -> Result<(), Halt> {
    for step in steps {
        lists::read_to_end(running, step.clone()).await?;
    }
    Ok(())
}
