//! Bodies that no program means: each is refused in our own words, none breaks anything.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::support::story::{Answer, Person, Story};

async fn send(person: &Person, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    let request = person.http.request(method.parse().expect("a method"), format!("{}{path}", person.base)).bearer_auth(&person.token);
    let response = request.header("content-type", kind).body(body.to_vec()).send().await.expect("the service answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("the answer is whole") }
}

/// Every body as JSON text, and what makes it one.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let draft = |members: &str| format!(r#"{{"timezone":"Europe/Berlin","interviews":[],{members}}}"#).into_bytes();
    let long = "x".repeat(900 * 1024);
    vec![
        ("nothing", Vec::new()),
        ("half of it", br#"{"timezone":"#.to_vec()),
        ("no object", b"[[],1]".to_vec()),
        ("no UTF-8", b"{\"note\":\"\xff\xfe\"}".to_vec()),
        ("deep", [b"[".repeat(100_000), b"]".repeat(100_000)].concat()),
        ("deep within", draft(&format!(r#""note":{}1{}"#, r#"{"a":"#.repeat(5000), "}".repeat(5000)))),
        ("a name twice", draft(r#""timezone":"Europe/Paris""#)),
        ("a name twice within", br#"{"timezone":"Europe/Berlin","interviews":[{"durationMinutes":30,"durationMinutes":45}]}"#.to_vec()),
        ("huge numbers", br#"{"timezone":1e400,"interviews":[{"durationMinutes":123456789012345678901234567890}]}"#.to_vec()),
        ("a huge duration", br#"{"timezone":"Europe/Berlin","interviews":[{"start":"2090-01-01T00:00:00Z","durationMinutes":9223372036854775807,"interviewers":[{"id":"x"}]}]}"#.to_vec()),
        ("a year out of reach", br#"{"timezone":"Europe/Berlin","interviews":[{"start":"999999-01-01T00:00:00Z","durationMinutes":30,"interviewers":[{"id":"x"}]}]}"#.to_vec()),
        ("NUL", draft(r#""note":"a\u0000b""#)),
        ("half of a pair", draft(r#""note":"\ud800""#)),
        ("a long text", draft(&format!(r#""note":"{long}""#))),
        ("a long name", draft(&format!(r#""{long}":1"#))),
        ("what nobody knows", draft(r#""tenantId":"00000000-0000-0000-0000-000000000002""#)),
    ]
}

#[tokio::test]
async fn whatever_the_body_is_the_answer_is_4xx() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut admin, 0).await;
    let opportunity = story.account(0).active[0].clone();
    let writes = [
        ("POST", format!("/v1/opportunities/{opportunity}/panels")),
        ("POST", format!("/v1/opportunities/{opportunity}/notes")),
        ("PATCH", "/v1/panels/unknown".to_owned()),
        ("POST", "/v1/panels/unknown/interviews".to_owned()),
        ("PATCH", "/v1/interviews/unknown".to_owned()),
        ("POST", "/webhooks/lever/unknown".to_owned()),
    ];
    let before = story.lever.ledger().len();
    for (method, path) in &writes {
        for (what, body) in bodies() {
            let answer = send(&admin, method, path, "application/json", &body).await;
            assert!((400..500).contains(&answer.status), "{method} {path}, {what}: {} {}", answer.status, answer.text);
            answer.code();
        }
        let answer = send(&admin, method, path, "text/plain", br#"{"timezone":"Europe/Berlin"}"#).await;
        assert!((400..500).contains(&answer.status), "{method} {path} as text: {}", answer.status);
    }
    assert_eq!(story.lever.ledger().len(), before, "nothing of it went to Lever");
    let allowed = send(&admin, "PUT", "/v1/users", "application/json", b"{}").await.expect(405);
    assert!(allowed.header("allow").contains("GET"), "{:?}", allowed.headers);
    story.end().await;
}

/// Two lengths for one body: which of them counts is how requests are smuggled past a proxy.
#[tokio::test]
async fn a_body_with_two_lengths_is_not_taken_for_two_requests() {
    let story = Story::begin().await;
    let host = story.base.trim_start_matches("http://").to_owned();
    let request = format!(
        "POST /v1/lever/syncs HTTP/1.1\r\nHost: {host}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(&host).await.expect("the service listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    story.end().await;
}
