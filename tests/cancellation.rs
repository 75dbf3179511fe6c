//! Clients that go away in the middle of a request leave nothing half done behind.

mod support;

use std::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use support::story::Story;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

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
    let mut connection = PgConnection::connect(&story.database.url).await.expect("connected");
    let mut open = i64::MAX;
    for _ in 0..100 {
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
    assert_eq!(open, 0, "connections were left inside a transaction");
    let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM browser_sessions").fetch_one(&mut connection).await.expect("countable");
    assert!(sessions > 100, "the requests hardly ran: {sessions}");
    connection.close().await.expect("closed");
    story.end().await;
}
