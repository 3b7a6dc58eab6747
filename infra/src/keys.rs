//! Keys. They are rows of the database, wrapped by the master key, and sealed values name the key that sealed them, so
//! that keys can be added and old values stay readable.

use crate::entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{digest, hmac};
use base64::prelude::{BASE64_STANDARD, Engine};
use chrono::TimeDelta;
use domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

const ID: usize = 16;
const NONCE: usize = 12;
/// For what the master key seals itself, beside keys.
const VOUCHED: &str = "vouched";
/// How old a key must be before it seals: by then every replica has read it, and can open what it sealed.
const SETTLED: TimeDelta = TimeDelta::minutes(5);

/// What wraps all other keys: 32 bytes, never stored beside them on PostgreSQL.
#[derive(Clone)]
pub struct MasterKey(SecretSlice<u8>);

/// Why a key could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The master key is not 32 bytes in base64.
    #[error("主密钥应为 32 字节的 base64 文本（例如：openssl rand -base64 32）")]
    MasterKey,
    /// A stored key does not open: another master key wrapped it.
    #[error("密钥 {0} 无法用当前主密钥打开；请检查 HUYING_MASTER_KEY 或数据目录中的 master.key")]
    Wrapped(Uuid),
    /// A stored key opened and is no key.
    #[error("密钥 {0} 已损坏")]
    Damaged(Uuid),
    /// A purpose has no key.
    #[error("数据库中缺少用途为 {0} 的密钥")]
    Missing(&'static str),
}

/// A sealed value that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed value does not open")]
pub struct NotSealedHere;

impl MasterKey {
    /// Reads the base64 of 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::MasterKey`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| KeyError::MasterKey)?;
        if bytes.len() == 32 { Ok(Self(bytes.into())) } else { Err(KeyError::MasterKey) }
    }

    /// A new one, as base64.
    pub fn generate() -> String {
        BASE64_STANDARD.encode(entropy::bytes::<32>())
    }

    /// Seals a hash of these bytes: only who has this master key can, and only they can tell.
    pub fn vouch(&self, bytes: &[u8]) -> Vec<u8> {
        let hash = digest::digest(&digest::SHA256, bytes);
        seal(&self.cipher(), VOUCHED, Uuid::nil(), hash.as_ref())
    }

    /// Whether [`vouch`](Self::vouch) with this master key made the seal, of these bytes.
    pub fn vouches(&self, bytes: &[u8], seal: &[u8]) -> bool {
        let hash = digest::digest(&digest::SHA256, bytes);
        open(&self.cipher(), VOUCHED, Uuid::nil(), seal).is_ok_and(|sealed| sealed == hash.as_ref())
    }

    fn cipher(&self) -> RandomizedNonceKey {
        cipher(self.0.expose_secret()).expect("a master key has 32 bytes")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs access tokens (Ed25519).
    Token,
    /// Seals columns and kept answers (AES-256-GCM).
    Seal,
    /// Hashes what is looked up or compared without being readable (HMAC-SHA-256). Never replaced.
    Digest,
    /// Signs cursors (HMAC-SHA-256).
    Cursor,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Token, Self::Seal, Self::Digest, Self::Cursor];

    /// The word in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Seal => "seal",
            Self::Digest => "digest",
            Self::Cursor => "cursor",
        }
    }
}

/// A key as it is stored.
#[derive(Debug, Clone)]
pub struct WrappedKey {
    /// Its id; a token's `kid`.
    pub id: Uuid,
    /// What it is for.
    pub purpose: String,
    /// Sealed by the master key.
    pub wrapped: Vec<u8>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub retires_at: Option<Timestamp>,
}

impl WrappedKey {
    /// A new key of this purpose.
    pub fn generate(purpose: Purpose, id: Uuid, master: &MasterKey, now: Timestamp) -> Self {
        let secret = match purpose {
            Purpose::Token => {
                let pair = Ed25519KeyPair::generate().expect("the system has a random source");
                pair.to_pkcs8v1().expect("a fresh key can be written down").as_ref().to_vec()
            }
            Purpose::Seal | Purpose::Digest | Purpose::Cursor => entropy::bytes::<32>().to_vec(),
        };
        let wrapped = seal(&master.cipher(), purpose.name(), id, &secret);
        Self { id, purpose: purpose.name().to_owned(), wrapped, created_at: now, retires_at: None }
    }

    fn open(&self, master: &MasterKey) -> Result<Vec<u8>, KeyError> {
        open(&master.cipher(), &self.purpose, self.id, &self.wrapped).map_err(|_| KeyError::Wrapped(self.id))
    }
}

