//! Reading at Lever what became of a write: the only way to know when its answer never came.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::whereabouts::{self, Place};
use super::write::{Operation, Write};
use super::{alone, evidence, merge};
use crate::error::Result;
use crate::ids::TenantId;
use crate::lever::{Account, Panel, Record, is_only_named};
use crate::mirror::panels::link;
use crate::operations::Write as _;
use crate::state::AppState;

/// What Lever shows of a write.
pub(super) enum Seen {
    /// It happened.
    Done(Found),
    /// It has not happened (yet). With the panel that it is about, where Lever has it, each of its interviews with its rest.
    NotDone(Option<Place>),
    /// It cannot happen any more: what it was to change is not there, or the candidate is not.
    Gone,
    /// The answer left something out: nothing can be said.
    Unclear,
}

/// What a write made, as far as it is known.
pub(super) struct Found {
    /// Where it was found: the panel may have moved since the write was recorded.
    pub opportunity: String,
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    /// The panel as Lever has it; `None` when Lever no longer shows it, or could not be asked.
    pub panel: Option<Record<Panel>>,
    /// When that was read.
    pub read_at: DateTime<Utc>,
    /// The panel was put together from an answer about a part of it: it is to be read again.
    pub put_together: bool,
    /// The status of Lever's answer to the write; `None` when it was found by reading.
    pub lever_status: Option<i32>,
}

/// Looks whether the write has happened.
///
/// # Errors
/// Lever could not be asked, or the database failed.
pub(super) async fn look(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation) -> Result<Seen> {
    let read_at = state.clock.now();
    let Some(panel_id) = operation.request.panel() else { return look_for_mark(state, tenant, account, operation).await };
    let place = whereabouts::find(state, tenant, (account, operation.connection_epoch), &operation.opportunity_id, panel_id).await?;
    // What an edit has changed may be in what the panel does not show.
    let rests = match (&operation.request, &place) {
        (Write::EditPanel { .. }, Some(place)) => alone::rests(account, place).await?,
        (Write::EditInterview { interview, .. }, Some(place)) => alone::rest_of(account, place, interview).await?,
        _ => Value::Null,
    };
    Ok(judge(operation, place, &rests, read_at))
}

/// A booking carries its mark. Of several (Lever, or something between, did it twice) the oldest that takes place is the booking.
async fn look_for_mark(state: &AppState, tenant: TenantId, account: &Account, operation: &Operation) -> Result<Seen> {
    let read_at = state.clock.now();
    let panels = match account.all_panels(&operation.opportunity_id).await {
        // The candidate is not there any more. What was booked before went with a merge, or is gone; and nothing can be booked now.
        Err(error) if error.is_not_found() => {
            let place = whereabouts::find_marked_elsewhere(state, tenant, account, operation).await?;
            return Ok(place.map_or(Seen::Gone, |place| Seen::Done(booking(place, read_at))));
        }
        panels => panels?,
    };
    let unclear = panels.unreadable > 0;
    let found = panels.records.into_iter().filter(|panel| carries(panel, operation)).min_by_key(|panel| (panel.canceled_at.is_some(), age(panel)));
    Ok(match found {
        Some(panel) => Seen::Done(booking(Place { opportunity: operation.opportunity_id.clone(), panel }, read_at)),
        None if unclear => Seen::Unclear,
        None => Seen::NotDone(None),
    })
}

/// A booking that was found.
pub(super) fn booking(place: Place, read_at: DateTime<Utc>) -> Found {
    let Place { opportunity, panel } = place;
    Found { opportunity, panel_id: Some(panel.id.clone()), interview_id: None, panel: Some(panel), read_at, put_together: false, lever_status: None }
}

/// What a panel (`None`: Lever has none), each of its interviews with its rest, says about a write to it.
fn judge(operation: &Operation, place: Option<Place>, rests: &Value, read_at: DateTime<Utc>) -> Seen {
    let write = &operation.request;
    let on = place.as_ref().map(|place| &place.panel).filter(|panel| panel.canceled_at.is_none());
    let whole = on.map(|panel| alone::with_rests(&panel.raw, rests));
    let shown = whole.as_ref();
    let mut interview_id = write.interview().map(str::to_owned);
    let happened = match (write, shown) {
        (Write::SchedulePanel { .. }, _) => false,
        (Write::CancelPanel { .. } | Write::RemoveDouble { .. } | Write::CancelInterview { .. }, None) => true,
        (Write::CancelPanel { .. } | Write::RemoveDouble { .. }, Some(_)) => false,
        (Write::CancelInterview { interview, .. }, Some(shown)) => !evidence::by_id(shown, Some(interview)).is_some_and(merge::is_on),
        (_, None) => return Seen::Gone,
        (Write::EditPanel { body, before, .. }, Some(shown)) => evidence::edit_shows(before, body, shown),
        (Write::AddInterview { body, before, .. }, Some(shown)) => {
            interview_id = evidence::added(body, shown, &evidence::ids(before)).into_iter().next();
            interview_id.is_some()
        }
        (Write::EditInterview { interview, body, before, .. }, Some(shown)) => match evidence::by_id(shown, Some(interview)) {
            None => return Seen::Gone,
            Some(shown) => evidence::interview_edit_shows(before, body, shown),
        },
    };
    if !happened {
        return match whole {
            Some(shown) if is_unclear(write, &shown) => Seen::Unclear,
            Some(shown) => Seen::NotDone(place.map(|place| Place { panel: Record::read(shown).unwrap_or(place.panel), ..place })),
            None => Seen::NotDone(place),
        };
    }
    let (opportunity, panel) = place.map(|place| (place.opportunity, place.panel)).unzip();
    let opportunity = opportunity.unwrap_or_else(|| operation.opportunity_id.clone());
    Seen::Done(Found {
        opportunity,
        panel_id: write.panel().map(str::to_owned),
        interview_id,
        panel,
        read_at,
        put_together: false,
        lever_status: None,
    })
}

/// Whether a panel that does not show that a write has happened says too little to tell that it has not.
fn is_unclear(write: &Write, shown: &Value) -> bool {
    match write {
        Write::EditPanel { body, before, .. } => evidence::edit_is_unclear(before, body, shown),
        Write::AddInterview { body, before, .. } => evidence::is_perhaps_added(body, shown, &evidence::ids(before)),
        Write::EditInterview { interview, .. } => evidence::by_id(shown, Some(interview)).is_some_and(is_only_named),
        _ => false,
    }
}

/// Whether a panel is this booking.
pub(super) fn carries(panel: &Panel, operation: &Operation) -> bool {
    let mark = panel.external_url.as_deref().and_then(link::mark_of);
    mark.is_some() && mark == operation.mark.as_deref()
}

/// Sorts older panels first.
pub(super) fn age(panel: &Panel) -> (Option<DateTime<Utc>>, String) {
    (panel.created_at, panel.id.clone())
}
