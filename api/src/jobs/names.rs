//! Whoever was granted something by a program that kept no names to be found by is found, too.

use super::{HOUR, every};
use crate::app::State;
use actix_web::web;

/// At the start, and then once an hour: a program of before may still be running beside this one.
pub(super) async fn run(state: web::Data<State>) {
    every(HOUR, || async {
        match state.store.index_names().await {
            Ok(done) => {
                if done > 0 {
                    tracing::info!(people = done, "are found by their names now");
                }
                state.metrics.task_succeeded("names", state.clock.now());
            }
            Err(error) => {
                tracing::warn!(%error, "not everybody is found by their name yet; the next hour tries again");
            }
        }
    })
    .await;
}
