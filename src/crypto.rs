//! Sealing of secrets at rest, and hashing of those that only need to be recognised.
//!
//! A sealed value is `version (1) | key id length (1) | key id | nonce (24) | ciphertext and tag`, XChaCha20-Poly1305. The context
//! (organization, column, and the row where there can be several) is authenticated with it: a value copied to another row, column or
//! organization does not open. Version 1 knows no row; where there is one it is still opened, and sealed anew as version 2.
//! The first key of `ENCRYPTION_KEYS` seals, every key opens; so a key is rotated by putting a new one in front.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ids::TenantId;

/// Of a value whose column has one row for each organization.
const OF_COLUMN: u8 = 1;
const OF_ROW: u8 = 2;
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
pub struct Place<'a> {
    pub tenant: TenantId,
    /// Table and column.
    pub column: &'static str,
    /// The row, where an organization can have several.
    pub row: Option<&'a str>,
}

impl Place<'_> {
    fn version(self) -> u8 {
        if self.row.is_some() { OF_ROW } else { OF_COLUMN }
    }

    /// `None`: values of this version do not belong in such a place.
    fn context(self, version: u8) -> Option<Vec<u8>> {
        let column = [self.tenant.0.as_bytes().as_slice(), self.column.as_bytes()].concat();
        match (version, self.row) {
            (OF_COLUMN, _) => Some(column),
            // No column's name holds a zero byte, so nothing else has this context.
            (OF_ROW, Some(row)) => Some([&column, [0].as_slice(), row.as_bytes()].concat()),
            _ => None,
        }
    }
}

/// How a sealed value stands, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The first key opens it.
    Current,
    /// A key opens it that seals no longer.
    Older,
    /// It was sealed by a key that is not configured.
    Unknown,
    /// Its key is there, and it does not open: it was changed, or put where it does not belong.
    Damaged,
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
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Vec<u8> {
        self.keys.first().expect("the configuration demands at least one key").seal(place, secret)
    }

    /// The ids of the keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Seals with the key of this id; `None` when there is none.
    pub fn seal_with(&self, id: &str, place: Place<'_>, secret: &SecretString) -> Option<Vec<u8>> {
        self.keys.iter().find(|key| key.id == id).map(|key| key.seal(place, secret))
    }

    /// How a value stands that belongs there.
    pub fn standing(&self, place: Place<'_>, sealed: &[u8]) -> Standing {
        match self.open(place, sealed) {
            Ok(_) if self.sealed_by_first(sealed) => Standing::Current,
            Ok(_) => Standing::Older,
            Err(OpenError::UnknownKey(_)) => Standing::Unknown,
            Err(OpenError::Malformed | OpenError::Rejected) => Standing::Damaged,
        }
    }

    /// Whether it would be sealed just so today.
    pub fn is_newest(&self, place: Place<'_>, sealed: &[u8]) -> bool {
        sealed.first() == Some(&place.version()) && self.sealed_by_first(sealed)
    }

    fn sealed_by_first(&self, sealed: &[u8]) -> bool {
        split(sealed).is_ok_and(|parts| self.keys.first().is_some_and(|key| key.id == parts.key))
    }

    /// Opens what [`Keyring::seal`] made for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, OpenError> {
        let parts = split(sealed)?;
        let key = self.keys.iter().find(|key| key.id == parts.key).ok_or_else(|| OpenError::UnknownKey(parts.key.to_owned()))?;
        let context = place.context(parts.version).ok_or(OpenError::Rejected)?;
        let payload = Payload { msg: parts.ciphertext, aad: &context };
        let plain = Zeroizing::new(key.cipher.decrypt(&XNonce::from(parts.nonce), payload).map_err(|_| OpenError::Rejected)?);
        String::from_utf8(plain.to_vec()).map(SecretString::from).map_err(|_| OpenError::Rejected)
    }
}

impl Key {
    fn seal(&self, place: Place<'_>, secret: &SecretString) -> Vec<u8> {
        let version = place.version();
        let context = place.context(version).expect("a place has a context of its own version");
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &context };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("the cipher takes any length that fits in memory");
        let mut out = Vec::with_capacity(2 + self.id.len() + NONCE_BYTES + sealed.len());
        out.extend([version, self.id.len() as u8]);
        out.extend(self.id.as_bytes());
        out.extend(nonce);
        out.extend(sealed);
        out
    }
}

/// A sealed value, taken apart.
struct Parts<'a> {
    version: u8,
    key: &'a str,
    nonce: [u8; NONCE_BYTES],
    ciphertext: &'a [u8],
}

fn split(sealed: &[u8]) -> Result<Parts<'_>, OpenError> {
    let [version @ (OF_COLUMN | OF_ROW), id_length, rest @ ..] = sealed else { return Err(OpenError::Malformed) };
    let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(OpenError::Malformed)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Malformed)?;
    let key = std::str::from_utf8(id).map_err(|_| OpenError::Malformed)?;
    Ok(Parts { version: *version, key, nonce: *nonce, ciphertext })
}

/// SHA-256: for secrets that are only ever compared (session cookies, OAuth states, delivery tokens), all of them random
/// and long, so that a plain hash cannot be searched; and for callers' tokens, whose signatures are as long.
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

    fn place(tenant: u128, column: &'static str) -> Place<'static> {
        Place { tenant: TenantId(Uuid::from_u128(tenant)), column, row: None }
    }

    #[test]
    fn a_value_moved_to_another_row_does_not_open_and_one_that_knows_no_row_yet_does() {
        let (keys, here) = (keyring(&[("k", 1)]), Place { row: Some("here"), ..place(1, "a") });
        let sealed = keys.seal(here, &"secret".into());
        assert_eq!(keys.standing(here, &sealed), Standing::Current);
        assert!(keys.is_newest(here, &sealed));
        for elsewhere in [Place { row: Some("there"), ..here }, Place { row: None, ..here }, Place { row: Some("here"), ..place(2, "a") }] {
            assert_eq!(keys.standing(elsewhere, &sealed), Standing::Damaged, "{elsewhere:?}");
        }
        let former = keys.seal(place(1, "a"), &"secret".into());
        assert_eq!(keys.standing(here, &former), Standing::Current);
        assert!(!keys.is_newest(here, &former), "it is to be bound to its row");
        assert_eq!(keyring(&[("new", 2), ("k", 1)]).standing(here, &sealed), Standing::Older);
        assert_eq!(keyring(&[("new", 2)]).standing(here, &sealed), Standing::Unknown);
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
