//! The boundary of a place (边界), on the ground: WGS-84, degrees. What it has beyond the first rings of a polygon are holes.

use crate::geo::{Datum, Position, shifted, unshifted};
use crate::refusal::Args;
use geo::orient::{Direction, Orient};
use geo::{
    BoundingRect, Closest, Contains, Coord, CoordsIter, Distance, GeodesicArea, Haversine,
    HaversineClosestPoint, Intersects, MapCoords, MultiPolygon, Point, Rect, Validation,
};

/// The most points of one boundary.
pub const MAX_POINTS: usize = 5_000;

/// A boundary: one area or several, in WGS-84.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary(MultiPolygon<f64>);

/// Why a boundary was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundaryRefusal {
    /// Neither an area nor several, or none at all.
    #[error("a boundary is a polygon or several")]
    NoArea,
    /// More points than [`MAX_POINTS`].
    #[error("{points} points are too many")]
    TooManyPoints {
        /// How many.
        points: usize,
    },
    /// A point of it lies outside of China, or is no number.
    #[error("it leaves China")]
    OutsideChina,
    /// It crosses itself, its holes lie outside of it, or a ring has fewer than three points.
    #[error("{reason}")]
    Invalid {
        /// What is wrong with which ring, in English.
        reason: String,
    },
    /// It has nothing in common with the boundary of the place above.
    #[error("it lies outside of the place above")]
    OutsideParent,
}

impl BoundaryRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoArea => "boundary.no_area",
            Self::TooManyPoints { .. } => "boundary.too_many_points",
            Self::OutsideChina => "boundary.outside_china",
            Self::Invalid { .. } => "boundary.invalid",
            Self::OutsideParent => "boundary.outside_parent",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::TooManyPoints { points } => {
                vec![("points", points.to_string()), ("max", MAX_POINTS.to_string())]
            }
            Self::Invalid { reason } => vec![("reason", reason.clone())],
            Self::NoArea | Self::OutsideChina | Self::OutsideParent => vec![],
        }
    }
}

/// Whole square metres.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no place has so many square metres"
)]
pub fn whole(square_metres: f64) -> u64 {
    square_metres.round() as u64
}

impl Boundary {
    /// A boundary that was given in `datum`: (longitude, latitude) as GeoJSON has it. Takes up to half a second for the
    /// longest.
    ///
    /// # Errors
    /// [`BoundaryRefusal`].
    pub fn new(areas: &MultiPolygon<f64>, datum: Datum) -> Result<Self, BoundaryRefusal> {
        let points = areas.coords_count();
        if points > MAX_POINTS {
            return Err(BoundaryRefusal::TooManyPoints { points });
        }
        let in_china =
            |point: Coord<f64>| Position::LAT.contains(&point.y) && Position::LNG.contains(&point.x);
        if !areas.coords_iter().all(in_china) {
            return Err(BoundaryRefusal::OutsideChina);
        }
        areas.check_validation().map_err(|error| BoundaryRefusal::Invalid { reason: error.to_string() })?;
        let here = match datum {
            Datum::Wgs84 => areas.clone(),
            Datum::Gcj02 => areas.map_coords(|point| unshifted(point.x, point.y).into()),
        };
        // Areas are reckoned by which way round a ring goes.
        let here = Self(here.orient(Direction::Default));
        // A line that goes there and back encloses nothing.
        if here.square_metres() < 1.0 { Err(BoundaryRefusal::NoArea) } else { Ok(here) }
    }

    /// One that was checked before it was stored.
    pub fn stored(areas: MultiPolygon<f64>) -> Self {
        Self(areas)
    }

    /// Its areas, WGS-84.
    pub fn areas(&self) -> &MultiPolygon<f64> {
        &self.0
    }

    /// Its areas in a datum.
    pub fn in_datum(&self, datum: Datum) -> MultiPolygon<f64> {
        match datum {
            Datum::Wgs84 => self.0.clone(),
            Datum::Gcj02 => self.0.map_coords(|point| shifted(point.x, point.y).into()),
        }
    }

    /// How much ground it encloses, square metres.
    pub fn square_metres(&self) -> f64 {
        self.0.geodesic_area_unsigned()
    }

    /// The smallest rectangle of degrees around it.
    pub fn rectangle(&self) -> Option<Rect<f64>> {
        self.0.bounding_rect()
    }

    /// Whether a position lies in it, or on its edge.
    pub fn holds(&self, position: Position) -> bool {
        let here = position.to(Datum::Wgs84);
        let point = Point::new(here.lng(), here.lat());
        self.0.contains(&point) || self.0.intersects(&point)
    }