/// A key that signs access tokens.
#[derive(Clone)]
pub struct TokenKey {
    /// `kid`.
    pub id: Uuid,
    /// PKCS #8, for who signs.
    pub pkcs8: SecretSlice<u8>,
    /// The 32 public bytes, for who verifies.
    pub public: [u8; 32],
    /// From when on its tokens are refused.
    pub retires_at: Option<Timestamp>,
}

/// All keys, opened. They are replaced while the server runs when keys were added or retired.
pub struct Keyring(RwLock<Arc<Opened>>);

struct Opened {
    /// What was opened, to tell whether anything changed.
    stored: Vec<(Uuid, Option<Timestamp>)>,
    tokens: Vec<TokenKey>,
    seals: Vec<(Uuid, RandomizedNonceKey)>,
    /// Which of them seals.
    sealing: usize,
    digest: hmac::Key,
    cursor: hmac::Key,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    /// Opens the stored keys, given newest first.
    ///
    /// # Errors
    /// [`KeyError`], naming the key.
    pub fn open(stored: &[WrappedKey], master: &MasterKey, now: Timestamp) -> Result<Self, KeyError> {
        Ok(Self(RwLock::new(Arc::new(Opened::open(stored, master, now)?))))
    }

    /// Takes the keys as they are stored now, newest first; whether any was added or retired.
    ///
    /// # Errors
    /// [`KeyError`], naming the key; then the keys stay what they were.
    pub fn replace(
        &self,
        stored: &[WrappedKey],
        master: &MasterKey,
        now: Timestamp,
    ) -> Result<bool, KeyError> {
        let opened = Arc::new(Opened::open(stored, master, now)?);
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.stored != opened.stored;
        *current = opened;
        Ok(changed)
    }

    fn current(&self) -> Arc<Opened> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those that tokens may have been signed with, newest first.
    pub fn token_keys(&self) -> Vec<TokenKey> {
        self.current().tokens.clone()
    }

    /// Seals a value for one place in the database: it opens nowhere else.
    pub fn seal(&self, column: &str, row: Uuid, value: &[u8]) -> Vec<u8> {
        let current = self.current();
        let (key, cipher) = &current.seals[current.sealing];
        [key.as_bytes().as_slice(), &seal(cipher, column, row, value)].concat()
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`NotSealedHere`] when it was sealed for another place, by an unknown key, or changed.
    pub fn unseal(&self, column: &str, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, NotSealedHere> {
        let (id, sealed) = sealed.split_at_checked(ID).ok_or(NotSealedHere)?;
        let current = self.current();
        let (_, cipher) = current.seals.iter().find(|(key, _)| key.as_bytes() == id).ok_or(NotSealedHere)?;
        open(cipher, column, row, sealed)
    }

    /// A keyed hash: equal for equal values, and telling nothing to who has no key. The parts are told apart.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        sign(&self.current().digest, parts)
    }

    /// Signs a cursor.
    pub fn sign_cursor(&self, parts: &[&[u8]]) -> [u8; 32] {
        sign(&self.current().cursor, parts)
    }
}

impl Opened {
    fn open(stored: &[WrappedKey], master: &MasterKey, now: Timestamp) -> Result<Self, KeyError> {
        let of = |purpose: Purpose| stored.iter().filter(move |key| key.purpose == purpose.name());
        let newest = |purpose: Purpose| {
            let key = of(purpose).next().ok_or(KeyError::Missing(purpose.name()))?;
            Ok(hmac::Key::new(hmac::HMAC_SHA256, &key.open(master)?))
        };
        let tokens = of(Purpose::Token).map(|key| token_key(key, master)).collect::<Result<Vec<_>, _>>()?;
        let seals = of(Purpose::Seal)
            .map(|key| Ok((key.id, cipher(&key.open(master)?).ok_or(KeyError::Damaged(key.id))?)))
            .collect::<Result<Vec<_>, _>>()?;
        if tokens.is_empty() {
            return Err(KeyError::Missing(Purpose::Token.name()));
        }
        if seals.is_empty() {
            return Err(KeyError::Missing(Purpose::Seal.name()));
        }
        let settled = of(Purpose::Seal).position(|key| key.created_at + SETTLED <= now);
        Ok(Self {
            stored: stored.iter().map(|key| (key.id, key.retires_at)).collect(),
            tokens,
            sealing: settled.unwrap_or(seals.len() - 1),
            seals,
            digest: newest(Purpose::Digest)?,
            cursor: newest(Purpose::Cursor)?,
        })
    }
}

