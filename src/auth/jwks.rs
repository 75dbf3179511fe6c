//! The keys published at `AUTH_JWKS_URL`, kept for ten minutes, read again at once for a key id that is not among them (but not
//! more often than every ten seconds, so that made-up ids cannot make us hammer the publisher).

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, Result};

const KEEP: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct PublishedKeys {
    url: Url,
    http: reqwest::Client,
    read: Arc<Mutex<Option<(Instant, JwkSet)>>>,
}

impl PublishedKeys {
    pub(super) fn new(url: Url) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { url, http, read: Arc::default() })
    }

    /// The key with this id; the only one when the token names none.
    pub(super) async fn find(&self, id: Option<&str>) -> Result<DecodingKey> {
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

    async fn fetch(&self) -> reqwest::Result<JwkSet> {
        self.http.get(self.url.clone()).send().await?.error_for_status()?.json().await
    }
}

fn pick(keys: &JwkSet, id: Option<&str>) -> Option<DecodingKey> {
    let jwk = match (id, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id)?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    DecodingKey::from_jwk(jwk).ok()
}

fn unknown_key() -> Error {
    Error::unauthenticated("The bearer token is signed with a key that is not known here.")
}
