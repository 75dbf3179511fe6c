//! What a request is answered with: the API's handlers, the token endpoint or a page.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use url::form_urlencoded;

use super::api::{self, Answer, Call};
use super::refusal::Refusal;
use super::server::Shared;
use super::state::{State, lock};
use super::{delivery, oauth, pages};

/// Does what the request asks for and answers it.
pub async fn process(shared: &Arc<Shared>, number: u64, request: &Request<Bytes>) -> Response<Body> {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix("/v1") {
        return api_answer(shared, number, request, rest);
    }
    match (request.method().as_str(), path) {
        ("POST", "/oauth/token") => {
            let mut state = lock(&shared.state);
            let audience = shared.audience();
            let endpoint = oauth::Endpoint {
                client_id: &shared.options.client_id,
                client_secret: &shared.options.client_secret,
                issuer: &format!("{}/", shared.base),
                audience: &audience,
                refresh_overlap_ms: shared.options.refresh_overlap.as_millis() as i64,
            };
            let (status, body) = oauth::answer(&mut state, &endpoint, request.body());
            commit(&mut state, number, status < 300);
            json_response(status, &body)
        }
        (_, "/authorize") => {
            let request = request.clone().map(Body::from);
            let answered = pages::router(Arc::clone(shared)).oneshot(request).await;
            answered.unwrap_or_else(|never| match never {})
        }
        _ => {
            if let Some(entry) = lock(&shared.state).ledger.entry_mut(number) {
                entry.known_route = false;
            }
            refused(&Refusal::missing("Route"))
        }
    }
}

fn api_answer(shared: &Arc<Shared>, number: u64, request: &Request<Bytes>, path: &str) -> Response<Body> {
    let mut state = lock(&shared.state);
    let answer = call(shared, &mut state, number, request, path);
    let is_write = request.method() != http::Method::GET;
    commit(&mut state, number, is_write && answer.is_ok());
    delivery::hand_out(shared, &mut state);
    match answer {
        Ok(Answer::Json(status, body)) => json_response(status, &body),
        Ok(Answer::Empty) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Ok(Answer::Pdf(bytes)) => {
            let mut response = Response::new(Body::from(bytes));
            let kind = header::HeaderValue::from_static("application/pdf");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(refusal) => refused(&refusal),
    }
}

fn call(shared: &Shared, state: &mut State, number: u64, request: &Request<Bytes>, path: &str) -> Result<Answer, Refusal> {
    let now = state.now();
    let access = bearer(request).and_then(|token| state.grants.access(token, now)).ok_or_else(Refusal::unauthorized)?.clone();
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let Some(((object, right), handler)) = api::route(request.method().as_str(), &segments) else {
        if let Some(entry) = state.ledger.entry_mut(number) {
            entry.known_route = false;
        }
        return Err(Refusal::missing("Route"));
    };
    if !access.scopes.allow(object, right) {
        let message = format!("Token lacks the scope {object}:{right}:admin");
        return Err(Refusal::forbidden(message));
    }
    let call = Call {
        segments: segments.into_iter().map(str::to_owned).collect(),
        query: query(request),
        body: request.body().clone(),
        now,
        client: access.client.clone(),
        scopes: access.scopes.clone(),
        api_url: shared.api_url(),
        deleted_panels_vanish: shared.options.deleted_panels_vanish,
    };
    let account = state.account_mut(&access.account)?;
    api::check_confidential(account, &call)?;
    let mut answer = handler(account, &call)?;
    if let (Answer::Json(200, body), "GET") = (&mut answer, request.method().as_str()) {
        call.narrow(body);
    }
    if let (Answer::Json(_, body), true) = (&mut answer, shared.options.documented_answers) {
        api::reshape(body, request.method().as_str(), &call.segments);
    }
    Ok(answer)
}

fn commit(state: &mut State, number: u64, committed: bool) {
    if let Some(entry) = state.ledger.entry_mut(number) {
        entry.committed |= committed;
    }
}

pub fn bearer(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

pub fn query(request: &Request<Bytes>) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub fn refused(refusal: &Refusal) -> Response<Body> {
    json_response(refusal.status, &refusal.json())
}

pub fn json_response(status: u16, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
