//! Entries on PostgreSQL are written together: what comes while all writers are busy waits, and the next that is free takes
//! it all. So an idle server writes at once, and a busy one shares round trips, plans and flushes of the log.
//!
//! An entry that cannot be written with others is written alone, so nobody fails for another's sake but when the database
//! is away. A request that went away cancels nothing that is queued.

use super::super::patience::{PATIENCE, patience};
use super::StoreError;
use super::entry::{Entry, Outcome};
use super::postgres::{self, Failed, Held};
use crate::Wake;
use crate::gauge::JournalGauges;
use sea_orm::sqlx::PgPool;
use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// How many statements are under way at once at most, of births and of changes each. One is enough, and the larger what it
/// writes together, the less each costs; more begin where there is more than that, or where one takes long.
const WRITERS: u32 = 4;
/// After how long another one begins: the first may wait for somebody.
const SLOW: Duration = Duration::from_millis(50);
/// How many entries are written together at most.
const GROUP: usize = 64;
/// How many may wait. More than that is a database that does not keep up, and whoever asks is told so.
const QUEUE: usize = 4096;
/// How many that are tried alone are under way at once: they may wait for somebody, and must leave connections to others.
const ALONE: u32 = 4;

#[derive(Debug)]
struct Job {
    entry: Entry,
    asked: Asked,
}

/// Who waits for it.
#[derive(Debug)]
struct Asked {
    answer: oneshot::Sender<Result<Outcome, StoreError>>,
    came: Instant,
}

impl Asked {
    /// Whoever asked has given up by now and was told so; and who erases or hands over counts on nothing being written
    /// later.
    fn is_too_late(&self) -> bool {
        self.came.elapsed() > PATIENCE
    }

    /// A request that went away has no ears; its change stands all the same.
    fn tell(self, outcome: Result<Outcome, StoreError>) {
        drop(self.answer.send(outcome));
    }
}

/// Writes births, and changes, apart: each has a statement of its own.
#[derive(Debug)]
pub(super) struct Groups {
    births: Arc<Lane>,
    changes: Arc<Lane>,
    runtime: Handle,
}

#[derive(Debug)]
struct Lane {
    pool: PgPool,
    wake: Wake,
    gauges: JournalGauges,
    waiting: Mutex<VecDeque<Job>>,
    writers: Arc<Semaphore>,
    alone: Arc<Semaphore>,
}

impl Groups {
    /// Must be called on the runtime that is to write.
    pub(super) fn new(pool: &PgPool, wake: &Wake, gauges: &JournalGauges) -> Self {
        let lane = || {
            Arc::new(Lane {
                pool: pool.clone(),
                wake: wake.clone(),
                gauges: gauges.clone(),
                waiting: Mutex::default(),
                writers: Arc::new(Semaphore::new(WRITERS as usize)),
                alone: Arc::new(Semaphore::new(ALONE as usize)),
            })
        };
        Self { births: lane(), changes: lane(), runtime: Handle::current() }
    }

    /// Writes an entry with whatever else waits.
    pub(super) async fn append(&self, entry: Entry) -> Result<Outcome, StoreError> {
        let lane = if entry.begins() { &self.births } else { &self.changes };
        let (answer, written) = oneshot::channel();
        if let Some(writer) = lane.queue(Job { entry, asked: Asked { answer, came: Instant::now() } })? {
            self.runtime.spawn(lane.clone().write(writer));
        }
        let mut written = pin!(written);
        let written = async {
            if let Ok(written) = timeout(SLOW, written.as_mut()).await {
                return written;
            }
            if let Ok(writer) = lane.writers.clone().try_acquire_owned() {
                self.runtime.spawn(lane.clone().write(writer));
            }
            written.await
        };
        let ended = |_| StoreError::Unavailable("the writer has ended".into());
        patience(async { written.await.map_err(ended)? }).await
    }

    /// Waits for all that is queued.
    pub(super) async fn close(&self) {
        for lane in [&self.births, &self.changes] {
            // Nobody else closes them, and what comes from here on is told that nobody writes any more.
            let _ = lane.writers.acquire_many(WRITERS).await;
            lane.writers.close();
            let _ = lane.alone.acquire_many(ALONE).await;
        }
    }
}

