//! A reconciliation: every list of Lever's, compared with what is here; what differs is said, and mended unless it was only asked for.
//!
//! Records that are missing here or differ are stored with the page that brought them, and what hangs on them is read again by the next
//! incremental sync. That something is missing from a list is a hint only, because lists shift while they are read: each candidate whom
//! no list showed is asked for by id, also when nothing is to be mended. Of whom no answer comes, nobody knows, and it is said so.

mod difference;

pub use difference::DifferenceView;
pub(super) use difference::summary;

use super::answer::Wish;
use super::children::Children;
use super::plan::{Kind, Step};
use super::run::{Halt, Running};
use super::store::findings::{self, Finding};
use super::store::{StepRow, steps};
use super::trouble::{self, About};
use super::{finish, lists, unasked};
use crate::db::TenantTx;
use crate::lever;
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
    let (still_there, unknown) = if vanished.len() > MOST_ASKED {
        tracing::error!(run = %running.id, vanished = vanished.len(), "Lever's lists leave out too many candidates to be believed");
        trouble = format!("{trouble} Lever's lists leave out {} candidates; they are kept as they were.", vanished.len()).trim().to_owned();
        (Vec::new(), vanished)
    } else if running.dry_run {
        only_ask(running, vanished).await?
    } else {
        ask_and_store(running, vanished).await?
    };
    let mut tx = running.begin().await?;
    findings::settle_vanished(&mut tx, running.id, Kind::Opportunities, &still_there, &unknown).await?;
    findings::forget_same(&mut tx, running.id).await?;
    finish::end(running, tx, &trouble).await
}

/// Asks for candidates by id and stores what Lever says: those that it has were only skipped. Answers these, and those of whom no answer came.
async fn ask_and_store(running: &Running<'_>, vanished: Vec<String>) -> Result<(Vec<String>, Vec<String>), Halt> {
    let since = running.read_at(None);
    let wishes = vanished.iter().map(|opportunity| Wish { opportunity: opportunity.clone(), set: None });
    Children::open(running, &[]).await?.read(&running.account, wishes.collect()).await?;
    let unknown = unasked::put_aside(running, &vanished, since).await?;
    let mut tx = running.begin().await?;
    let ids: Vec<&str> = vanished.iter().filter(|id| !unknown.contains(id)).map(String::as_str).collect();
    let still_there = compare::among(&mut tx, Listed::Opportunities, &ids).await?;
    running.commit(tx).await?;
    Ok((still_there, unknown))
}

/// As [`ask_and_store`], without storing anything.
async fn only_ask(running: &Running<'_>, vanished: Vec<String>) -> Result<(Vec<String>, Vec<String>), Halt> {
    let (mut still_there, mut unknown) = (Vec::new(), Vec::new());
    for opportunity in vanished {
        match running.unless_stopped(running.account.get_opportunity(&opportunity)).await? {
            // Merged candidates answer under the id of the one that is left.
            Ok(record) if record.id == opportunity => still_there.push(opportunity),
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(lever::Error::ReauthorizationRequired) => return Err(Halt::ConnectionLost),
            Err(error) if trouble::of_set(&error) == About::Everything => return Err(error.into()),
            Err(error) => {
                if trouble::is_silence(&error)
                    && let Some(silence) = running.silence(Step::ActiveOpportunities).await?
                {
                    return Err(silence.into());
                }
                unknown.push(opportunity);
            }
        }
    }
    Ok((still_there, unknown))
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