    /// How far a position is from it, metres: 0 in it.
    pub fn metres_to(&self, position: Position) -> Option<f64> {
        let here = position.to(Datum::Wgs84);
        let point = Point::new(here.lng(), here.lat());
        match self.0.haversine_closest_point(&point) {
            Closest::Intersection(_) => Some(0.0),
            Closest::SinglePoint(edge) => Some(Haversine.distance(point, edge)),
            Closest::Indeterminate => None,
        }
    }

    /// Whether it has ground in common with another.
    ///
    /// # Errors
    /// [`BoundaryRefusal::OutsideParent`] where it has none.
    pub fn lies_in(&self, parent: &Self) -> Result<(), BoundaryRefusal> {
        if self.0.intersects(&parent.0) { Ok(()) } else { Err(BoundaryRefusal::OutsideParent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon, polygon, wkt};
    use rstest::rstest;

    fn square(lng: f64, lat: f64, side: f64) -> MultiPolygon<f64> {
        let ring = [(lng, lat), (lng + side, lat), (lng + side, lat + side), (lng, lat + side), (lng, lat)];
        Polygon::new(LineString::from(ring.to_vec()), vec![]).into()
    }

    #[rstest]
    #[case(MultiPolygon::new(vec![]), "boundary.no_area")]
    #[case(wkt!(MULTIPOLYGON(((103.0 24.0, 103.1 24.1, 103.1 24.0, 103.0 24.1, 103.0 24.0)))), "boundary.invalid")]
    #[case(wkt!(MULTIPOLYGON(((103.0 24.0, 103.1 24.0, 103.0 24.0)))), "boundary.invalid")]
    #[case(
        wkt!(MULTIPOLYGON(((103.0 24.0, 103.1 24.0, 103.1 24.1, 103.0 24.0), (110.0 30.0, 110.1 30.0, 110.1 30.1, 110.0 30.0)))),
        "boundary.invalid"
    )]
    #[case(square(-0.1, 51.0, 0.1), "boundary.outside_china")]
    #[case(square(f64::NAN, 24.0, 0.1), "boundary.outside_china")]
    fn m01_what_encloses_no_ground_is_no_boundary(#[case] areas: MultiPolygon<f64>, #[case] code: &str) {
        assert_eq!(Boundary::new(&areas, Datum::Wgs84).unwrap_err().code(), code);
    }

    #[test]
    fn m01_a_boundary_of_too_many_points_is_not_looked_at() {
        let ring: Vec<_> = (0..50_000).map(|i| (103.0 + f64::from(i) * 1e-6, 24.0)).collect();
        let areas = Polygon::new(LineString::from(ring), vec![]).into();
        let points = 50_001;
        assert_eq!(Boundary::new(&areas, Datum::Wgs84), Err(BoundaryRefusal::TooManyPoints { points }));
    }

    #[test]
    fn m01_what_lies_in_a_hole_lies_outside() {
        let with_hole = polygon!(
            exterior: [(x: 103.0, y: 24.0), (x: 103.1, y: 24.0), (x: 103.1, y: 24.1), (x: 103.0, y: 24.1)],
            interiors: [[(x: 103.04, y: 24.04), (x: 103.06, y: 24.04), (x: 103.06, y: 24.06), (x: 103.04, y: 24.06)]],
        );
        let boundary = Boundary::new(&with_hole.into(), Datum::Wgs84).unwrap();
        let at = |lng, lat| boundary.holds(Position::new(lat, lng, Datum::Wgs84).unwrap());
        assert!(at(103.01, 24.01) && at(103.0, 24.05), "the edge belongs to it");
        assert!(!at(103.05, 24.05) && !at(103.2, 24.05));
        // 10 km by 11, less a hole of 2 by 2.
        assert!((boundary.square_metres() / 1e6 - 108.0).abs() < 2.0, "{}", boundary.square_metres());
        let elsewhere = Boundary::new(&square(105.0, 24.0, 0.1), Datum::Wgs84).unwrap();
        assert_eq!(elsewhere.lies_in(&boundary), Err(BoundaryRefusal::OutsideParent));
    }

    #[test]
    fn m01_a_boundary_of_a_map_holds_positions_of_either_datum() {
        let boundary = Boundary::new(&square(103.4, 24.4, 0.001), Datum::Gcj02).unwrap();
        let on_the_map = Position::new(24.400_5, 103.400_5, Datum::Gcj02).unwrap();
        assert!(boundary.holds(on_the_map) && boundary.holds(on_the_map.to(Datum::Wgs84)));
        assert!(!boundary.holds(Position::new(24.400_5, 103.400_5, Datum::Wgs84).unwrap()));
        let back = boundary.in_datum(Datum::Gcj02);
        let first = back.coords_iter().next().unwrap();
        assert!((first.x - 103.4).abs() < 1e-9 && (first.y - 24.4).abs() < 1e-9);
    }
}
