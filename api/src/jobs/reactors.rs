//! What follows from events, worked off beside the requests: a task for each reactor, so that one that fails stops no other.

use super::keep;
use crate::app::State;
use actix_web::web;
use chrono::TimeDelta;
use futures_util::future::join_all;
use infra::store::{Memory, Progress, Reactor, StoreError};
use std::time::{Duration, Instant};
use strum::IntoEnumIterator;
use tokio::time::sleep;

/// Between two batches while there is a little to do: many events of the same moment are one batch.
const BREATH: Duration = Duration::from_millis(20);
/// The same while there is much to do: larger batches cost less each, and nobody notices.
const LONG_BREATH: Duration = Duration::from_millis(60);
/// From how many events in a batch there is much to do.
const MUCH: usize = 16;
/// Between two looks after a ring. On PostgreSQL an event is seen when all transactions before it have ended.
const SOON: Duration = Duration::from_millis(50);
/// For how long after a ring.
const LIVELY: Duration = Duration::from_secs(1);
/// Between two looks otherwise.
const IDLE: Duration = Duration::from_secs(1);
/// For how long an event has waited when somebody else than the leader takes it on.
const STUCK: TimeDelta = TimeDelta::seconds(5);
/// Before the second try of an event that failed; longer each time.
const RETRY: Duration = Duration::from_millis(200);

/// Runs until the server ends.
pub(super) async fn run(state: &web::Data<State>) {
    join_all(Reactor::iter().map(|reactor| keep(reactor.name(), state, move |state| follow(state, reactor))))
        .await;
}

async fn follow(state: web::Data<State>, reactor: Reactor) {
    let mut wake = state.store.wake().listen();
    let (mut memory, mut lively) = (Memory::default(), Instant::now());
    loop {
        let done = cycle(&state, reactor, &mut memory).await;
        if done.is_ok() {
            state.metrics.task_succeeded(reactor.name(), state.clock.now());
        }
        match done {
            // A process that works for nobody keeps no tickets.
            Ok(None) => {
                memory = Memory::default();
                sleep(IDLE).await;
            }
            Ok(Some(progress)) if progress.failed > 0 => sleep(RETRY * (1 << progress.failed)).await,
            Ok(Some(progress)) if progress.more => {}
            Ok(Some(progress)) => {
                match progress.done {
                    0 => {}
                    MUCH.. => sleep(LONG_BREATH).await,
                    _ => sleep(BREATH).await,
                }
                if wake.heard(if lively.elapsed() < LIVELY { SOON } else { IDLE }).await {
                    lively = Instant::now();
                }
            }
            Err(error) => {
                tracing::warn!(reactor = reactor.name(), %error, "nothing was followed; the next second tries again");
                sleep(IDLE).await;
            }
        }
    }
}

/// One batch; `None` where another process works for the reactor.
async fn cycle(state: &State, reactor: Reactor, memory: &mut Memory) -> Result<Option<Progress>, StoreError> {
    let now = state.clock.now();
    let leads = state.store.leads(reactor).await.unwrap_or_else(|error| {
        tracing::warn!(reactor = reactor.name(), %error, "nobody knows who works for the reactor");
        false
    });
    state.metrics.leads(reactor, leads);
    // Whoever leads may hang, or its machine be gone before anybody noticed. Each write is guarded, so another may help.
    if !leads && !state.store.is_stuck(reactor, now - STUCK).await? {
        return Ok(None);
    }
    state.store.react(reactor, memory, now).await.map(Some)
}

/// Does what can be read by now, whoever works for the reactors: they may be worked for twice.
pub(crate) async fn react(state: &State) -> Result<(), StoreError> {
    for reactor in Reactor::iter() {
        let mut memory = Memory::default();
        while state.store.react(reactor, &mut memory, state.clock.now()).await?.more {}
    }
    Ok(())
}

/// The same, and waits until all is done that was written by now. On PostgreSQL older transactions hold readers back.
pub(super) async fn catch_up(state: &State) -> Result<(), StoreError> {
    let end = state.store.end_of_log().await?;
    for reactor in Reactor::iter() {
        let mut memory = Memory::default();
        loop {
            let progress = state.store.react(reactor, &mut memory, state.clock.now()).await?;
            if progress.cursor >= end && !progress.more {
                break;
            }
            if !progress.more {
                sleep(BREATH).await;
            }
        }
    }
    Ok(())
}
