//! Clients that send a byte now and then are hung up on, and nobody else notices them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::support::story::Story;

const SLOW_HEADERS: usize = 300;
const SLOW_BODIES: usize = 100;

#[tokio::test]
async fn slow_clients_are_hung_up_on_and_others_are_served_meanwhile() {
    let story = Story::begin().await;
    let host = story.base.trim_start_matches("http://").to_owned();
    let person = story.admin(Uuid::from_u128(1));
    let headers = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nX-Slow: ");
    let body = format!(
        "POST /v1/lever/syncs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        person.token
    );
    let mut connections = Vec::new();
    for request in std::iter::repeat_n(&headers, SLOW_HEADERS).chain(std::iter::repeat_n(&body, SLOW_BODIES)) {
        let mut stream = TcpStream::connect(&host).await.expect("the service listens");
        stream.write_all(request.as_bytes()).await.expect("sent");
        connections.push(stream);
    }
    for _ in 0..20 {
        person.get("/v1/lever/connection").await.expect(200);
    }
    let mut told = 0;
    for mut stream in connections {
        let mut answer = Vec::new();
        // Ends only when the service hangs up.
        let _ = stream.read_to_end(&mut answer).await;
        told += usize::from(answer.starts_with(b"HTTP/1.1 408"));
    }
    assert!(told >= SLOW_BODIES, "{told} were told why");
    person.get("/v1/lever/connection").await.expect(200);
    story.end().await;
}
