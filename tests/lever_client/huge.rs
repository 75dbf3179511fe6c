//! Answers of 30 MB: refused as soon as they are known to be too large, whatever comes after that.

use std::sync::Arc;

use lever_integration::lever::{Error, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::support::{Tokens, account_with, options};

const SIZE: usize = 30 * 1000 * 1000;
/// What the client may read, and what may be on its way in the buffers of both ends.
const READ: usize = 20 * 1000 * 1000;

/// As in production.
fn production() -> Options {
    Options { max_answer: Options::default().max_answer, ..options() }
}

/// A server that answers its one request with this head and a user of [`SIZE`] bytes; its origin, and how many bytes it could send.
async fn sending(head: String) -> (String, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 16 * 1024];
        let _ = stream.read(&mut request).await.expect("a request");
        let (begin, end, piece) = (r#"{"data":{"id":"u","name":""#, r#""}}"#, "x".repeat(64 * 1024));
        stream.write_all(format!("{head}\r\n\r\n{begin}").as_bytes()).await.expect("somebody reads");
        let mut sent = begin.len();
        while sent + end.len() < SIZE {
            let more = piece.len().min(SIZE - end.len() - sent);
            if stream.write_all(&piece.as_bytes()[..more]).await.is_err() {
                return sent;
            }
            sent += more;
        }
        match stream.write_all(end.as_bytes()).await {
            Ok(()) => SIZE,
            Err(_) => sent,
        }
    });
    (origin, sent)
}

fn too_large<T>(answer: Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Unreadable { status: 200, reason: "too large" }))
}

#[tokio::test]
async fn an_endless_answer_is_read_up_to_the_limit() {
    let (origin, sent) = sending("HTTP/1.1 200 OK\r\nconnection: close".to_owned()).await;
    let account = account_with(&origin, Arc::new(Tokens::default()), production());
    assert!(too_large(account.get_user("u").await));
    let sent = sent.await.expect("no panic");
    assert!(sent < READ, "{sent} bytes were taken");
}

/// The client gives up before it has read any of it: the server sends none.
#[tokio::test]
async fn an_answer_that_says_it_is_too_large_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 16 * 1024];
        let _ = stream.read(&mut request).await.expect("a request");
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n").as_bytes()).await.expect("somebody reads");
        // Until the client hangs up.
        stream.read(&mut request).await.map_or(0, |read| read)
    });
    let account = account_with(&origin, Arc::new(Tokens::default()), production());
    assert!(too_large(account.get_user("u").await));
    assert_eq!(server.await.expect("no panic"), 0);
}
