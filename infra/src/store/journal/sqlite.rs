//! SQLite's writer: one task that owns the only write connection, commits what waits as one group, a savepoint a
//! change, and answers after COMMIT. It receives statements, never closures; a request that went away cancels nothing
//! that is queued.

use super::StoreError;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

/// How many changes may wait before requests wait to be queued.
const QUEUE: usize = 1024;
/// How many changes are committed together at most.
const GROUP: usize = 128;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

enum Job {
    /// All or none. A guarded one answers whether its first statement touched a row, and is rolled back when not.
    Write { statements: Vec<Statement>, guarded: bool, answer: Answer<bool> },
    /// One statement, which is all or nothing by itself.
    Returning(Statement, Answer<Option<QueryResult>>),
    /// Ends the task after all that was queued before.
    Close(oneshot::Sender<()>),
}

/// A job that was carried out, waiting for the COMMIT of its group.
enum Done {
    Write(Answer<bool>, Result<bool, StoreError>),
    Returning(Answer<Option<QueryResult>>, Result<Option<QueryResult>, StoreError>),
}

#[derive(Debug)]
pub(in crate::store) struct Writer(mpsc::Sender<Job>);

impl Writer {
    pub(super) fn start(connection: DatabaseConnection) -> Self {
        let (sender, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(run(connection, jobs));
        Self(sender)
    }

    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        self.ask(|answer| Job::Write { statements, guarded: false, answer }).await?.map(drop)
    }

    /// Whether the guard, the first statement, found its row.
    pub(super) async fn write_guarded(&self, statements: Vec<Statement>) -> Result<bool, StoreError> {
        self.ask(|answer| Job::Write { statements, guarded: true, answer }).await?
    }

    pub(super) async fn write_returning(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, StoreError> {
        self.ask(|answer| Job::Returning(statement, answer)).await?
    }

    pub(super) async fn close(&self) {
        // A writer that is gone already is closed.
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, StoreError> {
        let gone = || StoreError::Unavailable("the writer has ended".into());
        let (sender, answer) = oneshot::channel();
        self.0.send(job(sender)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

async fn run(connection: DatabaseConnection, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        let mut closed = None;
        let mut work = Vec::with_capacity(group.len());
        for job in group.drain(..) {
            match job {
                Job::Close(answer) => closed = Some(answer),
                job => work.push(job),
            }
        }
        if !work.is_empty() {
            commit(&connection, work).await;
        }
        if let Some(answer) = closed {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "the write connection did not close");
            }
            let _ = answer.send(());
            return;
        }
    }
}

/// Carries out a group and answers each of its jobs.
async fn commit(connection: &DatabaseConnection, group: Vec<Job>) {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = match connection.begin_with_options(options).await {
        Ok(transaction) => transaction,
        Err(error) => {
            let failed = StoreError::from(error).to_string();
            group.into_iter().for_each(|job| job.fail(&failed));
            return;
        }
    };
    let mut done = Vec::with_capacity(group.len());
    let mut broken = None;
    for job in group {
        if broken.is_some() {
            done.push(job.skip());
            continue;
        }
        let (carried_out, fault) = job.carry_out(&transaction).await;
        broken = fault;
        done.push(carried_out);
    }
    let committed = match broken {
        // FULL, IOERR and the like: SQLite may have rolled the transaction back already.
        Some(fault) => {
            let _ = transaction.rollback().await;
            Err(fault)
        }
        None => transaction.commit().await.map_err(|error| StoreError::from(error).to_string()),
    };
    for job in done {
        job.answer(committed.as_ref().err());
    }
}

impl Job {
    fn fail(self, why: &str) {
        let error = || StoreError::Unavailable(why.to_owned());
        match self {
            Self::Write { answer, .. } => drop(answer.send(Err(error()))),
            Self::Returning(_, answer) => drop(answer.send(Err(error()))),
            Self::Close(answer) => drop(answer.send(())),
        }
    }

    fn skip(self) -> Done {
        let skipped = || StoreError::Unavailable("its group failed".into());
        match self {
            Self::Write { answer, .. } => Done::Write(answer, Err(skipped())),
            Self::Returning(_, answer) => Done::Returning(answer, Err(skipped())),
            Self::Close(_) => unreachable!("closing is taken out of the group"),
        }
    }

    /// Runs the job; what it cannot finish, it leaves no trace of. A fault of the whole database comes back beside the result.
    async fn carry_out(self, transaction: &DatabaseTransaction) -> (Done, Option<String>) {
        match self {
            Self::Write { statements, guarded, answer } => {
                let result = write(transaction, statements, guarded).await;
                let fault = fault(&result);
                (Done::Write(answer, result), fault)
            }
            Self::Returning(statement, answer) => {
                let result = transaction.query_one_raw(statement).await.map_err(StoreError::from);
                let fault = fault(&result);
                (Done::Returning(answer, result), fault)
            }
            Self::Close(_) => unreachable!("closing is taken out of the group"),
        }
    }
}

impl Done {
    fn answer(self, failed: Option<&String>) {
        let failed = failed.map(|why| StoreError::Unavailable(why.clone()));
        // A request that went away has no ears; its change stands all the same.
        match self {
            Self::Write(answer, result) => drop(answer.send(failed.map_or(result, Err))),
            Self::Returning(answer, result) => drop(answer.send(failed.map_or(result, Err))),
        }
    }
}

fn fault<T>(result: &Result<T, StoreError>) -> Option<String> {
    match result {
        Err(StoreError::Unavailable(why)) => Some(why.clone()),
        _ => None,
    }
}

async fn write(
    transaction: &DatabaseTransaction,
    statements: Vec<Statement>,
    guarded: bool,
) -> Result<bool, StoreError> {
    let savepoint = transaction.begin().await?;
    for (i, statement) in statements.into_iter().enumerate() {
        match savepoint.execute_raw(statement).await {
            Ok(result) if guarded && i == 0 && result.rows_affected() == 0 => {
                savepoint.rollback().await?;
                return Ok(false);
            }
            Ok(_) => {}
            Err(error) => {
                savepoint.rollback().await?;
                return Err(error.into());
            }
        }
    }
    savepoint.commit().await?;
    Ok(true)
}
