//! Points (点位): rows with a history. They belong to a place by its id, and keep the code of it that holds today, by which they
//! are listed; of a place that is merged they go to what goes on as it.

mod change;
mod follow;
mod list;
mod near;
mod sign;
mod verify;

pub use change::PointCommand;
pub use list::PointQuery;
pub use near::{MOST_AROUND, NearQuery, Nearby};

use super::Store;
use super::error::StoreError;
use super::row::{Row, column, word};
use super::sql::Sql;
use domain::actor::Actor;
use domain::geo::{Datum, Position};
use domain::id::{PlaceId, PointId, UnitId};
use domain::point::{About, Charge, Details, Hours, Kind, Mode, Point, View, minute_of_week, wanted};
use domain::time::Timestamp;
use uuid::Uuid;

/// The columns of `point t` with its `place p` and its `unit n` that make a [`View`].
const VIEW: &str = "t.id, t.place_id, t.kind, t.name, t.lat, t.lng, t.unit_id, t.details, t.version, t.retired_at, \
     p.code AS place_code, p.name AS place_name, n.name AS unit_name";
/// What stands beside a point.
const BESIDE: &str = "JOIN place p ON p.id = t.place_id LEFT JOIN unit n ON n.id = t.unit_id";

/// Which points, wherever they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PointFilter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// One service of theirs can be had like this,
    pub mode: Option<Mode>,
    /// and at this price.
    pub charge: Option<Charge>,
    /// Open at this time; those of which nothing is said are not.
    pub open_at: Option<Timestamp>,
}

