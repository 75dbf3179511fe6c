//! The signature of a delivery: HMAC-SHA256 over its token followed by its time. It does not cover
//! the data.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::dice::fresh_token;

/// Gives the body a fresh `token` and the `signature` of it and of the body's `triggeredAt`.
pub fn sign(body: &mut Value, key: &str) {
    let token = fresh_token();
    let message = format!("{token}{}", body["triggeredAt"]);
    body["token"] = json!(token);
    body["signature"] = json!(signature(key, &message));
}

fn signature(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha256_in_lower_case_hex() {
        // RFC 4231, test case 2.
        assert_eq!(signature("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
