//! Starting a sync: asked for by an admin, or because somebody connected. One of its kind at a time per organization.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::DISCONNECTED;
use super::plan::{self, CHANGES};
use super::store::runs::{self, NewRun};
use super::store::{RunKind, cursors, steps};
use crate::accounts::{self, Connection, Status};
use crate::auth::Admin;
use crate::db::TenantTx;
use crate::error::{Error, Mistake, Problem, Result};
use crate::ids::RunId;
use crate::jobs::{self, Claim, Job, Outcome};
use crate::state::AppState;

/// A copy that was left for longer than this is read anew as a whole.
const TOO_OLD: TimeDelta = TimeDelta::days(30);

/// What to sync. No body at all means a full sync.
#[derive(Debug, Default, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Order {
    /// `full` (the default) reads everything; `reconcile` compares every list with what is here. Incremental syncs come by themselves.
    #[schema(example = "full")]
    kind: Option<RunKind>,
    /// Only for `reconcile`: say what differs, and change nothing.
    #[schema(default = false)]
    dry_run: bool,
}

/// A sync that will run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    pub id: RunId,
}

/// Starts a full sync, or a reconciliation.
#[utoipa::path(post, path = "/v1/lever/syncs", tag = "Sync", security(("bearer" = [])), request_body(content = Option<Order>), responses(
    (status = 202, description = "It will run; `Location` says where to watch it", body = Started),
    (status = 400, description = "`invalid_body`", body = Problem),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 403, description = "`admin_required`", body = Problem),
    (status = 409, description = "`sync_in_progress` (its id is in `syncId`), `not_connected`, `lever_reauthorization_required`", body = Problem),
    (status = 422, description = "`invalid_request`: a kind that nobody starts by hand, or a field that is none", body = Problem),
))]
pub(super) async fn request(State(state): State<AppState>, Admin(caller): Admin, body: Bytes) -> Result<Response> {
    let order = order(&body)?;
    let kind = order.kind.unwrap_or(RunKind::Full);
    let (_, connection) = accounts::open(&state, caller.tenant).await?;
    let mut tx = state.db.begin(caller.tenant).await?;
    let new = NewRun { kind, dry_run: order.dry_run, requested_by: Some(&caller.user_id), epoch: connection.epoch };
    let Some(id) = begin(&state, &mut tx, new).await? else {
        let under_way = runs::under_way(&mut tx, kind).await?;
        tx.commit().await?;
        let error = Error::conflict("sync_in_progress", "Such a sync is under way already. Wait for its end.");
        return Err(match under_way {
            Some(id) => error.with("syncId", id.to_string()),
            None => error,
        });
    };
    tx.commit().await?;
    state.work.notify_one();
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/v1/lever/syncs/{id}"))], Json(Started { id })).into_response())
}

