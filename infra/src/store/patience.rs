//! How long a request waits for a database that does not answer at all. The limits of the server itself do not help when
//! it is the server that hangs.

use super::error::StoreError;
use std::future::Future;
use std::time::Duration;

/// Longer than any statement may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn patience<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    limited(PATIENCE, work).await
}

pub(super) async fn limited<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let silent = || StoreError::Unavailable(format!("no answer within {limit:?}"));
    tokio::time::timeout(limit, work).await.map_err(|_| silent())?
}
