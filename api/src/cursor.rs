//! Cursors: where a page ended, signed together with the list that it belongs to.

use crate::error::ApiError;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::DateTime;
use domain::time::Timestamp;
use infra::Keyring;
use openapi::problem::Fault;
use uuid::Uuid;

const SIGNATURE: usize = 16;
/// Microseconds and id.
const AT: usize = 8 + 16;

/// Signs where a page of `list` ended.
pub(crate) fn seal(keys: &Keyring, list: &str, end: &[u8]) -> String {
    let signature = keys.sign_cursor(&[list.as_bytes(), end]);
    BASE64_URL_SAFE_NO_PAD.encode([&signature[..SIGNATURE], end].concat())
}

/// Where the page before ended.
///
/// # Errors
/// `cursor.invalid` for what [`seal`] did not make for this list.
pub(crate) fn open<const N: usize>(keys: &Keyring, list: &str, cursor: &str) -> Result<[u8; N], ApiError> {
    let invalid = || ApiError::from(Fault::of("?cursor", "cursor.invalid", vec![]));
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let (signature, end) = bytes.split_at_checked(SIGNATURE).ok_or_else(invalid)?;
    let expected = keys.sign_cursor(&[list.as_bytes(), end]);
    aws_lc_rs::constant_time::verify_slices_are_equal(signature, &expected[..SIGNATURE])
        .map_err(|_| invalid())?;
    end.try_into().map_err(|_| invalid())
}

/// Signs the time and id at which a page of `list` ended.
pub(crate) fn seal_at(keys: &Keyring, list: &str, at: Timestamp, id: Uuid) -> String {
    let end = [at.timestamp_micros().to_le_bytes().as_slice(), id.as_bytes()].concat();
    seal(keys, list, &end)
}

/// The time and id at which the page before ended.
///
/// # Errors
/// `cursor.invalid` for what [`seal_at`] did not make for this list.
pub(crate) fn open_at(keys: &Keyring, list: &str, cursor: &str) -> Result<(Timestamp, Uuid), ApiError> {
    let end: [u8; AT] = open(keys, list, cursor)?;
    let (micros, id) =
        end.split_first_chunk().ok_or_else(|| ApiError::internal("a cursor without a time"))?;
    let at = DateTime::from_timestamp_micros(i64::from_le_bytes(*micros));
    let at = at.ok_or_else(|| ApiError::internal("a cursor out of time"))?;
    Ok((at, Uuid::from_slice(id).map_err(ApiError::internal)?))
}
