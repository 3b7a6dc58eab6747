//! Works off the sheets that came in over the API, one after the other.

use crate::app::State;
use crate::import::{self, Faulty, Outcome, Step, unreadable};
use actix_web::web;
use domain::actor::Actor;
use domain::text::FreeText;
use infra::store::{Import, ImportFile, ImportStatus, StoreError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked whether a sheet waits that came in elsewhere.
const LOOK: Duration = Duration::from_secs(10);
/// How often a sheet is begun at most.
const MAX_ATTEMPTS: i32 = 10;
/// How often somebody who is at work says so.
const ALIVE: Duration = Duration::from_secs(20);

pub(super) async fn run(state: web::Data<State>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.store.sheet_waits() => {}
        }
        match work_off(&state).await {
            Ok(()) => state.metrics.task_succeeded("imports", state.clock.now()),
            Err(error) => tracing::warn!(%error, "a sheet was not worked off; the next time tries again"),
        }
    }
}

/// Works off all that waits.
pub(crate) async fn work_off(state: &State) -> anyhow::Result<()> {
    while let Some(file) = state.store.claim_import(state.clock.now()).await? {
        let id = file.job.id;
        let (step, told) = watch::channel(Step::Read);
        let working = one(state, file, |now| {
            step.send_replace(now);
        });
        tokio::pin!(working);
        let mut alive = interval(ALIVE);
        let mut told = told;
        loop {
            tokio::select! {
                done = &mut working => {
                    done?;
                    break;
                }
                _ = alive.tick() => state.store.tell_import(id, None, state.clock.now()).await?,
                Ok(()) = told.changed() => {
                    let name = told.borrow_and_update().name();
                    state.store.tell_import(id, Some(name), state.clock.now()).await?;
                }
            }
        }
    }
    Ok(())
}

fn is_passing(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Unavailable(_)))
}

async fn one(state: &State, file: ImportFile, told: impl Fn(Step)) -> anyhow::Result<()> {
    let ImportFile { job, reason, file, attempts } = file;
    let now = state.clock.now();
    // What they may do by now: grants may have ended since.
    let user = state.store.user(job.created_by).await?;
    let actor = user.map(|user| user.actor).unwrap_or(Actor { user: job.created_by, grants: vec![] });
    let reason = FreeText::parse(reason).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
    let import = Import {
        county: job.county,
        actor: &actor,
        by: Some(job.created_by),
        now,
        reason: &state.store.text(reason, now),
        dry_run: job.dry_run,
        job: (!job.dry_run).then_some(job.id),
    };
    let outcome = import::take(&state.store, job.subject, file, &import, told).await;
    let finish =
        async |status, ended| state.store.finish_import(job.id, status, ended, state.clock.now()).await;
    let written = |report: &import::Report| serde_json::to_vec(report);
    match outcome {
        // Its end was written with what it wrote.
        Ok(Outcome::Done(_)) if !job.dry_run => {}
        Ok(Outcome::Done(tally)) => finish(ImportStatus::Done, (Some(&tally), None, None)).await?,
        Ok(Outcome::Unreadable(refusal)) => {
            let report = written(&unreadable(&refusal))?;
            finish(ImportStatus::Refused, (None, Some(&report), None)).await?;
        }
        Ok(Outcome::Faulty(Faulty { report, marked })) => {
            let report = written(&report)?;
            finish(ImportStatus::Refused, (None, Some(&report), Some(&marked))).await?;
        }
        // The database may be away for a while: whoever looks next goes on.
        Err(error) if is_passing(&error) && attempts < MAX_ATTEMPTS => return Err(error),
        Err(error) => {
            tracing::error!(%error, job = %job.id, "a sheet could not be worked off");
            finish(ImportStatus::Failed, (None, None, None)).await?;
        }
    }
    Ok(())
}
