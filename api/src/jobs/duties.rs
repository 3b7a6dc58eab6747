//! Plans the duties of playbooks, as their periods come.

use crate::app::State;
use actix_web::web;
use domain::duty::Period;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks: whoever is given a post has its duties this soon.
const PERIOD: Duration = Duration::from_secs(3_600);

/// Runs until the server ends.
pub(super) async fn run(state: web::Data<State>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match plan(&state).await {
            Ok(()) => state.metrics.task_succeeded("duties", state.clock.now()),
            Err(error) => tracing::warn!(%error, "not all duties were planned; the next hour tries again"),
        }
    }
}

/// Plans all that is owed now. A duty that cannot be planned keeps no other waiting; replicas that do the same do it once.
pub(super) async fn plan(state: &State) -> anyhow::Result<()> {
    let now = state.clock.now();
    let mut failed = None;
    for playbook in state.store.all_playbooks() {
        for rule in &playbook.duties {
            for period in Period::due(rule, now) {
                match state.store.plan_duty(&playbook, rule, &period, now).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(duty = rule.key, %period, count, "duties were planned"),
                    Err(error) => failed = Some(error),
                }
            }
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}
