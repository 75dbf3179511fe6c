//! One request from its arrival to its answer: into the ledger, through the rate limit and the
//! faults, to what answers it.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use chrono::DateTime;
use http::header::DATE;
use http::{HeaderValue, Request, Response};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::answer::{bearer, process, query, refused};
use super::fault::FaultKind;
use super::ledger::LedgerEntry;
use super::refusal::Refusal;
use super::server::{Dropped, Shared};
use super::state::{State, lock};
use super::{broken, pages};

/// Entry point of every connection's requests.
pub async fn receive(shared: Arc<Shared>, request: Request<Bytes>) -> Result<Response<Body>, Dropped> {
    let (request, elsewhere) = at_its_data_centre(&shared, request);
    if is_behind_the_scenes(request.uri().path()) {
        return Ok(pages::answer(&shared, request).await);
    }
    travel(&shared).await;
    let answer = arrive(&shared, request, elsewhere).await;
    shared.ledger_changed.send_replace(());
    travel(&shared).await;
    answer
}

/// A request, or its answer, is on its way.
async fn travel(shared: &Shared) {
    let takes = shared.options.one_way();
    // Even a sleep of nothing takes a millisecond.
    if !takes.is_zero() {
        sleep(takes).await;
    }
}

/// A request that has reached the server.
async fn arrive(shared: &Arc<Shared>, request: Request<Bytes>, elsewhere: Option<String>) -> Result<Response<Body>, Dropped> {
    let (number, fault) = {
        let mut state = lock(&shared.state);
        let number = enter(&mut state, &request);
        if let Some(address) = elsewhere {
            return Ok(finish(&mut state, number, broken::redirect(&address, request.uri())));
        }
        if let Err(refusal) = take_rate_token(&mut state, &request) {
            return Ok(finish(&mut state, number, refused(&refusal)));
        }
        let owner = bearer(&request).and_then(|token| state.grants.owner(token)).map(str::to_owned);
        let (method, uri) = (request.method().as_str(), request.uri());
        let fault = state.faults.take(owner.as_deref(), method, uri.path(), uri.query().unwrap_or_default());
        if let (Some(fault), Some(entry)) = (&fault, state.ledger.entry_mut(number)) {
            entry.fault = Some(format!("{fault:?}"));
        }
        (number, fault)
    };
    let response = match fault {
        None => process(shared, number, &request).await,
        Some(fault) => with_fault(shared, number, request, fault).await?,
    };
    Ok(finish(&mut lock(&shared.state), number, response))
}

/// A request below the path of the accounts' data centre, as if that were here; and for another one, the address to send it on to.
fn at_its_data_centre(shared: &Shared, mut request: Request<Bytes>) -> (Request<Bytes>, Option<String>) {
    let Some(centre) = &shared.options.data_centre else { return (request, None) };
    let asked = request.uri().path_and_query().map_or("/", |it| it.as_str()).to_owned();
    if let Some(home) = asked.strip_prefix(&format!("/{centre}")).and_then(|below| below.parse().ok()) {
        *request.uri_mut() = home;
        return (request, None);
    }
    let moved = asked.starts_with("/v1/") || asked.starts_with("/oauth/token");
    (request, moved.then(|| format!("{}/{centre}{asked}", shared.base)))
}

