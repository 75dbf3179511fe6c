//! Configuration from the environment (and `.env`): a struct per concern, read once at the start.
//!
//! A missing or malformed value stops the start with one line that names the variable, what is wrong and an example.
//! `.env.example` lists every variable with its default; a test holds it against this module.

mod keys;
mod read;

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::crypto::Keyring;
pub use read::{ConfigError, FileError, Variables};

/// Everything `serve` needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    pub database: DatabaseConfig,
    pub http: HttpConfig,
    pub lever: LeverConfig,
    pub auth: AuthConfig,
    pub sync: SyncConfig,
    pub log_format: LogFormat,
    pub keyring: Keyring,
    /// `dev` only: a sign-in page with invented people. There is no variable for it.
    pub demo_people: bool,
}

#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Holds a password: never logged.
    pub url: SecretString,
    pub migrate_on_start: bool,
}

#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    /// How browsers and Lever reach the service, without a trailing slash in its path.
    pub public_url: Url,
    pub cors_allowed_origins: Vec<String>,
    pub sign_in_url: Option<Url>,
    pub max_body_bytes: usize,
    /// Of one caller, on average; 0 = no limit (benchmarks).
    pub caller_requests_per_second: f64,
    pub metrics: Option<SocketAddr>,
}

impl HttpConfig {
    /// An absolute url of ours; `path` begins with a slash.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// Cookies are `Secure` when browsers come over https.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Which Lever, and as whom.
#[derive(Clone, Debug)]
pub struct LeverConfig {
    pub environment: LeverEnvironment,
    pub api_url: Url,
    pub authorize_url: Url,
    pub token_url: Url,
    pub audience: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Upstream budget per connected account; 0 = no limit (benchmarks).
    pub requests_per_second: f64,
    pub burst: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeverEnvironment {
    Production,
    Sandbox,
}

impl LeverEnvironment {
    /// As stored with a connection and named in errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    /// api, authorize, token, audience.
    const fn addresses(self) -> [&'static str; 4] {
        match self {
            Self::Production => {
                ["https://api.lever.co/v1", "https://auth.lever.co/authorize", "https://auth.lever.co/oauth/token", "https://api.lever.co/v1/"]
            }
            Self::Sandbox => [
                "https://api.sandbox.lever.co/v1",
                "https://sandbox-lever.auth0.com/authorize",
                "https://sandbox-lever.auth0.com/oauth/token",
                "https://api.sandbox.lever.co/v1/",
            ],
        }
    }
}

/// How callers' tokens are verified.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    pub verifier: VerifierConfig,
    pub issuer: Option<String>,
    pub audience: Option<String>,
}

#[derive(Clone, Debug)]
pub enum VerifierConfig {
    /// HS256 with a shared secret.
    Secret(SecretString),
    /// RS256, ES256 or EdDSA with the keys published there.
    Jwks(Url),
}

#[derive(Clone, Debug)]
pub struct SyncConfig {
    pub interval: Duration,
    pub reconcile_interval: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Config {
    /// Reads the configuration of `serve`.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn read(vars: &Variables) -> Result<Self, ConfigError> {
        let http = HttpConfig::read(vars)?;
        Ok(Self {
            database: DatabaseConfig::read(vars)?,
            lever: LeverConfig::read(vars)?,
            auth: AuthConfig::read(vars)?,
            sync: SyncConfig::read(vars)?,
            log_format: read_log_format(vars)?,
            keyring: keys::read(vars)?,
            demo_people: false,
            http,
        })
    }
}

impl DatabaseConfig {
    /// `migrate` needs nothing but this.
    ///
    /// # Errors
    /// `DATABASE_URL` missing or not a Postgres url.
    pub fn read(vars: &Variables) -> Result<Self, ConfigError> {
        let example = "postgres://user:password@localhost:5432/lever";
        let url = vars.required("DATABASE_URL", example)?;
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(vars.wrong("DATABASE_URL", "is not a postgres:// url", example));
        }
        Ok(Self { url: url.into(), migrate_on_start: vars.boolean("MIGRATE_ON_START", true)? })
    }
}

impl HttpConfig {
    fn read(vars: &Variables) -> Result<Self, ConfigError> {
        let listen = vars.address("LISTEN_ADDR", "127.0.0.1:8080")?;
        // Who listens to this machine alone is reached from it.
        let local = format!("http://{listen}");
        let public_url =
            if listen.ip().is_loopback() { vars.url_or("PUBLIC_URL", &local)? } else { vars.url("PUBLIC_URL", "https://lever.example.com")? };
        Ok(Self {
            listen,
            public_url,
            cors_allowed_origins: vars.origins("CORS_ALLOWED_ORIGINS")?,
            sign_in_url: vars.optional_url("SIGN_IN_URL", "https://app.example.com/login")?,
            max_body_bytes: vars.parsed("MAX_BODY_BYTES", "1048576", "is not a whole number of bytes")?,
            caller_requests_per_second: vars.rate("CALLER_REQUESTS_PER_SECOND", "5000")?,
            metrics: vars.get("METRICS_ADDR").map(|_| vars.address("METRICS_ADDR", "127.0.0.1:9090")).transpose()?,
        })
    }
}

