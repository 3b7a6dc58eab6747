//! Lists of tickets. A list looks through one lens, which an index serves in the order of the list; every other filter
//! is residual: it is tried until about 5,000 rows were read, then a short page with its cursor is answered.

use super::super::Store;
use super::super::dialect;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{column, optional_word, word};
use super::super::sql::Sql;
use super::filter::residual_filters;
use domain::actor::Actor;
use domain::id::{TicketId, UnitId, UserId};
use domain::number::TicketNumber;
use domain::place::PlaceCode;
use domain::ticket::{Affair, Channel, Handling, Severity, Status};
use domain::time::Timestamp;
use domain::view::TicketSummary;
use sea_orm::{DbBackend, QueryResult, Value};
use uuid::Uuid;

/// The most entries that a page has.
const MAX_PAGE: i64 = 100;
/// How many characters of the content a summary shows.
const EXCERPT: u32 = 80;

/// What a list looks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lens {
    /// A place and all below it.
    Area(PlaceCode),
    /// A unit that leads.
    Unit(UnitId),
    /// Whoever handles.
    Handler(UserId),
    /// Whoever raised it.
    Requester(UserId),
    /// Whoever assists: a person, or a unit.
    Assist(Uuid),
    /// What is open to be claimed in a place and all below it.
    Claimable(PlaceCode),
    /// One number.
    Number(TicketNumber),
    /// The keyed hash of the phone of whom to call.
    Phone([u8; 32]),
}

/// Which tickets, and how many of them.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the filters are those of the call")]
pub struct TicketQuery {
    pub lens: Lens,
    /// Whether the asker sees everything through this lens; otherwise each entry is tried.
    pub sees_all: bool,
    pub place: Option<PlaceCode>,
    pub unit: Option<UnitId>,
    pub handler: Option<UserId>,
    pub requester: Option<UserId>,
    pub status: Option<Status>,
    pub severity: Option<Severity>,
    pub affair: Option<Affair>,
    pub channel: Option<Channel>,
    pub category: Option<String>,
    pub overdue: Option<bool>,
    pub handling: Option<Handling>,
    pub supervised: Option<bool>,
    /// The desk that decides next.
    pub desk: Option<PlaceCode>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The last entry of the page before.
    pub after: Option<End>,
}

/// Where a page of tickets ends.
pub type End = (Timestamp, TicketId);

impl Store {
    /// A page, newest first, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn tickets(
        &self,
        query: &TicketQuery,
        actor: &Actor,
        grants_version: i32,
        now: Timestamp,
    ) -> Result<Page<TicketSummary, End>, StoreError> {
        let sql = page_sql(self.backend(), query, actor, now);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &_| {
            let id = column::<Option<Uuid>>(row, "ticket", "id")?.map(TicketId);
            id.map(|id| Ok((column(row, "ticket", "created_at")?, id))).transpose()
        };
        walk(&rows, (query.limit, scan(query)), |row| self.summary(row), end)
    }

    fn summary(&self, row: &QueryResult) -> Result<TicketSummary, StoreError> {
        let number: String = column(row, "ticket", "number")?;
        let code: String = column(row, "ticket", "scope_code")?;
        let round: i32 = column::<i16>(row, "ticket", "round")?.into();
        Ok(TicketSummary {
            id: TicketId(column(row, "ticket", "id")?),
            number: TicketNumber::from(&number)
                .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?,
            version: column(row, "ticket", "version")?,
            status: word(row, "ticket", "status")?,
            excerpt: column(row, "free_text", "excerpt")?,
            place: self.stored_code(&code)?,
            place_name: column(row, "place", "place_name")?,
            category: column(row, "ticket", "category")?,
            severity: optional_word(row, "ticket", "severity")?,
            affair: optional_word(row, "ticket", "affair")?,
            channel: word(row, "ticket", "channel")?,
            unit: column::<Option<_>>(row, "ticket", "unit_id")?.map(UnitId),
            handler: column::<Option<_>>(row, "ticket", "handler_id")?.map(UserId),
            handling: optional_word(row, "ticket", "handling")?,
            desk: self.stored_code(&column::<String>(row, "ticket", "desk")?)?,
            supervised: column(row, "ticket", "supervised")?,
            round: u16::try_from(round)
                .map_err(|error| StoreError::corrupt("ticket", "round", &number, error))?,
            owed_since: column(row, "ticket", "owed_since")?,
            created_at: column(row, "ticket", "created_at")?,
            updated_at: column(row, "ticket", "updated_at")?,
        })
    }
}

