//! Reading messages: a page, one, those behind another; and saying that they were read.

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::dialect::ids_param;
use super::super::error::StoreError;
use super::super::journal::JournalError;
use super::super::page::{Page, is_current};
use super::super::row::{Row, column, optional_word, word};
use super::super::sql::Sql;
use super::{InboxPage, Message};
use domain::actor::Actor;
use domain::id::{TicketId, UserId};
use domain::notice::Read;
use domain::number::TicketNumber;
use domain::time::Timestamp;
use domain::view::{InboxEntry, InboxItem, InboxTicket, Unread};
use std::collections::HashMap;
use uuid::Uuid;

/// Up to how many unread messages are counted.
const COUNTED: i64 = 1_000;
/// What [`Store::stored_message`] needs of the message `i`, its ticket `t` and its place `p`.
const COLUMNS: &str = "i.id, i.kind, i.clock, i.due_at, i.items, i.created_at, i.read_at, i.matter_id, \
     (SELECT k.kind FROM matter k WHERE k.id = i.matter_id) AS matter_kind, t.id AS ticket_id, t.number, t.status, t.scope_code, p.name AS place_name";
/// All messages of whoever follows in parentheses, oldest first.
pub(in crate::store) const THEIRS: &str = "SELECT i.id, i.kind, i.clock, i.due_at, i.items, i.created_at, i.read_at, i.matter_id, \
     (SELECT k.kind FROM matter k WHERE k.id = i.matter_id) AS matter_kind, t.id AS ticket_id, t.number, t.status, t.scope_code, p.name AS place_name \
     FROM inbox i LEFT JOIN ticket t ON t.id = i.ticket_id LEFT JOIN place p ON p.id = t.place_id WHERE i.user_id IN ";

