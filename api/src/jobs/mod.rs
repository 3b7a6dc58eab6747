//! What runs beside the requests.

mod reactors;

pub(crate) use reactors::react;

use crate::app::State;
use actix_web::web;
use chrono::TimeDelta;
use domain::id::TicketId;
use domain::time::Timestamp;
use infra::store::StoreError;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);
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
        hand_over_for_ever(&state),
        settle_for_ever(&state),
        reactors::run(&state),
    );
}

async fn settle_for_ever(state: &State) {
    let mut failing = Failing::new();
    let mut ticks = interval(SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = settle(state, &mut failing).await {
            tracing::warn!(%error, "what is due was not settled; the next second tries again");
        }
    }
}

async fn hand_over_for_ever(state: &State) {
    let mut ticks = interval(TEN_SECONDS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.store.handover_waits() => {}
        }
        if let Err(error) = hand_over(state).await {
            tracing::warn!(%error, "nothing was handed over; the next time tries again");
        }
    }
}

async fn every<F: Future<Output = ()>>(period: Duration, work: impl Fn() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

/// Does what is due, then what follows from it.
pub(crate) async fn catch_up(state: &State) -> anyhow::Result<()> {
    settle(state, &mut Failing::default()).await?;
    hand_over(state).await?;
    Ok(reactors::catch_up(state).await?)
}

async fn hand_over(state: &State) -> anyhow::Result<()> {
    let done = state.store.hand_over_due(state.clock.now()).await?;
    if done > 0 {
        tracing::info!(tickets = done, "handed over");
    }
    Ok(())
}

/// Tickets that could not be settled, with when they are tried again.
type Failing = HashMap<TicketId, Timestamp>;

/// Writes down what time has done to tickets: limits that passed, ratings that nobody gave. Goes through all that is due,
/// so that one that cannot be settled keeps no other waiting.
async fn settle(state: &State, failing: &mut Failing) -> anyhow::Result<()> {
    let now = state.clock.now();
    failing.retain(|_, again| *again > now);
    let mut after = None;
    loop {
        let due = state.store.due_tickets(now, after, BATCH).await?;
        if after.is_none() {
            let oldest = due.first().map_or(now, |(at, _)| *at);
            state.metrics.sweep_behind((now - oldest).to_std().unwrap_or_default());
        }
        for (_, id) in &due {
            if failing.contains_key(id) {
                continue;
            }
            if let Err(error) = state.store.settle_ticket(*id, now).await {
                tracing::error!(%error, ticket = %id, "a ticket was not settled; the next minute tries again");
                failing.insert(*id, now + TimeDelta::minutes(1));
            }
        }
        if due.len() < usize::from(BATCH) {
            return Ok(());
        }
        after = due.last().copied();
    }
}

/// Forgets kept answers, sessions, wrong passwords and messages that no longer count.
pub(crate) async fn forget(state: &State) -> Result<(), StoreError> {
    let now = state.clock.now();
    state.store.forget_old_answers(now).await?;
    state.store.forget_old_sessions(now).await?;
    state.store.forget_old_guesses(now).await?;
    state.store.forget_old_messages(now).await
}
