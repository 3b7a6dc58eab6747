//! Which grid a position lies in. All boundaries are in memory, in a tree of their rectangles, and read anew where somebody
//! changed any: each look-up asks for that on its way.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::super::sql::{Sql, prefixes};
use super::PLACE;
use domain::actor::Actor;
use domain::geo::{Datum, Position};
use domain::id::{PlaceId, UserId};
use domain::place::{Boundary, Place, PlaceCode, whole};
use geo::MultiPolygon;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::cmp::Reverse;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// How often boundaries are read anew for one look-up at most.
const ATTEMPTS: u32 = 3;
const VERSION: &str = "(SELECT CAST(COALESCE(SUM(n.boundaries), 0) AS bigint) FROM place_net n)";

/// The boundaries of all places.
#[derive(Debug, Default)]
pub(in crate::store) struct Grids(RwLock<Arc<Net>>);

/// Those of one state of the nets.
#[derive(Debug, Default)]
struct Net {
    /// How often boundaries had changed; `None` before they were read.
    version: Option<i64>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    bounded: Vec<Bounded>,
}

#[derive(Debug)]
struct Bounded {
    place: PlaceId,
    /// Of its code: the lower a place lies, the more.
    digits: i32,
    square_metres: f64,
    boundary: Boundary,
}

impl Net {
    fn of(version: i64, rows: Vec<(PlaceId, i32, Boundary)>) -> Self {
        let bounded = rows.into_iter().map(|(place, digits, boundary)| Bounded {
            place,
            digits,
            square_metres: boundary.square_metres(),
            boundary,
        });
        let bounded: Vec<_> = bounded.collect();
        let rectangles = bounded.iter().enumerate().filter_map(|(i, one)| {
            let around = one.boundary.rectangle()?;
            let (least, most) = (around.min(), around.max());
            Some(GeomWithData::new(Rectangle::from_corners([least.x, least.y], [most.x, most.y]), i))
        });
        Self { version: Some(version), tree: RTree::bulk_load(rectangles.collect()), bounded }
    }

    /// The lowest place that holds a position; of several the smallest.
    fn find(&self, position: Position) -> Option<PlaceId> {
        let here = position.to(Datum::Wgs84);
        let around = AABB::from_point([here.lng(), here.lat()]);
        let here: Vec<_> = self
            .tree
            .locate_in_envelope_intersecting(around)
            .filter_map(|rectangle| self.bounded.get(rectangle.data))
            .filter(|one| one.boundary.holds(here))
            .collect();
        let lowest = here.iter().max_by(|a, b| {
            (a.digits, Reverse(whole(a.square_metres)), a.place.0).cmp(&(
                b.digits,
                Reverse(whole(b.square_metres)),
                b.place.0,
            ))
        });
        lowest.map(|one| one.place)
    }
}

