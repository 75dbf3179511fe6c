//! The keys published at `AUTH_JWKS_URL`, kept for ten minutes, read again at once for a key id that is not among them (but not
//! more often than every ten seconds, so that made-up ids cannot make us hammer the publisher).

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, Result};
use crate::outbound;

const KEEP: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct PublishedKeys {
    url: Url,
    http: reqwest::Client,
    read: Arc<Mutex<Option<Read>>>,
}

/// The keys, and when they were read.
type Read = (Instant, Vec<Jwk>);

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl PublishedKeys {
    pub(super) fn new(url: Url) -> reqwest::Result<Self> {
        let http = outbound::client(&url).timeout(Duration::from_secs(5)).build()?;
        Ok(Self { url, http, read: Arc::default() })
    }

    /// The keys that may have signed: the one with this id, or any when the token names none. Never empty.
    pub(super) async fn find(&self, id: Option<&str>) -> Result<Vec<DecodingKey>> {
        let mut read = self.read.lock().await;
        let found = read.as_ref().and_then(|(_, keys)| pick(keys, id));
        let age = read.as_ref().map_or(Duration::MAX, |(at, _)| at.elapsed());
        let stale = age > KEEP || (found.is_none() && age > PAUSE);
        if !stale {
            return found.ok_or_else(unknown_key);
        }
        match self.fetch().await {
            Ok(keys) => {
                let found = pick(&keys, id);
                *read = Some((Instant::now(), keys));
                found.ok_or_else(unknown_key)
            }
            // An old key is better than none while the publisher is away.
            Err(error) => found.ok_or_else(|| {
                Error::unavailable("token_keys_unavailable", "Your token cannot be verified right now. Try again shortly.", PAUSE).caused_by(error)
            }),
        }
    }

    /// A key of a kind that is not known here is left out; it spoils none of the others.
    async fn fetch(&self) -> reqwest::Result<Vec<Jwk>> {
        let published: Published = self.http.get(self.url.clone()).send().await?.error_for_status()?.json().await?;
        Ok(published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }
}

fn pick(keys: &[Jwk], id: Option<&str>) -> Option<Vec<DecodingKey>> {
    let named = keys.iter().filter(|key| id.is_none() || key.common.key_id.as_deref() == id);
    let picked: Vec<_> = named.filter_map(|key| DecodingKey::from_jwk(key).ok()).collect();
    (!picked.is_empty()).then_some(picked)
}

fn unknown_key() -> Error {
    Error::unauthenticated("The bearer token is signed with a key that is not known here.")
}
