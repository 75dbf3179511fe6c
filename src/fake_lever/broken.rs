//! Answers that are wrong on order.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use serde_json::json;
use url::Url;

use super::answer::json_response;
use super::fault::Alter;
use super::server::Dropped;

pub fn status(code: u16, retry_after_seconds: Option<u64>) -> Response<Body> {
    let body = json!({"code": "OrderedFault", "message": "This failure was ordered"});
    let mut response = json_response(code, &body);
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Any answer at all.
pub fn answer(code: u16, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or_default();
    response
}

/// The answer as a test alters it.
pub async fn altered(whole: Response<Body>, alter: &Alter) -> Response<Body> {
    let (head, bytes) = read(whole).await;
    let (mut status, mut body) = (head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default());
    alter.apply(&mut status, &mut body);
    if body.is_null() { answer(status, String::new()) } else { json_response(status, &body) }
}

/// A 307 to an address; one without a path gets the request's own path and query.
pub fn redirect(to: &str, from: &Uri) -> Response<Body> {
    let location = match (Url::parse(to), from.path_and_query()) {
        (Ok(url), Some(path)) if url.path() == "/" => {
            format!("{}{path}", to.trim_end_matches('/'))
        }
        _ => to.to_owned(),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

pub fn garbage() -> Response<Body> {
    let mut response = Response::new(Body::from("<html><body>We'll be right back</body></html>"));
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The first half of the answer under the length of the whole one.
pub async fn truncated(whole: Response<Body>) -> Response<Body> {
    let (mut head, bytes) = read(whole).await;
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    // A moment between the half and the cut lets the half reach the client.
    let cut = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(Dropped)
    });
    let body = stream::iter([Ok(half)]).chain(cut);
    Response::from_parts(head, Body::from_stream(body))
}

pub async fn dripping(whole: Response<Body>, every: Duration) -> Response<Body> {
    let (head, bytes) = read(whole).await;
    let drops = stream::iter(0..bytes.len()).then(move |at| {
        let drop = bytes.slice(at..=at);
        async move {
            tokio::time::sleep(every).await;
            Ok::<_, Dropped>(drop)
        }
    });
    Response::from_parts(head, Body::from_stream(drops))
}

/// Well-formed JSON with a string of about this many bytes, made while it is sent.
pub fn huge(bytes: usize) -> Response<Body> {
    const CHUNK: &[u8] = &[b'x'; 64 * 1024];
    let chunks = (0..bytes.div_ceil(CHUNK.len())).map(|_| Bytes::from_static(CHUNK));
    let parts = std::iter::once(Bytes::from_static(b"{\"data\":\"")).chain(chunks).chain(std::iter::once(Bytes::from_static(b"\"}")));
    let mut response = Response::new(Body::from_stream(stream::iter(parts.map(Ok::<_, Dropped>))));
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn read(response: Response<Body>) -> (http::response::Parts, Bytes) {
    let (head, body) = response.into_parts();
    // Our own answers are whole in memory, so reading one cannot fail.
    let bytes = body.collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    (head, bytes)
}
