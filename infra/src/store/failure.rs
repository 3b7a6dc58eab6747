//! Wrong passwords. They are counted by account and address, so that guessing locks out who guesses and nobody else; and by
//! account, so that guessing from many addresses ends too, save for the addresses that its owner has used.
//!
//! A guess counts before the password is looked at: many at once do not slip through together.

use super::Store;
use super::error::StoreError;
use super::row::column;
use chrono::TimeDelta;
use domain::password::normal;
use domain::time::Timestamp;
use std::net::IpAddr;

/// So many wrong passwords lock an account for an address,
const LOCKS: i32 = 5;
/// for so long after the last; older ones are forgotten.
const LOCKED: TimeDelta = TimeDelta::minutes(15);
/// So many wrong passwords from all addresses
const BESIEGED: i64 = 50;
/// within so long leave only the addresses that are known.
const SIEGE: TimeDelta = TimeDelta::hours(1);
/// How long an address is known after it was used.
const KNOWN: TimeDelta = TimeDelta::days(90);

const TRY: &str = "INSERT INTO login_failure (account_hash, address_hash, failures, failed_at) VALUES ($1, $2, 1, $3) \
     ON CONFLICT (account_hash, address_hash) DO UPDATE SET failed_at = excluded.failed_at, \
     failures = CASE WHEN login_failure.failed_at <= $4 THEN 1 ELSE login_failure.failures + 1 END \
     WHERE login_failure.failed_at <= $4 OR login_failure.failures < $5 RETURNING failures";
const SEEN: &str = "SELECT CAST((SELECT COALESCE(SUM(failures), 0) FROM login_failure WHERE account_hash = $1 AND failed_at > $3) AS bigint) AS failures, \
     (SELECT COUNT(*) FROM login_address WHERE account_hash = $1 AND address_hash = $2 AND used_at > $4) AS known";
const KNOW: &str = "INSERT INTO login_address (account_hash, address_hash, used_at) VALUES ($1, $2, $3) \
     ON CONFLICT (account_hash, address_hash) DO UPDATE SET used_at = excluded.used_at";

/// Who is tried to sign in as, and from where; the account need not exist.
#[derive(Debug, Clone)]
pub struct Guess {
    account: Vec<u8>,
    address: Vec<u8>,
}

impl Store {
    /// A guess at the password of this user name.
    pub fn guess(&self, username: &str, address: IpAddr) -> Guess {
        let network = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            // Whoever has one address of a /64 has all of them.
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        };
        Guess {
            account: self.keys.digest(&[b"login_account", normal(username).as_bytes()]).to_vec(),
            address: self.keys.digest(&[b"login_address", &network]).to_vec(),
        }
    }

    /// Counts a guess as wrong until it turns out otherwise. Seconds to wait where it may not be made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn try_guess(&self, guess: &Guess, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let Guess { account, address } = guess.clone();
        let pair = vec![account.into(), address.into()];
        let values = [pair.clone(), vec![(now - SIEGE).into(), (now - KNOWN).into()]].concat();
        if let Some(row) = self.query_one(SEEN, values).await? {
            let failures: i64 = column(&row, "login_failure", "failures")?;
            let known: i64 = column(&row, "login_address", "known")?;
            if failures >= BESIEGED && known == 0 {
                return Ok(Some(LOCKED.num_seconds()));
            }
        }
        let values = [pair.clone(), vec![now.into(), (now - LOCKED).into(), LOCKS.into()]].concat();
        if self.journal.write_returning(self.statement(TRY, values)).await?.is_some() {
            return Ok(None);
        }
        let sql = "SELECT failed_at FROM login_failure WHERE account_hash = $1 AND address_hash = $2";
        let Some(row) = self.query_one(sql, pair).await? else { return Ok(Some(1)) };
        let failed_at: Timestamp = column(&row, "login_failure", "failed_at")?;
        Ok(Some((failed_at + LOCKED - now).num_seconds().max(1)))
    }

    /// The guess was neither right nor wrong: it does not count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_guess(&self, guess: &Guess) -> Result<(), StoreError> {
        let Guess { account, address } = guess.clone();
        let sql = "UPDATE login_failure SET failures = failures - 1 \
             WHERE account_hash = $1 AND address_hash = $2 AND failures > 0";
        self.journal.write(vec![self.statement(sql, vec![account.into(), address.into()])]).await
    }

    /// The guess was right: those before it are forgotten, and the address is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guessed_right(&self, guess: &Guess, now: Timestamp) -> Result<(), StoreError> {
        let Guess { account, address } = guess.clone();
        let forget = "DELETE FROM login_failure WHERE account_hash = $1 AND address_hash = $2";
        let pair = vec![account.into(), address.into()];
        let known = [pair.clone(), vec![now.into()]].concat();
        self.journal.write(vec![self.statement(forget, pair), self.statement(KNOW, known)]).await
    }

    /// Forgets wrong passwords and addresses that no longer count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_guesses(&self, now: Timestamp) -> Result<(), StoreError> {
        let failures = "DELETE FROM login_failure WHERE failed_at < $1";
        let addresses = "DELETE FROM login_address WHERE used_at < $1";
        let statements = vec![
            self.statement(failures, vec![(now - SIEGE).into()]),
            self.statement(addresses, vec![(now - KNOWN).into()]),
        ];
        self.journal.write(statements).await
    }
}
