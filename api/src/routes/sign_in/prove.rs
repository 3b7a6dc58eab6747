//! Whether a password is the one, without helping those who guess.

use super::signed_in;
use crate::address::Address;
use crate::app::State;
use crate::demo;
use crate::error::{ApiError, ApiResult};
use domain::time::Timestamp;
use infra::store::{Account, Guess, UserRow};
use openapi::problem::Fault;
use openapi::sign_in::SignedIn;
use secrecy::{ExposeSecret, SecretString};

/// Where the one-time code is.
pub(super) enum Code {
    /// In a field of its own.
    Apart(Option<String>),
    /// Behind the password and a space, for clients that know no such field.
    Behind,
}

/// Begins a session of whoever has this name, password and one-time code.
pub(super) async fn by_password(
    state: &State,
    username: &str,
    password: SecretString,
    code: Code,
    address: Address,
    now: Timestamp,
) -> ApiResult<SignedIn> {
    let user = prove(state, username, password, code, address, now).await?;
    signed_in(state, user, now).await
}

/// The user whose name, password and one-time code these are.
async fn prove(
    state: &State,
    username: &str,
    password: SecretString,
    code: Code,
    address: Address,
    now: Timestamp,
) -> ApiResult<UserRow> {
    let guess = begin(state, username, address, now).await?;
    // Nobody of this name costs as much time as somebody.
    let account = state.store.account(username).await?;
    let (password, otp) = match code {
        Code::Apart(otp) => (password, otp),
        Code::Behind if account.as_ref().is_some_and(|account| account.otp_on) => split(password),
        Code::Behind => (password, None),
    };
    // Anybody can read the example's password: it is none once the example is served in earnest.
    let printed = !state.dev_login && password.expose_secret() == demo::PASSWORD;
    let hash = account.as_ref().filter(|_| !printed).map(|account| account.password.clone());
    let right = state.passwords.is(password, hash).await.map_err(ApiError::internal)?;
    let account = account.filter(|_| right).ok_or_else(|| ApiError::new("auth.password_invalid"))?;
    if account.otp_on {
        let Some(otp) = otp else {
            // No guess at the code; nor does it clear those that were made.
            state.store.withdraw_guess(&guess).await?;
            return Err(ApiError::new("auth.otp_required"));
        };
        if !state.store.take_otp(&account, &otp, now).await? {
            return Err(ApiError::new("auth.otp_invalid"));
        }
    }
    state.store.guessed_right(&guess, now).await?;
    Ok(account.user)
}

/// Whether it is the password of somebody who is signed in; wrong ones count as they do at the door.
pub(super) async fn prove_again(
    state: &State,
    account: &Account,
    password: SecretString,
    field: &'static str,
    address: Address,
    now: Timestamp,
) -> ApiResult<()> {
    let guess = begin(state, &account.username, address, now).await?;
    let hash = Some(account.password.clone());
    if !state.passwords.is(password, hash).await.map_err(ApiError::internal)? {
        return Err(Fault::of(field, "auth.password_invalid", vec![]).into());
    }
    Ok(state.store.guessed_right(&guess, now).await?)
}

async fn begin(state: &State, username: &str, address: Address, now: Timestamp) -> ApiResult<Guess> {
    let guess = state.store.guess(username, address.0);
    match state.store.try_guess(&guess, now).await? {
        None => Ok(guess),
        Some(seconds) => Err(Fault::new("auth.locked").with("seconds", seconds).into()),
    }
}

fn split(password: SecretString) -> (SecretString, Option<String>) {
    match password.expose_secret().rsplit_once(' ') {
        Some((word, code)) if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) => {
            (word.into(), Some(code.to_owned()))
        }
        _ => (password, None),
    }
}