impl LeverConfig {
    fn read(vars: &Variables) -> Result<Self, ConfigError> {
        let environment = match vars.get("LEVER_ENVIRONMENT").unwrap_or("production") {
            "production" => LeverEnvironment::Production,
            "sandbox" => LeverEnvironment::Sandbox,
            _ => return Err(vars.wrong("LEVER_ENVIRONMENT", "is neither production nor sandbox", "production")),
        };
        let [api, authorize, token, audience] = environment.addresses();
        Ok(Self {
            environment,
            api_url: vars.url_or("LEVER_API_URL", api)?,
            authorize_url: vars.url_or("LEVER_AUTHORIZE_URL", authorize)?,
            token_url: vars.url_or("LEVER_TOKEN_URL", token)?,
            audience: vars.get("LEVER_AUDIENCE").unwrap_or(audience).to_owned(),
            client_id: vars.required("LEVER_CLIENT_ID", "the client id of your application, from Lever's developer portal")?.to_owned(),
            client_secret: vars.required("LEVER_CLIENT_SECRET", "the client secret of your application, from Lever's developer portal")?.into(),
            requests_per_second: vars.rate("LEVER_REQUESTS_PER_SECOND", "10")?,
            burst: vars.rate("LEVER_BURST", "20")?,
        })
    }
}

impl AuthConfig {
    fn read(vars: &Variables) -> Result<Self, ConfigError> {
        let example = "a random text of at least 32 characters";
        let verifier = match (vars.get("AUTH_JWT_SECRET"), vars.optional_url("AUTH_JWKS_URL", "https://app.example.com/.well-known/jwks.json")?) {
            (None, None) => return Err(vars.wrong("AUTH_JWT_SECRET", "is missing, and so is AUTH_JWKS_URL: set one of them", example)),
            (Some(_), Some(_)) => return Err(vars.wrong("AUTH_JWT_SECRET", "is set beside AUTH_JWKS_URL: set only one of them", example)),
            (Some(secret), None) => VerifierConfig::Secret(secret.into()),
            (None, Some(url)) => VerifierConfig::Jwks(url),
        };
        Ok(Self { verifier, issuer: vars.get("AUTH_ISSUER").map(str::to_owned), audience: vars.get("AUTH_AUDIENCE").map(str::to_owned) })
    }
}

impl VerifierConfig {
    /// A secret that can be guessed: HS256 wants as many bits as its hash has.
    pub fn is_weak(&self) -> bool {
        matches!(self, Self::Secret(secret) if secret.expose_secret().len() < 32)
    }
}

impl SyncConfig {
    fn read(vars: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { interval: vars.seconds("SYNC_INTERVAL_SECONDS", "120")?, reconcile_interval: vars.seconds("RECONCILE_INTERVAL_SECONDS", "86400")? })
    }
}

/// Read by itself, before anything else: the first log line already needs it.
///
/// # Errors
/// `LOG_FORMAT` is neither `text` nor `json`.
pub fn read_log_format(vars: &Variables) -> Result<LogFormat, ConfigError> {
    match vars.get("LOG_FORMAT").unwrap_or("text") {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(vars.wrong("LOG_FORMAT", "is neither text nor json", "json")),
    }
}

