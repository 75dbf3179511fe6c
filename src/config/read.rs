//! Reading single variables: an empty value counts as not set, and every complaint has the same form.

use std::collections::HashMap;
use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

/// One variable that is missing or malformed: which, what is wrong, and an example. Never the value: it may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}; for example {name}={example}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
    example: String,
}

/// `.env` is there and cannot be read: half of it would be worse than none. Never its content: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(".env cannot be read from the line that sets {0} on; put its value in quotes, for example {0}=\"a value\"")]
    Value(String),
    #[error(".env holds a line that is not NAME=value; for example LOG_FORMAT=json")]
    Line,
    #[error(".env cannot be read: {0}")]
    File(io::Error),
}

impl From<dotenvy::Error> for FileError {
    fn from(error: dotenvy::Error) -> Self {
        match error {
            dotenvy::Error::LineParse(line, _) => {
                let name = line.split('=').next().unwrap_or_default().trim().trim_start_matches("export ").trim();
                let is_name =
                    line.contains('=') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                if is_name { Self::Value(name.to_owned()) } else { Self::Line }
            }
            dotenvy::Error::Io(error) => Self::File(error),
            error => Self::File(io::Error::other(error)),
        }
    }
}

/// The variables of the environment, as they were at the start.
#[derive(Clone)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// The process's environment, and what `.env` in this folder or one above it sets beyond it.
    ///
    /// # Errors
    /// `.env` cannot be read.
    pub fn from_env_and_file() -> Result<Self, FileError> {
        match dotenvy::dotenv() {
            Err(error) if !error.not_found() => Err(FileError::from(error)),
            _ => Ok(Self::from_pairs(std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))))),
        }
    }

    /// Any pairs: tests, `dev` and `demo`.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value; `None` when not set or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(super) fn wrong(&self, name: &'static str, problem: impl Display, example: &str) -> ConfigError {
        ConfigError { name, problem: problem.to_string(), example: example.to_owned() }
    }

    pub(super) fn required(&self, name: &'static str, example: &str) -> Result<&str, ConfigError> {
        self.get(name).ok_or_else(|| self.wrong(name, "is missing", example))
    }

    /// The default doubles as the example.
    pub(super) fn parsed<T: FromStr>(&self, name: &'static str, default: &str, problem: &str) -> Result<T, ConfigError> {
        self.get(name).unwrap_or(default).parse().map_err(|_| self.wrong(name, problem, default))
    }

    /// Where to listen: `host:port`, the host a name or an address; without one, every address of this machine.
    pub(super) fn address(&self, name: &'static str, default: &str) -> Result<SocketAddr, ConfigError> {
        let given = self.get(name).unwrap_or(default);
        let whole = if given.starts_with(':') { format!("0.0.0.0{given}") } else { given.to_owned() };
        let found = whole.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
        found.ok_or_else(|| self.wrong(name, "is not an address with a port", default))
    }

    pub(super) fn boolean(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.get(name) {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(self.wrong(name, "is neither true nor false", "false")),
        }
    }

    /// A span of at least one second.
    pub(super) fn seconds(&self, name: &'static str, default: &str) -> Result<Duration, ConfigError> {
        match self.parsed(name, default, "is not a whole number of seconds")? {
            0 => Err(self.wrong(name, "must be at least 1", default)),
            seconds => Ok(Duration::from_secs(seconds)),
        }
    }

    /// A number from 0 up.
    pub(super) fn rate(&self, name: &'static str, default: &str) -> Result<f64, ConfigError> {
        let rate: f64 = self.parsed(name, default, "is not a number")?;
        if rate.is_finite() && rate >= 0.0 { Ok(rate) } else { Err(self.wrong(name, "must be 0 or more", default)) }
    }

    pub(super) fn url(&self, name: &'static str, example: &str) -> Result<Url, ConfigError> {
        self.required(name, example)?;
        self.url_or(name, example)
    }

    pub(super) fn optional_url(&self, name: &'static str, example: &str) -> Result<Option<Url>, ConfigError> {
        self.get(name).map(|_| self.url_or(name, example)).transpose()
    }

    pub(super) fn url_or(&self, name: &'static str, default: &str) -> Result<Url, ConfigError> {
        let url: Url = self.parsed(name, default, "is not an absolute url")?;
        if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(self.wrong(name, "is not an http(s) url", default)) }
    }

    /// Comma separated origins (scheme, host, port; no path).
    pub(super) fn origins(&self, name: &'static str) -> Result<Vec<String>, ConfigError> {
        let example = "https://app.example.com,https://staging.example.com";
        let listed = self.get(name).unwrap_or_default().split(',').map(str::trim).filter(|origin| !origin.is_empty());
        listed
            .map(|origin| match origin.parse::<Url>() {
                Ok(url) if url.origin().ascii_serialization() == origin.trim_end_matches('/') => Ok(url.origin().ascii_serialization()),
                _ => Err(self.wrong(name, "holds something that is not an origin", example)),
            })
            .collect()
    }
}
