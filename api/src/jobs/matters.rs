//! What time alone does to matters: reports that did not come, duties that were missed.

use crate::app::State;
use actix_web::web;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks. It costs one look into an index when nothing is due.
const PERIOD: Duration = Duration::from_secs(5);
/// How many that are due are looked up at a time.
const PAGE: u16 = 500;

/// Runs until the server ends.
pub(super) async fn run(state: web::Data<State>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match settle(&state).await {
            Ok(()) => state.metrics.task_succeeded("matters", state.clock.now()),
            Err(error) => {
                tracing::warn!(%error, "matters that are due were not settled; the next time tries again");
            }
        }
    }
}

/// Goes through all that is due once. What cannot be settled keeps no other waiting; replicas that do the same do it once.
pub(super) async fn settle(state: &State) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let now = state.clock.now();
        let due = state.store.due_matters(now, after.as_ref(), PAGE).await?;
        for one in &due {
            if let Err(error) = state.store.settle_matter(one, now).await {
                tracing::error!(%error, matter = %one.id, "a matter was not settled; the next time tries again");
            }
        }
        if due.len() < usize::from(PAGE) {
            return Ok(());
        }
        after = due.into_iter().last();
    }
}