fn token_key(key: &WrappedKey, master: &MasterKey) -> Result<TokenKey, KeyError> {
    let pkcs8 = key.open(master)?;
    let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| KeyError::Damaged(key.id))?;
    let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Damaged(key.id))?;
    Ok(TokenKey { id: key.id, pkcs8: pkcs8.into(), public, retires_at: key.retires_at })
}

fn sign(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.sign().as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
}

fn cipher(key: &[u8]) -> Option<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, key).ok()
}

/// Nonce, ciphertext, tag.
fn seal(cipher: &RandomizedNonceKey, column: &str, row: Uuid, value: &[u8]) -> Vec<u8> {
    let mut sealed = value.to_vec();
    let nonce = cipher
        .seal_in_place_append_tag(aad(column, row), &mut sealed)
        .expect("a value is shorter than 64 GB");
    [nonce.as_ref().as_slice(), &sealed].concat()
}

fn open(
    cipher: &RandomizedNonceKey,
    column: &str,
    row: Uuid,
    sealed: &[u8],
) -> Result<Vec<u8>, NotSealedHere> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(NotSealedHere)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotSealedHere)?;
    let mut value = sealed.to_vec();
    let length = cipher.open_in_place(nonce, aad(column, row), &mut value).map_err(|_| NotSealedHere)?.len();
    value.truncate(length);
    Ok(value)
}

fn aad(column: &str, row: Uuid) -> Aad<Vec<u8>> {
    Aad::from([column.as_bytes(), row.as_bytes().as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> MasterKey {
        MasterKey::parse(&MasterKey::generate()).unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(minutes * 60, 0).unwrap()
    }

    fn keys(master: &MasterKey) -> Vec<WrappedKey> {
        let key = |(i, purpose)| WrappedKey::generate(purpose, Uuid::from_u128(i), master, at(0));
        (1..).zip(Purpose::ALL).map(key).collect()
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_place() {
        let master = master();
        let ring = Keyring::open(&keys(&master), &master, at(0)).unwrap();
        let row = Uuid::from_u128(9);
        let sealed = ring.seal("app_user.name", row, "王小二".as_bytes());
        assert_eq!(ring.unseal("app_user.name", row, &sealed).unwrap(), "王小二".as_bytes());
        assert_eq!(ring.unseal("app_user.phone", row, &sealed), Err(NotSealedHere));
        assert_eq!(ring.unseal("app_user.name", Uuid::from_u128(8), &sealed), Err(NotSealedHere));
        for at in [0, 20, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ring.unseal("app_user.name", row, &changed), Err(NotSealedHere), "byte {at}");
        }
        assert_eq!(ring.unseal("app_user.name", row, &sealed[..10]), Err(NotSealedHere));
    }

    #[test]
    fn an_older_key_still_opens() {
        let master = master();
        let old = keys(&master);
        let ring = Keyring::open(&old, &master, at(0)).unwrap();
        let sealed = ring.seal("a", Uuid::nil(), b"x");
        assert!(!ring.replace(&old, &master, at(9)).unwrap(), "nothing was added");
        let newer = WrappedKey::generate(Purpose::Seal, Uuid::from_u128(77), &master, at(10));
        let all = [vec![newer], old].concat();
        // Others may not know it yet.
        assert!(ring.replace(&all, &master, at(14)).unwrap());
        assert_eq!(ring.seal("a", Uuid::nil(), b"x")[..ID], sealed[..ID]);
        ring.replace(&all, &master, at(15)).unwrap();
        assert_eq!(ring.unseal("a", Uuid::nil(), &sealed).unwrap(), b"x");
        assert_ne!(ring.seal("a", Uuid::nil(), b"x")[..ID], sealed[..ID]);
    }

    #[test]
    fn another_master_key_says_so() {
        let stored = keys(&master());
        assert!(matches!(Keyring::open(&stored, &master(), at(0)), Err(KeyError::Wrapped(_))));
        assert!(matches!(MasterKey::parse("c2hvcnQ="), Err(KeyError::MasterKey)));
    }

    #[test]
    fn a_master_key_vouches_for_what_it_sealed() {
        let (one, other) = (master(), master());
        let seal = one.vouch(b"a");
        assert!(one.vouches(b"a", &seal));
        assert!(!one.vouches(b"b", &seal) && !other.vouches(b"a", &seal) && !one.vouches(b"a", b""));
    }

    #[test]
    fn digests_tell_parts_apart() {
        let master = master();
        let ring = Keyring::open(&keys(&master), &master, at(0)).unwrap();
        assert_ne!(ring.digest(&[b"ab", b"c"]), ring.digest(&[b"a", b"bc"]));
        assert_eq!(ring.digest(&[b"ab", b"c"]), ring.digest(&[b"ab", b"c"]));
    }
}
