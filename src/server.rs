//! The accept loop and its end. Ours, because `axum::serve` sets no header-read timeout: slow clients would win.
//!
//! HTTP/1.1 alone: browsers and Lever speak HTTP/2 only over TLS, which ends before us, and a connection whose protocol has to be
//! guessed from its first bytes waits for them for ever. Connections are counted: beyond the most, new ones wait to be accepted.
//!
//! Shutdown is soft first: no new connections, those under way finish their request; after the grace period, hard.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::limits;

/// From the first moment of a connection, and from the end of each answer, to the end of the next request's headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Of a request's headers: more answers 431.
const MAX_HEADER_BYTES: usize = 8 * 1024;
const GRACE: Duration = Duration::from_secs(20);
/// Out of file descriptors, most likely: let some connections end before accepting more.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const MOST_CONNECTIONS: u64 = 8 * 1024;
/// Files that are no client's connection: Postgres, Lever, the log.
const OTHER_FILES: u64 = 256;

/// Serves until `shutdown`, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT).max_buf_size(MAX_HEADER_BYTES);
    let places = Arc::new(Semaphore::new(most_connections()));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, place) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        // Small answers go out at once; a socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone())));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let place = places.clone().acquire_owned().await.expect("the places are never closed");
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn most_connections() -> usize {
    limits::open_files().saturating_sub(OTHER_FILES).clamp(OTHER_FILES, MOST_CONNECTIONS) as usize
}
