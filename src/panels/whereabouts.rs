//! Where Lever has a panel. After candidates were merged that may be another opportunity of the same person than the one it was on:
//! Lever answers 404 there, and a 404 alone proves nothing.

use super::look::carries;
use super::write::Operation;
use crate::accounts;
use crate::error::Result;
use crate::ids::TenantId;
use crate::lever::opportunities::OpportunityFilter;
use crate::lever::{self, Account, Opportunity, Paging, Panel, Record};
use crate::mirror::opportunities;
use crate::state::AppState;

/// More candidacies than that has nobody.
const MOST: usize = 20;

/// A panel as Lever has it, and the opportunity that it is on.
pub(super) struct Place {
    pub opportunity: String,
    pub panel: Record<Panel>,
}

/// The panel that was on this opportunity, wherever it is now. `None`: Lever has it nowhere. `epoch` is that of the connection which
/// whoever asks began with, when that is known.
///
/// # Errors
/// Lever could not be asked, or the database failed.
pub(super) async fn find(
    state: &AppState,
    tenant: TenantId,
    (account, epoch): (&Account, Option<i64>),
    opportunity: &str,
    panel: &str,
) -> Result<Option<Place>> {
    if let Some(found) = there(account.get_panel(opportunity, panel).await)? {
        return Ok(Some(Place { opportunity: opportunity.to_owned(), panel: found }));
    }
    for other in others(state, tenant, (account, epoch), opportunity).await? {
        if let Some(found) = there(account.get_panel(&other, panel).await)? {
            return Ok(Some(Place { opportunity: other, panel: found }));
        }
    }
    Ok(None)
}

/// The panel that carries a booking's mark, on another opportunity of the person than the one it was sent to.
///
/// # Errors
/// As [`find`].
pub(super) async fn find_marked_elsewhere(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation) -> Result<Option<Place>> {
    for other in others(state, tenant, (account, operation.connection_epoch), &operation.opportunity_id).await? {
        let panels = there(account.all_panels(&other).await)?.map(|page| page.records).unwrap_or_default();
        if let Some(panel) = panels.into_iter().find(|panel| carries(panel, operation)) {
            return Ok(Some(Place { opportunity: other, panel }));
        }
    }
    Ok(None)
}

/// The person's other opportunities, as Lever has them and as our copy knows them. Our copy is brought up to date on the way, while
/// it is still that of the same connection: a merge changes whose opportunity it is.
async fn others(state: &AppState, tenant: TenantId, (account, epoch): (&Account, Option<i64>), opportunity: &str) -> Result<Vec<String>> {
    let read_at = state.clock.now();
    let fresh = there(account.get_opportunity(opportunity).await)?;
    let mut tx = state.db.begin(tenant).await?;
    let known = opportunities::find(&mut tx, opportunity).await?.and_then(|known| known.contact_id);
    tx.commit().await?;
    let contact = fresh.as_ref().and_then(|fresh| Some(fresh.contact.as_ref()?.id.clone())).or(known);
    let mut read: Vec<Record<Opportunity>> = fresh.into_iter().collect();
    if let Some(contact) = contact {
        let filter = OpportunityFilter { contact_ids: vec![contact], ..OpportunityFilter::default() };
        read.extend(account.list_opportunities(&filter, &Paging::first()).await?.records);
    }
    let mut tx = state.db.begin(tenant).await?;
    if let Some(epoch) = epoch
        && accounts::hold(&mut tx, epoch).await?
    {
        opportunities::upsert(&mut tx, &read, read_at).await?;
    }
    let known = opportunities::others_of_the_person(&mut tx, opportunity).await?;
    tx.commit().await?;
    let mut others: Vec<String> = Vec::new();
    for id in read.into_iter().map(|record| record.id.clone()).chain(known) {
        if id != opportunity && !others.contains(&id) {
            others.push(id);
        }
    }
    others.truncate(MOST);
    Ok(others)
}

fn there<T>(answer: Result<T, lever::Error>) -> Result<Option<T>, lever::Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
