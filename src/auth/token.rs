//! Bearer tokens: JWTs with `sub`, `org`, `role`, `email` and `exp`, signed with the shared secret or with a published key.
//!
//! A frontend sends the same token with every request. What was verified is known for a while, under the token's hash: a signature takes
//! longer to verify than all else that is done around a read.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use quick_cache::sync::Cache;
use secrecy::ExposeSecret;
use serde::Deserialize;
use uuid::Uuid;

use super::jwks::PublishedKeys;
use super::{Caller, Role};
use crate::clock::Clock;
use crate::config::{AuthConfig, VerifierConfig};
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::TenantId;

/// Clocks of two machines may differ by this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);
/// A verified token is not verified again for this long, also where it is traded for a session: so much later a published key is withdrawn.
const KNOWN_FOR: TimeDelta = TimeDelta::minutes(1);
/// Tokens that are known at once; beyond these, the ones used least are verified again.
const MOST_KNOWN: usize = 10_000;

/// Verifies callers' tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Rules>);

struct Rules {
    keys: Keys,
    validation: Validation,
    clock: Clock,
    /// By the token's hash.
    known: Cache<Vec<u8>, Arc<Known>>,
}

/// A token that was verified.
struct Known {
    caller: Caller,
    expires: DateTime<Utc>,
    verified_at: DateTime<Utc>,
}

enum Keys {
    Secret(DecodingKey),
    Published(PublishedKeys),
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    org: Uuid,
    role: Role,
    email: Option<String>,
    /// RFC 7519 allows fractions.
    exp: f64,
}

impl Verifier {
    /// # Errors
    /// No HTTP client for the published keys could be made.
    pub fn new(config: &AuthConfig, clock: Clock) -> anyhow::Result<Self> {
        let (keys, algorithms) = match &config.verifier {
            VerifierConfig::Secret(secret) => (Keys::Secret(DecodingKey::from_secret(secret.expose_secret().as_bytes())), vec![Algorithm::HS256]),
            VerifierConfig::Jwks(url) => {
                (Keys::Published(PublishedKeys::new(url.clone())?), vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA])
            }
        };
        // `exp` is demanded by `Claims` and judged by our own clock.
        let mut validation = Validation { algorithms, validate_exp: false, ..Validation::default() };
        validation.required_spec_claims.clear();
        match &config.audience {
            Some(audience) => validation.set_audience(&[audience]),
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &config.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".into());
        }
        if config.audience.is_some() {
            validation.required_spec_claims.insert("aud".into());
        }
        Ok(Self(Arc::new(Rules { keys, validation, clock, known: Cache::new(MOST_KNOWN) })))
    }

    /// Who sent this token.
    ///
    /// # Errors
    /// 401 with a sentence that says what is wrong with it.
    pub async fn verify(&self, token: &str) -> Result<Caller> {
        let (rules, now) = (&*self.0, self.0.clock.now());
        let name = crypto::hash(token);
        let known = match rules.known.get(&name).filter(|known| known.verified_at <= now && now < known.verified_at + KNOWN_FOR) {
            Some(known) => known,
            None => {
                let known = Arc::new(Known::of(rules.claims(token).await?, now));
                rules.known.insert(name, known.clone());
                known
            }
        };
        // By now, should the keys have been long in coming.
        if rules.clock.now() > known.expires + LEEWAY {
            return Err(Error::unauthenticated("The bearer token has expired. Get a new one."));
        }
        Ok(known.caller.clone())
    }
}

impl Known {
    fn of(claims: Claims, verified_at: DateTime<Utc>) -> Self {
        let expires = DateTime::from_timestamp(claims.exp as i64, 0).unwrap_or_default();
        let Claims { sub, org, role, email, .. } = claims;
        Self { caller: Caller { tenant: TenantId(org), user_id: sub, email: email.unwrap_or_default(), role }, expires, verified_at }
    }
}

impl Rules {
    /// What a token says that somebody has signed whom we trust; it may have expired.
    async fn claims(&self, token: &str) -> Result<Claims> {
        let refused = |_| not_valid();
        match &self.keys {
            Keys::Secret(key) => Ok(decode::<Claims>(token, key, &self.validation).map_err(refused)?.claims),
            Keys::Published(keys) => {
                let header = decode_header(token).map_err(refused)?;
                // A key verifies only with its own kind of algorithm.
                let mut validation = self.validation.clone();
                validation.algorithms.retain(|allowed| *allowed == header.alg);
                let candidates = keys.find(header.kid.as_deref()).await?;
                let mut verified = candidates.iter().map(|key| decode::<Claims>(token, key, &validation));
                Ok(verified.find_map(std::result::Result::ok).ok_or_else(not_valid)?.claims)
            }
        }
    }
}

fn not_valid() -> Error {
    Error::unauthenticated("The bearer token is not valid here.")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::{EncodingKey, Header, encode};
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "a secret that only this test knows";

    fn verifier() -> (Verifier, Clock) {
        let clock = Clock::manual(DateTime::from_timestamp(1_790_000_000, 0).expect("a time"));
        let config = AuthConfig { verifier: VerifierConfig::Secret(SecretString::from(SECRET)), issuer: None, audience: None };
        (Verifier::new(&config, clock.clone()).expect("a verifier"), clock)
    }

    fn token(clock: &Clock, seconds: i64, secret: &str) -> String {
        let expires = clock.now() + TimeDelta::seconds(seconds);
        let claims = json!({"sub": "u", "org": Uuid::from_u128(7), "role": "member", "email": "u@acme.example", "exp": expires.timestamp()});
        encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
    }

    #[tokio::test]
    async fn a_token_that_is_known_still_expires() {
        let (verifier, clock) = verifier();
        let token = token(&clock, 10, SECRET);
        clock.advance(Duration::from_secs(1));
        assert_eq!(verifier.verify(&token).await.expect("verified").user_id, "u");
        clock.advance(Duration::from_secs(14));
        assert_eq!(verifier.verify(&token).await.expect("known").tenant, TenantId(Uuid::from_u128(7)));
        clock.advance(Duration::from_secs(1));
        assert!(verifier.0.known.get(&crypto::hash(&token)).is_some());
        assert!(verifier.verify(&token).await.is_err());
        verifier.0.known.clear();
        assert!(verifier.verify(&token).await.is_err(), "nor when it is verified again");
    }

    #[tokio::test]
    async fn a_token_that_is_known_is_verified_again_and_vouches_for_no_other() {
        let (verifier, clock) = verifier();
        let (right, forged) = (token(&clock, 3600, SECRET), token(&clock, 3600, "a guess"));
        let verified_at = || verifier.0.known.get(&crypto::hash(&right)).map(|known| known.verified_at);
        assert!(verifier.verify(&right).await.is_ok() && verifier.verify(&forged).await.is_err() && verifier.verify(&forged).await.is_err());
        let first = clock.now();
        clock.advance(Duration::from_secs(59));
        assert!(verifier.verify(&right).await.is_ok());
        assert_eq!(verified_at(), Some(first));
        clock.advance(Duration::from_secs(1));
        assert!(verifier.verify(&right).await.is_ok());
        assert_eq!(verified_at(), Some(clock.now()));
    }
}
