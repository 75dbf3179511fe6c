//! Clients that go away in the middle of a request leave nothing half done behind.

mod support;

use std::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use support::story::Story;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

/// Clients that book a panel and leave: what was begun runs to its end, on a connection that is handed back clean. Whoever stays is
/// served meanwhile; in a transaction that another left behind, their statements would be refused (25P02).
#[tokio::test]
async fn clients_that_leave_while_a_panel_is_booked_leave_the_others_alone() {
    let story = Story::begin().await;
    let mut person = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut person, 0).await;
    let account = story.account(0);
    let host = story.base.trim_start_matches("http://").to_owned();
    let draft = json!({
        "timezone": "Europe/Berlin", "allowConflicts": true,
        "interviews": [{ "start": "2090-01-07T10:00:00Z", "durationMinutes": 30, "interviewers": [{ "id": account.super_admin().id }] }],
    })
    .to_string();
    let mut random = StdRng::seed_from_u64(50);
    for round in 0..20 {
        let opportunity = &account.active[round % account.active.len()];
        let request = format!(
            "POST /v1/opportunities/{opportunity}/panels HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{draft}",
            person.token,
            draft.len()
        );
        let leavers: Vec<_> = (0..10)
            .map(|_| {
                let (host, request, stay) = (host.clone(), request.clone(), Duration::from_micros(random.random_range(0..20_000)));
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(host).await.expect("the service listens");
                    stream.write_all(request.as_bytes()).await.expect("sent");
                    tokio::time::sleep(stay).await;
                })
            })
            .collect();
        for path in ["/v1/lever/connection", "/v1/users", "/v1/panels"] {
            person.get(path).await.expect(200);
        }
        for leaver in leavers {
            leaver.await.expect("left");
        }
    }
    assert_eq!(left_open(&story).await, 0, "connections were left inside a transaction");
    story.work().await;
    let operations = person.get("/v1/operations?limit=200").await.expect(200).json();
    let operations = operations["data"].as_array().expect("a list");
    assert!(!operations.is_empty() && operations.iter().all(|operation| operation["status"] != "sending"), "{operations:?}");
    story.end().await;
}

/// Two thousand requests that write, each client gone after a random moment: no connection is left inside a transaction, and
/// the next requests are served as ever.
#[tokio::test]
async fn clients_that_leave_in_the_middle_of_writes_leave_no_open_transaction() {
    let story = Story::begin().await;
    let person = story.admin(Uuid::from_u128(1));
    person.get("/v1/lever/connection").await.expect(200);
    let host = story.base.trim_start_matches("http://").to_owned();
    let request = format!("POST /auth/session HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\n\r\n", person.token);
    let mut random = StdRng::seed_from_u64(49);
    for _ in 0..40 {
        let leavers = (0..50).map(|_| {
            let (host, request, stay) = (host.clone(), request.clone(), Duration::from_micros(random.random_range(0..4000)));
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(host).await.expect("the service listens");
                stream.write_all(request.as_bytes()).await.expect("sent");
                tokio::time::sleep(stay).await;
            })
        });
        for leaver in leavers.collect::<Vec<_>>() {
            leaver.await.expect("left");
        }
    }
    // Whatever is still running runs to its end; then the pool's connections are all idle outside transactions.
    for _ in 0..20 {
        person.get("/v1/lever/connection").await.expect(200);
    }
    assert_eq!(left_open(&story).await, 0, "connections were left inside a transaction");
    let mut connection = PgConnection::connect(&story.database.url).await.expect("connected");
    let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM browser_sessions").fetch_one(&mut connection).await.expect("countable");
    assert!(sessions > 100, "the requests hardly ran: {sessions}");
    connection.close().await.expect("closed");
    story.end().await;
}

/// Connections inside a transaction, once whatever is still running has come to its end.
async fn left_open(story: &Story) -> i64 {
    let mut connection = PgConnection::connect(&story.database.url).await.expect("connected");
    let mut open = i64::MAX;
    for _ in 0..600 {
        open = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .expect("the activity");
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    connection.close().await.expect("closed");
    open
}