/// What a page, its filters and sight look at.
const COLUMNS: &str = "number, version, status, county, community, scope_code, place_id, requester_id, category, severity, affair, \
     channel, confidential, unit_id, handler_id, handling, desk, supervised, claim_roles, round, content_id, owed_since, updated_at";

/// The page as one query: the asker's version of grants beside one more entry than the page holds.
fn page_sql(backend: DbBackend, query: &TicketQuery, actor: &Actor, now: Timestamp) -> Sql {
    const NEWEST_FIRST: &str = " ORDER BY created_at DESC, id DESC LIMIT ";
    let mut sql = Sql::new("SELECT u.grants_version, t.*, ");
    sql.push("(SELECT p.name FROM place p WHERE p.id = t.place_id) AS place_name, ");
    sql.push(&format!(
        "(SELECT nullif(substr(x.body, 1, {EXCERPT}), '') FROM free_text x WHERE x.id = t.content_id) AS excerpt "
    ));
    sql.push("FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ").bind(actor.user.0);
    sql.push(") AS grants_version) u LEFT JOIN (");
    if is_plain(query) {
        sql.push(&format!("SELECT id, created_at, {COLUMNS}, true AS hit, CAST(0 AS bigint) AS n FROM "));
        through_lens(backend, &mut sql, query);
        sql.push(NEWEST_FIRST).bind(i64::from(query.limit) + 1);
    } else {
        sql.push(&format!("SELECT * FROM (SELECT id, created_at, {COLUMNS}, ("));
        residual_filters(&mut sql, query, actor, now);
        sql.push(") AS hit, row_number() OVER (ORDER BY created_at DESC, id DESC) AS n FROM ");
        through_lens(backend, &mut sql, query);
        let scan = scan(query);
        sql.push(&format!("{NEWEST_FIRST}{scan}) s WHERE s.hit OR s.n = {scan}{NEWEST_FIRST}"));
        sql.bind(i64::from(query.limit) + 1);
    }
    sql.push(") t ON true ORDER BY t.created_at DESC, t.id DESC");
    sql
}

/// What an index serves: the lens, the span of time, and the place in the list.
fn through_lens(backend: DbBackend, sql: &mut Sql, query: &TicketQuery) {
    match query.lens {
        Lens::Area(place) => {
            let (area, value) = area(&place);
            sql.push(&format!("ticket WHERE {area} = ")).bind(value);
        }
        Lens::Unit(unit) => drop(sql.push("ticket WHERE unit_id = ").bind(unit.0)),
        Lens::Handler(handler) => drop(sql.push("ticket WHERE handler_id = ").bind(handler.0)),
        Lens::Requester(requester) => {
            // What they raised, and what that was merged into.
            sql.push(&format!(
                "(SELECT * FROM (SELECT id, created_at, {COLUMNS} FROM ticket WHERE requester_id = "
            ));
            sql.bind(requester.0);
            span(sql, query, "id");
            sql.push(&format!(" ORDER BY created_at DESC, id DESC LIMIT {}) o UNION ALL ", reach(query)));
            as_party(sql, query, "requester", requester.0);
            sql.push(") ticket WHERE true");
        }
        Lens::Assist(party) => {
            sql.push("(");
            as_party(sql, query, "assist", party);
            sql.push(") ticket WHERE true");
        }
        // Few at a time: partial indexes hold only these.
        Lens::Claimable(place) => {
            let (area, value) = area(&place);
            let index = match area {
                "county" => "ticket_claimable".to_owned(),
                _ => format!("ticket_claimable_{area}"),
            };
            let by_index = dialect::by_index(backend, &index);
            sql.push(&format!("ticket{by_index} WHERE claim_roles <> 0 AND {area} = ")).bind(value);
        }
        Lens::Phone(hash) => {
            sql.push("ticket WHERE id IN (SELECT k.ticket_id FROM ticket_contact k WHERE k.phone_hash = ");
            sql.bind(hash.to_vec());
            // The requester's own number is called only where the ticket names no other.
            sql.push(" UNION SELECT r.id FROM ticket r WHERE r.requester_id = (SELECT u.id FROM app_user u WHERE u.phone_hash = ");
            sql.bind(hash.to_vec()).push(") AND NOT EXISTS (SELECT 1 FROM ticket_contact k WHERE k.ticket_id = r.id AND k.phone_hash IS NOT NULL))");
        }
        Lens::Number(number) => drop(sql.push("ticket WHERE number = ").bind(number.as_str())),
    }
    span(sql, query, "id");
}

