//! Lists of red flags, newest first: of a person, or of a place.

use super::Store;
use super::error::StoreError;
use super::page::{Page, SCAN, is_current, walk};
use super::row::{Row, column};
use super::sql::Sql;
use domain::actor::Actor;
use domain::flag::{Flag, FlagView};
use domain::id::{TicketId, UserId};
use domain::place::PlaceCode;
use domain::time::Timestamp;

/// The digits of county, street and community, by which indexes find flags.
const INDEXED: [usize; 3] = [12, 9, 6];

/// Which flags, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagQuery {
    /// Whose; everybody's in the places without.
    pub person: Option<UserId>,
    /// Places of one county, and all below them; anywhere without.
    pub places: Option<Vec<PlaceCode>>,
    /// Earned not before.
    pub from: Option<Timestamp>,
    /// Earned before.
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The end of the page before.
    pub after: Option<FlagEnd>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagEnd {
    /// When its last flag was earned.
    pub earned_at: Timestamp,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Whose.
    pub person: UserId,
    /// In which round.
    pub round: i32,
}

impl Store {
    /// A page of flags, held and taken back, newest first.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn flags(
        &self,
        query: &FlagQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<FlagView, FlagEnd>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        walk(
            &rows,
            (query.limit, SCAN),
            |row| self.flag_view(row),
            |row| {
                let Some(earned_at) = column(row, "flag", "earned_at")? else { return Ok(None) };
                Ok(Some(FlagEnd {
                    earned_at,
                    ticket: TicketId(column(row, "flag", "ticket_id")?),
                    person: UserId(column(row, "flag", "user_id")?),
                    round: column(row, "flag", "round")?,
                }))
            },
        )
    }

    /// How many flags are held, of those that were earned in this time.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn count_flags(
        &self,
        query: &FlagQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<i64, StoreError> {
        let mut sql = Sql::new("SELECT (SELECT grants_version FROM app_user WHERE id = ");
        sql.bind(asker.user.0)
            .push(") AS grants_version, (SELECT COUNT(*) FROM flag WHERE taken_at IS NULL AND ");
        filter(&mut sql, query);
        if let Some(places) = &query.places {
            sql.push(" AND ").below_any("scope_code", places);
        }
        sql.push(") AS held");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        rows.first().map_or(Ok(0), |row| column(row, "flag", "held"))
    }

    fn flag_view(&self, row: &Row) -> Result<FlagView, StoreError> {
        let round: i32 = column(row, "flag", "round")?;
        let place: String = column(row, "flag", "scope_code")?;
        Ok(FlagView {
            ticket: TicketId(column(row, "flag", "ticket_id")?),
            place: self.stored_code(&place)?,
            flag: Flag {
                person: UserId(column(row, "flag", "user_id")?),
                round: u16::try_from(round)
                    .map_err(|error| StoreError::corrupt("flag", "round", round, error))?,
                earned_at: column(row, "flag", "earned_at")?,
                taken_at: column(row, "flag", "taken_at")?,
            },
        })
    }
}

const ORDER: &str = "earned_at DESC, ticket_id DESC, user_id DESC, round DESC";

fn page_sql(query: &FlagQuery, asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, f.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT flag.*, (");
    match &query.places {
        Some(places) => sql.below_any("scope_code", places),
        None => sql.push("true"),
    };
    sql.push(&format!(") AS hit, row_number() OVER (ORDER BY {ORDER}) AS n FROM flag WHERE "));
    filter(&mut sql, query);
    if let Some(FlagEnd { earned_at, ticket, person, round }) = query.after {
        sql.push(" AND (earned_at, ticket_id, user_id, round) < (").bind(earned_at);
        sql.push(", ").bind(ticket.0).push(", ").bind(person.0).push(", ").bind(round).push(")");
    }
    sql.push(&format!(
        " ORDER BY {ORDER} LIMIT {SCAN}) s WHERE s.hit OR s.n = {SCAN} ORDER BY {ORDER} LIMIT "
    ));
    sql.bind(i64::from(query.limit) + 1);
    sql.push(&format!(") f ON true ORDER BY {ORDER}"));
    sql
}

/// What an index serves: the person, or the smallest place that has one and covers all that are asked for; and the time.
fn filter(sql: &mut Sql, query: &FlagQuery) {
    sql.push("generation = (SELECT r.generation FROM reactor r WHERE r.name = 'flags')");
    match (query.person, query.places.as_deref()) {
        (Some(person), _) => {
            sql.push(" AND user_id = ").bind(person.0);
        }
        (None, places) => {
            let places = places.unwrap_or_default();
            let common = |digits: &usize| {
                let prefix = places.first()?.as_str().get(..*digits)?;
                places.iter().all(|place| place.as_str().starts_with(prefix)).then(|| prefix.to_owned())
            };
            match INDEXED.iter().find_map(common) {
                Some(prefix) => {
                    sql.push(&format!(" AND substr(scope_code, 1, {}) = ", prefix.len())).bind(prefix);
                }
                None => {
                    sql.push(" AND false");
                }
            }
        }
    }
    if let Some(from) = query.from {
        sql.push(" AND earned_at >= ").bind(from);
    }
    if let Some(to) = query.to {
        sql.push(" AND earned_at < ").bind(to);
    }
}
