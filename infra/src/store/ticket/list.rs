//! Lists of tickets. A list looks through one lens, which an index serves in the order of the list; every other filter
//! is residual: it is tried until about 5,000 rows were read, then a short page with its cursor is answered.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{Row, column, optional_word, word};
use super::super::sql::Sql;
use super::filter::residual_filters;
use super::lens::{COLUMNS, end_of_scan, through_lens};
use super::write::EXCERPT;
use domain::actor::Actor;
use domain::id::{TicketId, UnitId, UserId};
use domain::number::TicketNumber;
use domain::place::PlaceCode;
use domain::ticket::{Affair, Channel, Commonality, Handling, Severity, Status};
use domain::time::Timestamp;
use domain::view::TicketSummary;
use sea_orm::DbBackend;
use uuid::Uuid;

/// The most entries that a page has.
const MAX_PAGE: i64 = 100;

/// What a list looks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lens {
    /// A place and all below it.
    Area(PlaceCode),
    /// A unit that leads.
    Unit(UnitId),
    /// Whoever handles.
    Handler(UserId),
    /// Who answers for it until somebody accepts it.
    FirstAsked(UserId),
    /// The unit for which it was raised.
    ForUnit(UnitId),
    /// Whoever raised it.
    Requester(UserId),
    /// Whoever watches it for the residents.
    Delegate(UserId),
    /// Whoever assists: a person, or a unit.
    Assist(Uuid),
    /// A unit that was called.
    Called(UnitId),
    /// What is open to be claimed in a place and all below it.
    Claimable(PlaceCode),
    /// What is before the next meeting of its desk, in a place and all below it.
    Topic(PlaceCode),
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
    pub service: Option<String>,
    /// Calls, or all else.
    pub call: Option<bool>,
    /// Both category and affair; without one of them while it is open.
    pub sorted: Option<bool>,
    pub overdue: Option<bool>,
    pub handling: Option<Handling>,
    pub supervised: Option<bool>,
    /// Whether it stands on the ledger.
    pub ledger: Option<bool>,
    pub commonality: Option<Commonality>,
    /// The desk that decides next.
    pub desk: Option<PlaceCode>,
    /// Who answers for it until somebody accepts it.
    pub first_asked: Option<UserId>,
    /// The unit for which it was raised.
    pub for_unit: Option<UnitId>,
    /// Whether it waits for the decision of those above.
    pub escalated: Option<bool>,
    /// Whether it is before the next meeting of its desk.
    pub topic: Option<bool>,
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

    fn summary(&self, row: &Row) -> Result<TicketSummary, StoreError> {
        let number: String = column(row, "ticket", "number")?;
        let code: String = column(row, "ticket", "scope_code")?;
        let round: i32 = column::<i16>(row, "ticket", "round")?.into();
        Ok(TicketSummary {
            id: TicketId(column(row, "ticket", "id")?),
            number: TicketNumber::from(&number)
                .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?,
            version: column(row, "ticket", "version")?,
            status: word(row, "ticket", "status")?,
            excerpt: column(row, "ticket", "beginning")?,
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
            escalated: column(row, "ticket", "escalated")?,
            topic: column::<Option<Uuid>>(row, "ticket", "topic_id")?.is_some(),
            supervised: column(row, "ticket", "supervised")?,
            commonality: optional_word(row, "ticket", "commonality")?,
            planned_for: column(row, "ticket", "planned_for")?,
            round: u16::try_from(round)
                .map_err(|error| StoreError::corrupt("ticket", "round", &number, error))?,
            owed_since: column(row, "ticket", "owed_since")?,
            created_at: column(row, "ticket", "created_at")?,
            updated_at: column(row, "ticket", "updated_at")?,
        })
    }
}

const NEWEST_FIRST: &str = " ORDER BY created_at DESC, id DESC LIMIT ";

