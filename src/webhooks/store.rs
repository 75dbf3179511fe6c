//! The table `webhook_deliveries`: every delivery that was believed, and whether what it told of has been read.

use chrono::{DateTime, Utc};

use super::event::Event;
use crate::crypto;
use crate::db::{Db, TenantTx};
use crate::ids::TenantId;
use crate::jobs::Job;

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
/// # Errors
/// The database failed: Lever must hear so, and will try again.
pub(super) async fn remember(db: &Db, tenant: TenantId, webhook: &str, event: &Event, now: DateTime<Utc>) -> Result<Stored, sqlx::Error> {
    let job = event.job();
    sqlx::query_scalar("SELECT store_webhook_delivery($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(tenant)
        .bind(webhook)
        // Two webhooks may be told of one occurrence under one token. A webhook's id has a fixed length, so the pair is clear.
        .bind(crypto::hash([webhook, &event.token].concat()))
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
