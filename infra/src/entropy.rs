//! The only place where ids, secrets and jitter are drawn. (What seals and signs in `keys.rs` draws its own nonces and
//! key pairs.)

use domain::time::Timestamp;
use std::time::Duration;
use uuid::{NoContext, Uuid};

/// A new identity: UUID v7, so that rows lie in the order in which they came.
#[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
pub fn id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

/// Random bytes fit for keys.
#[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has a random source");
    bytes
}

/// A pause of up to 20 ms before the second attempt, up to 40 before the third and so on, at most 640, so that rivals do
/// not meet again.
pub fn jitter(attempt: u32) -> Duration {
    let most = 10_000_u32 << attempt.clamp(1, 6);
    Duration::from_micros((u32::from_le_bytes(bytes()) % most).into())
}