async fn with_fault(shared: &Arc<Shared>, number: u64, request: Request<Bytes>, fault: FaultKind) -> Result<Response<Body>, Dropped> {
    Ok(match fault {
        FaultKind::Status { code, retry_after_seconds } => broken::status(code, retry_after_seconds),
        FaultKind::BadOffset => refused(&Refusal::bad("Invalid offset token")),
        FaultKind::Redirect { url } => broken::redirect(&url, request.uri()),
        FaultKind::DropBeforeCommit => return Err(Dropped),
        FaultKind::CommitLate { after } => {
            let late = Arc::clone(shared);
            shared.tasks.spawn(async move {
                tokio::select! {
                    () = late.shutdown.cancelled() => {}
                    () = sleep(after) => { process(&late, number, &request).await; }
                }
            });
            return Err(Dropped);
        }
        FaultKind::CommitHeld => {
            let (late, hold) = (Arc::clone(shared), shared.hold.enter());
            shared.tasks.spawn(async move {
                tokio::select! {
                    () = late.shutdown.cancelled() => {}
                    () = hold.released() => { process(&late, number, &request).await; }
                }
            });
            return Err(Dropped);
        }
        FaultKind::RequestHeld => {
            let hold = shared.hold.enter();
            hold.released().await;
            process(shared, number, &request).await
        }
        FaultKind::AnswerHeld => {
            let hold = shared.hold.enter();
            let answer = process(shared, number, &request).await;
            // It is done: that can be seen before it is answered.
            shared.ledger_changed.send_replace(());
            hold.released().await;
            answer
        }
        FaultKind::Delay { by } => {
            sleep(by).await;
            process(shared, number, &request).await
        }
        FaultKind::DropAfterCommit => {
            process(shared, number, &request).await;
            return Err(Dropped);
        }
        FaultKind::StatusAfterCommit { code } => {
            process(shared, number, &request).await;
            broken::status(code, None)
        }
        FaultKind::CommitTwice => {
            let first = process(shared, number, &request).await;
            process(shared, number, &request).await;
            first
        }
        FaultKind::CommitTwiceAnswerSecond => {
            process(shared, number, &request).await;
            process(shared, number, &request).await
        }
        FaultKind::Answer { code, body } => broken::answer(code, body),
        FaultKind::Altered(alter) => broken::altered(process(shared, number, &request).await, &alter).await,
        FaultKind::Garbage => {
            process(shared, number, &request).await;
            broken::garbage()
        }
        FaultKind::Huge { bytes } => {
            process(shared, number, &request).await;
            broken::huge(bytes)
        }
        FaultKind::Truncate => broken::truncated(process(shared, number, &request).await).await,
        FaultKind::Drip { every } => broken::dripping(process(shared, number, &request).await, every).await,
    })
}

fn enter(state: &mut State, request: &Request<Bytes>) -> u64 {
    let owner = bearer(request).and_then(|token| state.grants.owner(token)).map(str::to_owned);
    let performer = query(request).into_iter().find(|(name, _)| name == "perform_as");
    let entry = LedgerEntry {
        number: 0,
        at_ms: state.now(),
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        account: owner,
        perform_as: performer.map(|(_, user)| user),
        body_sha256: hex::encode(Sha256::digest(request.body())),
        status: None,
        committed: false,
        known_route: true,
        fault: None,
    };
    state.ledger.enter(entry)
}

/// Only calls of the API with a token that was once given count against an account's rate.
fn take_rate_token(state: &mut State, request: &Request<Bytes>) -> Result<(), Refusal> {
    if !request.uri().path().starts_with("/v1/") {
        return Ok(());
    }
    let Some(owner) = bearer(request).and_then(|token| state.grants.owner(token)) else {
        return Ok(());
    };
    let owner = owner.to_owned();
    if state.account_mut(&owner)?.bucket.take(std::time::Instant::now()) { Ok(()) } else { Err(Refusal::too_many()) }
}

fn finish(state: &mut State, number: u64, mut response: Response<Body>) -> Response<Body> {
    if let Some(now) = DateTime::from_timestamp_millis(state.now())
        && let Ok(date) = HeaderValue::from_str(&now.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
    {
        response.headers_mut().insert(DATE, date);
    }
    if let Some(entry) = state.ledger.entry_mut(number) {
        entry.status = Some(response.status().as_u16());
    }
    response
}

fn is_behind_the_scenes(path: &str) -> bool {
    matches!(path, "/" | "/favicon.ico") || path.starts_with("/lever") || path.starts_with("/_fake")
}
