//! Access tokens in the shape of Lever's: a JWT whose claims name the user, the account and the
//! client. The signature is random bytes, because only this server would check it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub struct Claims<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    pub account: &'a str,
    pub user: &'a str,
    pub client: &'a str,
    pub scope: &'a str,
    /// Seconds since the epoch.
    pub issued_at: i64,
    pub expires_at: i64,
}

pub fn token(claims: &Claims) -> String {
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({"alg": "RS256", "typ": "JWT", "kid": "stand-in"}));
    let payload = part(json!({
        "https://oauth.lever.co/userId": claims.user,
        "https://oauth.lever.co/accountId": claims.account,
        "https://oauth.lever.co/clientId": claims.client,
        "iss": claims.issuer,
        "sub": format!("auth0|{}", claims.user),
        "aud": claims.audience,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "azp": claims.client,
        "scope": claims.scope,
    }));
    format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}
