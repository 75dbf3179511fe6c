//! A booking that is there twice: Lever refuses nothing twice, and neither does a proxy that repeats a request. The one that callers
//! know stays: the one that Lever's answer named, else the older, which a read finds first. The other is taken away by a write of its
//! own, which is in the log of operations like every other.

use super::evidence;
use super::look::{age, carries};
use super::outcome;
use super::send::see_through;
use super::write::{Operation, Write};
use crate::error::Result;
use crate::ids::TenantId;
use crate::jobs::{Claim, Outcome};
use crate::lever::{Account, Panel, Record};
use crate::mirror::panels;
use crate::operations::store::{self, NewOperation, Status};
use crate::operations::{Keep, keep, record};
use crate::state::AppState;

/// So often Lever may refuse to take a surplus away.
const MOST_REFUSALS: i64 = 3;

/// Looks whether a booking that succeeded was made more than once, and takes the surplus away. `asked` is the account, and the epoch of the
/// connection that it was opened with.
///
/// # Errors
/// Lever or the database failed; the job looks again.
pub(super) async fn remove(state: &AppState, claim: &Claim, asked: (&Account, Option<i64>), operation: &Operation) -> Result<Outcome> {
    if operation.status != Status::Succeeded {
        return Ok(Outcome::Done);
    }
    match &operation.request {
        Write::SchedulePanel { .. } => surplus_panels(state, claim, asked, operation).await?,
        // Without a mark only a repeat of ours makes two equal interviews a double and not a wish.
        Write::AddInterview { panel, body, before } if operation.attempts > 1 => {
            let fresh = asked.0.get_panel(&operation.opportunity_id, panel).await?;
            let tenant = claim.tenant_id;
            let mut tx = state.db.begin(tenant).await?;
            let others = store::added_by_others(&mut tx, operation).await?;
            tx.commit().await?;
            let known = [evidence::ids(before), others, operation.interview_id.iter().cloned().collect()].concat();
            for interview in evidence::added(body, &fresh.raw, &known) {
                take_away(state, tenant, asked, operation, Write::CancelInterview { panel: panel.clone(), interview }).await?;
            }
        }
        _ => {}
    }
    Ok(Outcome::Done)
}

async fn surplus_panels(state: &AppState, claim: &Claim, asked: (&Account, Option<i64>), operation: &Operation) -> Result<()> {
    let tenant = claim.tenant_id;
    let read_at = state.clock.now();
    let read = match asked.0.all_panels(&operation.opportunity_id).await {
        // The candidate was deleted meanwhile, and the panels with it.
        Err(error) if error.is_not_found() => return Ok(()),
        read => read?,
    };
    let mut tx = state.db.begin(tenant).await?;
    let keep = keep(&mut tx, operation).await?;
    if !claim.holds(&mut tx).await? {
        return Ok(());
    }
    if read.unreadable == 0 && keep == Keep::Answer {
        panels::replace_for_opportunity(&mut tx, &operation.opportunity_id, &read.records, read_at).await?;
    }
    tx.commit().await?;
    let mut copies: Vec<Record<Panel>> = read.records.into_iter().filter(|panel| carries(panel, operation) && panel.canceled_at.is_none()).collect();
    copies.sort_by_key(|panel| age(panel));
    for copy in copies.iter().filter(|copy| operation.panel_id.as_ref() != Some(&copy.id)) {
        take_away(state, tenant, asked, operation, Write::RemoveDouble { panel: copy.id.clone() }).await?;
    }
    Ok(())
}

/// Records and sends the removal, on behalf of whoever asked for the booking. One that Lever refuses again and again is left to people.
async fn take_away(state: &AppState, tenant: TenantId, (account, epoch): (&Account, Option<i64>), operation: &Operation, write: Write) -> Result<()> {
    tracing::warn!(operation = %operation.id, kind = operation.kind, "Lever made a booking twice; the surplus is taken away");
    let new = NewOperation {
        caller: &operation.caller,
        caller_email: &operation.caller_email,
        perform_as: &operation.perform_as,
        opportunity: &operation.opportunity_id,
        mark: None,
        epoch,
        write,
    };
    let mut tx = state.db.begin(tenant).await?;
    let (open, failed) = store::removals(&mut tx, &new.write).await?;
    if open > 0 || failed >= MOST_REFUSALS {
        tx.commit().await?;
        return Ok(());
    }
    let removal = store::record(&mut tx, new, state.clock.now()).await?;
    record::commit(state, tx, &removal).await?;
    // Nobody waits for it, and the removal has a job of its own.
    let removal = see_through(state, tenant, account, removal, None).await?;
    outcome::as_it_stands(state, tenant, &removal).await?;
    Ok(())
}
