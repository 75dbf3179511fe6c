//! Looking after connections: every few minutes each is kept alive, examined and judged, whether or not anybody asks.
//!
//! A refresh token that nobody uses dies; the person who connected may be deactivated; webhooks are removed by hand in Lever; a
//! switch is off. Nobody tells us of any of it, so we look.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::facts::Facts;
use super::health;
use crate::accounts::care::Care;
use crate::accounts::webhooks::WANTED;
use crate::accounts::{self, Connection, Status, webhooks};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::TenantId;
use crate::jobs::{self, Job};
use crate::lever::Lane;
use crate::mirror;
use crate::state::AppState;

/// Connections looked after in one round, and at once: one whose Lever hangs keeps few others waiting.
const ROUND: i64 = 100;
const AT_ONCE: usize = 16;
/// How often Lever is asked about the person who connected: one request.
/// More often than an access token lives: once it has to be renewed, it may be too late to warn.
const ASK_ABOUT_GRANTOR: TimeDelta = TimeDelta::minutes(30);
/// How often the webhooks at Lever are compared with what is wanted: one request when all is well.
const COMPARE_WEBHOOKS: TimeDelta = TimeDelta::hours(1);
/// How often when one is known to be missing: Lever may have refused it for a moment, or for good.
const COMPARE_MISSING: TimeDelta = TimeDelta::minutes(10);

/// A delivery younger than this may still be on its way to its job.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// Looks after every connection whose turn it is; answers how many there were.
///
/// # Errors
/// The database failed. What goes wrong with one connection is logged and keeps none of the others back.
pub async fn tend_due(state: &AppState) -> Result<usize> {
    let due = accounts::care::claim_due(state.db.dispatch(), state.clock.now(), ROUND).await?;
    let count = due.len();
    stream::iter(due)
        .for_each_concurrent(AT_ONCE, |tenant| async move {
            if let Err(error) = tend(state, tenant).await {
                tracing::warn!(%tenant, %error, "a connection could not be looked after; it will be again");
            }
        })
        .await;
    Ok(count)
}

async fn tend(state: &AppState, tenant: TenantId) -> Result<()> {
    let mut tx = state.db.begin(tenant).await?;
    let connection = accounts::find(&mut tx).await?;
    let care = accounts::care::care(&mut tx).await?;
    tx.commit().await?;
    let Some(connection) = connection.filter(|connection| connection.status != Status::Disconnected) else { return Ok(()) };
    accounts::reseal(state, tenant).await?;
    // One of another environment, or that Lever no longer accepts, can only be judged here.
    let ours = accounts::check_environment(state, &connection).is_ok() && connection.status != Status::ReauthorizationRequired;
    if ours {
        look_at_lever(state, tenant, &connection, care).await;
    }
    let now = state.clock.now();
    let mut tx = state.db.begin(tenant).await?;
    if ours && connection.status == Status::Connected {
        if must_compare(state, &mut tx, &connection, care).await? {
            jobs::enqueue(&mut tx, &Job::RegisterWebhooks, now, now).await?;
            accounts::care::record_comparison(&mut tx, now).await?;
        }
        webhooks::follow_up(&mut tx, now - SETTLING, now).await?;
    }
    webhooks::judge(&mut tx, now).await?;
    webhooks::destroy_expired_keys(&mut tx, now).await?;
    judge(state, &mut tx).await?;
    Ok(tx.commit().await?)
}

/// Keeps the tokens alive and asks about the person who connected. What fails is logged, and keeps nothing else back.
async fn look_at_lever(state: &AppState, tenant: TenantId, connection: &Connection, care: Care) {
    if let Err(error) = accounts::keep_alive(state, tenant).await {
        tracing::warn!(%tenant, %error, "the tokens could not be renewed ahead of time");
    }
    if is_due(connection, care.grantor_read_at, ASK_ABOUT_GRANTOR, state.clock.now())
        && let Err(error) = read_grantor(state, tenant, connection).await
    {
        tracing::warn!(%tenant, %error, "Lever did not say how the person who connected stands");
    }
}

fn is_due(connection: &Connection, last: Option<DateTime<Utc>>, every: TimeDelta, now: DateTime<Utc>) -> bool {
    last.or(connection.connected_at).is_none_or(|last| last + every <= now)
}

/// Whether the webhooks at Lever should be compared with what is wanted: now and then, when this process is new (its address may be
/// too), after a full sync, and when what is recorded here already shows that something is wrong.
async fn must_compare(state: &AppState, tx: &mut TenantTx, connection: &Connection, care: Care) -> Result<bool, sqlx::Error> {
    let now = state.clock.now();
    let Some(last) = care.webhooks_compared_at.or(connection.connected_at) else { return Ok(true) };
    if last + COMPARE_WEBHOOKS <= now || last < state.started_at || care.full_sync_at.is_some_and(|ended| ended > last) {
        return Ok(true);
    }
    let recorded = webhooks::active(tx).await?;
    let base = state.config.http.public("/webhooks/lever/");
    let moved = recorded.iter().any(|webhook| webhook.is_registered() && !webhook.url.starts_with(&base));
    let is_there = |event: &str| recorded.iter().any(|webhook| webhook.event == event && webhook.is_registered());
    let missing = WANTED.iter().any(|wanted| !is_there(wanted.event));
    Ok(moved || (missing && last + COMPARE_MISSING <= now))
}

/// Brings our copy of the person who connected up to date.
async fn read_grantor(state: &AppState, tenant: TenantId, connection: &Connection) -> Result<()> {
    let Some(id) = &connection.grantor.id else { return Ok(()) };
    let account = accounts::open_sealed(state, tenant, connection)?.in_lane(Lane::Incremental);
    let read_at = state.clock.now();
    let user = account.get_user(id).await?;
    accounts::remember_data_centre(state, tenant, connection, &account).await?;
    let mut tx = state.db.begin(tenant).await?;
    if accounts::hold(&mut tx, connection.epoch).await? {
        mirror::users::upsert(&mut tx, &[user], read_at).await?;
        accounts::care::record_grantor_read(&mut tx, state.clock.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// Judges how the connection stands, in the caller's transaction; a change is logged, counted and told.
///
/// # Errors
/// The database failed.
pub(super) async fn judge(state: &AppState, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let now = state.clock.now();
    let Some(facts) = Facts::gather(state, tx).await? else { return Ok(()) };
    let warnings = health::warnings(&facts, now);
    let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
    accounts::care::record_judgement(tx, health::status(facts.connection.status, &warnings).as_str(), &codes, now).await
}
