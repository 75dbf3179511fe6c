//! `Idempotency-Key` on every POST that writes: the same key and body answers the first answer again, for 24 hours.
//!
//! The row is claimed before anything is done, tied to its operation in the transaction that records the operation, and given the
//! answer at the end. So a request that died can be told from one that runs: it has an operation, whose outcome is the answer; or it
//! has none, then nothing was sent, and the next one takes its place once the lease is over. Answers that only say "not now"
//! (5xx, no connection to Lever, another write under way) are not kept: the same key may try again.

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::Write;
use super::again_when_undone;
use super::body::Body;
use super::store::{self, Operation};
use crate::auth::Caller;
use crate::crypto;
use crate::db::TenantTx;
use crate::error::{Error, Mistake, Result};
use crate::failpoint::Step;
use crate::ids::OperationId;
use crate::state::AppState;

const HEADER: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;
const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Until then a request without an operation is believed to run. One that is slower finds its claim lost, and sends nothing.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// Longer than any answer to a write.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// A claimed key, or none when the caller sent none.
pub struct Ticket(Option<Claimed>);

#[derive(Clone)]
struct Claimed {
    caller: String,
    route: &'static str,
    key: String,
    /// When it was claimed: tells this claim from one that took its place.
    at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    fingerprint: Vec<u8>,
    operation_id: Option<OperationId>,
    status: Option<i32>,
    headers: Option<Json<Vec<(String, String)>>>,
    body: Option<String>,
    created_at: DateTime<Utc>,
}

/// Answers a POST that makes writes of this kind once per key. `work` does it; `path` and the body are what must be the same for the same key.
///
/// # Errors
/// 422 `idempotency_key_reused`, 409 `request_in_progress`, and whatever `work` fails with.
pub async fn once<W: Write, F>(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    (route, path): (&'static str, &str),
    body: &Body,
    work: impl FnOnce(Ticket) -> F,
) -> Result<Response>
where
    F: Future<Output = Result<Response>>,
{
    let Some(key) = key(headers)? else { return work(Ticket(None)).await };
    let fingerprint = crypto::hash([path.as_bytes(), b"\n", body.canonical().as_bytes()].concat());
    let claimed = Claimed { caller: caller.user_id.clone(), route, key, at: state.clock.now() };
    let claim = || async {
        // Before anything is sent, the operation's record takes it to the disk.
        let mut tx = state.db.begin_recoverable(caller.tenant).await?;
        let row = claimed.claim(&mut tx, &fingerprint).await?;
        tx.commit().await?;
        Ok(row)
    };
    if let Some(row) = again_when_undone(claim).await? {
        return again::<W>(state, caller, claimed, row, &fingerprint).await;
    }
    state.failpoints.after(Step::KeyClaimed).await;
    let ticket = Ticket(Some(claimed.clone()));
    let response = match work(ticket).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    let response = claimed.keep(state, caller, response).await;
    state.failpoints.after(Step::KeyKept).await;
    response
}

/// Throws away the keys of all organizations that are over.
///
/// # Errors
/// The database failed.
pub async fn prune(dispatch: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(now).execute(dispatch).await.map(drop)
}

/// What the second request with a key gets.
async fn again<W: Write>(state: &AppState, caller: &Caller, mut claimed: Claimed, row: Row, fingerprint: &[u8]) -> Result<Response> {
    if row.fingerprint != fingerprint {
        let detail = "This Idempotency-Key was used for another request. Use a new key for a new request.";
        let code = "idempotency_key_reused";
        let mistake = Mistake::new("Idempotency-Key", detail).coded(code);
        return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).with_mistakes(vec![mistake]));
    }
    claimed.at = row.created_at;
    let operation = match row.operation_id {
        None => None,
        Some(id) => {
            let mut tx = state.db.begin(caller.tenant).await?;
            let operation: Option<Operation<W>> = store::find(&mut tx, id).await?;
            tx.commit().await?;
            operation
        }
    };
    let accepted = Some(i32::from(StatusCode::ACCEPTED.as_u16()));
    match operation {
        // It has settled since: from now on that is the answer.
        Some(operation) if !operation.is_open() && (row.status.is_none() || row.status == accepted) => {
            let response = W::answer(state, caller.tenant, &operation).await.unwrap_or_else(IntoResponse::into_response);
            claimed.keep(state, caller, response).await
        }
        _ => row.replay().ok_or_else(|| Error::conflict("request_in_progress", "A request with this Idempotency-Key is still running.")),
    }
}

