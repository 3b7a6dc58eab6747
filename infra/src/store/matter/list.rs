//! Matters as they are looked at: those of a county, of a community, of somebody, those that belong to another or to a ticket.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::columns;
use domain::actor::Actor;
use domain::id::TicketId;
use domain::matter::{Matter, MatterView};
use domain::place::PlaceCode;
use domain::time::Timestamp;
use uuid::Uuid;

/// The digits of a community's code: from there down an area has few enough places to go through.
const COMMUNITY: usize = 12;

/// What a list of matters looks through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatterLens {
    /// Of these places of one county and all below them.
    Area(Vec<PlaceCode>),
    /// That concern one of these people or units, as one of these; as whatever without any.
    Party(Vec<Uuid>, Vec<&'static str>),
    /// That belong to another matter.
    Parent(Uuid),
    /// That belong to one of these, of which there is at least one.
    Parents(Vec<Uuid>),
    /// That belong to a ticket.
    Ticket(TicketId),
}

/// Which matters of a kind, and how many of them: the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterQuery {
    /// Through which lens.
    pub lens: MatterLens,
    /// Only within these places; anywhere without, for whoever looks at their own.
    pub within: Option<Vec<PlaceCode>>,
    /// Only in this status.
    pub status: Option<&'static str>,
    /// Only those to which something is still to come, or those that are over.
    pub open: Option<bool>,
    /// Only of this topic.
    pub topic: Option<String>,
    /// Only those that are open and were due before.
    pub overdue: Option<Timestamp>,
    /// Only where the place is one still.
    pub standing: bool,
    /// Only from then on.
    pub from: Option<Timestamp>,
    /// Only before then.
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<(Timestamp, Uuid)>,
}

impl MatterQuery {
    /// Everything that a lens shows.
    pub fn through(lens: MatterLens, limit: u16) -> Self {
        Self {
            lens,
            within: None,
            status: None,
            open: None,
            topic: None,
            overdue: None,
            standing: false,
            from: None,
            to: None,
            limit,
            after: None,
        }
    }
}

impl Store {
    /// A page of matters of a kind, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn matters<M: Matter>(
        &self,
        query: &MatterQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<MatterView<M>, (Timestamp, Uuid)>, StoreError> {
        let sql = page_sql(query, M::KIND, asker, &columns(self.backend()));
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &Row| {
            let Some(id) = column::<Option<Uuid>>(row, "matter", "id")? else { return Ok(None) };
            Ok(Some((column(row, "matter", "sorted_at")?, id)))
        };
        walk(&rows, (query.limit, SCAN), |row| self.stored_matter(row), end)
    }
}

/// The asker's version of grants beside one more matter than the page holds.
fn page_sql(query: &MatterQuery, kind: &str, asker: &Actor, columns: &str) -> Sql {
    let MatterQuery { lens, within, status, open, topic, overdue, standing, from, to, limit, after } = query;
    let mut sql = Sql::new(
        "SELECT v.grants_version, m.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(
        ") AS grants_version) v LEFT JOIN (SELECT {columns}, m.hit, m.n FROM (SELECT m.*, \
         row_number() OVER (ORDER BY m.sorted_at DESC, m.id DESC) AS n FROM (SELECT m.*, (true"
    ));
    if let Some(status) = status {
        sql.push(" AND m.status = ").bind(*status);
    }
    if let Some(open) = open {
        sql.push(" AND m.open = ").bind(*open);
    }
    if let Some(topic) = topic {
        sql.push(" AND m.topic = ").bind(topic.as_str());
    }
    if let Some(now) = overdue {
        sql.push(" AND m.open AND m.due_at < ").bind(*now);
    }
    if *standing {
        sql.push(" AND EXISTS (SELECT 1 FROM place e WHERE e.id = m.place_id AND e.retired_at IS NULL)");
    }
    let area = match lens {
        MatterLens::Area(places) => Some(places),
        _ => within.as_ref(),
    };
    if let Some(places) = area {
        sql.push(" AND EXISTS (SELECT 1 FROM place q WHERE q.id = m.place_id AND ")
            .below_any("q.code", places);
        sql.push(")");
    }
    sql.push(") AS hit FROM matter m");
    through(&mut sql, lens, kind);
    for (at, than) in [(from, " >= "), (to, " < ")] {
        if let Some(at) = at {
            sql.push(" AND m.sorted_at").push(than).bind(*at);
        }
    }
    if let Some((at, id)) = after {
        sql.push(" AND (m.sorted_at, m.id) < (").bind(*at).push(", ").bind(*id).push(")");
    }
    sql.push(&format!(
        " ORDER BY m.sorted_at DESC, m.id DESC LIMIT {SCAN}) m) m JOIN place p ON p.id = m.place_id \
         WHERE m.hit OR m.n = {SCAN} ORDER BY m.sorted_at DESC, m.id DESC LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1).push(") m ON true ORDER BY m.sorted_at DESC, m.id DESC");
    sql
}

/// Where the matters of a lens are, by an index that has them in order.
pub(super) fn through(sql: &mut Sql, lens: &MatterLens, kind: &str) {
    match lens {
        MatterLens::Area(places) if places.iter().all(|place| place.as_str().len() >= COMMUNITY) => {
            sql.push(" WHERE m.place_id IN (SELECT a.id FROM place a WHERE ").below_any("a.code", places);
            sql.push(") AND m.kind = ").bind(kind);
        }
        MatterLens::Area(places) => {
            let county = places.first().map_or("", |place| place.county());
            sql.push(" WHERE m.kind = ").bind(kind).push(" AND m.county = ").bind(county);
        }
        MatterLens::Party(who, roles) => {
            sql.push(" WHERE m.id IN (SELECT y.matter_id FROM matter_party y WHERE y.party_id IN ");
            sql.bind_all(who.iter().copied());
            sql.push(" AND y.kind = ").bind(kind);
            if !roles.is_empty() {
                sql.push(" AND y.role IN ").bind_all(roles.iter().copied());
            }
            sql.push(&format!(" ORDER BY y.sorted_at DESC, y.matter_id DESC LIMIT {SCAN})"));
        }
        MatterLens::Parent(parent) => {
            sql.push(" WHERE m.parent_id = ").bind(*parent).push(" AND m.kind = ").bind(kind);
        }
        MatterLens::Parents(parents) => {
            sql.push(" WHERE m.parent_id IN ").bind_all(parents.iter().copied());
            sql.push(" AND m.kind = ").bind(kind);
        }
        MatterLens::Ticket(ticket) => {
            sql.push(" WHERE m.ticket_id = ").bind(ticket.0).push(" AND m.kind = ").bind(kind);
        }
    }
}
