//! Bearer tokens: JWTs with `sub`, `org`, `role`, `email` and `exp`, signed with the shared secret or with a published key.

use std::sync::Arc;

use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use uuid::Uuid;

use super::jwks::PublishedKeys;
use super::{Caller, Role};
use crate::clock::Clock;
use crate::config::{AuthConfig, VerifierConfig};
use crate::error::{Error, Result};
use crate::ids::TenantId;

/// Clocks of two machines may differ by this much.
const LEEWAY_SECONDS: i64 = 30;

/// Verifies callers' tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Rules>);

struct Rules {
    keys: Keys,
    validation: Validation,
    clock: Clock,
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
        Ok(Self(Arc::new(Rules { keys, validation, clock })))
    }

    /// Who sent this token.
    ///
    /// # Errors
    /// 401 with a sentence that says what is wrong with it.
    pub async fn verify(&self, token: &str) -> Result<Caller> {
        let refused = |_| not_valid();
        let Rules { keys, validation, clock } = &*self.0;
        let claims = match keys {
            Keys::Secret(key) => decode::<Claims>(token, key, validation).map_err(refused)?.claims,
            Keys::Published(keys) => {
                let header = decode_header(token).map_err(refused)?;
                // A key verifies only with its own kind of algorithm.
                let mut validation = validation.clone();
                validation.algorithms.retain(|allowed| *allowed == header.alg);
                let candidates = keys.find(header.kid.as_deref()).await?;
                let mut verified = candidates.iter().map(|key| decode::<Claims>(token, key, &validation));
                verified.find_map(std::result::Result::ok).ok_or_else(not_valid)?.claims
            }
        };
        let expires = DateTime::from_timestamp(claims.exp as i64, 0).unwrap_or_default();
        if clock.now() > expires + chrono::TimeDelta::seconds(LEEWAY_SECONDS) {
            return Err(Error::unauthenticated("The bearer token has expired. Get a new one."));
        }
        Ok(Caller { tenant: TenantId(claims.org), user_id: claims.sub, email: claims.email.unwrap_or_default(), role: claims.role })
    }
}

fn not_valid() -> Error {
    Error::unauthenticated("The bearer token is not valid here.")
}
