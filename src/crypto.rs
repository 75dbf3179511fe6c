//! Sealing of secrets at rest, and hashing of those that only need to be recognised.
//!
//! A sealed value is `version (1) | key id length (1) | key id | nonce (24) | ciphertext and tag`, XChaCha20-Poly1305. The context
//! (organization and column) is authenticated with it: a value copied to another row, column or organization does not open.
//! The first key of `ENCRYPTION_KEYS` seals, every key opens; so a key is rotated by putting a new one in front.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ids::TenantId;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// The keys of this installation, newest first.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

/// Where a sealed value belongs. It opens only there.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub tenant: TenantId,
    /// Table and column, and the row where there can be several.
    pub column: &'static str,
}

impl Place {
    fn context(self) -> Vec<u8> {
        [self.tenant.0.as_bytes().as_slice(), self.column.as_bytes()].concat()
    }
}

/// By which key a value is sealed, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The first one.
    Current,
    /// One that opens but seals no longer.
    Older,
    /// None that is configured, or it is no sealed value at all.
    Unknown,
}

/// Why a sealed value did not open. Never says anything of its content.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    #[error("the sealed value is damaged")]
    Malformed,
    #[error("no key with id {0:?} is configured")]
    UnknownKey(String),
    #[error("the sealed value does not belong here, was changed, or was sealed with another key of the same id")]
    Rejected,
}

impl Keyring {
    /// `keys`: (id, 32 bytes), the one that seals first. Ids have 1..=255 bytes.
    pub fn new(keys: Vec<(String, Zeroizing<[u8; 32]>)>) -> Self {
        let keys = keys.into_iter().map(|(id, bytes)| Key { id, cipher: XChaCha20Poly1305::new((&*bytes).into()) }).collect();
        Self { keys }
    }

    /// Seals `secret` for `place` with the first key.
    pub fn seal(&self, place: Place, secret: &SecretString) -> Vec<u8> {
        let key = self.keys.first().expect("the configuration demands at least one key");
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &place.context() };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).expect("the cipher takes any length that fits in memory");
        let mut out = Vec::with_capacity(2 + key.id.len() + NONCE_BYTES + sealed.len());
        out.extend([VERSION, key.id.len() as u8]);
        out.extend(key.id.as_bytes());
        out.extend(nonce);
        out.extend(sealed);
        out
    }

    /// By which key a value is sealed. Says nothing about whether it opens.
    pub fn standing(&self, sealed: &[u8]) -> Standing {
        let at = split(sealed).ok().and_then(|(id, ..)| self.keys.iter().position(|key| key.id == id));
        match at {
            Some(0) => Standing::Current,
            Some(_) => Standing::Older,
            None => Standing::Unknown,
        }
    }

    /// Opens what [`Keyring::seal`] made for the same place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<SecretString, OpenError> {
        let (id, nonce, ciphertext) = split(sealed)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| OpenError::UnknownKey(id.to_owned()))?;
        let payload = Payload { msg: ciphertext, aad: &place.context() };
        let plain = Zeroizing::new(key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| OpenError::Rejected)?);
        String::from_utf8(plain.to_vec()).map(SecretString::from).map_err(|_| OpenError::Rejected)
    }
}

fn split(sealed: &[u8]) -> Result<(&str, [u8; NONCE_BYTES], &[u8]), OpenError> {
    let [VERSION, id_length, rest @ ..] = sealed else { return Err(OpenError::Malformed) };
    let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(OpenError::Malformed)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Malformed)?;
    Ok((std::str::from_utf8(id).map_err(|_| OpenError::Malformed)?, *nonce, ciphertext))
}

/// SHA-256: for secrets that are only ever compared (session cookies, OAuth states, delivery tokens), all of them random
/// and long, so that a plain hash cannot be searched.
pub fn hash(secret: impl AsRef<[u8]>) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// `N` random bytes from the system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn keyring(ids: &[(&str, u8)]) -> Keyring {
        Keyring::new(ids.iter().map(|(id, fill)| ((*id).to_owned(), Zeroizing::new([*fill; 32]))).collect())
    }

    fn place(tenant: u128, column: &'static str) -> Place {
        Place { tenant: TenantId(Uuid::from_u128(tenant)), column }
    }

    #[test]
    fn an_older_key_still_opens_after_rotation_and_is_missed_when_removed() {
        let sealed = keyring(&[("old", 1)]).seal(place(1, "a"), &"secret".into());
        let opened = keyring(&[("new", 2), ("old", 1)]).open(place(1, "a"), &sealed).expect("the old key is still there");
        assert_eq!(opened.expose_secret(), "secret");
        assert_eq!(keyring(&[("new", 2)]).open(place(1, "a"), &sealed).err(), Some(OpenError::UnknownKey("old".into())));
        assert_eq!(keyring(&[("old", 9)]).open(place(1, "a"), &sealed).err(), Some(OpenError::Rejected));
    }

    #[test]
    fn a_value_moved_to_another_organization_or_column_does_not_open() {
        let keys = keyring(&[("k", 1)]);
        let sealed = keys.seal(place(1, "a"), &"secret".into());
        assert_eq!(keys.open(place(2, "a"), &sealed).err(), Some(OpenError::Rejected));
        assert_eq!(keys.open(place(1, "b"), &sealed).err(), Some(OpenError::Rejected));
    }

    proptest! {
        #[test]
        fn whatever_bit_is_flipped_it_does_not_open(byte in 0usize..64, bit in 0u8..8) {
            let keys = keyring(&[("k", 1)]);
            let mut sealed = keys.seal(place(1, "a"), &"a secret of some length".into());
            let at = byte % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert!(keys.open(place(1, "a"), &sealed).is_err());
        }

        #[test]
        fn rubbish_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(keyring(&[("k", 1)]).open(place(1, "a"), &bytes).is_err());
        }
    }
}