impl PointFilter {
    /// Appends the condition on a row of `point t`, for whoever asks.
    fn push(&self, sql: &mut Sql, asker: &Actor) {
        let Self { kind, mode, charge, open_at } = *self;
        sql.push("(true");
        if !asker.sees_points_of(Kind::Camera) {
            sql.push(" AND t.kind <> ").bind(Kind::Camera.name());
        }
        if let Some(kind) = kind {
            sql.push(" AND t.kind = ").bind(kind.name());
        }
        if let Some(bits) = wanted(mode, charge) {
            sql.push(" AND (t.offers & ").bind(bits).push(") <> 0");
        }
        if let Some(at) = open_at {
            let minute = minute_of_week(at);
            sql.push(" AND EXISTS (SELECT 1 FROM point_hours h WHERE h.point_id = t.id AND h.begins <= ");
            sql.bind(minute).push(" AND h.ends > ").bind(minute).push(")");
        }
        sql.push(")");
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Store {
    /// A point that the asker sees, a retired one too.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn point(
        &self,
        id: PointId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<View>, StoreError> {
        let sql = format!(
            "SELECT v.grants_version, d.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = $1) AS grants_version) v \
             LEFT JOIN (SELECT {VIEW} FROM point t {BESIDE} WHERE t.id = $2) d ON true"
        );
        let rows = self.query_all(&sql, vec![asker.user.0.into(), id.0.into()]).await?;
        super::page::is_current(&rows, grants_version)?;
        let there = |row: &&Row| column::<Option<Uuid>>(row, "point", "id").is_ok_and(|id| id.is_some());
        let view = rows.iter().find(there).map(|row| self.stored_point(row)).transpose()?;
        Ok(view.filter(|view| asker.sees_points_of(view.point.about.kind)))
    }

    fn stored_point(&self, row: &Row) -> Result<View, StoreError> {
        let id: Uuid = column(row, "point", "id")?;
        let corrupt = |name, error: String| StoreError::corrupt("point", name, id, error);
        let details: String = column(row, "point", "details")?;
        let details: Details =
            serde_json::from_str(&details).map_err(|error| corrupt("details", error.to_string()))?;
        let (lat, lng) = (column(row, "point", "lat")?, column(row, "point", "lng")?);
        let position =
            Position::new(lat, lng, Datum::Wgs84).map_err(|error| corrupt("lat", error.to_string()))?;
        let place: String = column(row, "place", "place_code")?;
        let about = About {
            kind: word(row, "point", "kind")?,
            name: column(row, "point", "name")?,
            place: PlaceId(column(row, "point", "place_id")?),
            position,
            unit: column::<Option<Uuid>>(row, "point", "unit_id")?.map(UnitId),
            details,
        };
        let point = Point {
            id: PointId(id),
            version: column(row, "point", "version")?,
            about,
            retired_at: column(row, "point", "retired_at")?,
        };
        Ok(View {
            point,
            place: self.stored_code(&place)?,
            place_name: column(row, "place", "place_name")?,
            unit_name: column(row, "unit", "unit_name")?,
        })
    }
}

/// The rows of `point_hours`.
fn minutes(hours: &Hours) -> Vec<(i32, i32)> {
    hours.spans().iter().map(domain::point::Opening::minutes).collect()
}

#[cfg(test)]
mod tests {
    use super::list::page_sql;
    use super::near::near_sql;
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::actor::{Grant, Scope};
    use domain::id::UserId;
    use domain::permission::Role;
    use domain::place::{Levels, PlaceCode};
    use std::time::Instant;

    fn clerk() -> Actor {
        let place = PlaceCode::parse("532504001007", &Levels::default()).unwrap();
        let grants = vec![Grant { role: Role::CommunityClerk, scope: Scope::Places(vec![place]) }];
        Actor { user: UserId(Uuid::from_u128(1)), grants }
    }

    async fn store(dir: &tempfile::TempDir) -> Store {
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        Store::open(&database, &master, &Clock::system()).await.unwrap()
    }

    fn everything() -> PointFilter {
        PointFilter {
            kind: Some(Kind::Shop),
            mode: Some(Mode::Home),
            charge: Some(Charge::Free),
            open_at: Some(chrono::DateTime::UNIX_EPOCH),
        }
    }

    fn near(filter: PointFilter, minutes: u16) -> NearQuery {
        NearQuery { centre: Position::new(24.4, 103.4, Datum::Wgs84).unwrap(), minutes, filter, limit: 100 }
    }

    /// On SQLite; PostgreSQL counts what it reads, and a test over HTTP looks at that.
    #[tokio::test]
    async fn f05_no_table_is_read_from_end_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        let place = PlaceCode::parse("532504001", &Levels::default()).unwrap();
        let after = Some((place, PointId(Uuid::nil())));
        for filter in [PointFilter::default(), everything()] {
            let list = PointQuery { place, name: Some("北".into()), filter, limit: 20, after };
            for (sql, index) in [
                (near_sql(&near(filter, 15), &clerk()), "point_near (band=? AND lng>? AND lng<?)"),
                (page_sql(&list, &clerk()), "point_code ("),
            ] {
                let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
                let mut steps = Vec::new();
                for row in store.query_all(&plan, sql.values).await.unwrap() {
                    steps.push(column::<String>(&row, "plan", "detail").unwrap());
                }
                assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
                for step in &steps {
                    // What was found is gone through; the tables are not.
                    let read =
                        step.strip_prefix("SCAN ").unwrap_or("v").split(" LEFT").next().unwrap_or_default();
                    let found = ["v", "d", "h", "s", "t", "CONSTANT ROW"].contains(&read);
                    assert!(found || read.starts_with("(subquery"), "{step}: {}", sql.text);
                }
            }
        }
        store.close().await.unwrap();
    }

    /// 200,000 points all over the country, and 4,000 of them within an hour: `cargo test -p infra -- --nocapture f05_among`.
    #[tokio::test]
    async fn f05_among_200_000_points_the_nearest_are_found_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir).await;
        let fill = "INSERT INTO point (id, version, place_id, code, kind, name, lat, lng, band, offers, details) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000), \
             at(i, lat, lng) AS (SELECT i, \
             CASE WHEN i <= 4000 THEN 24.37 + (i * 7919 % 10007) * 0.06 / 10007 ELSE 18 + (i * 7919 % 100003) * 35.0 / 100003 END, \
             CASE WHEN i <= 4000 THEN 103.37 + (i * 104729 % 10009) * 0.06 / 10009 ELSE 74 + (i * 104729 % 100019) * 60.0 / 100019 END FROM n) \
             SELECT randomblob(16), 1, randomblob(16), '5325', 'shop', 'x', lat, lng, CAST(lat * 20 AS integer), 0, '{}' FROM at";
        let user = "INSERT INTO app_user (id, name, grants_version, version, created_at) VALUES ($1, x'00', 1, 1, $2)";
        let asker: Vec<sea_orm::Value> = vec![Uuid::from_u128(1).into(), chrono::DateTime::UNIX_EPOCH.into()];
        let fills = [(fill, vec![]), (user, asker)];
        store.journal.write(fills.map(|(sql, values)| store.statement(sql, values)).into()).await.unwrap();
        for minutes in [15, 60] {
            let query = near(PointFilter::default(), minutes);
            let began = Instant::now();
            let sql = near_sql(&query, &clerk());
            let looked_at = store.query_all(&sql.text, sql.values).await.unwrap().len();
            let took = began.elapsed();
            println!("{minutes} minutes: {looked_at} of 200,000 looked at in {took:?}");
            let there = if minutes == 15 { 100..=1_000 } else { 3_000..=4_500 };
            assert!(there.contains(&looked_at), "{looked_at}");
        }
        store.close().await.unwrap();
    }
}