/// The column that has the area of a place, and what is in it. Below the community the rest of the code is residual.
fn area(place: &PlaceCode) -> (&'static str, Value) {
    if let Some(Ok(community)) = place.community().map(str::parse::<i64>) {
        ("community", community.into())
    } else if let Some(Ok(street)) = place.street().map(str::parse::<i32>) {
        ("street", street.into())
    } else {
        ("county", place.county().parse::<i32>().unwrap_or_default().into())
    }
}

/// How many entries are looked at for one page: fewer where more rows than its own are read for each.
fn scan(query: &TicketQuery) -> i64 {
    let lens = match query.lens {
        Lens::Assist(_) => 2,
        // Their own, and those in which they take part.
        Lens::Requester(_) => 3,
        _ => 1,
    };
    // Who does not see everything may take part in each.
    SCAN / (lens + i64::from(!query.sees_all))
}

/// The span of time, and the place in the list.
fn span(sql: &mut Sql, query: &TicketQuery, id: &str) {
    if let Some(from) = query.from {
        sql.push(" AND created_at >= ").bind(from);
    }
    if let Some(to) = query.to {
        sql.push(" AND created_at < ").bind(to);
    }
    if let Some((at, last)) = query.after {
        sql.push(&format!(" AND (created_at, {id}) < (")).bind(at).push(", ").bind(last.0).push(")");
    }
}

/// How many entries of a part of a lens can be on the page; said in the text, so that the planner knows how few.
fn reach(query: &TicketQuery) -> i64 {
    if is_plain(query) { MAX_PAGE + 1 } else { scan(query) }
}

/// The tickets in which somebody takes part besides: in the order of their own rows, which an index serves.
fn as_party(sql: &mut Sql, query: &TicketQuery, kind: &str, party: Uuid) {
    let columns: Vec<_> = COLUMNS.split(", ").map(|name| format!("q.{}", name.trim())).collect();
    sql.push("SELECT p.ticket_id AS id, p.created_at, ").push(&columns.join(", "));
    sql.push(" FROM (SELECT ticket_id, created_at FROM ticket_party WHERE active = true AND kind = '");
    sql.push(kind).push("' AND party_id = ").bind(party);
    span(sql, query, "ticket_id");
    sql.push(&format!(" ORDER BY created_at DESC, ticket_id DESC LIMIT {}", reach(query)));
    sql.push(") p JOIN ticket q ON q.id = p.ticket_id");
}

/// Whether the lens alone is the whole list.
fn is_plain(query: &TicketQuery) -> bool {
    // Destructured whole, so that a new filter cannot be forgotten.
    let TicketQuery {
        lens,
        sees_all,
        place,
        unit,
        handler,
        requester,
        status,
        severity,
        affair,
        channel,
        category,
        overdue,
        handling,
        supervised,
        desk,
        from: _,
        to: _,
        limit: _,
        after: _,
    } = query;
    let below_community = matches!(lens, Lens::Area(code) if code.community() != Some(code.as_str()) && code.community().is_some());
    *sees_all
        && !below_community
        && place.is_none()
        && unit.is_none()
        && handler.is_none()
        && requester.is_none()
        && status.is_none()
        && severity.is_none()
        && affair.is_none()
        && channel.is_none()
        && category.is_none()
        && overdue.is_none()
        && handling.is_none()
        && supervised.is_none()
        && desk.is_none()
}
