//! What runs beside the requests.

use crate::app::State;
use actix_web::web;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Forgets old answers every hour, and at start. Ends with the server.
pub(crate) async fn run(state: web::Data<State>) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        if let Err(error) = state.store.forget_old_answers(state.clock.now()).await {
            tracing::warn!(%error, "old answers were not forgotten; the next hour tries again");
        }
    }
}
