//! Two transactions that were in each other's way: Postgres ends one of them, and all it takes is to do it again. For what may be
//! done twice, reads and Lever's deliveries, that happens here, unseen. A write as a whole may not be: it does each of its own
//! transactions again ([`crate::operations::again_when_undone`]), and answers 503 when one has lost too often.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use crate::error::RolledBack;

/// In all. Whoever loses three times in a row is told.
const TRIES: usize = 3;

/// Hands the request on, and once more when the database has undone it. Its body is in memory already.
pub(super) async fn when_undone(request: Request, next: Next) -> Response {
    if !may_be_repeated(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // It was read within its limit before.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut tried = 1;
    loop {
        let response = next.clone().run(Request::from_parts(parts.clone(), Body::from(bytes.clone()))).await;
        if tried == TRIES || response.extensions().get::<RolledBack>().is_none() {
            return response;
        }
        tried += 1;
    }
}

/// The callback trades a code, which works once.
fn may_be_repeated(request: &Request) -> bool {
    let path = request.uri().path();
    match *request.method() {
        Method::GET | Method::HEAD => !path.starts_with("/integrations/lever/"),
        Method::POST => path.starts_with("/webhooks/lever/"),
        _ => false,
    }
}
