//! What runs beside the requests.

mod duties;
mod imports;
mod matters;
mod names;
mod reactors;
mod sweep;

pub(crate) use imports::work_off;
pub(crate) use reactors::react;

use crate::app::State;
use actix_web::web;
use domain::time::china_day;
use infra::store::{Share, StoreError};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// How long a job that has ended, which none should, is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until the server ends: a task each, so that one that panics stops no other and begins anew.
pub(crate) async fn run(state: web::Data<State>) {
    tokio::join!(
        keep("forget", &state, forget_for_ever),
        keep("reload", &state, reload_for_ever),
        keep("missing_years", &state, tell_missing_years_for_ever),
        keep("hand_over", &state, hand_over_for_ever),
        keep("duties", &state, duties::run),
        keep("imports", &state, imports::run),
        keep("matters", &state, matters::run),
        keep("names", &state, names::run),
        keep("sweep", &state, sweep::run),
        reactors::run(&state),
    );
}

/// Starts a job again whenever it ends.
async fn keep<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    state: &web::Data<State>,
    work: impl Fn(web::Data<State>) -> F,
) {
    let restarts = state.metrics.task_restarts(name);
    loop {
        // A set ends its task when it is dropped itself.
        let mut task = JoinSet::new();
        task.spawn(work(state.clone()));
        if let Some(Err(error)) = task.join_next().await {
            tracing::error!(%error, job = name, "a job has ended; it begins anew");
        }
        restarts.inc();
        sleep(PAUSE).await;
    }
}

async fn forget_for_ever(state: web::Data<State>) {
    every(HOUR, || async {
        match forget(&state).await {
            Ok(()) => state.metrics.task_succeeded("forget", state.clock.now()),
            Err(error) => {
                tracing::warn!(%error, "what is old was not forgotten; the next hour tries again");
            }
        }
    })
    .await;
}

async fn reload_for_ever(state: web::Data<State>) {
    every(MINUTE, || async {
        let (keys, playbooks) = (state.reload_keys().await, state.store.reload_playbooks().await);
        if keys.is_ok() && playbooks.is_ok() {
            state.metrics.task_succeeded("reload", state.clock.now());
        }
        if let Err(error) = keys {
            tracing::warn!(%error, "keys were not read anew; the next minute tries again");
        }
        if let Err(error) = playbooks {
            tracing::warn!(%error, "playbooks and calendars were not read anew; the next minute tries again");
        }
    })
    .await;
}

/// Says once a day which years the calendar lacks. Without them holidays count as working time.
async fn tell_missing_years_for_ever(state: web::Data<State>) {
    let mut told = None;
    let mut ticks = interval(HOUR);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = state.clock.now();
        let today = china_day(now);
        let told_them = state.store.tell_missing_years(now).await;
        if told_them.is_ok() {
            state.metrics.task_succeeded("missing_years", now);
        }
        match told_them {
            Ok(missing) if !missing.is_empty() && told != Some(today) => {
                tracing::warn!(years = ?missing, "the calendar lacks years: enter their holidays with PUT /calendars/{{year}}");
                told = Some(today);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "nobody was told which years the calendar lacks; the next hour tries again");
            }
        }
    }
}

async fn hand_over_for_ever(state: web::Data<State>) {
    let mut ticks = interval(TEN_SECONDS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.store.handover_waits() => {}
        }
        match hand_over(&state).await {
            Ok(()) => state.metrics.task_succeeded("hand_over", state.clock.now()),
            Err(error) => tracing::warn!(%error, "nothing was handed over; the next time tries again"),
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
    sweep::settle(state, Share::WHOLE, &mut sweep::Failing::default()).await?;
    duties::plan(state).await?;
    matters::settle(state).await?;
    hand_over(state).await?;
    work_off(state).await?;
    Ok(reactors::catch_up(state).await?)
}

async fn hand_over(state: &State) -> anyhow::Result<()> {
    let done = state.store.hand_over_due(state.clock.now()).await?;
    if done > 0 {
        tracing::info!(tickets = done, "handed over");
    }
    let done = state.store.recode_due(state.clock.now()).await?;
    if done > 0 {
        tracing::info!(tickets = done, "went along with their places");
    }
    Ok(())
}

/// Forgets kept answers, sessions, wrong passwords, tickets to the live feed and messages that no longer count.
pub(crate) async fn forget(state: &State) -> Result<(), StoreError> {
    let now = state.clock.now();
    state.store.forget_old_answers(now).await?;
    state.store.forget_old_sessions(now).await?;
    state.store.forget_old_live_tickets(now).await?;
    state.store.forget_old_guesses(now).await?;
    state.store.forget_old_imports(now).await?;
    state.store.forget_old_messages(now).await
}