/// The page as one query: the asker's version of grants beside one more entry than the page holds.
fn page_sql(backend: DbBackend, query: &TicketQuery, actor: &Actor, now: Timestamp) -> Sql {
    let mut sql = Sql::new("SELECT u.grants_version, t.*, ");
    sql.push("(SELECT p.name FROM place p WHERE p.id = t.place_id) AS place_name, ");
    sql.push(&format!(
        "nullif(COALESCE(t.excerpt, (SELECT substr(x.body, 1, {EXCERPT}) FROM free_text x WHERE x.id = t.content_id)), '') AS beginning "
    ));
    sql.push("FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ").bind(actor.user.0);
    sql.push(") AS grants_version) u LEFT JOIN (");
    if is_plain(query) {
        sql.push(&format!("SELECT id, created_at, {COLUMNS}, true AS hit, CAST(0 AS bigint) AS n FROM "));
        through_lens(backend, &mut sql, query, MAX_PAGE + 1);
        sql.push(NEWEST_FIRST).bind(i64::from(query.limit) + 1);
    } else if backend == DbBackend::Sqlite {
        filtered_on_sqlite(&mut sql, query, actor, now);
    } else {
        sql.push(&format!("SELECT * FROM (SELECT id, created_at, {COLUMNS}, ("));
        residual_filters(&mut sql, query, actor, now);
        sql.push(") AS hit, row_number() OVER (ORDER BY created_at DESC, id DESC) AS n FROM ");
        let scan = scan(query);
        through_lens(backend, &mut sql, query, scan);
        sql.push(&format!("{NEWEST_FIRST}{scan}) s WHERE s.hit OR s.n = {scan}{NEWEST_FIRST}"));
        sql.bind(i64::from(query.limit) + 1);
    }
    sql.push(") t ON true ORDER BY t.created_at DESC, t.id DESC");
    sql
}

/// The hits, and the last entry that is looked at where they do not fill the page. SQLite stops at the last hit that the
/// page needs only where it need not number what it looks at, nor sort again what is in order already.
fn filtered_on_sqlite(sql: &mut Sql, query: &TicketQuery, actor: &Actor, now: Timestamp) {
    let (scan, full) = (scan(query), i64::from(query.limit) + 1);
    sql.push(&format!("WITH page AS MATERIALIZED (SELECT * FROM (SELECT id, created_at, {COLUMNS}, ("));
    residual_filters(sql, query, actor, now);
    sql.push(") AS hit, 0 AS n FROM ");
    through_lens(DbBackend::Sqlite, sql, query, scan);
    sql.push(&format!("{NEWEST_FIRST}{scan}) s WHERE s.hit LIMIT ")).bind(full);
    let nothing = COLUMNS.split(", ").map(|_| "NULL").collect::<Vec<_>>().join(", ");
    sql.push(&format!(
        ") SELECT * FROM page UNION ALL SELECT id, created_at, {nothing}, false, {scan} FROM (SELECT id, created_at FROM "
    ));
    end_of_scan(sql, query);
    sql.push(&format!("{NEWEST_FIRST}(SELECT count(*) < ")).bind(full);
    sql.push(&format!(" FROM page) OFFSET {})", scan - 1));
}