impl Store {
    /// A page of somebody's messages, newest first, with how many they have not read, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn inbox(
        &self,
        asker: &Actor,
        grants_version: i32,
        unread: Option<bool>,
        after: Option<i64>,
        limit: u16,
    ) -> Result<(Page<InboxEntry, i64>, Unread), StoreError> {
        let sql = page_sql(asker, unread, after, limit);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let count = rows.first().map(unread_of).transpose()?.unwrap_or(Unread { count: 0, more: false });
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            if column::<Option<i64>>(row, "inbox", "id")?.is_some() {
                items.push(self.stored_message(row)?);
            }
        }
        let page = cut(items, limit, |entry| entry.id);
        Ok((page, count))
    }

    /// One message with a page of what it is about, in one query; `None` where it is not there or another's.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn message(
        &self,
        asker: &Actor,
        grants_version: i32,
        id: i64,
        after: Option<i64>,
        limit: u16,
    ) -> Result<Option<Message>, StoreError> {
        let sql = message_sql(asker, id, after, limit);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let Some(first) = rows.first() else { return Ok(None) };
        if column::<Option<i64>>(first, "inbox", "id")?.is_none() {
            return Ok(None);
        }
        let mut entry = self.stored_message(first)?;
        let mut items = Vec::new();
        for row in &rows {
            let Some(position) = column::<Option<i64>>(row, "inbox_item", "item_position")? else { break };
            // The ticket of the row is the item's.
            entry.ticket = None;
            let gone = || StoreError::corrupt("inbox_item", "ticket_id", position, "there is no such ticket");
            items.push(InboxItem {
                position,
                kind: word(row, "inbox_item", "item_kind")?,
                ticket: self.inbox_ticket(row)?.ok_or_else(gone)?,
                clock: optional_word(row, "inbox_item", "item_clock")?,
                due_at: column(row, "inbox_item", "item_due_at")?,
            });
        }
        let list = cut(items, limit, |item| item.position);
        Ok(Some(Message { entry, list }))
    }

    /// Everybody's messages behind another, in the order in which they came, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_after(&self, id: i64, limit: u16) -> Result<InboxPage, StoreError> {
        let sql = format!(
            "SELECT i.user_id, {COLUMNS} FROM inbox i LEFT JOIN ticket t ON t.id = i.ticket_id \
             LEFT JOIN place p ON p.id = t.place_id WHERE i.id > $1 ORDER BY i.id LIMIT $2"
        );
        let rows = self.query_all(&sql, vec![id.into(), i64::from(limit).into()]).await?;
        let mut page = InboxPage { messages: Vec::with_capacity(rows.len()), end: id, read: rows.len() };
        for row in &rows {
            page.end = column(row, "inbox", "id")?;
            let user = UserId(column(row, "inbox", "user_id")?);
            match self.stored_message(row) {
                Ok(message) => page.messages.push((user, message)),
                // A newer program may say what this one does not know; nobody else waits for that.
                Err(error) => tracing::warn!(%error, message = page.end, "a message was not read"),
            }
        }
        Ok(page)
    }

    /// Somebody's messages behind one and up to another, in the order in which they came, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_between(
        &self,
        user: UserId,
        after: i64,
        until: i64,
        limit: u16,
    ) -> Result<Vec<InboxEntry>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM inbox i LEFT JOIN ticket t ON t.id = i.ticket_id \
             LEFT JOIN place p ON p.id = t.place_id WHERE i.user_id = $1 AND i.id > $2 AND i.id <= $3 ORDER BY i.id LIMIT $4"
        );
        let values = vec![user.0.into(), after.into(), until.into(), i64::from(limit).into()];
        self.query_all(&sql, values).await?.iter().map(|row| self.stored_message(row)).collect()
    }

    /// The message that came last, anybody's; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inbox_end(&self) -> Result<i64, StoreError> {
        let row = self.query_one("SELECT max(id) AS id FROM inbox", vec![]).await?;
        row.map_or(Ok(0), |row| Ok(column::<Option<i64>>(&row, "inbox", "id")?.unwrap_or(0)))
    }

    /// How many messages each of these people has not read, counted as far as a page of theirs does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unread(&self, users: &[UserId]) -> Result<HashMap<UserId, Unread>, StoreError> {
        let ids = serde_json::json!(users);
        let sql = format!(
            "SELECT u.id, (SELECT count(*) FROM (SELECT 1 FROM inbox i WHERE i.user_id = u.id AND i.read_at IS NULL LIMIT {}) c) \
             AS unread FROM app_user u WHERE u.id IN {}",
            COUNTED + 1,
            ids_param(self.backend(), 1)
        );
        let rows = self.query_all(&sql, vec![ids.to_string().into()]).await?;
        rows.iter().map(|row| Ok((UserId(column(row, "app_user", "id")?), unread_of(row)?))).collect()
    }

    /// Says that somebody has read messages of theirs; those of others are left alone. `render` makes the answer of what they
    /// have not read after that.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn read_inbox(
        &self,
        request: &Request<'_>,
        read: &Read,
        render: impl Fn(Unread) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let Request { actor, grants_version, now, if_match: _, key } = *request;
        let attempt = async {
            let mut left = with_unread(actor, Some(read));
            left.push(" FROM (SELECT 1 AS one) n");
            let rows = self.query_all(&left.text, left.values).await?;
            is_current(&rows, grants_version)?;
            let left = rows.first().map(unread_of).transpose()?.unwrap_or(Unread { count: 0, more: false });
            let answer = render(left);
            let mut sql = Sql::new("UPDATE inbox SET read_at = ");
            sql.bind(now).push(" WHERE read_at IS NULL AND user_id = ").bind(actor.user.0).push(" AND ");
            among(&mut sql, read);
            let mut statements = vec![self.statement(&sql.text, sql.values)];
            if let Some(key) = &key {
                let kept = self.keep(key, &answer, now);
                statements.push(kept.statement(self.backend(), actor.user.0));
            }
            self.journal.write(statements).await.map_err(JournalError::from)?;
            Ok::<_, Failed>(answer)
        };
        let result = attempt.await;
        self.or_kept(key.as_ref(), result).await
    }

    /// The message of a row that has [`COLUMNS`].
    pub(in crate::store) fn stored_message(&self, row: &Row) -> Result<InboxEntry, StoreError> {
        Ok(InboxEntry {
            id: column(row, "inbox", "id")?,
            kind: word(row, "inbox", "kind")?,
            ticket: self.inbox_ticket(row)?,
            matter: column::<Option<String>>(row, "matter", "matter_kind")?.zip(column::<Option<Uuid>>(
                row,
                "inbox",
                "matter_id",
            )?),
            clock: optional_word(row, "inbox", "clock")?,
            due_at: column(row, "inbox", "due_at")?,
            items: column(row, "inbox", "items")?,
            created_at: column(row, "inbox", "created_at")?,
            read_at: column::<Option<Timestamp>>(row, "inbox", "read_at")?,
        })
    }

    fn inbox_ticket(&self, row: &Row) -> Result<Option<InboxTicket>, StoreError> {
        let Some(id) = column::<Option<Uuid>>(row, "ticket", "ticket_id")? else { return Ok(None) };
        let number: String = column(row, "ticket", "number")?;
        let code: String = column(row, "ticket", "scope_code")?;
        Ok(Some(InboxTicket {
            id: TicketId(id),
            number: TicketNumber::from(&number)
                .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?,
            status: word(row, "ticket", "status")?,
            place: self.stored_code(&code)?,
            place_name: column(row, "place", "place_name")?,
        }))
    }
}