impl Lane {
    /// Takes a job; with a permit when somebody has to begin to write.
    fn queue(&self, job: Job) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= QUEUE || self.writers.is_closed() {
            return Err(StoreError::Unavailable("too many changes wait, or the server ends".into()));
        }
        waiting.push_back(job);
        let begin = self.writers.available_permits() == WRITERS as usize || waiting.len() >= GROUP;
        Ok(begin.then(|| self.writers.clone().try_acquire_owned().ok()).flatten())
    }

    /// What is written together next. Gives the permit back when nothing waits, so that whoever comes next begins anew.
    fn next(&self, writer: OwnedSemaphorePermit) -> Option<(OwnedSemaphorePermit, Vec<Job>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            drop(writer);
            return None;
        }
        Some((writer, together(&mut waiting)))
    }

    async fn write(self: Arc<Self>, mut writer: OwnedSemaphorePermit) {
        while let Some((permit, group)) = self.next(writer) {
            writer = permit;
            let (entries, asked): (Vec<_>, Vec<_>) =
                group.into_iter().map(|Job { entry, asked }| (entry, asked)).unzip();
            self.gauges.group(entries.len());
            match postgres::write(&self.pool, &entries, Held::PassOver).await {
                Ok(outcomes) => {
                    if outcomes.contains(&Outcome::Written) {
                        self.wake.ring();
                    }
                    for ((outcome, asked), entry) in outcomes.into_iter().zip(asked).zip(entries) {
                        match outcome {
                            // Held by somebody else, perhaps: who waits for that one keeps no other waiting.
                            Outcome::Conflict => self.write_alone(Job { entry, asked }),
                            _ => asked.tell(Ok(outcome)),
                        }
                    }
                }
                Err(Failed { error, is_one_at_fault: false }) => {
                    let why = error.to_string();
                    for asked in asked {
                        asked.tell(Err(StoreError::Unavailable(why.clone())));
                    }
                }
                Err(Failed { error, .. }) => {
                    if asked.len() > 1 {
                        tracing::warn!(%error, "changes were not written together; each is tried alone");
                    }
                    for (entry, asked) in entries.into_iter().zip(asked) {
                        self.write_alone(Job { entry, asked });
                    }
                }
            }
        }
    }

    fn write_alone(self: &Arc<Self>, Job { entry, asked }: Job) {
        let lane = self.clone();
        tokio::spawn(async move {
            let Ok(_turn) = lane.alone.acquire().await else { return };
            if asked.is_too_late() {
                return;
            }
            let written = postgres::write(&lane.pool, &[entry], Held::Wait).await;
            let outcome = written.map(|outcomes| outcomes.first().copied().unwrap_or(Outcome::Conflict));
            if let Ok(Outcome::Written) = outcome {
                lane.wake.ring();
            }
            asked.tell(outcome.map_err(StoreError::from));
        });
    }
}

/// Takes what can be written together: no two entries of one ticket, nor two under one key, of which only one can succeed.
fn together(waiting: &mut VecDeque<Job>) -> Vec<Job> {
    let (mut streams, mut keys) = (HashSet::new(), HashSet::new());
    let mut group = Vec::with_capacity(waiting.len().min(GROUP));
    let mut later = VecDeque::new();
    while group.len() < GROUP
        && let Some(job) = waiting.pop_front()
    {
        if job.asked.is_too_late() {
            continue;
        }
        let Entry { stream, answer, .. } = &job.entry;
        let is_first = streams.insert(*stream) && answer.as_ref().is_none_or(|kept| keys.insert(kept.key));
        if is_first { group.push(job) } else { later.push_back(job) }
    }
    later.append(waiting);
    *waiting = later;
    group
}

#[cfg(test)]
mod tests {
    use super::super::KeptAnswer;
    use super::*;
    use uuid::Uuid;

    fn job(stream: u128, key: Option<u8>) -> Job {
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let answer = key.map(|key| KeptAnswer { key: [key; 32], body_hash: [0; 32], answer: vec![], now });
        let entry = Entry {
            stream: Uuid::from_u128(stream),
            was: Some(1),
            row: vec![],
            texts: vec![],
            events: vec![],
            clocks: vec![],
            parties: vec![],
            contact: None,
            answer,
        };
        Job { entry, asked: Asked { answer: oneshot::channel().0, came: Instant::now() } }
    }

    #[test]
    fn one_ticket_and_one_key_are_in_a_group_once_and_nobody_is_lost_or_overtaken() {
        let jobs = [(1, None), (2, Some(1)), (1, Some(2)), (3, Some(1)), (4, None), (1, None)];
        let mut waiting = jobs.map(|(stream, key)| job(stream, key)).into();
        let mut next =
            || together(&mut waiting).iter().map(|job| job.entry.stream.as_u128()).collect::<Vec<_>>();
        assert_eq!([next(), next(), next(), next()], [vec![1, 2, 4], vec![1, 3], vec![1], vec![]]);
        let mut many = (0..GROUP as u128 + 1).map(|stream| job(stream, None)).collect();
        assert_eq!([together(&mut many).len(), together(&mut many).len()], [GROUP, 1]);
    }
}
