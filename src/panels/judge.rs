//! Whether a write may be made, as far as our copy of Lever knows. What needs nothing of Lever is asked first: a request that cannot be
//! done costs Lever nothing. Whether people are free is asked in the transaction that records the write, under the organization's lock:
//! so two people who book the same interviewer at once cannot both be told yes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::draft::Wishes;
use super::slots::{self, Slot};
use super::under_way::{UnderWay, under_way};
use crate::accounts::Connection;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::error::{Error, Mistake, Result};
use crate::mirror::opportunities::{self, OpportunityRow};
use crate::mirror::users::UserRow;
use crate::mirror::{feedback_templates, interviews};
use crate::operations::perform_as::{self, Performers};
use crate::state::AppState;

/// Which interviews do not stand in the way of a write: those that it changes itself.
#[derive(Clone, Copy)]
pub(super) enum Except<'a> {
    Nothing,
    Panel(&'a str),
    Interview(&'a str),
}

/// Takes the organization's lock until the transaction ends. Never held while Lever is asked.
///
/// # Errors
/// The database failed.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('panels ' || $1::uuid::text, 0))").bind(tx.tenant()).execute(&mut **tx).await.map(drop)
}

/// The opportunity, when interviews can be planned for it.
///
/// # Errors
/// 404, or 409 `opportunity_archived`.
pub(super) async fn opportunity(tx: &mut TenantTx, id: &str) -> Result<OpportunityRow> {
    let row = opportunities::find(tx, id).await?.filter(|row| row.gone_at.is_none()).ok_or_else(Error::not_found)?;
    match row.archived_at {
        None => Ok(row),
        Some(_) => Err(Error::conflict("opportunity_archived", "This candidate is archived in Lever. Unarchive the candidate there first.")),
    }
}

/// Times, people and templates of the slots, and in whose name it is done: all that only our copy can tell.
///
/// # Errors
/// 422 with every mistake, `mistakes` that were found elsewhere included.
pub(super) async fn slots(
    tx: &mut TenantTx,
    (caller, connection): (&Caller, &Connection),
    slots: &[Slot],
    mut mistakes: Vec<Mistake>,
    wishes: &Wishes,
    now: DateTime<Utc>,
) -> Result<String> {
    let performers = Performers::of(caller, connection, wishes.perform_as.as_deref());
    let (performer, known) = performers.choose_among(tx, &new_people(slots)).await?;
    let performer = performer.unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        String::new()
    });
    mistakes.extend(slots::mistakes(slots, now, wishes.allow_past, wishes.allow_conflicts));
    mistakes.extend(people(slots, &known));
    mistakes.extend(templates(tx, slots).await?);
    if mistakes.is_empty() { Ok(performer) } else { Err(Error::invalid(mistakes)) }
}

/// As [`slots`], of a change to what our copy has, before Lever is asked what it has: it need not be asked about what cannot be. Whether
/// interviews overlap depends on where Lever has the others.
///
/// # Errors
/// As [`slots`].
pub(super) async fn beforehand(state: &AppState, (caller, connection): (&Caller, &Connection), slots: &[Slot], wishes: &Wishes) -> Result<()> {
    let now = state.clock.now();
    let wishes = &Wishes { allow_conflicts: true, ..wishes.clone() };
    // Nobody to look up.
    let is_told_by_itself =
        wishes.perform_as.is_none() && slots.iter().all(|slot| slot.templates.is_empty() && slot.people.iter().all(|person| !person.new));
    if is_told_by_itself {
        let mistakes = slots::mistakes(slots, now, wishes.allow_past, wishes.allow_conflicts);
        return if mistakes.is_empty() { Ok(()) } else { Err(Error::invalid(mistakes)) };
    }
    let mut tx = state.db.look(caller.tenant).await?;
    self::slots(&mut tx, (caller, connection), slots, Vec::new(), wishes, now).await.map(drop)
}

/// Whether the people of the slots are free. Under the organization's lock.
///
/// # Errors
/// 409 `interviewer_conflict`.
pub(super) async fn free(tx: &mut TenantTx, slots: &[Slot], wishes: &Wishes, except: Except<'_>) -> Result<()> {
    if wishes.allow_conflicts {
        return Ok(());
    }
    let conflicts = conflicts(tx, slots, except).await?;
    if conflicts.is_empty() {
        return Ok(());
    }
    let detail = "An interviewer is already booked then. Choose another time or person, or send allowConflicts: true.";
    Err(Error::conflict("interviewer_conflict", detail).with("conflicts", conflicts))
}

/// Those whom nobody has asked to interview there before.
fn new_people(slots: &[Slot]) -> Vec<String> {
    let new = slots.iter().flat_map(|slot| slot.people.iter().filter(|person| person.new).map(|person| person.id.clone()));
    new.collect::<BTreeSet<_>>().into_iter().collect()
}

fn people(slots: &[Slot], known: &[UserRow]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for slot in slots {
        for (index, person) in slot.people.iter().enumerate().filter(|(_, person)| person.new) {
            if let Some((code, message)) = perform_as::unfit(known.iter().find(|user| user.id == person.id), &person.id) {
                mistakes.push(Mistake::new(slot.pointer_of(index), message).coded(code));
            }
        }
    }
    mistakes
}

async fn templates(tx: &mut TenantTx, slots: &[Slot]) -> Result<Vec<Mistake>, sqlx::Error> {
    let ids: Vec<String> = slots.iter().flat_map(|slot| &slot.templates).map(|(_, id)| id.clone()).collect();
    let known = feedback_templates::exists(tx, &ids).await?;
    let unknown = slots.iter().flat_map(|slot| &slot.templates).filter(|(_, id)| !known.contains(id));
    Ok(unknown
        .map(|(at, id)| {
            let message =
                format!("There is no active feedback template {id} in Lever, or it has not been synced yet. Choose one from /v1/feedback-templates.");
            Mistake::new(at, message).coded("unknown_template")
        })
        .collect())
}

/// What the people of the slots already have then: in Lever, and in writes that are under way.
async fn conflicts(tx: &mut TenantTx, slots: &[Slot], except: Except<'_>) -> Result<Vec<Value>, sqlx::Error> {
    let except_panel = if let Except::Panel(panel) = except { Some(panel) } else { None };
    let under_way = under_way(tx).await?;
    let mut found = Vec::new();
    for slot in slots {
        let claimed: Vec<String> = slot.claimed().map(str::to_owned).collect();
        if claimed.is_empty() {
            continue;
        }
        let booked = interviews::booked(tx, &claimed, slot.start, slot.end, except_panel).await?;
        let booked = booked.into_iter().filter(|booked| !matches!(except, Except::Interview(id) if id == booked.interview_id));
        found.extend(booked.map(|booked| json!(booked)));
    }
    let clashes =
        |sent: &UnderWay| slots.iter().any(|slot| slot.overlaps(sent.start, sent.end) && slot.claimed().any(|id| id == sent.interviewer_id));
    found.extend(under_way.into_iter().filter(clashes).map(|sent| json!(sent)));
    Ok(found)
}
