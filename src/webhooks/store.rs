//! The table `webhook_deliveries`: every delivery that was believed, and whether what it told of has been read.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, Postgres, QueryBuilder};

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

/// A verified delivery, as it is remembered.
#[derive(Clone)]
pub(super) struct Delivery {
    webhook: String,
    /// Of the webhook's id and what the signature covers, token and time joined as Lever joins them: a captured delivery whose digits were
    /// moved from the one to the other is still signed, and still the same. The id goes before it, because two webhooks may be told of one
    /// occurrence under one token.
    token_hash: Vec<u8>,
    opportunity: Option<String>,
    contact: Option<String>,
    triggered_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
    job: Option<Job>,
}

impl Delivery {
    /// What came for this webhook, now.
    pub fn of(webhook: &str, event: &Event, now: DateTime<Utc>) -> Self {
        Self {
            webhook: webhook.to_owned(),
            token_hash: crypto::hash([webhook, &event.token, &event.triggered_at.to_string()].concat()),
            opportunity: event.opportunity().map(str::to_owned),
            contact: event.contact().map(str::to_owned),
            triggered_at: event.triggered(),
            received_at: now,
            job: event.job(),
        }
    }
}

/// Remembers deliveries of one organization and asks for their jobs: one statement, durable when this returns. A token is remembered with
/// the job and never before it, so that a try that died is no reason to refuse the next. What became of each, in their order.
///
/// # Errors
/// The database failed, and none is stored: Lever must hear so, and will try again.
pub(super) async fn remember(db: &Db, tenant: TenantId, deliveries: &[Delivery]) -> Result<Vec<Stored>, sqlx::Error> {
    let jobs = || deliveries.iter().map(|it| it.job.as_ref());
    sqlx::query_scalar("SELECT store_webhook_deliveries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(tenant)
        .bind(column(deliveries, |it| it.webhook.as_str()))
        .bind(column(deliveries, |it| it.token_hash.as_slice()))
        .bind(column(deliveries, |it| it.opportunity.as_deref()))
        .bind(column(deliveries, |it| it.contact.as_deref()))
        .bind(column(deliveries, |it| it.triggered_at))
        .bind(column(deliveries, |it| it.received_at))
        .bind(jobs().map(|job| job.map(Job::kind)).collect::<Vec<_>>())
        .bind(jobs().map(|job| job.map(Job::key)).collect::<Vec<_>>())
        .bind(jobs().map(|job| job.map(Job::payload)).collect::<Vec<_>>())
        .bind(jobs().map(|job| job.map(Job::priority)).collect::<Vec<_>>())
        .fetch_one(db.webhooks())
        .await
}

/// One column of the rows, for `unnest`.
fn column<'a, T>(rows: &'a [Delivery], value: impl Fn(&'a Delivery) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// What deliveries are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'a> {
    Opportunity(&'a str),
    /// A person, without naming one of their opportunities.
    Contact(&'a str),
}

impl About<'_> {
    /// What reads it again.
    pub fn job(self) -> Job {
        match self {
            Self::Opportunity(id) => Job::RefreshOpportunity { opportunity: id.to_owned() },
            Self::Contact(id) => Job::RefreshContact { contact: id.to_owned() },
        }
    }

    /// Ends a statement about the organization's deliveries with the condition that they are open and about this.
    fn narrow(self, query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
        query.push(" WHERE settled_at IS NULL AND tenant_id = ").push_bind(tenant);
        match self {
            Self::Opportunity(id) => query.push(" AND opportunity_id = ").push_bind(id.to_owned()),
            Self::Contact(id) => query.push(" AND opportunity_id IS NULL AND contact_id = ").push_bind(id.to_owned()),
        };
    }
}

/// The deliveries that no reading has covered yet; `None` when there are none.
///
/// # Errors
/// The database failed.
pub(super) async fn open(tx: &mut TenantTx, about: About<'_>) -> Result<Option<Open>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT min(received_at), max(received_at) FROM webhook_deliveries");
    about.narrow(&mut query, tx.tenant());
    let (oldest, newest): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) = query.build_query_as().fetch_one(&mut **tx).await?;
    Ok(oldest.zip(newest).map(|(oldest, newest)| Open { oldest, newest }))
}

/// It was read: settles the deliveries that had come before the reading began.
///
/// # Errors
/// The database failed.
pub(super) async fn settle(tx: &mut TenantTx, about: About<'_>, read_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new("UPDATE webhook_deliveries SET settled_at = ");
    query.push_bind(now);
    about.narrow(&mut query, tx.tenant());
    query.push(" AND received_at <= ").push_bind(read_at);
    query.build().execute(&mut **tx).await.map(drop)
}

/// Asks for another reading when there are open deliveries although the job of the last one has ended; tells whether it did.
///
/// # Errors
/// The database failed: looking after the connection will find them.
pub(super) async fn ask_again(db: &Db, tenant: TenantId, about: About<'_>, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let (opportunity, contact) = match about {
        About::Opportunity(id) => (Some(id), None),
        About::Contact(id) => (None, Some(id)),
    };
    let job = about.job();
    sqlx::query_scalar("SELECT ask_again_after_reading($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(tenant)
        .bind(opportunity)
        .bind(contact)
        .bind(job.kind())
        .bind(job.key())
        .bind(job.payload())
        .bind(job.priority())
        .bind(now)
        .fetch_one(db.single())
        .await
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
