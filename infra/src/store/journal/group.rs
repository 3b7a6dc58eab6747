//! Entries on PostgreSQL are written together. One that cannot be written with others is written alone, so nobody fails for
//! another's sake but when the database is away.

use super::super::together::{Asked, GROUP, Kept, Queue, Together, Waiting, Waits};
use super::StoreError;
use super::entry::{Entry, Outcome};
use super::postgres::{self, Failed, Held};
use crate::Wake;
use crate::gauge::JournalGauges;
use sea_orm::sqlx::PgPool;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many that are tried alone are under way at once: they may wait for somebody, and must leave connections to others.
const ALONE: u32 = 4;

/// Writes births, and changes, apart: each has a statement of its own.
#[derive(Debug)]
pub(super) struct Groups {
    births: Arc<Queue<Lane>>,
    changes: Arc<Queue<Lane>>,
}

#[derive(Debug)]
struct Lane {
    pool: PgPool,
    wake: Wake,
    gauges: JournalGauges,
    alone: Arc<Semaphore>,
}

impl Groups {
    /// Must be called on the runtime that is to write.
    pub(super) fn new(pool: &PgPool, wake: &Wake, gauges: &JournalGauges) -> Self {
        let lane = || Lane {
            pool: pool.clone(),
            wake: wake.clone(),
            gauges: gauges.clone(),
            alone: Arc::new(Semaphore::new(ALONE as usize)),
        };
        Self { births: Queue::new(pool, lane()), changes: Queue::new(pool, lane()) }
    }

    /// Writes an entry with whatever else waits.
    pub(super) async fn append(&self, entry: Entry) -> Result<Outcome, StoreError> {
        let lane = if entry.begins() { &self.births } else { &self.changes };
        lane.ask(entry).await
    }

    /// Waits for all that is queued.
    pub(super) async fn close(&self) {
        for lane in [&self.births, &self.changes] {
            let _ = lane.close().await.alone.acquire_many(ALONE).await;
        }
    }
}

impl Together for Lane {
    type Question = Entry;
    type Answer = Outcome;

    /// No two entries of one ticket, nor two under one key, of which only one can succeed.
    fn take(waiting: &mut Waiting<Self>) -> Vec<Waits<Self>> {
        let (mut streams, mut keys) = (HashSet::new(), HashSet::new());
        let mut group = Vec::with_capacity(waiting.len().min(GROUP));
        let mut later = VecDeque::new();
        while group.len() < GROUP
            && let Some((entry, asked)) = waiting.pop_front()
        {
            if asked.is_too_late() {
                continue;
            }
            let Entry { stream, answer, .. } = &entry;
            let is_first =
                streams.insert(*stream) && answer.as_ref().is_none_or(|kept| keys.insert(kept.key));
            if is_first { group.push((entry, asked)) } else { later.push_back((entry, asked)) }
        }
        later.append(waiting);
        *waiting = later;
        group
    }

    async fn work(self: &Arc<Self>, connection: &mut Kept, entries: Vec<Entry>, asked: Vec<Asked<Outcome>>) {
        self.gauges.group(entries.len());
        let written = match connection.get().await {
            Ok(connection) => postgres::write_by(connection, &entries, Held::PassOver).await,
            Err(error) => Err(Failed { error, is_one_at_fault: false }),
        };
        match written {
            Ok(outcomes) => {
                if outcomes.contains(&Outcome::Written) {
                    self.wake.ring();
                }
                for ((outcome, asked), entry) in outcomes.into_iter().zip(asked).zip(entries) {
                    match outcome {
                        // Held by somebody else, perhaps: who waits for that one keeps no other waiting.
                        Outcome::Conflict => self.write_alone(entry, asked),
                        _ => asked.tell(Ok(outcome)),
                    }
                }
            }
            Err(Failed { error, is_one_at_fault }) => {
                connection.give_back();
                if is_one_at_fault && asked.len() > 1 {
                    tracing::warn!(%error, "changes were not written together; each is tried alone");
                }
                for (entry, asked) in entries.into_iter().zip(asked) {
                    if is_one_at_fault {
                        self.write_alone(entry, asked);
                    } else {
                        asked.tell(Err(error.shared()));
                    }
                }
            }
        }
    }
}

impl Lane {
    fn write_alone(self: &Arc<Self>, entry: Entry, asked: Asked<Outcome>) {
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

#[cfg(test)]
mod tests {
    use super::super::KeptAnswer;
    use super::*;
    use uuid::Uuid;

    fn job(stream: u128, key: Option<u8>) -> Waits<Lane> {
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let answer = key.map(|key| KeptAnswer { key: [key; 32], body_hash: [0; 32], answer: vec![], now });
        let entry = Entry {
            stream: Uuid::from_u128(stream),
            was: Some(1),
            row: vec![],
            texts: vec![],
            events: vec![],
            parties: vec![],
            contact: None,
            answer,
        };
        (entry, Asked::now().0)
    }

    #[test]
    fn one_ticket_and_one_key_are_in_a_group_once_and_nobody_is_lost_or_overtaken() {
        let jobs = [(1, None), (2, Some(1)), (1, Some(2)), (3, Some(1)), (4, None), (1, None)];
        let mut waiting = jobs.map(|(stream, key)| job(stream, key)).into();
        let mut next =
            || Lane::take(&mut waiting).iter().map(|(entry, _)| entry.stream.as_u128()).collect::<Vec<_>>();
        assert_eq!([next(), next(), next(), next()], [vec![1, 2, 4], vec![1, 3], vec![1], vec![]]);
        let mut many = (0..GROUP as u128 + 1).map(|stream| job(stream, None)).collect();
        assert_eq!([Lane::take(&mut many).len(), Lane::take(&mut many).len()], [GROUP, 1]);
    }
}
