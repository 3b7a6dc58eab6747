//! Those who read SQLite's file while the journal writes to it: a few threads with a connection each, who take what waits.

use super::super::error::StoreError;
use super::super::row::Row;
use super::{query, reader};
use crate::gauge::Pool;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use sea_orm::Statement;
use std::convert::Infallible;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc, oneshot};

/// So many read at once for each core, for some wait for the disk.
const A_CORE: usize = 2;
/// At least and at most: each has a cache of its own.
const THREADS: RangeInclusive<usize> = 4..=16;
/// How many may wait. More than that is a disk that does not keep up, and whoever asks is told so.
const QUEUE: usize = 4096;

enum Job {
    Query(Statement, oneshot::Sender<Result<Vec<Row>, StoreError>>),
    /// Whoever takes this tells that it was their turn.
    Turn(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(in crate::store) struct Readers {
    /// None once they are to end.
    jobs: RwLock<Option<Sender<Job>>>,
    threads: u32,
    busy: Arc<AtomicU32>,
    /// Closed when the last has ended.
    ended: Mutex<mpsc::Receiver<Infallible>>,
}

impl Readers {
    /// Begins to read `file`, which is there.
    pub(in crate::store) fn start(file: &Path) -> Result<Self, StoreError> {
        let (jobs, waiting) = bounded(QUEUE);
        let busy = Arc::new(AtomicU32::new(0));
        let (at_work, ended) = mpsc::channel(1);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = (cores * A_CORE).clamp(*THREADS.start(), *THREADS.end());
        for n in 0..threads {
            let (file, waiting, busy, at_work) =
                (file.to_owned(), waiting.clone(), busy.clone(), at_work.clone());
            thread::Builder::new()
                .name(format!("reader-{n}"))
                .spawn(move || {
                    run(&file, &waiting, &busy);
                    drop(at_work);
                })
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        }
        let threads = u32::try_from(threads).unwrap_or(u32::MAX);
        Ok(Self { jobs: RwLock::new(Some(jobs)), threads, busy, ended: Mutex::new(ended) })
    }

    /// The rows of a query.
    pub(in crate::store) async fn query(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.ask(|answer| Job::Query(statement, answer)).await?
    }

    /// How they do; whoever comes next has waited no longer than `patience` when this answers.
    pub(in crate::store) async fn look(&self, patience: Duration) -> Pool {
        let (threads, busy) = (self.threads, self.busy.load(Ordering::Relaxed));
        let began = Instant::now();
        // A turn that does not come in time, or at all, has made them wait as long as it took to say so.
        drop(tokio::time::timeout(patience, self.ask(Job::Turn)).await);
        let idle = threads.saturating_sub(busy) as usize;
        Pool { open: threads, idle, most: threads, wait: began.elapsed() }
    }

    /// Ends them after all that was asked before.
    pub(in crate::store) async fn close(&self) {
        drop(self.jobs.write().unwrap_or_else(PoisonError::into_inner).take());
        // Nobody sends: this hears only that the last is gone.
        let _ = self.ended.lock().await.recv().await;
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.push(job(answer))?;
        answered.await.map_err(|_| StoreError::Unavailable("a reader has ended".into()))
    }

    fn push(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or_else(|| StoreError::Unavailable("the readers have ended".into()))?;
        jobs.try_send(job).map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

fn run(file: &Path, jobs: &Receiver<Job>, busy: &AtomicU32) {
    let mut connection = None;
    for job in jobs {
        match job {
            // Who went away waits for nothing.
            Job::Query(_, answer) if answer.is_closed() => {}
            Job::Query(statement, answer) => {
                busy.fetch_add(1, Ordering::Relaxed);
                let read = read(file, &mut connection, &statement);
                busy.fetch_sub(1, Ordering::Relaxed);
                let _ = answer.send(read);
            }
            // Who asks may be gone by now.
            Job::Turn(answer) => _ = answer.send(()),
        }
    }
}

/// Reads through a connection that is opened anew after a fault.
fn read(
    file: &Path,
    connection: &mut Option<Connection>,
    statement: &Statement,
) -> Result<Vec<Row>, StoreError> {
    let opened = match connection.take() {
        Some(opened) => opened,
        None => reader(file)?,
    };
    let rows = query(&opened, statement);
    if !matches!(rows, Err(StoreError::Unavailable(_))) {
        *connection = Some(opened);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::{execute_statement, writer};
    use super::*;
    use crate::store::row::column;
    use futures_util::future::join_all;
    use sea_orm::DbBackend;

    fn statement(sql: &str) -> Statement {
        Statement::from_string(DbBackend::Sqlite, sql)
    }

    #[tokio::test]
    async fn each_hears_its_own_answer_and_mistakes_cost_others_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("t.db");
        std::fs::write(&file, "").unwrap();
        let writing = writer(&file).unwrap();
        execute_statement(&writing, &statement("CREATE TABLE t (id integer primary key)")).unwrap();
        let readers = Readers::start(&file).unwrap();
        let asked = (0..100).map(|n| {
            let sql = if n % 10 == 0 { "nonsense".to_owned() } else { format!("SELECT {n} AS n") };
            readers.query(statement(&sql))
        });
        for (n, answer) in (0..).zip(join_all(asked).await) {
            match answer {
                Ok(rows) => assert_eq!(column::<i32>(&rows[0], "t", "n").unwrap(), n),
                Err(error) => assert!(n % 10 == 0 && matches!(error, StoreError::Internal(_)), "{error}"),
            }
        }
        // What is committed is seen at once, and nobody writes here.
        execute_statement(&writing, &statement("INSERT INTO t (id) VALUES (1), (2)")).unwrap();
        assert_eq!(readers.query(statement("SELECT id FROM t")).await.unwrap().len(), 2);
        let write = readers.query(statement("DELETE FROM t")).await.unwrap_err();
        assert!(write.to_string().contains("readonly"), "{write}");
        let Pool { open, idle, most, .. } = readers.look(Duration::from_secs(5)).await;
        assert_eq!((open as usize, idle), (most as usize, most as usize));
        assert!(THREADS.contains(&idle), "{idle}");
        readers.close().await;
        readers.query(statement("SELECT 1")).await.unwrap_err();
    }
}
