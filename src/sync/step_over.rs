//! One record that nobody can read, and its list goes on behind it.
//!
//! Where the next page begins only an answer tells: an offset is Lever's to make. Of a record that spoils its page even when it is alone on
//! it, only the key is asked for. That much can mostly be had, and with it comes where the list goes on. As long as no other record of the
//! list can be read either, it is not one record that is broken.

use super::lists;
use super::read::{self, Read};
use super::run::{Halt, Running};
use super::store::{StepRow, due};

/// More records than that are not left out of one list: then it is the list that is broken.
pub(super) const MOST_LEFT_OUT: i64 = 25;

/// Whether the list's first record can be read, while the one at which it stands cannot.
pub(super) async fn can_others_be_read(running: &Running<'_>, step: &StepRow) -> Result<bool, Halt> {
    if step.cursor.is_none() {
        return Ok(false);
    }
    let first = read::first(&running.account, step.step, lists::since(running, step));
    Ok(running.unless_stopped(first).await?.is_ok())
}

/// Leaves out the record at which the list stands. False: it stands there still.
pub(super) async fn step_over(running: &Running<'_>, step: &mut StepRow) -> Result<bool, Halt> {
    if step.skipped >= MOST_LEFT_OUT {
        return Ok(false);
    }
    let read_at = running.read_at(step.began_at);
    let asked = read::key(&running.account, step.step, lists::since(running, step), step.cursor.as_deref());
    let key = match running.unless_stopped(asked).await? {
        // More than was asked for would be more than is broken; and what leads to itself leads past nothing.
        Ok(key) if key.records.len() + key.unreadable <= 1 && (key.next.is_none() || key.next != step.cursor) => key,
        _ => return Ok(false),
    };
    if !running.dry_run {
        ask_by_id(running, &key).await?;
    }
    lists::store_page(running, step, key.left_out(), read_at).await?;
    metrics::counter!("lever_sync_quarantined_total", "kind" => step.object.words()).increment(1);
    tracing::error!(run = %running.id, step = ?step.step, left_out = step.skipped, "a record spoils its page; the list goes on behind it");
    Ok(true)
}

/// A candidate may be readable alone: the regular sync tries that.
async fn ask_by_id(running: &Running<'_>, key: &Read) -> Result<(), Halt> {
    let mut tx = running.begin().await?;
    due::add(&mut tx, &key.records.opportunity_ids(), true, running.state.clock.now()).await?;
    running.commit(tx).await
}