/// How many entries are looked at for one page: fewer where more rows than its own are read for each.
fn scan(query: &TicketQuery) -> i64 {
    let lens = match query.lens {
        // The rows that name tickets, and these; their own besides.
        Lens::Assist(_) | Lens::Called(_) | Lens::Requester(_) | Lens::Delegate(_) => 3,
        // And whether those name another number.
        Lens::Phone(_) => 4,
        _ => 1,
    };
    // Who does not see everything may take part in each.
    SCAN / (lens + i64::from(!query.sees_all))
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
        service,
        call,
        sorted,
        overdue,
        handling,
        supervised,
        ledger,
        commonality,
        desk,
        first_asked,
        for_unit,
        escalated,
        topic,
        from: _,
        to: _,
        limit: _,
        after: _,
    } = query;
    let in_county = matches!(lens, Lens::Topic(code) if code.as_str() != code.county());
    let below_community = matches!(lens, Lens::Area(code) if code.community() != Some(code.as_str()) && code.community().is_some());
    *sees_all
        && !below_community
        && !in_county
        && place.is_none()
        && unit.is_none()
        && handler.is_none()
        && requester.is_none()
        && status.is_none()
        && severity.is_none()
        && affair.is_none()
        && channel.is_none()
        && category.is_none()
        && service.is_none()
        && call.is_none()
        && sorted.is_none()
        && overdue.is_none()
        && handling.is_none()
        && supervised.is_none()
        && ledger.is_none()
        && commonality.is_none()
        && desk.is_none()
        && first_asked.is_none()
        && for_unit.is_none()
        && escalated.is_none()
        && topic.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::actor::{Grant, Scope};
    use domain::permission::Role;
    use domain::place::Levels;

    fn lenses(place: PlaceCode) -> Vec<Lens> {
        let id = Uuid::from_u128(1);
        vec![
            Lens::Area(place),
            Lens::Unit(UnitId(id)),
            Lens::Handler(UserId(id)),
            Lens::FirstAsked(UserId(id)),
            Lens::ForUnit(UnitId(id)),
            Lens::Requester(UserId(id)),
            Lens::Delegate(UserId(id)),
            Lens::Assist(id),
            Lens::Called(UnitId(id)),
            Lens::Claimable(place),
            Lens::Topic(place),
            Lens::Number(TicketNumber::from("532504-20261122-0001").unwrap()),
            Lens::Phone([0; 32]),
        ]
    }

    #[tokio::test]
    async fn no_table_is_read_from_end_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let clock = Clock::system();
        let store = Store::open(&database, &master, &clock).await.unwrap();
        let place = PlaceCode::parse("532504001007", &Levels::default()).unwrap();
        let grant = |role, scope| Grant { role, scope };
        let grants = vec![
            grant(Role::PartyMember, Scope::Places(vec![place])),
            grant(Role::DepartmentHandler, Scope::Unit(UnitId(Uuid::from_u128(2)))),
        ];
        let actor = Actor { user: UserId(Uuid::nil()), grants };
        let plain = |lens| TicketQuery {
            lens,
            sees_all: true,
            place: None,
            unit: None,
            handler: None,
            requester: None,
            status: None,
            severity: None,
            affair: None,
            channel: None,
            category: None,
            service: None,
            call: None,
            sorted: None,
            overdue: None,
            handling: None,
            supervised: None,
            ledger: None,
            commonality: None,
            desk: None,
            first_asked: None,
            for_unit: None,
            escalated: None,
            topic: None,
            from: None,
            to: None,
            limit: 20,
            after: None,
        };
        for lens in lenses(place) {
            let after = Some((clock.now(), TicketId(Uuid::nil())));
            let all = plain(lens);
            let later = TicketQuery { after, ..plain(lens) };
            let filtered = TicketQuery { status: Some(Status::Closed), after, ..plain(lens) };
            let some = TicketQuery { sees_all: false, from: Some(clock.now()), ..plain(lens) };
            for query in [all, later, filtered, some] {
                let sql = page_sql(DbBackend::Sqlite, &query, &actor, clock.now());
                let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
                let steps = store.query_all(&plan, sql.values).await.unwrap();
                let steps: Vec<String> =
                    steps.iter().map(|step| column(step, "plan", "detail").unwrap()).collect();
                // What was found is gone through; the tables are not.
                let found: Vec<_> = steps
                    .iter()
                    .filter_map(|step| step.strip_prefix("CO-ROUTINE ").or(step.strip_prefix("MATERIALIZE ")))
                    .chain(["CONSTANT ROW"])
                    .collect();
                for read in steps.iter().filter_map(|step| step.strip_prefix("SCAN ")) {
                    let read = read.split(" LEFT").next().unwrap_or_default();
                    assert!(found.contains(&read), "{read}: {steps:#?} {}", sql.text);
                }
            }
        }
        store.close().await.unwrap();
    }
}