/// A page beside the asker's version of grants and the count of what they have not read.
pub(super) fn page_sql(asker: &Actor, unread: Option<bool>, after: Option<i64>, limit: u16) -> Sql {
    let mut sql = with_unread(asker, None);
    sql.push(&format!(
        ", {COLUMNS} FROM (SELECT 1 AS one) n LEFT JOIN (SELECT * FROM inbox WHERE user_id = "
    ));
    sql.bind(asker.user.0);
    match unread {
        Some(true) => drop(sql.push(" AND read_at IS NULL")),
        Some(false) => drop(sql.push(" AND read_at IS NOT NULL")),
        None => {}
    }
    if let Some(after) = after {
        sql.push(" AND id < ").bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ").bind(i64::from(limit) + 1);
    sql.push(
        ") i ON true LEFT JOIN ticket t ON t.id = i.ticket_id LEFT JOIN place p ON p.id = t.place_id \
         ORDER BY i.id DESC",
    );
    sql
}

/// A message of the asker, a row for each thing that it is about.
pub(super) fn message_sql(asker: &Actor, id: i64, after: Option<i64>, limit: u16) -> Sql {
    let mut sql = Sql::new("SELECT (SELECT grants_version FROM app_user WHERE id = ");
    sql.bind(asker.user.0).push(&format!(
        ") AS grants_version, x.position AS item_position, x.kind AS item_kind, x.clock AS item_clock, \
         x.due_at AS item_due_at, {COLUMNS} FROM (SELECT 1 AS one) n LEFT JOIN inbox i ON i.id = "
    ));
    sql.bind(id).push(" AND i.user_id = ").bind(asker.user.0);
    sql.push(" LEFT JOIN (SELECT * FROM inbox_item WHERE inbox_id = ").bind(id);
    if let Some(after) = after {
        sql.push(" AND position > ").bind(after);
    }
    sql.push(" ORDER BY position LIMIT ").bind(i64::from(limit) + 1);
    sql.push(
        ") x ON x.inbox_id = i.id LEFT JOIN ticket t ON t.id = COALESCE(x.ticket_id, i.ticket_id) \
         LEFT JOIN place p ON p.id = t.place_id ORDER BY x.position",
    );
    sql
}

/// A query up to what follows on the asker's version of grants and the count of what they have not read, as it is once they
/// have read what is said.
fn with_unread(asker: &Actor, read: Option<&Read>) -> Sql {
    let mut sql = Sql::new("SELECT (SELECT grants_version FROM app_user WHERE id = ");
    sql.bind(asker.user.0)
        .push(") AS grants_version, (SELECT count(*) FROM (SELECT id FROM inbox WHERE user_id = ");
    sql.bind(asker.user.0).push(" AND read_at IS NULL");
    if let Some(read) = read {
        sql.push(" AND NOT ");
        among(&mut sql, read);
    }
    sql.push(&format!(" LIMIT {}) c) AS unread", COUNTED + 1));
    sql
}

fn among(sql: &mut Sql, read: &Read) {
    match read {
        Read::These(ids) => sql.push("(id IN ").bind_all(ids.iter().copied()),
        Read::UpTo(id) => sql.push("(id <= ").bind(*id),
    }
    .push(")");
}

fn unread_of(row: &Row) -> Result<Unread, StoreError> {
    let count: i64 = column(row, "inbox", "unread")?;
    Ok(Unread { count: count.min(COUNTED), more: count > COUNTED })
}

/// A page of what was read with one more than it holds.
fn cut<T>(mut items: Vec<T>, limit: u16, end: impl Fn(&T) -> i64) -> Page<T, i64> {
    let more = items.len() > usize::from(limit);
    items.truncate(limit.into());
    let next = items.last().filter(|_| more).map(end);
    Page { items, next }
}
