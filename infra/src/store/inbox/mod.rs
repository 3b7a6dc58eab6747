//! 消息: what each person is told. A row holds no word of anybody and nothing personal; what it says is made when it is read.
//!
//! Whoever writes messages takes turns until the commit, so ids are in the order in which messages can be read. Who is told
//! is known by then: a roster entry that turned out to be somebody is that one, and whoever was erased is told nothing.

mod read;
#[cfg(test)]
mod tests;

use super::Store;
use super::error::StoreError;
use super::row::column;
use super::sql::Sql;
use super::{dialect, page::Page};
use chrono::TimeDelta;
use domain::id::{TicketId, UserId};
use domain::notice::Notice;
use domain::permission::Role;
use domain::place::PlaceCode;
use domain::ticket::ClockKind;
use domain::time::Timestamp;
use domain::view::{InboxEntry, InboxItem};
use sea_orm::{DbBackend, Statement};
use serde_json::{Value as Json, json};

pub(super) use read::THEIRS;

/// How long messages are kept.
const KEPT: TimeDelta = TimeDelta::days(180);
/// How many rows a statement writes.
const CHUNK: usize = 200;
/// How many messages are looked at, and forgotten, at a time.
const BATCH: i64 = 1_000;
/// Rings that were slept through go into one list each while this long passes.
const LIST_SECONDS: i64 = 600;

/// A message with a page of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The message.
    pub entry: InboxEntry,
    /// What it is about, where that is many things; oldest first.
    pub list: Page<InboxItem, i64>,
}

/// A piece of all messages, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxPage {
    /// Each with whose it is.
    pub messages: Vec<(UserId, InboxEntry)>,
    /// The last that was read: reading goes on behind it.
    pub end: i64,
    /// How many were read, those left out among them.
    pub read: usize,
}

/// Somebody who is told of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) person: UserId,
    pub(super) notice: Notice,
    pub(super) ticket: TicketId,
    /// Of the event.
    pub(super) position: i64,
    pub(super) clock: Option<ClockKind>,
    pub(super) due_at: Option<Timestamp>,
    /// When it was written down, where that was long after its time: it goes into a list.
    pub(super) belated: Option<Timestamp>,
}

impl Told {
    /// Which list it goes into.
    fn topic(&self) -> Option<String> {
        self.belated.map(|at| format!("overdue:{}", at.timestamp().div_euclid(LIST_SECONDS)))
    }
}

impl Store {
    /// What tells people, once each of an event.
    pub(super) fn tell(&self, told: &[Told], now: Timestamp) -> Vec<Statement> {
        if told.is_empty() {
            return vec![];
        }
        let (lists, alone): (Vec<_>, Vec<_>) = told.iter().partition(|one| one.belated.is_some());
        let mut statements = self.in_turn();
        statements.extend(alone.chunks(CHUNK).map(|some| self.messages(some, now)));
        statements.extend(lists.chunks(CHUNK).flat_map(|some| self.lists(some, now)));
        statements
    }

    /// What makes whoever else writes messages wait until this transaction has ended.
    pub(super) fn in_turn(&self) -> Vec<Statement> {
        dialect::inbox_turn(self.backend()).map(|sql| self.statement(sql, vec![])).into_iter().collect()
    }

    fn messages(&self, told: &[&Told], now: Timestamp) -> Statement {
        let mut sql = rows(self.backend(), told);
        sql.push(
            " INSERT INTO inbox (user_id, kind, ticket_id, position, clock, due_at, created_at) \
             SELECT COALESCE(u.joined_into, u.id), v.kind, v.ticket_id, v.position, v.clock, v.due_at, ",
        );
        sql.bind(now).push(" FROM v JOIN app_user u ON u.id = v.user_id WHERE u.erased_at IS NULL ");
        sql.push("ORDER BY v.position ON CONFLICT (user_id, position) WHERE position IS NOT NULL DO NOTHING");
        self.statement(&sql.text, sql.values)
    }

    /// The lists that are not there yet, what goes into them, and how much that is: a list that grew is unread again.
    fn lists(&self, told: &[&Told], now: Timestamp) -> [Statement; 3] {
        const LIST: &str = "v JOIN app_user u ON u.id = v.user_id AND u.erased_at IS NULL \
             JOIN inbox i ON i.user_id = COALESCE(u.joined_into, u.id) AND i.topic = v.topic";
        const COUNT: &str = "(SELECT count(*) FROM inbox_item x WHERE x.inbox_id = inbox.id)";
        let list: &str = Notice::OverdueList.into();
        let mut begun = rows(self.backend(), told);
        begun.push(" INSERT INTO inbox (user_id, kind, topic, items, created_at) SELECT DISTINCT COALESCE(u.joined_into, u.id), ");
        begun.bind(list).push(", v.topic, 0, ").bind(now);
        begun.push(
            " FROM v JOIN app_user u ON u.id = v.user_id WHERE u.erased_at IS NULL ON CONFLICT DO NOTHING",
        );
        let mut filled = rows(self.backend(), told);
        filled.push(&format!(
            " INSERT INTO inbox_item (inbox_id, position, kind, ticket_id, clock, due_at) \
             SELECT i.id, v.position, v.kind, v.ticket_id, v.clock, v.due_at FROM {LIST} WHERE true ON CONFLICT DO NOTHING"
        ));
        let mut counted = rows(self.backend(), told);
        counted.push(&format!(
            " UPDATE inbox SET items = {COUNT}, read_at = NULL WHERE id IN (SELECT i.id FROM {LIST}) AND items <> {COUNT}"
        ));
        [begun, filled, counted].map(|sql| self.statement(&sql.text, sql.values))
    }

