//! The application as Lever knows it: addresses, credentials, and the HTTP client that all accounts share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::{Endpoints, Lane};
use crate::outbound;

const USER_AGENT: &str = concat!("ModernLoop-Lever-Integration/", env!("CARGO_PKG_VERSION"));

/// The registered Lever application.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// How long and how often to try.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a token, where none is at hand. Fetching one goes on for whoever asks next.
    pub token: Duration,
    /// For one attempt, from sending to the end of the answer.
    pub request: Duration,
    /// For the whole call: waiting for the budget, every attempt, the pauses between. A write that was sent in time still gets
    /// its `request`.
    pub total: Duration,
    /// How often at most it is sent because of failures.
    pub tries: u32,
}

/// Bounds on what the client does.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Until a connection with TLS stands.
    pub connect_timeout: Duration,
    /// When somebody waits for the answer.
    pub person: Patience,
    /// For every other lane.
    pub bulk: Patience,
    /// For a code or refresh token: long, because the answer that is not waited for holds the only new token.
    pub oauth_timeout: Duration,
    /// For each next piece of a download.
    pub chunk_timeout: Duration,
    /// Bytes of an answer, unpacked; a larger one is unreadable. Downloads are streamed and not bounded.
    pub max_answer: usize,
    /// The first pause before a call is repeated; it doubles.
    pub backoff: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect_timeout: seconds(5),
            person: Patience { token: seconds(3), request: seconds(8), total: seconds(10), tries: 3 },
            bulk: Patience { token: seconds(60), request: seconds(30), total: seconds(180), tries: 5 },
            oauth_timeout: seconds(30),
            chunk_timeout: seconds(30),
            max_answer: 8 * 1024 * 1024,
            backoff: Duration::from_millis(250),
        }
    }
}

impl Options {
    pub(super) fn patience(&self, lane: Lane) -> Patience {
        match lane {
            Lane::Person => self.person,
            Lane::Webhook | Lane::Incremental | Lane::FirstSync | Lane::Archived => self.bulk,
        }
    }
}

/// A client of Lever; cheap to clone.
#[derive(Clone)]
pub struct Lever(Arc<Inner>);

struct Inner {
    endpoints: Endpoints,
    credentials: Credentials,
    options: Options,
    http: reqwest::Client,
}

impl Lever {
    /// A client for these addresses. Fails when the system's TLS roots cannot be set up.
    pub fn new(endpoints: Endpoints, credentials: Credentials, options: Options) -> Result<Self, reqwest::Error> {
        let http = outbound::client(&endpoints.api)
            .connect_timeout(options.connect_timeout)
            // Shorter than servers keep idle connections: a write must not meet one that is just being closed.
            .pool_idle_timeout(Duration::from_secs(20))
            .gzip(true)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self(Arc::new(Inner { endpoints, credentials, options, http })))
    }

    /// Where this client's Lever is.
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(super) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }
}

impl fmt::Debug for Lever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lever").field("endpoints", &self.0.endpoints).finish_non_exhaustive()
    }
}
