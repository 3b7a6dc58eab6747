//! What others raised already that is like what somebody is about to file (practices F11): open tickets of the same community of
//! the last 30 days, nearest first. Others' tickets are told by number, category, status and place alone; confidential ones,
//! and those of categories that the county does not disclose, are not told of at all.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{SCAN, is_current};
use super::super::row::{Row, column, word};
use super::super::sql::Sql;
use super::lens::area;
use chrono::TimeDelta;
use domain::actor::Actor;
use domain::id::TicketId;
use domain::number::TicketNumber;
use domain::place::PlaceCode;
use domain::ticket::Status;
use domain::time::Timestamp;
use domain::view::AlikeTicket;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// How many are shown.
const SHOWN: i64 = 10;
/// How long ago they were raised at most.
const DAYS: i64 = 30;

/// What is about to be filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeQuery {
    /// A community or below, and no household.
    pub place: PlaceCode,
    /// The lengths of codes below the community that the place has, from the top.
    pub lengths: Vec<usize>,
    /// Key of its category.
    pub category: Option<String>,
    /// Words of the county that it has.
    pub words: Vec<String>,
    /// Keys of the categories of which others' tickets are not told.
    pub undisclosed: Vec<String>,
}

/// Those that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// At most ten, the nearest first.
    pub tickets: Vec<AlikeTicket>,
    /// How many there are.
    pub count: i64,
}

impl Store {
    /// What is alike, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn alike(
        &self,
        query: &AlikeQuery,
        asker: &Actor,
        grants_version: i32,
        now: Timestamp,
    ) -> Result<Alike, StoreError> {
        let sql = sql(query, asker, now);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut alike = Alike { tickets: Vec::new(), count: 0 };
        for row in &rows {
            let Some(id) = column::<Option<Uuid>>(row, "ticket", "id")? else { break };
            alike.count = column(row, "ticket", "many")?;
            alike.tickets.push(self.alike_ticket(row, TicketId(id))?);
        }
        Ok(alike)
    }

    fn alike_ticket(&self, row: &Row, id: TicketId) -> Result<AlikeTicket, StoreError> {
        let number: String = column(row, "ticket", "number")?;
        let own: bool = column(row, "ticket", "own")?;
        let near: i32 = column(row, "ticket", "near")?;
        Ok(AlikeTicket {
            own: own.then_some(id),
            number: TicketNumber::from(&number)
                .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?,
            status: word(row, "ticket", "status")?,
            category: column(row, "ticket", "category")?,
            place: self.stored_code(&column::<String>(row, "ticket", "around")?)?,
            place_name: column(row, "place", "place_name")?,
            near: u8::try_from(near).unwrap_or_default(),
            created_at: column(row, "ticket", "created_at")?,
        })
    }
}

fn sql(query: &AlikeQuery, asker: &Actor, now: Timestamp) -> Sql {
    let AlikeQuery { place, lengths, category, words, undisclosed } = query;
    let mut sql = Sql::new(
        "SELECT u.grants_version, t.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(") AS grants_version) u LEFT JOIN (SELECT s.id, s.number, s.status, s.category, s.created_at, s.own, s.near, ");
    // No nearer than one level below the community: a building has few households.
    let shown = lengths.first().copied().unwrap_or(place.as_str().len());
    sql.push(&format!("substr(s.scope_code, 1, {shown}) AS around, "));
    sql.push(&format!(
        "(SELECT p.name FROM place p WHERE p.code = substr(s.scope_code, 1, {shown})) AS place_name, "
    ));
    sql.push("count(*) OVER () AS many FROM (SELECT id, number, status, category, scope_code, created_at, confidential, excerpt, requester_id = ");
    sql.bind(asker.user.0).push(" AS own, CASE WHEN false THEN 0");
    for (i, length) in lengths.iter().enumerate().rev() {
        sql.push(&format!(" WHEN substr(scope_code, 1, {length}) = ")).bind(&place.as_str()[..*length]);
        sql.push(&format!(" THEN {}", i + 1));
    }
    let (area, value) = area(place);
    sql.push(&format!(" ELSE 0 END AS near FROM ticket WHERE {area} = ")).bind(value);
    sql.push(" AND created_at >= ").bind(now - TimeDelta::days(DAYS));
    sql.push(&format!(
        " ORDER BY created_at DESC, id DESC LIMIT {SCAN}) s WHERE (s.own OR NOT s.confidential"
    ));
    if !undisclosed.is_empty() {
        sql.push(" AND coalesce(s.category, '') NOT IN ").bind_all(undisclosed.iter().map(String::as_str));
    }
    sql.push(") AND s.status IN ");
    sql.bind_all(Status::iter().filter(|status| status.is_open()).map(Status::name)).push(" AND (false");
    if let Some(category) = category {
        sql.push(" OR coalesce(s.category, '') = ").bind(category.as_str());
    }
    for word in words {
        sql.push(" OR ").contains("lower(coalesce(s.excerpt, ''))", word);
    }
    sql.push(&format!(") ORDER BY s.near DESC, s.created_at DESC, s.id DESC LIMIT {SHOWN}) t ON true"));
    sql.push(" ORDER BY t.near DESC, t.created_at DESC, t.id DESC");
    sql
}
