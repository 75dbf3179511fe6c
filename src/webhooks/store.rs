//! The table `webhook_deliveries`: every delivery that was believed, and whether what it told of has been read.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::burst::Open;
use super::event::Event;
use crate::crypto;
use crate::db::{Db, TenantTx};
use crate::ids::TenantId;
use crate::jobs::Job;

/// Deliveries are remembered for at least this long; a replay of an older one is only read again.
const KEPT: TimeDelta = TimeDelta::days(90);

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub(super) enum Stored {
    /// Remembered, and its job asked for, both durably.
    New,
    /// It came before.
    Known,
    /// Its webhook is not believed any more; nothing was stored.
    Refused,
}

/// Remembers a verified delivery and asks for its job: one statement, durable when this returns. The token is remembered with the
/// job and never before it, so that a try that died is no reason to refuse the next.
///
/// It is recognised by what the signature covers, token and time joined as Lever joins them: a captured delivery whose digits were
/// moved from the one to the other is still signed, and still the same. The webhook's id goes before it, because two webhooks may
/// be told of one occurrence under one token.
///
/// # Errors
/// The database failed: Lever must hear so, and will try again.
pub(super) async fn remember(db: &Db, tenant: TenantId, webhook: &str, event: &Event, now: DateTime<Utc>) -> Result<Stored, sqlx::Error> {
    let job = event.job();
    sqlx::query_scalar("SELECT store_webhook_delivery($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(tenant)
        .bind(webhook)
        .bind(crypto::hash([webhook, &event.token, &event.triggered_at.to_string()].concat()))
        .bind(event.opportunity())
        .bind(event.contact())
        .bind(event.triggered())
        .bind(now)
        .bind(job.as_ref().map(Job::kind))
        .bind(job.as_ref().map(Job::key))
        .bind(job.as_ref().map(Job::payload))
        .bind(job.as_ref().map(Job::priority))
        .fetch_one(db.webhooks())
        .await
}

/// The deliveries about an opportunity that no reading has covered yet; `None` when there are none.
///
/// # Errors
/// The database failed.
pub(super) async fn open_about_opportunity(tx: &mut TenantTx, opportunity: &str) -> Result<Option<Open>, sqlx::Error> {
    let bounds = sqlx::query_as(
        "SELECT min(received_at), max(received_at) FROM webhook_deliveries
         WHERE tenant_id = $1 AND opportunity_id = $2 AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .fetch_one(&mut **tx)
    .await?;
    Ok(open(bounds))
}

/// The deliveries about a contact alone that no reading has covered yet; `None` when there are none.
///
/// # Errors
/// The database failed.
pub(super) async fn open_about_contact(tx: &mut TenantTx, contact: &str) -> Result<Option<Open>, sqlx::Error> {
    let bounds = sqlx::query_as(
        "SELECT min(received_at), max(received_at) FROM webhook_deliveries
         WHERE tenant_id = $1 AND contact_id = $2 AND opportunity_id IS NULL AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(contact)
    .fetch_one(&mut **tx)
    .await?;
    Ok(open(bounds))
}

fn open(bounds: (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) -> Option<Open> {
    Some(Open { oldest: bounds.0?, newest: bounds.1? })
}

/// The opportunity was read: settles the deliveries about it that had come before the reading began.
///
/// # Errors
/// The database failed.
pub(super) async fn settle_opportunity(tx: &mut TenantTx, opportunity: &str, read_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE webhook_deliveries SET settled_at = $4
         WHERE tenant_id = $1 AND opportunity_id = $2 AND received_at <= $3 AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(read_at)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The contact was read: settles the deliveries about it alone that had come before the reading began.
///
/// # Errors
/// The database failed.
pub(super) async fn settle_contact(tx: &mut TenantTx, contact: &str, read_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE webhook_deliveries SET settled_at = $4
         WHERE tenant_id = $1 AND contact_id = $2 AND opportunity_id IS NULL AND received_at <= $3 AND settled_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(contact)
    .bind(read_at)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Makes room for the months to come and forgets what is old. At any time, by any replica.
///
/// # Errors
/// The database failed, or was too busy to wait for; the next round will do.
pub async fn turn_months(dispatch: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT turn_webhook_delivery_months($1, $2)").bind(now).bind(KEPT).execute(dispatch).await?;
    sqlx::query("DELETE FROM webhook_deliveries_rest WHERE received_at < $1").bind(now - KEPT).execute(dispatch).await?;
    Ok(())
}
