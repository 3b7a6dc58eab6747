//! The tables of a reactor made anew from the log while servers run: as rows of a new generation beside those that are read,
//! then in one transaction the generation and the cursor change. A reactor at work misses its guard and reads on from there.
//!
//! One that is interrupted leaves rows that nobody reads; the next one removes them.

use super::super::Store;
use super::super::dialect::{json_rows, row_id};
use super::super::error::StoreError;
use super::super::log::Cursor;
use super::super::row::column;
use super::Reactor;
use super::flags::takers;
use super::fold::{Folded, Walk};
use chrono::SecondsFormat;
use domain::figure::Figures;
use domain::flag::Flag;
use domain::id::TicketId;
use domain::time::Timestamp;
use sea_orm::Statement;
use serde_json::json;

/// How many rows of figures are held before they are written.
const HELD: usize = 20_000;
/// How many rows are removed at a time.
const REMOVED: u32 = 10_000;

/// What came of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild {
    /// How many events were read.
    pub events: u64,
    /// How many of them could not be followed.
    pub passed_over: usize,
    /// Whether its tables are read now; not when somebody else began to make them anew meanwhile.
    pub took_over: bool,
}

impl Store {
    /// Makes the tables of a reactor anew. `told` hears how many events were read, of about how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rebuild(
        &self,
        reactor: Reactor,
        now: Timestamp,
        told: impl Fn(u64, u64),
    ) -> Result<Rebuild, StoreError> {
        // What others were told is told.
        let Some(table) = table(reactor) else {
            return Ok(Rebuild { events: 0, passed_over: 0, took_over: false });
        };
        // From here on nobody who began before takes over.
        let (before, generation) = self.begin_generation(reactor).await?;
        self.remove_generations(table, before, generation).await?;
        let upto = self.safe_end_of_log().await?;
        let all = self.count_events(upto).await?;
        let mut walk = Walk::new(self, upto, reactor == Reactor::Flags);
        let mut held = Figures::new();
        while let Some(folded) = walk.next().await? {
            match reactor {
                Reactor::Figures => {
                    self.count_folded(&mut held, &folded);
                    if held.len() >= HELD {
                        self.write_each(self.add_figures(generation, &std::mem::take(&mut held))?).await?;
                    }
                }
                Reactor::Flags => self.write_each(self.earned(generation, folded).await?).await?,
                Reactor::Appraisals => {
                    let tickets = folded.iter().map(|folded| &folded.ticket);
                    self.write_each(self.put_answers(generation, tickets)).await?;
                }
                Reactor::Inbox | Reactor::Duty | Reactor::Dispatch => {}
            }
            told(walk.read, all.max(walk.read));
        }
        self.write_each(self.add_figures(generation, &held)?).await?;
        let mut statements = vec![self.take_over(reactor, before, generation, upto, now)];
        let sql = "DELETE FROM set_aside WHERE reactor = $1";
        statements.push(self.statement(sql, vec![reactor.name().into()]));
        statements.extend(walk.passed_over.iter().map(|event| self.put_aside(reactor, event, 1, now)));
        let took_over = self.write_after_cursor(statements).await?;
        if took_over {
            self.remove_generations(table, generation, generation).await?;
        }
        Ok(Rebuild { events: walk.read, passed_over: walk.passed_over.len(), took_over })
    }

    /// The generation that is read, and one of its own: whoever began last takes over.
    async fn begin_generation(&self, reactor: Reactor) -> Result<(i32, i32), StoreError> {
        let sql = "UPDATE reactor SET building = building + 1 WHERE name = $1 RETURNING generation, building";
        let row = self.journal.write_returning(self.statement(sql, vec![reactor.name().into()])).await?;
        let gone = || StoreError::corrupt("reactor", "name", reactor.name(), "the reactor has no row");
        let row = row.ok_or_else(gone)?;
        Ok((column(&row, "reactor", "generation")?, column(&row, "reactor", "building")?))
    }

    fn take_over(
        &self,
        reactor: Reactor,
        before: i32,
        generation: i32,
        upto: Cursor,
        now: Timestamp,
    ) -> Statement {
        let sql = "UPDATE reactor SET xid = $4, position = $5, generation = $3, updated_at = $6 \
             WHERE name = $1 AND generation = $2 AND building = $3";
        let values = vec![
            reactor.name().into(),
            before.into(),
            generation.into(),
            upto.xid().into(),
            upto.position().into(),
            now.into(),
        ];
        self.statement(sql, values)
    }

    /// Adds tickets to the figures.
    pub(super) fn count_folded(&self, figures: &mut Figures, folded: &[Folded]) {
        for Folded { ticket, .. } in folded {
            domain::figure::count(figures, ticket, &self.figure_levels(ticket), 1);
        }
    }

    /// The flags of tickets, each with its ticket.
    pub(super) async fn flags_of(
        &self,
        folded: Vec<Folded>,
    ) -> Result<Vec<(TicketId, String, Flag)>, StoreError> {
        let changes = folded.iter().flat_map(|folded| folded.flags.iter().map(|(_, change, _)| change));
        let standings = self.standings(takers(changes)).await?;
        let mut all = Vec::new();
        for Folded { ticket, flags: changes } in folded {
            let rule = self.flag_rule(&ticket.place.code);
            let mut flags = Vec::new();
            for (cursor, change, after) in changes {
                change.apply(&mut flags, |who| standings.earns(who, cursor, &rule, &after));
            }
            all.extend(flags.into_iter().map(|flag| (ticket.id, ticket.place.code.to_string(), flag)));
        }
        Ok(all)
    }

    async fn earned(&self, generation: i32, folded: Vec<Folded>) -> Result<Vec<Statement>, StoreError> {
        let columns = [
            ("ticket_id", "uuid"),
            ("user_id", "uuid"),
            ("round", "int"),
            ("scope_code", "text"),
            ("earned_at", "timestamptz"),
            ("taken_at", "timestamptz"),
        ];
        let sql = format!(
            "INSERT INTO flag (generation, ticket_id, user_id, round, scope_code, earned_at, taken_at) \
             SELECT $1, j.ticket_id, j.user_id, j.round, j.scope_code, j.earned_at, j.taken_at FROM {}",
            json_rows(self.backend(), "$2", &columns)
        );
        let flags = self.flags_of(folded).await?;
        if flags.is_empty() {
            return Ok(vec![]);
        }
        let row = |(ticket, scope_code, flag): &(TicketId, String, Flag)| {
            json!({
                "ticket_id": ticket.0, "user_id": flag.person.0, "round": flag.round, "scope_code": scope_code,
                "earned_at": moment(flag.earned_at), "taken_at": flag.taken_at.map(moment),
            })
        };
        let rows: Vec<_> = flags.iter().map(row).collect();
        let rows = serde_json::Value::from(rows).to_string();
        Ok(vec![self.statement(&sql, vec![generation.into(), rows.into()])])
    }

    /// Each by itself, so that on SQLite others write between them.
    async fn write_each(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        for statement in statements {
            self.journal.write(vec![statement]).await?;
        }
        Ok(())
    }

    /// Removes what nobody reads any more: the rows of all generations before `below` but the one that is read.
    async fn remove_generations(&self, table: &str, read: i32, below: i32) -> Result<(), StoreError> {
        let id = row_id(self.backend());
        let sql = format!(
            "DELETE FROM {table} WHERE {id} IN (SELECT {id} FROM {table} WHERE generation <> $1 AND generation < $2 LIMIT {REMOVED})"
        );
        while self.write_after_cursor(vec![self.statement(&sql, vec![read.into(), below.into()])]).await? {}
        Ok(())
    }

    /// About how many events there are up to here: only to say how far it has come.
    async fn count_events(&self, upto: Cursor) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS n FROM event WHERE aggregate = 'ticket' AND position <= $1";
        let row = self.query_one(sql, vec![upto.position().into()]).await?;
        let count: i64 = row.map(|row| column(&row, "event", "n")).transpose()?.unwrap_or_default();
        Ok(count.unsigned_abs())
    }
}

/// As both databases compare it.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// What is made anew.
fn table(reactor: Reactor) -> Option<&'static str> {
    match reactor {
        Reactor::Flags => Some("flag"),
        Reactor::Figures => Some("figure"),
        Reactor::Appraisals => Some("appraisal"),
        Reactor::Inbox | Reactor::Duty | Reactor::Dispatch => None,
    }
}
