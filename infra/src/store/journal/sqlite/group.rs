//! What is committed together on SQLite. Whatever was refused and has touched nothing costs the others nothing; what has
//! is rare, and has all of them done anew, each within a savepoint, for savepoints copy every page that is written.

use super::super::entry::{Entry, Outcome};
use super::super::{Guard, StoreError};
use super::entry::append;
use crate::store::row::Row;
use crate::store::sqlite::{execute_statement, fault, query};
use rusqlite::{Connection, TransactionBehavior};
use sea_orm::Statement;
use tokio::sync::oneshot;

pub(super) enum Work {
    /// All or none. Answers whether its guard was met, and is undone when it was not.
    Write { statements: Vec<Statement>, guard: Guard, asked: Asked<bool> },
    /// Entries, all or none.
    Append(Vec<Entry>, Asked<Outcome>),
    /// One statement, which is all or nothing by itself.
    Returning(Statement, Asked<Option<Row>>),
}

/// Who waits for work, and what came of it.
pub(super) struct Asked<T> {
    answer: oneshot::Sender<Result<T, StoreError>>,
    result: Option<Result<T, StoreError>>,
}

/// Why a group is not committed as it was begun.
enum Stop {
    /// Something was refused that has touched rows.
    Halfway,
    /// Anything but a taken key, with why.
    Fault(String),
}

impl<T> Asked<T> {
    pub(super) fn new(answer: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { answer, result: None }
    }

    /// A group that failed did none of what succeeded in it; what failed by itself says why.
    fn tell(self, failed: Option<&str>) {
        let why = failed.unwrap_or("its group failed");
        let result = match self.result {
            None => Err(StoreError::Unavailable(why.to_owned())),
            Some(Ok(_)) if failed.is_some() => Err(StoreError::Unavailable(why.to_owned())),
            Some(result) => result,
        };
        // A request that went away has no ears; its change stands all the same.
        let _ = self.answer.send(result);
    }
}

impl Work {
    pub(super) fn tell(self, failed: Option<&str>) {
        match self {
            Self::Write { asked, .. } => asked.tell(failed),
            Self::Append(_, asked) => asked.tell(failed),
            Self::Returning(_, asked) => asked.tell(failed),
        }
    }

    fn carry_out(&mut self, connection: &Connection) -> Result<(), Stop> {
        fn is_done<T>(result: &Result<T, StoreError>, done: impl FnOnce(&T) -> bool) -> Result<bool, Stop> {
            match result {
                Ok(answer) => Ok(done(answer)),
                Err(StoreError::Duplicate(_)) => Ok(false),
                Err(error) => Err(Stop::Fault(error.to_string())),
            }
        }
        let before = connection.total_changes();
        let is_done = match self {
            Self::Write { statements, guard, asked } => {
                is_done(asked.result.insert(write(connection, statements, guard)), |found| *found)
            }
            Self::Append(entries, asked) => {
                let result = asked.result.insert(append(connection, entries));
                is_done(result, |outcome| *outcome == Outcome::Written)
            }
            Self::Returning(statement, asked) => {
                let first = query(connection, statement).map(|rows| rows.into_iter().next());
                is_done(asked.result.insert(first), |_| true)
            }
        }?;
        if is_done || connection.total_changes() == before { Ok(()) } else { Err(Stop::Halfway) }
    }
}

/// Commits a group. Fails when anything but a taken key stood in the way: SQLite may have ended the transaction by itself,
/// as it does when the disk is full.
pub(super) fn commit(connection: &mut Connection, group: &mut [Work]) -> Result<(), String> {
    let committed = carry_out(connection, group, false).or_else(|stop| match stop {
        Stop::Halfway => carry_out(connection, group, true),
        fault @ Stop::Fault(_) => Err(fault),
    });
    committed.map_err(|stop| match stop {
        Stop::Fault(why) => why,
        Stop::Halfway => "what was refused was not undone".to_owned(),
    })
}

fn carry_out(connection: &mut Connection, group: &mut [Work], apart: bool) -> Result<(), Stop> {
    let failed = |error| Stop::Fault(fault(error).to_string());
    let mut transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for work in group {
        if apart {
            let savepoint = transaction.savepoint().map_err(failed)?;
            match work.carry_out(&savepoint) {
                Ok(()) => savepoint.commit(),
                Err(Stop::Halfway) => savepoint.finish(),
                Err(fault) => return Err(fault),
            }
            .map_err(failed)?;
        } else {
            work.carry_out(&transaction)?;
        }
    }
    transaction.commit().map_err(failed)
}

fn write(connection: &Connection, statements: &[Statement], guard: &Guard) -> Result<bool, StoreError> {
    for (i, statement) in statements.iter().enumerate() {
        let touched = execute_statement(connection, statement)?;
        if !guard.is_met(i, touched as u64) {
            return Ok(false);
        }
    }
    Ok(true)
}
