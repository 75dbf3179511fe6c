//! Whether a delivery comes from Lever: lower-case hex of HMAC-SHA256 over its token followed by its time in decimal.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const SIGNATURE_BYTES: usize = 32;

/// Compares in constant time. `triggered_at` is in milliseconds; Lever signs its digits as they stand in the body, which for a JSON
/// integer are the only ones it can have.
pub(super) fn is_authentic(key: &SecretString, token: &str, triggered_at: i64, signature: &str) -> bool {
    let Some(claimed) = lower_case_hex(signature) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(token.as_bytes());
    mac.update(triggered_at.to_string().as_bytes());
    mac.verify_slice(&claimed).is_ok()
}

/// Exactly what Lever writes; other spellings of the same bytes are somebody else's.
fn lower_case_hex(signature: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(signature, &mut bytes).ok()?;
    (!signature.bytes().any(|c| c.is_ascii_uppercase())).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Signed with `openssl dgst -sha256 -hmac`, so that this test and the code cannot share a mistake.
    const KEY: &str = "an-invented-signature-token";
    const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";
    const TRIGGERED_AT: i64 = 1_431_454_330_072;
    const SIGNATURE: &str = "84d7624663efa21d8d9c867a37be2d3b74b5bb735b38c1618acf5bc5b2e6487d";

    fn check(key: &str, token: &str, triggered_at: i64, signature: &str) -> bool {
        is_authentic(&key.into(), token, triggered_at, signature)
    }

    #[test]
    fn levers_signature_is_believed() {
        assert!(check(KEY, TOKEN, TRIGGERED_AT, SIGNATURE));
    }

    #[test]
    fn any_other_key_token_time_or_spelling_is_refused() {
        assert!(!check("another-signature-token", TOKEN, TRIGGERED_AT, SIGNATURE));
        assert!(!check(KEY, &TOKEN.replace('0', "1"), TRIGGERED_AT, SIGNATURE));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT + 1, SIGNATURE));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT, &SIGNATURE.to_uppercase()));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT, &SIGNATURE[..62]));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT, &format!("{SIGNATURE}00")));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT, &format!(" {SIGNATURE}")));
        assert!(!check(KEY, TOKEN, TRIGGERED_AT, ""));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(byte in 0..SIGNATURE_BYTES, bit in 0u8..8) {
            let mut bytes = lower_case_hex(SIGNATURE).expect("hex");
            bytes[byte] ^= 1 << bit;
            prop_assert!(!check(KEY, TOKEN, TRIGGERED_AT, &hex::encode(bytes)));
        }

        #[test]
        fn rubbish_is_refused_without_a_panic(signature in "\\PC{0,80}", token in "\\PC{0,80}", triggered_at: i64) {
            prop_assert!(!check(KEY, &token, triggered_at, &signature));
        }
    }
}
