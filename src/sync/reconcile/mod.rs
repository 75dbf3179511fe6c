//! A reconciliation: every list of Lever's, compared with what is here; what differs is said, and mended unless it was only asked for.
//!
//! Records that are missing here or differ are stored with the page that brought them, and what hangs on them is read again by the next
//! incremental sync. That something is missing from a list is a hint only, because lists shift while they are read: each candidate whom
//! no list showed is asked for by id.

mod difference;

pub use difference::DifferenceView;
pub(super) use difference::summary;

use super::answer::Wish;
use super::children::Children;
use super::plan::Kind;
use super::run::{Halt, Running};
use super::store::findings::{self, Finding};
use super::store::{StepRow, steps};
use super::{finish, lists};
use crate::db::TenantTx;
use crate::mirror::compare::{self, Listed};

/// More candidates than that are not asked for one by one: so many do not vanish in a day, it is rather the lists that are wrong.
const MOST_ASKED: usize = 2_000;

pub(super) async fn work(running: &Running<'_>) -> Result<(), Halt> {
    let all = running.steps().await?;
    let (first, rest): (Vec<&StepRow>, Vec<&StepRow>) = all.iter().filter(|step| !step.done).partition(|step| step.step.comes_first());
    lists::read_all(running, first).await?;
    for step in rest {
        lists::read_to_end(running, step.clone()).await?;
    }
    lists::wait_for(running, lists::left(running).await?)?;

    let vanished = find_gone(running).await?;
    let mut trouble = finish::troubles(&running.steps().await?);
    if vanished.len() > MOST_ASKED {
        tracing::error!(run = %running.id, vanished = vanished.len(), "Lever's lists leave out too many candidates to be believed");
        trouble = format!("{trouble} Lever's lists leave out {} candidates; they are kept as they were.", vanished.len()).trim().to_owned();
    } else if !running.dry_run {
        ask_one_by_one(running, vanished).await?;
    }
    let mut tx = running.begin().await?;
    findings::forget_same(&mut tx, running.id).await?;
    finish::end(running, tx, &trouble).await
}

/// Asks for candidates by id: those that Lever has were only skipped.
async fn ask_one_by_one(running: &Running<'_>, opportunities: Vec<String>) -> Result<(), Halt> {
    let wishes = opportunities.iter().map(|opportunity| Wish { opportunity: opportunity.clone(), set: None });
    Children::open(running, &[]).await?.read(&running.account, wishes.collect()).await?;
    let mut tx = running.begin().await?;
    let ids: Vec<&str> = opportunities.iter().map(String::as_str).collect();
    let still_there = compare::among(&mut tx, Listed::Opportunities, &ids).await?;
    findings::withdraw_gone(&mut tx, running.id, Kind::Opportunities, &still_there).await?;
    running.commit(tx).await
}

/// Compares the ids of every kind whose lists were read whole, and marks gone what is; answers the candidates that no list showed.
async fn find_gone(running: &Running<'_>) -> Result<Vec<String>, Halt> {
    let mut tx = running.begin().await?;
    let steps = steps::of_runs(&mut tx, &[running.id]).await?;
    let mut vanished = Vec::new();
    for kind in finish::kinds(&steps) {
        let (Some(listed), Some(since)) = (listed(kind), finish::wholly_read_since(&steps, kind)) else { continue };
        let gone = gone(&mut tx, running, kind, listed).await?;
        findings::add(&mut tx, running.id, kind, &gone.iter().map(|id| (id.clone(), Finding::Gone)).collect::<Vec<_>>()).await?;
        if kind == Kind::Opportunities {
            vanished = gone;
        } else if !running.dry_run {
            finish::mark_unseen_gone(&mut tx, kind, since).await?;
        }
        if !running.dry_run {
            finish::correct_count(&mut tx, &steps, kind, running.started_at).await?;
        }
    }
    running.commit(tx).await?;
    Ok(vanished)
}

async fn gone(tx: &mut TenantTx, running: &Running<'_>, kind: Kind, listed: Listed) -> Result<Vec<String>, sqlx::Error> {
    let here = compare::ids(tx, listed).await?;
    let there = findings::listed(tx, running.id, kind).await?;
    Ok(difference::gone(&here, &there))
}

fn listed(kind: Kind) -> Option<Listed> {
    match kind {
        Kind::Users => Some(Listed::Users),
        Kind::Stages => Some(Listed::Stages),
        Kind::ArchiveReasons => Some(Listed::ArchiveReasons),
        Kind::Tags => Some(Listed::Tags),
        Kind::FeedbackTemplates => Some(Listed::FeedbackTemplates),
        Kind::Postings => Some(Listed::Postings),
        Kind::Opportunities => Some(Listed::Opportunities),
        Kind::Panels | Kind::Notes | Kind::Resumes => None,
    }
}
