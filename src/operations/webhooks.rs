//! Webhooks made and removed at Lever, in the log of writes.
//!
//! They are recorded before they are sent, as every write. What became of one whose answer never came is told by Lever's list of webhooks,
//! to whoever reads it next.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use sqlx::types::Json;

use super::failure::Failure;
use super::steps::{StepOutcome, begun, ended};
use super::store::Status;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::ids::OperationId;
use crate::lever;

/// Who made a write that nobody asked for.
const SERVICE: &str = "service";
/// A write that was sent this long ago is not on its way any more.
const SETTLE: TimeDelta = TimeDelta::seconds(60);

/// A write about a webhook.
pub enum WebhookWrite<'a> {
    Register {
        event: &'a str,
        url: &'a str,
    },
    /// The event may be one that we do not know.
    Remove {
        event: &'a str,
        lever_id: &'a str,
    },
}

/// What became of it.
pub enum Answered {
    /// It happened, with the status of Lever's answer; `None` when Lever's list shows it, or that it is gone.
    Done(Option<u16>),
    Failed(Failure),
    /// No answer came.
    Unknown,
}

/// One whose outcome is not known.
#[derive(FromRow)]
struct OpenWrite {
    id: OperationId,
    #[sqlx(json)]
    request: Value,
    sent_at: DateTime<Utc>,
}

/// What Lever's list of webhooks says about it.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Done,
    NotDone,
    /// It may still be on its way until then.
    NotYet(DateTime<Utc>),
}

impl WebhookWrite<'_> {
    fn parts(&self) -> (&'static str, &str, Value) {
        match self {
            Self::Register { event, url } => ("register_webhook", event, json!({"url": url, "event": event})),
            Self::Remove { event, lever_id } => ("remove_webhook", event, json!({"id": lever_id})),
        }
    }
}

impl OpenWrite {
    /// Whether Lever has done it, by the addresses and ids of the webhooks that it lists.
    fn shown(&self, listed: &[(&str, &str)], now: DateTime<Utc>) -> Shown {
        let text = |name: &str| self.request.get(name).and_then(Value::as_str);
        let settled = self.sent_at + SETTLE;
        match (text("url"), text("id")) {
            (Some(url), _) if listed.iter().any(|(_, there)| *there == url) => Shown::Done,
            (Some(_), _) if now < settled => Shown::NotYet(settled),
            (None, Some(id)) if !listed.iter().any(|(there, _)| *there == id) => Shown::Done,
            _ => Shown::NotDone,
        }
    }
}

impl Answered {
    /// As Lever answered the call that this handle of the account made last.
    pub fn of<T>(account: &lever::Account, answer: &Result<T, lever::Error>) -> Self {
        match answer {
            Ok(_) => Self::Done(account.last_status()),
            Err(error) if error.outcome() == lever::Outcome::DefinitelyNot => Self::Failed(Failure::of(error)),
            Err(_) => Self::Unknown,
        }
    }

    /// As [`Answered::of`], of a removal: what is not there is removed.
    pub fn of_removal(account: &lever::Account, answer: &Result<(), lever::Error>) -> Self {
        match answer {
            Err(error) if error.is_not_found() => Self::Done(None),
            answer => Self::of(account, answer),
        }
    }
}

