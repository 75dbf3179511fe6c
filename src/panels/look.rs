//! Reading at Lever what became of a write: the only way to know when its answer never came.

use chrono::{DateTime, Utc};

use super::write::{Operation, Write};
use super::{evidence, mark, merge};
use crate::clock::Clock;
use crate::lever::{Account, Error, Panel, Record};
use crate::operations::Write as _;

/// What Lever shows of a write.
pub(super) enum Seen {
    /// It happened.
    Done(Found),
    /// It has not happened (yet). With the panel that it is about, as Lever has it.
    NotDone(Option<Record<Panel>>),
    /// It cannot happen any more: what it was to change is not there.
    Gone,
    /// The answer left something out: nothing can be said.
    Unclear,
}

/// What a write made, as far as it is known.
pub(super) struct Found {
    pub panel_id: Option<String>,
    pub interview_id: Option<String>,
    /// The panel as Lever has it; `None` when Lever no longer shows it, or could not be asked.
    pub panel: Option<Record<Panel>>,
    /// When that was read.
    pub read_at: DateTime<Utc>,
}

/// Looks whether the write has happened.
///
/// # Errors
/// Lever could not be asked.
pub(super) async fn look(account: &Account, clock: &Clock, operation: &Operation) -> Result<Seen, Error> {
    let read_at = clock.now();
    let Some(panel_id) = operation.request.panel() else { return look_for_mark(account, read_at, operation).await };
    let panel = match account.get_panel(&operation.opportunity_id, panel_id).await {
        Ok(panel) => Some(panel),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    Ok(judge(&operation.request, panel, read_at))
}

/// A booking carries its mark. Of several (Lever, or something between, did it twice) the oldest that takes place is the booking.
async fn look_for_mark(account: &Account, read_at: DateTime<Utc>, operation: &Operation) -> Result<Seen, Error> {
    let panels = account.all_panels(&operation.opportunity_id).await?;
    let unclear = panels.unreadable > 0;
    let found = panels.records.into_iter().filter(|panel| carries(panel, operation)).min_by_key(|panel| (panel.canceled_at.is_some(), age(panel)));
    Ok(match found {
        Some(panel) => Seen::Done(Found { panel_id: Some(panel.id.clone()), interview_id: None, panel: Some(panel), read_at }),
        None if unclear => Seen::Unclear,
        None => Seen::NotDone(None),
    })
}

/// What a panel (`None`: Lever has none) says about a write to it.
fn judge(write: &Write, panel: Option<Record<Panel>>, read_at: DateTime<Utc>) -> Seen {
    let shown = panel.as_ref().filter(|panel| panel.canceled_at.is_none()).map(|panel| &panel.raw);
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
    if happened { Seen::Done(Found { panel_id: write.panel().map(str::to_owned), interview_id, panel, read_at }) } else { Seen::NotDone(panel) }
}

/// Whether a panel is this booking.
pub(super) fn carries(panel: &Panel, operation: &Operation) -> bool {
    let mark = panel.external_url.as_deref().and_then(mark::of);
    mark.is_some() && mark == operation.mark.as_deref()
}

/// Sorts older panels first.
pub(super) fn age(panel: &Panel) -> (Option<DateTime<Utc>>, String) {
    (panel.created_at, panel.id.clone())
}
