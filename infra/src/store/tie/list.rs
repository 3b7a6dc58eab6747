//! Ties as they are looked at: those of an area place by place, those of a unit, those of a person.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::{COLUMNS, SIDES};
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::id::{TieId, UnitId, UserId};
use domain::place::PlaceCode;
use domain::tie::TieKind;
use domain::view::TieView;
use uuid::Uuid;

/// What a list of ties looks through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TieLens {
    /// To these places and all below them, in the order of their codes.
    Area(Vec<PlaceCode>),
    /// Of a unit, and to it.
    Unit(UnitId),
    /// Of a person.
    Person(UserId),
}

/// Which ties, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieQuery {
    /// Through which lens.
    pub lens: TieLens,
    /// What lies within these places is shown, with its own lens or any other.
    pub within: Vec<PlaceCode>,
    /// What they are.
    pub kind: Option<TieKind>,
    /// For which line.
    pub line: Option<String>,
    /// Those that hold on this day; all without.
    pub on: Option<NaiveDate>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before: its place, where the lens is an area.
    pub after: Option<(Option<PlaceCode>, TieId)>,
}

impl Store {
    /// A page of ties, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn ties(
        &self,
        query: &TieQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<TieView, (Option<PlaceCode>, TieId)>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let by_place = matches!(query.lens, TieLens::Area(_));
        let end = |row: &Row| {
            let id = column::<Option<Uuid>>(row, "tie", "id")?.map(TieId);
            let place = if by_place { self.optional_code(row, "place", "place_code")? } else { None };
            Ok(id.map(|id| (place, id)))
        };
        walk(&rows, (query.limit, SCAN), |row| self.stored_tie(row), end)
    }
}

/// The asker's version of grants beside one more tie than the page holds.
fn page_sql(query: &TieQuery, asker: &Actor) -> Sql {
    let TieQuery { lens, within, kind, line, on, limit, after } = query;
    let mut sql = Sql::new(
        "SELECT v.grants_version, t.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(") AS grants_version) v LEFT JOIN (SELECT {COLUMNS}, t.hit, t.n FROM (SELECT t.*, "));
    let (order, area) = match lens {
        TieLens::Area(_) => ("t.by_code, t.id", true),
        TieLens::Unit(_) | TieLens::Person(_) => ("t.id DESC", false),
    };
    sql.push(&format!("row_number() OVER (ORDER BY {order}) AS n FROM (SELECT t.*, "));
    sql.push(if area { "q.code AS by_code, (true" } else { "(true" });
    if let Some(kind) = kind {
        sql.push(" AND t.kind = ").bind(kind.name());
    }
    if let Some(line) = line {
        sql.push(" AND t.line = ").bind(line.as_str());
    }
    if let Some(on) = on {
        sql.push(" AND t.since <= ")
            .bind(*on)
            .push(" AND (t.until IS NULL OR t.until >= ")
            .bind(*on)
            .push(")");
    }
    match lens {
        TieLens::Area(places) => {
            sql.push(") AS hit FROM place q JOIN tie t ON t.place_id = q.id WHERE ");
            sql.below_any("q.code", places);
            if let Some((Some(code), id)) = after {
                sql.push(" AND (q.code, t.id) > (").bind(code.to_string()).push(", ").bind(id.0).push(")");
            }
            sql.push(" ORDER BY q.code, t.id");
        }
        TieLens::Unit(_) | TieLens::Person(_) => {
            sql.push(" AND EXISTS (SELECT 1 FROM (SELECT COALESCE(p.code, s.code, o.county) AS code FROM (SELECT 1 AS one) x \
                 LEFT JOIN place p ON p.id = t.place_id LEFT JOIN unit o ON o.id = t.of_unit_id LEFT JOIN place s ON s.id = o.seat_id) a WHERE ");
            sql.below_any("a.code", within);
            sql.push(")) AS hit FROM tie t WHERE ");
            match lens {
                TieLens::Unit(unit) => {
                    sql.push("(t.unit_id = ").bind(unit.0).push(" OR t.of_unit_id = ").bind(unit.0).push(")");
                }
                TieLens::Person(UserId(person)) => drop(sql.push("t.user_id = ").bind(*person)),
                TieLens::Area(_) => {}
            }
            if let Some((_, id)) = after {
                sql.push(" AND t.id < ").bind(id.0);
            }
            sql.push(" ORDER BY t.id DESC");
        }
    }
    sql.push(&format!(" LIMIT {SCAN}) t) t {SIDES} WHERE t.hit OR t.n = {SCAN} ORDER BY {order} LIMIT "));
    sql.bind(i64::from(*limit) + 1);
    let order = if area { "t.place_code, t.id" } else { "t.id DESC" };
    sql.push(&format!(") t ON true ORDER BY {order}"));
    sql
}

#[cfg(test)]
mod tests {
    use super::super::chain::chain_sql;
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::actor::{Grant, Scope};
    use domain::id::PlaceId;
    use domain::permission::Role;
    use domain::place::Levels;
    use domain::time::Timestamp;
    use rstest::rstest;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    /// On SQLite, which says how it reads.
    #[rstest]
    #[case::county(TieLens::Area(vec![place("532504")]))]
    #[case::communities(TieLens::Area(vec![place("532504001007"), place("532504002")]))]
    #[case::unit(TieLens::Unit(UnitId(Uuid::nil())))]
    #[case::person(TieLens::Person(UserId(Uuid::nil())))]
    #[tokio::test]
    async fn no_table_is_read_from_end_to_end(#[case] lens: TieLens) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let store = Store::open(&database, &master, &Clock::system()).await.unwrap();
        let scope = Scope::Places(vec![place("532504")]);
        let actor =
            Actor { user: UserId(Uuid::nil()), grants: vec![Grant { role: Role::CountyAdmin, scope }] };
        let query = TieQuery {
            lens,
            within: vec![place("532504")],
            kind: Some(TieKind::Responsible),
            line: None,
            on: Some(NaiveDate::default()),
            limit: 20,
            after: Some((Some(place("532504001007")), TieId(Uuid::nil()))),
        };
        let chain = chain_sql(PlaceId(Uuid::nil()), Timestamp::UNIX_EPOCH, &actor);
        for sql in [page_sql(&query, &actor), chain] {
            let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
            let rows = store.query_all(&plan, sql.values).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| column(row, "plan", "detail").unwrap()).collect();
            let ties = steps.iter().filter(|step| step.contains("USING INDEX tie_"));
            assert!(ties.count() > 0, "{steps:?}");
            for step in steps.iter().filter(|step| step.starts_with("SCAN")) {
                // What was found is gone through; the tables, which have other names, are not.
                let read = step["SCAN ".len()..].split([' ', '-']).next().unwrap_or_default();
                assert!(
                    ["v", "c", "t", "x", "CONSTANT", "(subquery"].contains(&read),
                    "{step}: {}",
                    sql.text
                );
                assert!(!step.contains("USING"), "{step}: {}", sql.text);
            }
        }
        store.close().await.unwrap();
    }
}