impl Store {
    /// The grid that a position lies in, and who asks being known by their grants; `None` where no boundary holds it.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn place_at(
        &self,
        position: Position,
        reader: UserId,
        grants_version: i32,
    ) -> Result<Option<Place>, StoreError> {
        let sql = format!(
            "SELECT {VERSION} AS boundaries, u.grants_version, {PLACE} FROM app_user u \
             LEFT JOIN place p ON p.id = $1 AND p.retired_at IS NULL WHERE u.id = $2"
        );
        for _ in 0..ATTEMPTS {
            let net = self.grids.0.read().unwrap_or_else(PoisonError::into_inner).clone();
            let found = net.find(position);
            let values = vec![found.map_or(Uuid::nil(), |place| place.0).into(), reader.0.into()];
            let row = self.query_one(&sql, values).await?.ok_or(StoreError::StaleGrants)?;
            if column::<Option<i32>>(&row, "app_user", "grants_version")? != Some(grants_version) {
                return Err(StoreError::StaleGrants);
            }
            if net.version == Some(column(&row, "place_net", "boundaries")?) {
                let there = found.is_some() && column::<Option<Uuid>>(&row, "place", "id")?.is_some();
                return there.then(|| self.stored_place(&row)).transpose();
            }
            self.read_boundaries().await?;
        }
        Err(StoreError::Unavailable("boundaries change all the time".into()))
    }

    /// The boundary of a place.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn boundary(
        &self,
        place: PlaceId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Boundary>, StoreError> {
        if self.place(place, asker, grants_version).await?.is_none() {
            return Ok(None);
        }
        self.areas_of(place).await
    }

    /// The boundary of a place, and those of the places directly below it; `None` when there is no such place.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn boundaries_below(
        &self,
        place: PlaceId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<(Option<Boundary>, Vec<(PlaceCode, Option<Boundary>)>)>, StoreError> {
        let Some((above, _)) = self.place(place, asker, grants_version).await? else { return Ok(None) };
        let mut sql = Sql::new(
            "SELECT p.id, p.code, b.areas FROM place p LEFT JOIN place_boundary b ON b.place_id = p.id \
             WHERE p.retired_at IS NULL AND length(p.code) = ",
        );
        sql.bind(self.digits_below(&above.place.code).unwrap_or_default()).push(" AND ");
        sql.below("p.code", &above.place.code).push(" ORDER BY p.code");
        let below = self.query_all(&sql.text, sql.values).await?;
        let one = |row: &Row| {
            let (id, code): (Uuid, String) = (column(row, "place", "id")?, column(row, "place", "code")?);
            let areas: Option<String> = column(row, "place_boundary", "areas")?;
            let boundary = areas.map(|areas| read_areas(id, &areas)).transpose()?;
            Ok::<_, StoreError>((self.stored_code(&code)?, boundary))
        };
        let below = below.iter().map(one).collect::<Result<_, _>>()?;
        Ok(Some((self.areas_of(place).await?, below)))
    }

    pub(in crate::store) async fn areas_of(&self, place: PlaceId) -> Result<Option<Boundary>, StoreError> {
        let sql = "SELECT b.areas FROM place_boundary b WHERE b.place_id = $1";
        let row = self.query_one(sql, vec![place.0.into()]).await?;
        row.map(|row| read_areas(place.0, &column::<String>(&row, "place_boundary", "areas")?)).transpose()
    }

    /// The boundary of a place, or of the nearest one above it that has one.
    pub(in crate::store) async fn nearest_areas(
        &self,
        place: PlaceId,
    ) -> Result<Option<Boundary>, StoreError> {
        let sql = format!(
            "SELECT b.place_id, b.areas FROM place p JOIN place a ON a.code IN ({}) JOIN place_boundary b ON b.place_id = a.id \
             WHERE p.id = $1 AND (a.retired_at IS NULL OR a.id = p.id) ORDER BY length(a.code) DESC LIMIT 1",
            prefixes("p.code")
        );
        let Some(row) = self.query_one(&sql, vec![place.0.into()]).await? else { return Ok(None) };
        let (id, areas): (Uuid, String) =
            (column(&row, "place_boundary", "place_id")?, column(&row, "place_boundary", "areas")?);
        read_areas(id, &areas).map(Some)
    }

    async fn read_boundaries(&self) -> Result<(), StoreError> {
        // The version first: what is read behind it is not older.
        let row = self.query_one(&format!("SELECT {VERSION} AS boundaries"), vec![]).await?;
        let version = row.map_or(Ok(0), |row| column(&row, "place_net", "boundaries"))?;
        let sql = "SELECT b.place_id, length(p.code) AS digits, b.areas FROM place_boundary b \
             JOIN place p ON p.id = b.place_id WHERE p.retired_at IS NULL";
        let rows = self.query_all(sql, vec![]).await?;
        let read = move || {
            let rows = rows.iter().map(bounded).collect::<Result<_, StoreError>>()?;
            Ok::<_, StoreError>(Net::of(version, rows))
        };
        let net = tokio::task::spawn_blocking(read).await;
        let net = net.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        *self.grids.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(net);
        Ok(())
    }
}

