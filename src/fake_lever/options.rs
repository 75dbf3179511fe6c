//! What a stand-in Lever server can be told at its start.
//!
//! Everything has a default that behaves as Lever does, so that a test names only what it is about.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Settings of one stand-in server. It has no `Debug`: it holds a client secret.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Opportunities generated per account.
    pub opportunities: usize,
    /// The same seed (and day) gives the same data.
    pub seed: u64,
    /// Customer accounts on this server.
    pub accounts: usize,
    /// Steady rate of each account's token bucket; 0 means no limit.
    pub requests_per_second: f64,
    /// Size of each account's token bucket.
    pub burst: f64,
    /// How long a request and its answer are on their way together; none at first.
    pub round_trip: Duration,
    /// By how much of itself each way may be longer or shorter, 0..=1.
    pub jitter: f64,
    /// How clients reach this server when that differs from the address it listens on.
    pub public_url: Option<String>,
    pub client_id: String,
    pub client_secret: String,
    /// For how long a spent refresh token may be used again before that revokes its family.
    pub refresh_overlap: Duration,
    /// Share of the opportunities that are not archived, 0..=1.
    pub active_share: f64,
    /// Fixed time in milliseconds since the epoch; `None` follows the wall clock.
    pub now_ms: Option<i64>,
    /// The wait before each further try of a delivery; as many tries as waits.
    pub delivery_waits: Vec<Duration>,
    /// Whether deliveries carry the documented `id`.
    pub delivery_ids: bool,
    /// Whether a further try gets a token, time and signature of its own.
    pub delivery_resigned: bool,
    /// Whether a panel deleted through the API vanishes instead of staying listed as canceled.
    /// Neither has been recorded.
    pub deleted_panels_vanish: bool,
    /// A data centre that every account lives in: calls of the API and of the token endpoint are redirected below this path.
    pub data_centre: Option<String>,
    /// Whether answers have the form of Lever's documentation where that differs from the
    /// recorded one.
    pub documented_answers: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            opportunities: 1_000,
            seed: 7,
            accounts: 2,
            requests_per_second: 10.0,
            burst: 20.0,
            round_trip: Duration::ZERO,
            jitter: 0.0,
            public_url: None,
            client_id: "stand-in-client".to_owned(),
            client_secret: "stand-in-secret".to_owned(),
            refresh_overlap: Duration::ZERO,
            active_share: 0.2,
            now_ms: None,
            delivery_waits: [1, 5, 30, 120, 600].map(Duration::from_secs).to_vec(),
            delivery_ids: true,
            delivery_resigned: false,
            deleted_panels_vanish: false,
            data_centre: None,
            documented_answers: false,
        }
    }
}

/// Arguments of the `fake-lever` subcommand.
#[derive(Clone, clap::Args)]
pub struct Args {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// Opportunities per account
    #[arg(long, default_value_t = 1_000)]
    pub opportunities: usize,
    /// Seed of the generated data
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Customer accounts
    #[arg(long, default_value_t = 2)]
    pub accounts: usize,
    /// Steady requests per second and account; 0 = no limit
    #[arg(long, default_value_t = 10.0)]
    pub requests_per_second: f64,
    /// Requests an account may send at once
    #[arg(long, default_value_t = 20.0)]
    pub burst: f64,
    /// Milliseconds that a request and its answer are on their way together
    #[arg(long, default_value_t = 0)]
    pub round_trip_ms: u64,
    /// By how much of itself each way may be longer or shorter, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub jitter: f64,
    /// OAuth client id the service is registered with
    #[arg(long, default_value = "stand-in-client")]
    pub client_id: String,
    /// OAuth client secret the service is registered with
    #[arg(long, default_value = "stand-in-secret", hide_default_value = true)]
    pub client_secret: String,
}

impl Options {
    /// How long a request, or its answer, is on its way this time.
    pub(super) fn one_way(&self) -> Duration {
        self.round_trip.mul_f64((1.0 + self.jitter * rand::random_range(-1.0..=1.0)) / 2.0)
    }
}

impl From<Args> for Options {
    fn from(args: Args) -> Self {
        Self {
            listen: args.listen,
            opportunities: args.opportunities,
            seed: args.seed,
            accounts: args.accounts,
            requests_per_second: args.requests_per_second,
            burst: args.burst,
            round_trip: Duration::from_millis(args.round_trip_ms),
            jitter: args.jitter.clamp(0.0, 1.0),
            client_id: args.client_id,
            client_secret: args.client_secret,
            ..Self::default()
        }
    }
}
