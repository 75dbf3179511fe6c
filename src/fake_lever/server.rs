//! The listening server: its own accept loop over hyper, because faults must be able to close a
//! connection without an answer, which a web framework does not offer.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hold::Hold;
use super::options::Options;
use super::state::State;
use super::{generate, receive, state};

const MAX_BODY_BYTES: usize = 4 << 20;
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// What every connection and delivery works with.
pub struct Shared {
    pub state: Mutex<State>,
    pub options: Options,
    /// Root of all addresses, without a slash at its end.
    pub base: String,
    pub shutdown: CancellationToken,
    pub tasks: TaskTracker,
    /// Deliveries that have not come to their end yet.
    pub deliveries_under_way: watch::Sender<usize>,
    /// Rung whenever the ledger changes.
    pub ledger_changed: watch::Sender<()>,
    /// Requests that a test holds.
    pub hold: Hold,
    pub http: reqwest::Client,
    pub runtime: tokio::runtime::Handle,
}

impl Shared {
    pub fn api_url(&self) -> String {
        format!("{}/v1", self.base)
    }

    /// The audience an authorize request must name, with its slash.
    pub fn audience(&self) -> String {
        format!("{}/v1/", self.base)
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection dropped on order")]
pub struct Dropped;

/// Generates the data, binds the address and begins to accept.
pub async fn start(options: Options) -> io::Result<Arc<Shared>> {
    let listener = TcpListener::bind(options.listen).await?;
    let base = match &options.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", listener.local_addr()?),
    };
    let now = options.now_ms.unwrap_or_else(state::wall_clock_ms);
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(DELIVERY_TIMEOUT)
        .no_proxy()
        .user_agent("Lever-Webhooks")
        .build()
        .map_err(io::Error::other)?;
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            accounts: generate::accounts(&options, now),
            grants: Default::default(),
            faults: Default::default(),
            ledger: Default::default(),
            now_override: options.now_ms,
        }),
        options,
        base,
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
        deliveries_under_way: watch::Sender::new(0),
        ledger_changed: watch::Sender::new(()),
        hold: Hold::default(),
        http,
        runtime: tokio::runtime::Handle::current(),
    });
    shared.tasks.spawn(accept(Arc::clone(&shared), listener));
    Ok(shared)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let stream = tokio::select! {
            () = shared.shutdown.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of file descriptors, most likely: give the others time to close theirs.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        shared.tasks.spawn(connection(Arc::clone(&shared), stream));
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    let service = service_fn(|request| respond(Arc::clone(&shared), request));
    let serving = http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = shared.shutdown.cancelled() => {}
        // An error here is a client that went away or a connection dropped on order.
        _ = serving => {}
    }
}

async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Dropped> {
    let (head, body) = request.into_parts();
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => receive::receive(shared, Request::from_parts(head, body.to_bytes())).await,
        Err(_) => Ok(plain(413, "Payload too large")),
    }
}

pub fn plain(status: u16, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
}
