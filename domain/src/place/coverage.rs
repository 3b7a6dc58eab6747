//! Whether the places below one cover it, each spot by exactly one (practices Z07).

use super::boundary::Boundary;
use super::code::PlaceCode;
use geo::{BooleanOps, GeodesicArea, Intersects, MultiPolygon, unary_union};

/// What is wrong with how places cover the one above them.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Those that have no boundary.
    pub without_boundary: Vec<PlaceCode>,
    /// How much of the place above belongs to none, and how much of them lies outside of it: square metres; `None` where
    /// that has no boundary itself.
    pub gap_and_outside: Option<(f64, f64)>,
    /// Each two that have ground in common, with how many square metres of it: one at least.
    pub overlaps: Vec<([PlaceCode; 2], f64)>,
}

impl Coverage {
    /// That of `above` by the places directly below it.
    pub fn of(above: Option<&Boundary>, below: &[(PlaceCode, Option<Boundary>)]) -> Self {
        let without_boundary =
            below.iter().filter(|(_, boundary)| boundary.is_none()).map(|(code, _)| *code).collect();
        let bounded: Vec<_> = below
            .iter()
            .filter_map(|(code, boundary)| {
                let boundary = boundary.as_ref()?;
                Some((*code, boundary.areas(), boundary.rectangle()?))
            })
            .collect();
        let mut overlaps = Vec::new();
        for (i, (a, areas, around)) in bounded.iter().enumerate() {
            for (b, others, beside) in &bounded[i + 1..] {
                if around.intersects(beside) {
                    let common = square_metres(&areas.intersection(*others));
                    if common >= 1.0 {
                        overlaps.push(([*a, *b], common));
                    }
                }
            }
        }
        let gap_and_outside = above.map(|above| {
            let all = unary_union(bounded.iter().map(|(_, areas, _)| *areas));
            let inside = square_metres(&all.intersection(above.areas()));
            ((above.square_metres() - inside).max(0.0), (square_metres(&all) - inside).max(0.0))
        });
        Self { without_boundary, gap_and_outside, overlaps }
    }
}

fn square_metres(areas: &MultiPolygon<f64>) -> f64 {
    areas.geodesic_area_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Levels;
    use geo::{LineString, Polygon};

    fn square(lng: f64, width: f64) -> Boundary {
        let ring = [(lng, 24.0), (lng + width, 24.0), (lng + width, 24.01), (lng, 24.01), (lng, 24.0)];
        Boundary::stored(Polygon::new(LineString::from(ring.to_vec()), vec![]).into())
    }

    fn code(text: &str) -> PlaceCode {
        PlaceCode::parse(text, &Levels::default()).unwrap()
    }

    #[test]
    fn z07_overlaps_and_gaps_are_told() {
        let above = square(103.0, 0.04);
        let [a, b, c, d] = ["001", "002", "003", "004"].map(|n| code(&format!("532504001007{n}")));
        let whole = [(a, Some(square(103.0, 0.02))), (b, Some(square(103.02, 0.02)))];
        let whole = Coverage::of(Some(&above), &whole);
        assert!(whole.overlaps.is_empty() && whole.without_boundary.is_empty(), "{whole:?}");
        let (gap, outside) = whole.gap_and_outside.unwrap();
        assert!(gap < 1.0 && outside < 1.0, "{gap} {outside}");
        // A quarter belongs to none, a strip to two, and one leaves the place above.
        let below = [
            (a, Some(square(103.0, 0.021))),
            (b, Some(square(103.02, 0.01))),
            (c, None),
            (d, Some(square(103.04, 0.001))),
        ];
        let wrong = Coverage::of(Some(&above), &below);
        assert_eq!(wrong.without_boundary, [c]);
        let [(pair, common)] = wrong.overlaps.as_slice() else { panic!("{wrong:?}") };
        let (gap, outside) = wrong.gap_and_outside.unwrap();
        let strip = square(103.0, 0.001).square_metres();
        assert_eq!(*pair, [a, b]);
        assert!((common / strip - 1.0).abs() < 0.01 && (outside / strip - 1.0).abs() < 0.01, "{wrong:?}");
        assert!((gap / strip - 10.0).abs() < 0.1, "{gap}");
        assert_eq!(Coverage::of(None, &below).gap_and_outside, None);
    }
}
