//! Passwords, hashed with argon2id. Hashing costs much memory and time on purpose: it runs aside of the threads that serve
//! requests, on as many as there are cores, and the rest waits in line.

use crate::entropy;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// 19 MiB, twice, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// What nobody's password is: who has no password costs as much time as who has one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why no password could be hashed or compared; never that it was wrong.
#[derive(Debug, thiserror::Error)]
#[error("password: {0}")]
pub struct PasswordError(String);

/// Hashes and compares passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
}

impl Default for Passwords {
    /// As many at once as there are cores.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { slots: Arc::new(Semaphore::new(cores)) }
    }
}

impl Passwords {
    /// What is stored of a password: a PHC string.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        let hash = move || {
            let salt = entropy::bytes::<16>();
            let hash = argon2()?.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| PasswordError(error.to_string()))
        };
        self.aside(hash).await
    }

    /// Whether it is the password that was hashed. Without a hash it never is, and takes as long.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn is(&self, password: SecretString, hash: Option<String>) -> Result<bool, PasswordError> {
        let compare = move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&hash).map_err(|error| PasswordError(error.to_string()))?;
            let same = argon2()?.verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            Ok(same && known)
        };
        self.aside(compare).await
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let closed = |error: tokio::sync::AcquireError| PasswordError(error.to_string());
        let slot = self.slots.clone().acquire_owned().await.map_err(closed)?;
        let task = tokio::task::spawn_blocking(move || {
            // Held until the work is done: a client that goes away makes no room for another.
            let _slot = slot;
            work()
        });
        task.await.map_err(|error| PasswordError(error.to_string()))?
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| PasswordError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_is_the_password() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash("correct horse".into()).await.unwrap(), hash, "each has its own salt");
        assert!(passwords.is("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is("correct horsf".into(), Some(hash)).await.unwrap());
        assert!(!passwords.is("correct horse".into(), None).await.unwrap());
        assert!(passwords.is("x".into(), Some("no hash".into())).await.is_err());
    }
}
