//! The sweep: what time alone does to tickets. Limits that are near or have passed, ratings that nobody gave.

use crate::app::State;
use actix_web::web;
use chrono::TimeDelta;
use domain::id::TicketId;
use domain::time::Timestamp;
use infra::store::{SWEPT_AT_ONCE, Share};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Between two sweeps. It costs one look into an index when nothing is due.
const PERIOD: Duration = Duration::from_millis(500);
/// How many that are due are looked up at a time.
const PAGE: u16 = 2_000;
/// What is due for longer is everybody's: whoever had it in their share hangs. The shares of those who are gone are shared
/// anew within a second.
const LEFT_OVER: TimeDelta = TimeDelta::seconds(10);

/// Tickets that could not be settled, with when they are tried again.
pub(super) type Failing = HashMap<TicketId, Timestamp>;

/// Runs until the server ends.
pub(super) async fn run(state: web::Data<State>) {
    let mut failing = Failing::new();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Without a share all is one's own: what two sweep is written once.
        let share = state.store.share().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "nobody knows who sweeps what; this process sweeps all");
            Share::WHOLE
        });
        match settle(&state, share, &mut failing).await {
            Ok(()) => state.metrics.task_succeeded("sweep", state.clock.now()),
            Err(error) => tracing::warn!(%error, "what is due was not settled; the next time tries again"),
        }
    }
}

/// Goes through all that is due of a share, so that one ticket that cannot be settled keeps no other waiting.
pub(super) async fn settle(state: &State, share: Share, failing: &mut Failing) -> anyhow::Result<()> {
    let (mut after, mut changed) = (None, 0);
    loop {
        let now = state.clock.now();
        failing.retain(|_, again| *again > now);
        let due = state.store.due_tickets(now, after, PAGE).await?;
        if after.is_none() {
            let oldest = due.first().map_or(now, |(at, _)| *at);
            state.metrics.sweep_behind((now - oldest).to_std().unwrap_or_default());
        }
        let own: Vec<_> = due
            .iter()
            .filter(|(at, id)| share.has(id.0) || now - *at > LEFT_OVER)
            .filter(|(_, id)| !failing.contains_key(id))
            .map(|(_, id)| *id)
            .collect();
        let mut batches = own.chunks(SWEPT_AT_ONCE);
        while let Some(one) = batches.next() {
            let other = batches.next().unwrap_or_default();
            // While the database writes the one, the other is decided on.
            let (one, other) = tokio::try_join!(
                state.store.settle_tickets(one, now),
                state.store.settle_tickets(other, now)
            )?;
            changed += one.changed + other.changed;
            for (id, error) in one.failed.into_iter().chain(other.failed) {
                tracing::error!(error, ticket = %id, "a ticket was not settled; the next minute tries again");
                failing.insert(id, now + TimeDelta::minutes(1));
            }
        }
        if due.len() < usize::from(PAGE) {
            if changed > 0 {
                tracing::debug!(tickets = changed, "settled");
            }
            return Ok(());
        }
        after = due.last().copied();
    }
}
