//! One-time codes (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). A code is good once.

use super::account::Secured;
use super::change::{ChangeError, Delivered};
use super::error::StoreError;
use super::{Account, IdempotencyKey, Store};
use crate::entropy;
use domain::id::UserId;
use domain::person::Fact;
use domain::time::Timestamp;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// The column that the secret is sealed for.
pub(super) const OTP_SECRET: &str = "credential.otp_secret";
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be off.
const SKEW: u16 = 1;

impl Store {
    /// Makes a secret for one-time codes, which are asked for once one was shown to fit: its base32. `None` when they are
    /// asked for already, or there is no password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prepare_otp(&self, user: UserId) -> Result<Option<String>, StoreError> {
        let secret = entropy::bytes::<20>();
        let sealed = self.keys.seal(OTP_SECRET, user.0, &secret);
        let sql = "UPDATE credential SET otp_secret = $2, otp_step = 0 \
             WHERE user_id = $1 AND otp_confirmed = FALSE RETURNING user_id";
        let row =
            self.journal.write_returning(self.statement(sql, vec![user.0.into(), sealed.into()])).await?;
        Ok(row.map(|_| Secret::new(secret.into()).to_base32()))
    }

    /// Takes a code, once; whether it is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_otp(&self, account: &Account, code: &str, now: Timestamp) -> Result<bool, StoreError> {
        let Some(step) = account.otp_secret.as_deref().and_then(|secret| step(secret, code, now)) else {
            return Ok(false);
        };
        let sql =
            "UPDATE credential SET otp_step = $2 WHERE user_id = $1 AND otp_step < $2 RETURNING user_id";
        let values = vec![account.user.actor.user.0.into(), step.into()];
        Ok(self.journal.write_returning(self.statement(sql, values)).await?.is_some())
    }

    /// Asks for one-time codes from now on, or no longer.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn switch_otp(
        &self,
        user: UserId,
        on: bool,
        key: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Delivered, ChangeError> {
        let sql = if on {
            "UPDATE credential SET otp_confirmed = TRUE WHERE user_id = $1"
        } else {
            "UPDATE credential SET otp_confirmed = FALSE, otp_secret = NULL, otp_step = 0 WHERE user_id = $1"
        };
        let switch = self.statement(sql, vec![user.0.into()]);
        let secured = Secured { user, by: Some(user), fact: Fact::OtpSet { on }, signs_out: false, key };
        self.secure(&secured, vec![switch], now).await
    }
}

/// The step that a code belongs to.
fn step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let now = u64::try_from(now.timestamp()).ok()?;
    totp(secret).check(code.trim(), now).and_then(|step| i64::try_from(step).ok())
}

fn totp(secret: &[u8]) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW)
        .with_secret(Secret::new(secret.into()))
        .build_noncompliant()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of eight digits.
        let secret = b"12345678901234567890";
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(step(secret, "287082", at(59)), Some(1));
        assert_eq!(step(secret, "081804", at(1_111_111_109)), Some(37_037_036));
        assert_eq!(step(secret, "287082", at(89)), Some(1), "a clock may be one step late");
        assert_eq!(step(secret, "287082", at(120)), None);
        assert_eq!(step(secret, "287083", at(59)), None);
        assert_eq!(step(secret, "", at(59)), None);
    }
}