/// Records a write that is about to be sent. `by` nobody: the service itself. What a webhook does not have is stored as empty text: an older
/// version that runs beside this one reads the log too, and expects some.
///
/// # Errors
/// The database failed.
pub async fn record(tx: &mut TenantTx, by: Option<&Caller>, write: &WebhookWrite<'_>, now: DateTime<Utc>) -> Result<OperationId, sqlx::Error> {
    let (kind, event, request) = write.parts();
    let id = OperationId::new();
    sqlx::query(
        "INSERT INTO operations (tenant_id, id, kind, status, caller, caller_email, perform_as, opportunity_id, webhook_event, request, attempts,
                                 sent_at, created_at, steps)
         VALUES ($1, $2, $3, 'sending', $4, $5, '', '', $6, $7, 1, $8, $8, $9)",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(kind)
    .bind(by.map_or(SERVICE, |caller| &caller.user_id))
    .bind(by.map_or("", |caller| &caller.email))
    .bind(event)
    .bind(Json(request))
    .bind(now)
    .bind(begun("", "", now))
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Says what became of it, once; but whoever knows may still tell when it was given up.
///
/// # Errors
/// The database failed.
pub async fn settle(tx: &mut TenantTx, id: OperationId, answer: &Answered, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let (status, step, lever_status, failure) = match answer {
        Answered::Done(Some(code)) => (Status::Succeeded, StepOutcome::Done, Some(i32::from(*code)), None),
        Answered::Done(None) => (Status::Succeeded, StepOutcome::Found, None, None),
        Answered::Failed(failure) => (Status::Failed, StepOutcome::Refused, failure.refusal.as_ref().map(|refusal| refusal.status), Some(failure)),
        Answered::Unknown => (Status::Unknown, StepOutcome::Unknown, None, None),
    };
    let refusal = failure.and_then(|failure| failure.refusal.as_ref());
    sqlx::query(
        "UPDATE operations
         SET status = $3, lever_status = $4, lever_code = $5, lever_message = $6, error_code = $7, error_message = $8,
             steps = with_step_ended(steps, $9), settled_at = $10
         WHERE tenant_id = $1 AND id = $2 AND (settled_at IS NULL OR status = 'unknown')",
    )
    .bind(tx.tenant())
    .bind(id)
    .bind(status)
    .bind(lever_status)
    .bind(refusal.map(|refusal| &refusal.code))
    .bind(refusal.map(|refusal| &refusal.message))
    .bind(failure.map(|failure| failure.code))
    .bind(failure.map(|failure| &failure.message))
    .bind(ended(step, now, lever_status, refusal.map(|refusal| refusal.code.as_str())))
    .bind(Some(now).filter(|_| !matches!(answer, Answered::Unknown)))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Settles what the list of Lever's webhooks (id and address of each) shows. When to look again, if something may still be on its way.
///
/// # Errors
/// The database failed.
pub async fn settle_by_list(tx: &mut TenantTx, listed: &[(&str, &str)], now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let mut again = None;
    for write in open(tx).await? {
        match write.shown(listed, now) {
            Shown::Done => settle(tx, write.id, &Answered::Done(None), now).await?,
            Shown::NotDone => settle(tx, write.id, &Answered::Failed(Failure::not_made()), now).await?,
            Shown::NotYet(until) => again = again.max(Some(until)),
        }
    }
    Ok(again)
}

/// The connection has ended, and nobody can ask any more: what is not known stays unknown.
///
/// # Errors
/// The database failed.
pub async fn give_up(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE operations
         SET status = 'unknown', error_code = 'outcome_unknown', settled_at = $2,
             error_message = 'Lever did not say what became of this before it was disconnected. Look at the webhooks in Lever''s settings.'
         WHERE tenant_id = $1 AND kind IN ('register_webhook', 'remove_webhook') AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

async fn open(tx: &mut TenantTx) -> Result<Vec<OpenWrite>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, request, sent_at FROM operations
         WHERE tenant_id = $1 AND kind IN ('register_webhook', 'remove_webhook') AND settled_at IS NULL ORDER BY id",
    )
    .bind(tx.tenant())
    .fetch_all(&mut **tx)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_write(request: Value) -> OpenWrite {
        OpenWrite { id: OperationId::new(), request, sent_at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn the_list_shows_what_was_made_at_once_and_what_was_not_when_it_cannot_come_any_more() {
        let write = open_write(json!({"url": "https://a.example/1", "event": "e"}));
        let (soon, late) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + SETTLE);
        assert_eq!(write.shown(&[("w", "https://a.example/1")], soon), Shown::Done);
        assert_eq!(write.shown(&[("w", "https://a.example/2")], soon), Shown::NotYet(late));
        assert_eq!(write.shown(&[], late), Shown::NotDone);
    }

    #[test]
    fn what_is_not_in_the_list_was_removed() {
        let write = open_write(json!({"id": "w"}));
        assert_eq!(write.shown(&[("v", "https://a.example/1")], DateTime::UNIX_EPOCH), Shown::Done);
        assert_eq!(write.shown(&[("w", "https://a.example/1")], DateTime::UNIX_EPOCH), Shown::NotDone);
    }
}
