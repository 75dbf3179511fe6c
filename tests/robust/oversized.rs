//! Bodies and headers beyond the limits are refused before they are read whole.

use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::support::story::{Setting, Story};

const LIMIT: usize = 4096;

async fn limited() -> Story {
    Story::with(Setting { variables: vec![("MAX_BODY_BYTES", LIMIT.to_string())], ..Setting::default() }).await
}

async fn answer_to(story: &Story, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(story.base.trim_start_matches("http://")).await.expect("the service listens");
    // It may hang up before everything was sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_waited_for() {
    let story = limited().await;
    let request = format!("POST /v1/lever/syncs HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", LIMIT + 1);
    let answer = answer_to(&story, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
    story.end().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_read_up_to_the_limit() {
    let story = limited().await;
    let mut request = b"POST /v1/lever/syncs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    // It never ends.
    for _ in 0..3 {
        request.extend(format!("{LIMIT:x}\r\n{}\r\n", "x".repeat(LIMIT)).as_bytes());
    }
    let answer = answer_to(&story, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
    story.end().await;
}

#[tokio::test]
async fn a_compressed_body_is_never_unpacked() {
    let story = limited().await;
    let person = story.admin(Uuid::from_u128(1));
    // The first bytes of a gzip stream: as a body, they are no JSON.
    let request = person.http.post(format!("{}/v1/lever/syncs", story.base)).bearer_auth(&person.token);
    let answer = request
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_client_error(), "{}", answer.status());
    story.end().await;
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let story = limited().await;
    let person = story.admin(Uuid::from_u128(1));
    let large = "x".repeat(10_000);
    let answer = person.call(Method::GET, "/v1/lever/connection", None, &[("x-large", &large)]).await;
    assert_eq!(answer.status, 431);
    person.get("/v1/lever/connection").await.expect(200);
    story.end().await;
}