/// As [`read_log_format`]; `default` counts where `RUST_LOG` is not set.
///
/// # Errors
/// `RUST_LOG` is not a filter: silence where somebody wanted to see everything would be worse.
pub fn read_log_filter(vars: &Variables, default: &str) -> Result<EnvFilter, ConfigError> {
    let given = vars.get("RUST_LOG").unwrap_or(default);
    EnvFilter::try_new(given).map_err(|_| vars.wrong("RUST_LOG", "is not a list of filters", "info,lever_integration=debug"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn vars(changes: &[(&str, &str)]) -> Variables {
        let mut all = vec![
            ("DATABASE_URL", "postgres://localhost/lever"),
            ("PUBLIC_URL", "https://lever.example.com/"),
            ("LEVER_CLIENT_ID", "id"),
            ("LEVER_CLIENT_SECRET", "a-client-secret"),
            ("AUTH_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
            ("ENCRYPTION_KEYS", KEY),
        ];
        for change in changes {
            all.retain(|(name, _)| *name != change.0);
            all.push(*change);
        }
        Variables::from_pairs(all)
    }

    #[test]
    fn the_defaults_are_levers_production_addresses() {
        let config = Config::read(&vars(&[])).expect("complete");
        assert_eq!(config.lever.api_url.as_str(), "https://api.lever.co/v1");
        assert_eq!(config.lever.authorize_url.as_str(), "https://auth.lever.co/authorize");
        assert_eq!(config.lever.token_url.as_str(), "https://auth.lever.co/oauth/token");
        assert_eq!(config.lever.audience, "https://api.lever.co/v1/");
        assert_eq!((config.lever.requests_per_second, config.lever.burst), (10.0, 20.0));
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.http.max_body_bytes, 1024 * 1024);
        assert_eq!(config.http.caller_requests_per_second, 5000.0);
        assert_eq!(config.http.public("/integrations"), "https://lever.example.com/integrations");
        assert_eq!(config.sync.interval, Duration::from_secs(120));
    }

    #[test]
    fn a_sandbox_account_has_its_own_four_addresses_and_each_can_be_overridden() {
        let config = Config::read(&vars(&[("LEVER_ENVIRONMENT", "sandbox"), ("LEVER_TOKEN_URL", "http://localhost:9/token")])).expect("complete");
        assert_eq!(config.lever.api_url.as_str(), "https://api.sandbox.lever.co/v1");
        assert_eq!(config.lever.audience, "https://api.sandbox.lever.co/v1/");
        assert_eq!(config.lever.token_url.as_str(), "http://localhost:9/token");
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_with_the_variable_and_an_example() {
        for (name, value) in [
            ("DATABASE_URL", "mysql://x"),
            ("DATABASE_URL", ""),
            ("PUBLIC_URL", "lever.example.com"),
            ("LISTEN_ADDR", "8080"),
            ("MAX_BODY_BYTES", "1MB"),
            ("CALLER_REQUESTS_PER_SECOND", "plenty"),
            ("LEVER_ENVIRONMENT", "staging"),
            ("LEVER_REQUESTS_PER_SECOND", "-1"),
            ("AUTH_JWT_SECRET", ""),
            ("SYNC_INTERVAL_SECONDS", "0"),
            ("ENCRYPTION_KEYS", "k1:short"),
            ("ENCRYPTION_KEYS", ""),
            ("LOG_FORMAT", "xml"),
            ("MIGRATE_ON_START", "perhaps"),
            ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ] {
            let said = Config::read(&vars(&[(name, value)])).expect_err(name).to_string();
            assert!(said.starts_with(name), "{said}");
            assert!(said.contains("for example"), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }

    #[test]
    fn addresses_may_be_names_and_one_of_this_machine_is_public_enough() {
        let local = Config::read(&vars(&[("LISTEN_ADDR", "localhost:9000"), ("PUBLIC_URL", "")])).expect("complete");
        assert!(local.http.listen.ip().is_loopback());
        assert_eq!(local.http.public("/x"), format!("http://{}/x", local.http.listen));
        let everywhere = Config::read(&vars(&[("LISTEN_ADDR", ":9000")])).expect("complete");
        assert_eq!(everywhere.http.listen.to_string(), "0.0.0.0:9000");
        let said = Config::read(&vars(&[("LISTEN_ADDR", "0.0.0.0:9000"), ("PUBLIC_URL", "")])).expect_err("nobody can guess it").to_string();
        assert!(said.starts_with("PUBLIC_URL is missing"), "{said}");
    }

    #[test]
    fn a_short_secret_is_weak_and_still_one() {
        assert!(AuthConfig::read(&vars(&[("AUTH_JWT_SECRET", "short")])).expect("complete").verifier.is_weak());
        assert!(!AuthConfig::read(&vars(&[])).expect("complete").verifier.is_weak());
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?}", Config::read(&vars(&[("DATABASE_URL", "postgres://u:hunter22@localhost/x")])).expect("complete"));
        for secret in ["hunter22", "a-client-secret", "0123456789abcdef", "AAECAw"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn the_example_file_lists_every_variable_that_is_read() {
        let example = include_str!("../../.env.example");
        let listed = |name: &str| example.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{name}=")));
        let sources = [include_str!("mod.rs"), include_str!("keys.rs")].concat();
        let code = sources.split("#[cfg(test)]").next().expect("code before tests");
        let read: Vec<&str> = code.split('"').filter(|text| text.len() > 5 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')).collect();
        assert!(read.len() > 20, "{read:?}");
        for name in read.iter().chain(&["ENCRYPTION_KEYS", "RUST_LOG"]) {
            assert!(listed(name), "{name} is missing in .env.example");
        }
        // Its defaults are the ones in force.
        let set = example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let shown = format!("{:?}", Config::read(&vars(&set.collect::<Vec<_>>())).expect("the defaults are valid"));
        assert_eq!(shown, format!("{:?}", Config::read(&vars(&[])).expect("complete")));
    }
}