impl Ticket {
    /// Ties the key to the operation that was recorded in this transaction.
    ///
    /// # Errors
    /// 409 when the claim was lost: then nothing must be sent.
    pub async fn attach(&self, tx: &mut TenantTx, operation: OperationId) -> Result<()> {
        let Some(claimed) = &self.0 else { return Ok(()) };
        let tied = sqlx::query(
            "UPDATE idempotency_keys SET operation_id = $6
             WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND created_at = $5 AND operation_id IS NULL AND status IS NULL",
        )
        .bind(tx.tenant())
        .bind(&claimed.caller)
        .bind(claimed.route)
        .bind(&claimed.key)
        .bind(claimed.at)
        .bind(operation)
        .execute(&mut **tx)
        .await?;
        if tied.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Error::conflict("request_in_progress", "Another request with this Idempotency-Key runs."))
        }
    }
}

impl Claimed {
    /// Claims the key, also one that is over and not thrown away yet; the row that is there when somebody else has it.
    async fn claim(&self, tx: &mut TenantTx, fingerprint: &[u8]) -> Result<Option<Row>, sqlx::Error> {
        let claimed = sqlx::query(
            "INSERT INTO idempotency_keys AS old (tenant_id, caller, route, key, fingerprint, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (tenant_id, caller, route, key) DO UPDATE
             SET fingerprint = excluded.fingerprint, operation_id = NULL, status = NULL, headers = NULL, body = NULL,
                 created_at = excluded.created_at, expires_at = excluded.expires_at
             WHERE old.expires_at <= excluded.created_at
                OR old.operation_id IS NULL AND old.status IS NULL AND old.fingerprint = excluded.fingerprint AND old.created_at <= $8",
        )
        .bind(tx.tenant())
        .bind(&self.caller)
        .bind(self.route)
        .bind(&self.key)
        .bind(fingerprint)
        .bind(self.at)
        .bind(self.at + LIFETIME)
        .bind(self.at - LEASE)
        .execute(&mut **tx)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        sqlx::query_as(
            "SELECT fingerprint, operation_id, status, headers, body, created_at FROM idempotency_keys
             WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4",
        )
        .bind(tx.tenant())
        .bind(&self.caller)
        .bind(self.route)
        .bind(&self.key)
        .fetch_optional(&mut **tx)
        .await
    }

    /// Keeps the answer for the next request with this key, or frees the key when the answer is only "not now".
    async fn keep(&self, state: &AppState, caller: &Caller, response: Response) -> Result<Response> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, LONGEST_ANSWER).await.map_err(Error::internal)?;
        let text = String::from_utf8(body.to_vec()).map_err(Error::internal)?;
        let headers: Vec<_> = KEPT_HEADERS.iter().filter_map(|name| Some((name.as_str(), parts.headers.get(name)?.to_str().ok()?))).collect();
        let end = || async {
            // Without it, the operation it is tied to is the answer.
            let mut tx = state.db.begin_recoverable(caller.tenant).await?;
            if is_not_now(parts.status, &text) {
                self.free(&mut tx).await?;
            } else {
                self.store(&mut tx, parts.status, &headers, &text).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        again_when_undone(end).await?;
        Ok(Response::from_parts(parts, text.into()))
    }

    async fn store(&self, tx: &mut TenantTx, status: StatusCode, headers: &[(&str, &str)], body: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE idempotency_keys SET status = $6, headers = $7, body = $8
             WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND created_at = $5",
        )
        .bind(tx.tenant())
        .bind(&self.caller)
        .bind(self.route)
        .bind(&self.key)
        .bind(self.at)
        .bind(i32::from(status.as_u16()))
        .bind(Json(headers))
        .bind(body)
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    /// Frees the key, unless a write that may have happened is tied to it.
    async fn free(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        sqlx::query(
            "DELETE FROM idempotency_keys
             WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND created_at = $5
               AND (operation_id IS NULL OR operation_id IN (SELECT id FROM operations WHERE tenant_id = $1 AND status = 'failed'))",
        )
        .bind(tx.tenant())
        .bind(&self.caller)
        .bind(self.route)
        .bind(&self.key)
        .bind(self.at)
        .execute(&mut **tx)
        .await
        .map(drop)
    }
}

impl Row {
    /// The first answer, as it was.
    fn replay(self) -> Option<Response> {
        let status = StatusCode::from_u16(u16::try_from(self.status?).ok()?).ok()?;
        let mut response = (status, self.body?).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        for (name, value) in self.headers?.0 {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(key) if !key.is_empty() && key.chars().count() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => Err(Error::invalid_parameter("Idempotency-Key", "must be text of 1 to 255 characters")),
    }
}

/// An answer that says nothing about this request, only that it cannot be done at the moment.
fn is_not_now(status: StatusCode, body: &str) -> bool {
    const NOT_NOW: [&str; 5] =
        ["request_in_progress", "panel_busy", "not_connected", "lever_connection_incomplete", "lever_reauthorization_required"];
    let code = |body: &str| serde_json::from_str::<Value>(body).ok().and_then(|problem| problem["code"].as_str().map(str::to_owned));
    status.is_server_error() || (status == StatusCode::CONFLICT && code(body).is_some_and(|code| NOT_NOW.contains(&code.as_str())))
}