fn bounded(row: &Row) -> Result<(PlaceId, i32, Boundary), StoreError> {
    let id: Uuid = column(row, "place_boundary", "place_id")?;
    let areas: String = column(row, "place_boundary", "areas")?;
    Ok((PlaceId(id), column(row, "place", "digits")?, read_areas(id, &areas)?))
}

/// The boundary of a row.
fn read_areas(place: Uuid, areas: &str) -> Result<Boundary, StoreError> {
    let corrupt = |error: String| StoreError::corrupt("place_boundary", "areas", place, error);
    let geometry: geojson::Geometry =
        areas.parse().map_err(|error: geojson::Error| corrupt(error.to_string()))?;
    let areas = MultiPolygon::try_from(geometry).map_err(|error| corrupt(error.to_string()))?;
    Ok(Boundary::stored(areas))
}

/// The boundary as a row has it.
pub(super) fn written_areas(boundary: &Boundary) -> String {
    geojson::Geometry::from(boundary.areas()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon};
    use std::time::Instant;

    fn square(lng: f64, lat: f64, side: f64) -> Boundary {
        let ring = [(lng, lat), (lng + side, lat), (lng + side, lat + side), (lng, lat + side), (lng, lat)];
        Boundary::stored(Polygon::new(LineString::from(ring.to_vec()), vec![]).into())
    }

    fn id(n: u128) -> PlaceId {
        PlaceId(Uuid::from_u128(n))
    }

    #[test]
    fn z07_a_position_lies_in_one_grid() {
        // A community, a grid in it, and a smaller one over the grid's corner.
        let rows = vec![
            (id(1), 12, square(103.4, 24.4, 0.1)),
            (id(2), 15, square(103.4, 24.4, 0.01)),
            (id(3), 15, square(103.405, 24.405, 0.006)),
        ];
        let net = Net::of(1, rows);
        let at = |lng, lat| net.find(Position::new(lat, lng, Datum::Wgs84).unwrap());
        assert_eq!(at(103.401, 24.401), Some(id(2)));
        assert_eq!(at(103.407, 24.407), Some(id(3)), "of two the smaller");
        assert_eq!(at(103.45, 24.45), Some(id(1)));
        assert_eq!(at(103.6, 24.4), None);
        let map = Position::new(24.401, 103.401, Datum::Wgs84).unwrap().to(Datum::Gcj02);
        assert_eq!(net.find(map), Some(id(2)));
    }

    /// Mile has 13,704 grids. `cargo test -p infra -- --nocapture a_position_among` tells how long it takes.
    #[test]
    fn a_position_among_13704_grids() {
        let rows = (0..13_704_u32).map(|n| {
            let (x, y) = (f64::from(n % 117), f64::from(n / 117));
            // Thirty points each, as a surveyor draws them.
            let ring: Vec<_> = (0..30)
                .map(|i| {
                    let turn = f64::from(i) / 30.0 * std::f64::consts::TAU;
                    (
                        103.0 + (x + 0.5 + turn.cos() * 0.49) * 0.01,
                        24.0 + (y + 0.5 + turn.sin() * 0.49) * 0.01,
                    )
                })
                .collect();
            (id(n.into()), 15, Boundary::stored(Polygon::new(LineString::from(ring), vec![]).into()))
        });
        let begun = Instant::now();
        let net = Net::of(1, rows.collect());
        let built = begun.elapsed();
        let begun = Instant::now();
        let found = (0..100_000_u32).filter(|n| {
            let (x, y) = (f64::from(n % 1_170) / 1_000.0, f64::from(n / 1_170 * 13) / 1_000.0);
            net.find(Position::new(24.0 + y, 103.0 + x, Datum::Gcj02).unwrap()).is_some()
        });
        let found = found.count();
        println!("{built:?} to build; {:?} a position, {found} of 100000 found", begun.elapsed() / 100_000);
        assert!(found > 50_000);
    }
}
