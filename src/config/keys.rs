//! `ENCRYPTION_KEYS`: `id:base64-of-32-bytes`, comma separated; the first encrypts, all decrypt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{ConfigError, Variables};
use crate::crypto::Keyring;

const NAME: &str = "ENCRYPTION_KEYS";
const EXAMPLE: &str = "2026-11:$(openssl rand -base64 32)";

pub(super) fn read(vars: &Variables) -> Result<Keyring, ConfigError> {
    let mut keys: Vec<(String, Zeroizing<[u8; 32]>)> = Vec::new();
    for entry in vars.required(NAME, EXAMPLE)?.split(',').map(str::trim) {
        let (id, encoded) = entry.split_once(':').ok_or_else(|| vars.wrong(NAME, "holds a key without an id", EXAMPLE))?;
        if id.is_empty() || id.len() > 64 || keys.iter().any(|(known, _)| known == id) {
            return Err(vars.wrong(NAME, "holds a key whose id is empty, longer than 64 characters or used twice", EXAMPLE));
        }
        let bytes = Zeroizing::new(STANDARD.decode(encoded).unwrap_or_default());
        let bytes: [u8; 32] =
            bytes.as_slice().try_into().map_err(|_| vars.wrong(NAME, format!("holds a key ({id}) that is not 32 bytes in base64"), EXAMPLE))?;
        keys.push((id.to_owned(), Zeroizing::new(bytes)));
    }
    Ok(Keyring::new(keys))
}
