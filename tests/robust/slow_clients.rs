//! Clients that send a byte now and then are hung up on, and nobody else notices them.

use std::time::Duration;

use chrono::Utc;
use lever_integration::fake_lever::FakeLever;
use lever_integration::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::process::{Service, free_port};
use crate::support::story::{Person, Setting, Story};

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
    // On a connection of its own, as below.
    story.admin(Uuid::from_u128(1)).get("/v1/lever/connection").await.expect(200);
    story.end().await;
}

/// Thousands at once, in every way that leaves a server waiting, against the real binary. Each is hung up on, whoever is in a
/// hurry is served meanwhile, and in the end the process has as many files open as before.
#[tokio::test]
async fn the_silent_are_hung_up_on_however_many_they_are() {
    limits::raise_open_files();
    let database = TestDatabase::create().await;
    let setting = Setting::default();
    let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
    let service = Service::start(&setting, &lever, &database.url, free_port()).await;
    let host = service.base.trim_start_matches("http://").to_owned();
    let person = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    // With every connection to the database that people will ever need; there are no jobs.
    futures_util::future::join_all((0..40).map(|_| person.get("/v1/lever/connection"))).await;
    let before = service.open_files();

    let slow_body = format!("POST /v1/lever/syncs HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
    let beginnings = [("", 500), ("P", 250), ("PRI * HTTP/2.0\r\n", 250), ("GET /healthz HTTP/1.1\r\nX-Slow: ", 1000), (slow_body.as_str(), 500)];
    let mut connections = Vec::new();
    for (beginning, many) in beginnings {
        for _ in 0..many {
            let mut stream = TcpStream::connect(&host).await.expect("the service listens");
            // The first may have been hung up on already.
            let _ = stream.write_all(beginning.as_bytes()).await;
            connections.push(stream);
        }
        person.get("/v1/lever/connection").await.expect(200);
    }
    for mut stream in connections {
        let mut answer = Vec::new();
        // Ends only when the service hangs up.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    // On a connection of its own: the one before has been silent for as long as the others, and is hung up on in this moment.
    let person = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    person.get("/v1/lever/connection").await.expect(200);
    let mut after = usize::MAX;
    for _ in 0..1200 {
        after = service.open_files();
        if after <= before + 20 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(after <= before + 20, "{before} files were open, and now {after}");
    assert!(!service.log().contains("panicked"));
    service.kill().await;
    lever.stop().await;
}
