//! The audit trail (审计): who looked at personal data, and who changed what people may. It is a view of the event log; an
//! index serves one county, newest first, and every filter is tried on at most 5,000 entries a page.

use super::Store;
use super::error::StoreError;
use super::page::{Page, SCAN, is_current, walk};
use super::row::{Row, column};
use super::sql::Sql;
use domain::actor::Actor;
use domain::id::UserId;
use domain::person::AuditEntry;
use domain::place::PlaceCode;
use domain::time::Timestamp;
use migrations::dialect::{AUDITED, DECIDED};
use serde_json::Value;
use uuid::Uuid;

/// What [`audit_entry`] needs of the table `e` and its text `x`.
pub(super) const COLUMNS: &str = "e.position, e.aggregate, e.stream, e.kind, e.actor, e.scope_code, e.recorded_at, \
     CAST(e.payload AS text) AS payload, nullif(x.body, '') AS body";

/// What is the whole country's is in the audit trail of every county: it moves the limits there.
const NATIONAL: &str = "(aggregate = 'calendar' AND scope_code = '')";
/// Found by the few streams that there are, since much else lies in no county either. What the program brought is left out.
const OF_THE_COUNTRY: &str = "SELECT event.* FROM calendar_year y JOIN event ON event.stream = y.id \
     WHERE y.scope = '' AND event.actor IS NOT NULL";

/// Which entries, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Places of one county.
    pub places: Vec<PlaceCode>,
    /// Who did it.
    pub person: Option<UserId>,
    /// Whom or what it is about.
    pub subject: Option<Uuid>,
    /// What happened.
    pub kind: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The last position of the page before.
    pub after: Option<i64>,
}

impl Store {
    /// A page, newest first, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn audit(
        &self,
        query: &AuditQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<AuditEntry, i64>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        walk(&rows, (query.limit, SCAN), audit_entry, |row| column(row, "event", "position"))
    }
}

fn page_sql(query: &AuditQuery, asker: &Actor) -> Sql {
    let AuditQuery { places, person, subject, kind, from, to, limit, after } = query;
    let mut sql = Sql::new(&format!(
        "SELECT v.grants_version, e.n, e.hit, {COLUMNS} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = "
    ));
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT event.*, ((");
    sql.below_any("scope_code", places).push(&format!(" OR {NATIONAL})"));
    if let Some(person) = person {
        sql.push(" AND actor IS NOT NULL AND actor = ").bind(person.0);
    }
    if let Some(subject) = subject {
        sql.push(" AND stream = ").bind(*subject);
    }
    if let Some(kind) = kind {
        sql.push(" AND kind = ").bind(kind.as_str());
    }
    if let Some(from) = from {
        sql.push(" AND recorded_at >= ").bind(*from);
    }
    if let Some(to) = to {
        sql.push(" AND recorded_at < ").bind(*to);
    }
    sql.push(") AS hit, row_number() OVER (ORDER BY position DESC) AS n FROM (");
    // Who may look at no place sees no county.
    let county = places.first().map_or("-", |place| place.county());
    sql.push("SELECT * FROM (SELECT * FROM event WHERE substr(scope_code, 1, 6) = ").bind(county);
    sql.push(&format!(" AND {AUDITED}"));
    // What nobody decided is there for whoever asks for it by its name.
    if kind.is_none() {
        sql.push(&format!(" AND {DECIDED}"));
    }
    before(&mut sql, *after);
    sql.push(&format!(" ORDER BY position DESC LIMIT {SCAN}) own UNION ALL {OF_THE_COUNTRY}"));
    before(&mut sql, *after);
    sql.push(") event");
    sql.push(&format!(
        " ORDER BY position DESC LIMIT {SCAN}) s WHERE s.hit OR s.n = {SCAN} ORDER BY s.position DESC LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1);
    sql.push(") e ON true LEFT JOIN free_text x ON x.id = e.text_id ORDER BY e.position DESC");
    sql
}

/// Those that come after a page.
fn before(sql: &mut Sql, after: Option<i64>) {
    if let Some(after) = after {
        sql.push(" AND position < ").bind(after);
    }
}

/// The entry of a row that has [`COLUMNS`].
pub(super) fn audit_entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let position: i64 = column(row, "event", "position")?;
    let aggregate: String = column(row, "event", "aggregate")?;
    let payload: String = column(row, "event", "payload")?;
    let payload: Value = serde_json::from_str(&payload)
        .map_err(|error| StoreError::corrupt("event", "payload", position, error))?;
    let fact = if aggregate == "ticket" { &payload["fact"] } else { &payload };
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let places = fact["scope"]["places"].as_array().into_iter().flatten().filter_map(word);
    Ok(AuditEntry {
        position,
        at: column(row, "event", "recorded_at")?,
        subject: column(row, "event", "stream")?,
        kind: column(row, "event", "kind")?,
        by: column::<Option<Uuid>>(row, "event", "actor")?.map(UserId),
        scope_code: column(row, "event", "scope_code")?,
        reason: column(row, "free_text", "body")?,
        role: word(&fact["role"]),
        places: places.collect(),
        unit: word(&fact["scope"]["unit"]),
        successor: word(&fact["successor"]),
        name: word(&fact["name"]),
        year: fact["year"].as_i64().and_then(|year| year.try_into().ok()),
        version: fact["version"].as_u64().and_then(|version| version.try_into().ok()),
        aggregate,
    })
}