fn order(body: &[u8]) -> Result<Order> {
    if body.trim_ascii().is_empty() {
        return Ok(Order::default());
    }
    let sent: Value = serde_json::from_slice(body).map_err(|error| Error::invalid_body(format!("The body is not JSON: {error}.")))?;
    let Value::Object(fields) = sent else { return Err(Error::invalid_body("The body is not a JSON object.")) };
    let mut order = Order::default();
    let mut mistakes = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), &value) {
            ("kind", Value::Null) | ("dryRun", Value::Null) => {}
            ("kind", Value::String(kind)) if kind == "full" => order.kind = Some(RunKind::Full),
            ("kind", Value::String(kind)) if kind == "reconcile" => order.kind = Some(RunKind::Reconcile),
            ("kind", _) => mistakes.push(Mistake::new("/kind", "must be full or reconcile; incremental syncs come by themselves")),
            ("dryRun", Value::Bool(dry_run)) => order.dry_run = *dry_run,
            ("dryRun", _) => mistakes.push(Mistake::new("/dryRun", "must be true or false")),
            _ => mistakes.push(Mistake::new(pointer(&name), "is not a field of this request")),
        }
    }
    if order.dry_run && order.kind != Some(RunKind::Reconcile) {
        mistakes.push(Mistake::new("/dryRun", "is only for a reconciliation"));
    }
    if mistakes.is_empty() { Ok(order) } else { Err(Error::invalid(mistakes)) }
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The job that a finished Connect asks for: a full sync at first, and only what is missing when the copy is whole already. A sync
/// under way on the same connection is enough.
///
/// # Errors
/// The database failed.
pub async fn start(state: &AppState, claim: &Claim, requested_by: Option<&str>) -> Result<Outcome> {
    let now = state.clock.now();
    let mut tx = state.db.begin(claim.tenant_id).await?;
    if let Some(connection) = accounts::find(&mut tx).await?
        && connection.status == Status::Connected
        && claim.holds(&mut tx).await?
    {
        let epoch = connection.epoch;
        if is_here(&mut tx, &connection, now).await? {
            // What changed meanwhile, and then whether every list is as it is here: nobody told us for a while.
            cursors::carry_over(&mut tx, epoch).await?;
            begin(state, &mut tx, NewRun { kind: RunKind::Reconcile, dry_run: false, requested_by, epoch }).await?;
            jobs::enqueue(&mut tx, &Job::KeepFresh, now, now).await?;
        } else {
            begin(state, &mut tx, NewRun { kind: RunKind::Full, dry_run: false, requested_by, epoch }).await?;
            jobs::enqueue(&mut tx, &Job::KeepFresh, now, now + state.config.sync.interval).await?;
        }
    }
    tx.commit().await?;
    state.work.notify_one();
    Ok(Outcome::Done)
}

/// Whether the whole copy of this account was made once, and is not so old that making it anew is the better way.
async fn is_here(tx: &mut TenantTx, connection: &Connection, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let lately = connection.last_sync_at.is_some_and(|at| at + TOO_OLD > now);
    Ok(lately && runs::was_read_whole(tx).await? && cursors::are_begun(tx, &CHANGES).await?)
}

/// `None`: one of its kind is under way.
pub(super) async fn begin(state: &AppState, tx: &mut TenantTx, new: NewRun<'_>) -> Result<Option<RunId>, sqlx::Error> {
    let now = state.clock.now();
    runs::cancel_stale(tx, new.epoch, DISCONNECTED, now).await?;
    let started = runs::create(tx, new, now).await?;
    if let Some(run) = started {
        let planned = match new.kind {
            RunKind::Reconcile => plan::reconcile(),
            RunKind::Full | RunKind::Incremental => plan::full(),
        };
        let planned: Vec<_> = planned.into_iter().map(|step| (step, None)).collect();
        steps::create(tx, run, &planned).await?;
        jobs::enqueue(tx, &Job::RunSync { run }, now, now).await?;
    }
    Ok(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_and_an_empty_one_mean_a_full_sync() {
        for body in ["", "  ", "{}", r#"{"kind":"full"}"#] {
            let order = order(body.as_bytes()).expect("an order");
            assert_eq!((order.kind.unwrap_or(RunKind::Full), order.dry_run), (RunKind::Full, false), "{body}");
        }
        assert!(order(br#"{"kind":"reconcile","dryRun":true}"#).expect("an order").dry_run);
    }

    #[test]
    fn what_nobody_can_order_is_refused() {
        for (body, code) in [
            (r#"{"kind":"incremental"}"#, 422),
            (r#"{"dryRun":true}"#, 422),
            (r#"{"kind":"everything"}"#, 422),
            (r#"{"kinds":"full"}"#, 422),
            (r#"{"kind":"reconcile","dryRun":"yes"}"#, 422),
            ("full", 400),
            ("[]", 400),
        ] {
            assert_eq!(order(body.as_bytes()).expect_err(body).status().as_u16(), code, "{body}");
        }
    }
}