    /// Tells administrators of a county something that is of no ticket, once a topic. `due_at` is when it matters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_administrators(
        &self,
        county: &PlaceCode,
        notice: Notice,
        topic: &str,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let kind: &str = notice.into();
        let roles = [Role::CountyAdmin, Role::SystemAdmin].map(<&str>::from);
        let mut sql = Sql::new(
            "INSERT INTO inbox (user_id, kind, topic, due_at, created_at) SELECT DISTINCT g.user_id, ",
        );
        sql.bind(kind).push(", ").bind(topic).push(", ").bind(due_at).push(", ").bind(now);
        sql.push(" FROM grant_place p JOIN role_grant g ON g.id = p.grant_id WHERE p.code = ");
        sql.bind(county.county()).push(" AND g.role IN ").bind_all(roles).push(" ON CONFLICT DO NOTHING");
        let mut statements = self.in_turn();
        statements.push(self.statement(&sql.text, sql.values));
        self.journal.write(statements).await
    }

    /// Forgets messages older than 180 days, some at a time so that nobody waits for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_messages(&self, now: Timestamp) -> Result<(), StoreError> {
        // The lowest ids are the oldest: no index is needed to find them.
        let sql = "SELECT id, created_at FROM inbox ORDER BY id LIMIT $1";
        loop {
            let rows = self.query_all(sql, vec![BATCH.into()]).await?;
            let mut last = None;
            for row in &rows {
                if column::<Timestamp>(row, "inbox", "created_at")? >= now - KEPT {
                    break;
                }
                last = Some(column::<i64>(row, "inbox", "id")?);
            }
            let Some(last) = last else { return Ok(()) };
            let forget = ["DELETE FROM inbox_item WHERE inbox_id <= $1", "DELETE FROM inbox WHERE id <= $1"];
            self.journal.write(forget.map(|sql| self.statement(sql, vec![last.into()])).to_vec()).await?;
        }
    }

    /// What takes away all that somebody was told.
    pub(super) fn forget_inbox(&self, person: uuid::Uuid) -> [Statement; 2] {
        [
            "DELETE FROM inbox_item WHERE inbox_id IN (SELECT i.id FROM inbox i WHERE i.user_id = $1)",
            "DELETE FROM inbox WHERE user_id = $1",
        ]
        .map(|sql| self.statement(sql, vec![person.into()]))
    }

    /// What gives somebody the messages of the roster entry that they turned out to be. What both were told of stays once,
    /// and of two lists both.
    pub(super) fn move_inbox(&self, roster: uuid::Uuid, user: uuid::Uuid) -> Vec<Statement> {
        let both = |sql: &str| self.statement(sql, vec![roster.into(), user.into()]);
        let mut statements = self.in_turn();
        statements.extend([
            both(
                "DELETE FROM inbox WHERE user_id = $1 AND position IN \
                 (SELECT o.position FROM inbox o WHERE o.user_id = $2 AND o.position IS NOT NULL)",
            ),
            both(
                "UPDATE inbox SET topic = NULL WHERE user_id = $1 AND topic IN \
                 (SELECT o.topic FROM inbox o WHERE o.user_id = $2 AND o.topic IS NOT NULL)",
            ),
            both("UPDATE inbox SET user_id = $2 WHERE user_id = $1"),
        ]);
        statements
    }
}

/// Those who are told, as rows `v`: always the same statement, however many they are.
fn rows(backend: DbBackend, told: &[&Told]) -> Sql {
    const COLUMNS: [(&str, &str); 7] = [
        ("user_id", "uuid"),
        ("kind", "text"),
        ("ticket_id", "uuid"),
        ("position", "bigint"),
        ("clock", "text"),
        ("due_at", "timestamptz"),
        ("topic", "text"),
    ];
    let row = |one: &&Told| {
        let kind: &str = one.notice.into();
        let clock: Option<&str> = one.clock.map(Into::into);
        json!({
            "user_id": one.person.0, "kind": kind, "ticket_id": one.ticket.0, "position": one.position,
            "clock": clock, "due_at": one.due_at.map(|at| at.to_rfc3339()), "topic": one.topic(),
        })
    };
    let mut sql = Sql::new("WITH v AS (SELECT * FROM ");
    sql.values.push(Json::Array(told.iter().map(row).collect()).to_string().into());
    sql.push(&dialect::json_rows(backend, "$1", &COLUMNS)).push(")");
    sql
}
