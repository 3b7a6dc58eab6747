//! What runs beside the requests.

use crate::app::State;
use actix_web::web;
use infra::store::StoreError;
use std::future::Future;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
/// How many tickets are settled between two looks at the clock.
const BATCH: u16 = 100;

/// Runs until the server ends.
pub(crate) async fn run(state: web::Data<State>) {
    tokio::join!(
        every(HOUR, || async {
            if let Err(error) = forget(&state).await {
                tracing::warn!(%error, "what is old was not forgotten; the next hour tries again");
            }
        }),
        every(MINUTE, || async {
            if let Err(error) = state.reload_keys().await {
                tracing::warn!(%error, "keys were not read anew; the next minute tries again");
            }
        }),
        every(SECOND, || async {
            if let Err(error) = catch_up(&state).await {
                tracing::warn!(%error, "what is due was not done; the next second tries again");
            }
        }),
    );
}

async fn every<F: Future<Output = ()>>(period: Duration, work: impl Fn() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

/// Does what is due.
pub(crate) async fn catch_up(state: &State) -> anyhow::Result<()> {
    settle(state).await?;
    let done = state.store.hand_over_due(BATCH, state.clock.now()).await?;
    if done > 0 {
        tracing::info!(tickets = done, "handed over");
    }
    Ok(())
}

/// Writes down what time has done to tickets: limits that passed, ratings that nobody gave.
async fn settle(state: &State) -> anyhow::Result<()> {
    loop {
        let now = state.clock.now();
        let due = state.store.due_tickets(now, BATCH).await?;
        let mut settled = false;
        for id in &due {
            match state.store.settle_ticket(*id, now).await {
                Ok(done) => settled |= done,
                // One that cannot be settled must not keep the others waiting.
                Err(error) => tracing::error!(%error, ticket = %id, "a ticket was not settled"),
            }
        }
        if due.len() < usize::from(BATCH) || !settled {
            return Ok(());
        }
    }
}

/// Forgets kept answers, sessions and wrong passwords that no longer count.
pub(crate) async fn forget(state: &State) -> Result<(), StoreError> {
    let now = state.clock.now();
    state.store.forget_old_answers(now).await?;
    state.store.forget_old_sessions(now).await?;
    state.store.forget_old_guesses(now).await
}
