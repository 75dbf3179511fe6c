//! A client whose Lever is a local server, with short pauses and tokens that a test can count.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lever_integration::lever::{AccessToken, Account, Budget, Credentials, Endpoints, Error, Lane, Lever, Options, Patience, TokenSource};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;
use wiremock::{MockServer, Request};

pub const CLIENT_SECRET: &str = "canary-client-secret";

/// Tokens `canary-token-1`, `-2`, ... one further with each renewal.
#[derive(Default)]
pub struct Tokens {
    version: AtomicI64,
    pub renewals: AtomicUsize,
}

impl Tokens {
    fn token(&self) -> AccessToken {
        let version = self.version.load(Ordering::SeqCst) + 1;
        AccessToken { secret: format!("canary-token-{version}").into(), version }
    }
}

impl TokenSource for Tokens {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(async { Ok(self.token()) })
    }

    fn renew(&self, spent: &AccessToken) -> BoxFuture<'_, Result<AccessToken, Error>> {
        let spent = spent.version;
        Box::pin(async move {
            assert_eq!(spent, self.token().version, "the spent token is handed back");
            self.version.fetch_add(1, Ordering::SeqCst);
            self.renewals.fetch_add(1, Ordering::SeqCst);
            Ok(self.token())
        })
    }
}

/// A source that has no token to give, for the reason given.
pub struct NoTokens(pub Error);

impl TokenSource for NoTokens {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(async { Err(self.0.clone()) })
    }

    fn renew(&self, _: &AccessToken) -> BoxFuture<'_, Result<AccessToken, Error>> {
        self.current()
    }
}

pub fn options() -> Options {
    let patience = Patience { token: Duration::from_secs(30), request: Duration::from_secs(20), total: Duration::from_secs(30), tries: 3 };
    Options { person: patience, bulk: patience, backoff: Duration::from_millis(1), max_answer: 64 * 1024, ..Options::default() }
}

pub fn lever_at(origin: &str, options: Options) -> Lever {
    let url = |path: &str| Url::parse(&format!("{origin}{path}")).expect("a URL");
    let endpoints =
        Endpoints { api: url("/v1"), authorize: url("/authorize"), token: url("/oauth/token"), audience: "https://api.lever.co/v1/".to_owned() };
    let credentials = Credentials { client_id: "an-app".to_owned(), client_secret: CLIENT_SECRET.into() };
    Lever::new(endpoints, credentials, options).expect("a client")
}

/// An account without a limit at that origin.
pub fn account_at(origin: &str) -> Account {
    account_with(origin, Arc::new(Tokens::default()), options())
}

pub fn account_with(origin: &str, tokens: Arc<dyn TokenSource>, options: Options) -> Account {
    Account::new(lever_at(origin, options), tokens, Budget::new(0.0, 0.0)).in_lane(Lane::Incremental)
}

/// Everything a server has received, as `METHOD path?query`.
pub async fn received(server: &MockServer) -> Vec<String> {
    requests(server).await.iter().map(line).collect()
}

pub async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("recording is on")
}

pub fn line(request: &Request) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", request.method, request.url.path())
}

pub fn header(request: &Request, name: &str) -> String {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A server that answers each connection with these bytes and hangs up; its origin, and how many connections it has had.
pub async fn raw_server(answer: impl Into<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let connections = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 16 * 1024];
            if stream.read(&mut head).await.is_ok() {
                // The client may already be gone; that is its right.
                let _ = stream.write_all(&answer).await;
            }
        }
    });
    (origin, count)
}

/// An address where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
