//! Positions on the ground. A position without a datum is worthless in China: GCJ-02 and WGS-84 lie up to 700 m apart.

use serde::{Deserialize, Serialize};

/// The datum of a position (坐标系).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// GCJ-02 (国测局坐标), what WeChat and Chinese maps give.
    Gcj02,
    /// WGS-84, what GPS gives.
    Wgs84,
}

/// A position (位置) in degrees, in the datum that it was given in. Latitude 17.5 to 53.6, longitude 73.4 to 135.2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    lat: f64,
    lng: f64,
    datum: Datum,
}

/// Why a position was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PositionRefusal {
    /// Outside the rectangle around China, or not a number.
    #[error("{field} is outside China")]
    OutsideChina {
        /// `lat` or `lng`.
        field: &'static str,
    },
}

impl PositionRefusal {
    /// The part of the position that was wrong.
    pub fn field(&self) -> &'static str {
        let Self::OutsideChina { field } = self;
        field
    }
}

impl Position {
    /// Latitudes accepted, degrees.
    pub const LAT: std::ops::RangeInclusive<f64> = 17.5..=53.6;
    /// Longitudes accepted, degrees.
    pub const LNG: std::ops::RangeInclusive<f64> = 73.4..=135.2;

    /// # Errors
    /// [`PositionRefusal::OutsideChina`], naming the coordinate.
    pub fn new(lat: f64, lng: f64, datum: Datum) -> Result<Self, PositionRefusal> {
        if !Self::LAT.contains(&lat) {
            return Err(PositionRefusal::OutsideChina { field: "lat" });
        }
        if !Self::LNG.contains(&lng) {
            return Err(PositionRefusal::OutsideChina { field: "lng" });
        }
        Ok(Self { lat, lng, datum })
    }

    /// Latitude in degrees.
    pub fn lat(&self) -> f64 {
        self.lat
    }

    /// Longitude in degrees.
    pub fn lng(&self) -> f64 {
        self.lng
    }

    /// The datum that it was given in.
    pub fn datum(&self) -> Datum {
        self.datum
    }

    /// The same place on the ground in another datum, within a centimetre there and back.
    #[must_use]
    pub fn to(self, datum: Datum) -> Self {
        let (lng, lat) = match (self.datum, datum) {
            (Datum::Wgs84, Datum::Gcj02) => shifted(self.lng, self.lat),
            (Datum::Gcj02, Datum::Wgs84) => unshifted(self.lng, self.lat),
            (Datum::Wgs84, Datum::Wgs84) | (Datum::Gcj02, Datum::Gcj02) => (self.lng, self.lat),
        };
        Self { lat, lng, datum }
    }
}

/// Half the longer axis of Krasovsky's ellipsoid of 1940, metres, and the square of its eccentricity: what GCJ-02 reckons with.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// WGS-84 to GCJ-02, degrees: the shift that the surveying authority laid over all maps, as it is commonly reckoned.
pub(crate) fn shifted(lng: f64, lat: f64) -> (f64, f64) {
    use std::f64::consts::PI;
    let (x, y) = (lng - 105.0, lat - 35.0);
    let wave = |at: f64, per: f64| (at * per * PI).sin();
    let short = (20.0 * wave(x, 6.0) + 20.0 * wave(x, 2.0)) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + short
        + (20.0 * wave(x, 1.0) + 40.0 * wave(x, 1.0 / 3.0)) * 2.0 / 3.0
        + (150.0 * wave(x, 1.0 / 12.0) + 300.0 * wave(x, 1.0 / 30.0)) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + short
        + (20.0 * wave(y, 1.0) + 40.0 * wave(y, 1.0 / 3.0)) * 2.0 / 3.0
        + (160.0 * wave(y, 1.0 / 12.0) + 320.0 * wave(y, 1.0 / 30.0)) * 2.0 / 3.0;
    let radians = lat.to_radians();
    let curve = 1.0 - ECCENTRICITY * radians.sin().powi(2);
    let lat_metres = AXIS * (1.0 - ECCENTRICITY) / (curve * curve.sqrt());
    let lng_metres = AXIS / curve.sqrt() * radians.cos();
    (lng + (east / lng_metres).to_degrees(), lat + (north / lat_metres).to_degrees())
}

/// GCJ-02 to WGS-84, degrees: what is shifted to here, found step by step, for the shift cannot be solved for.
pub(crate) fn unshifted(lng: f64, lat: f64) -> (f64, f64) {
    let (mut x, mut y) = (lng, lat);
    for _ in 0..8 {
        let (there_x, there_y) = shifted(x, y);
        (x, y) = (x - (there_x - lng), y - (there_y - lat));
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// Shanghai, Shenzhen and Beijing in both, as other programs reckon it.
    #[rstest]
    #[case((31.177_427_6, 121.527_210_6), (31.175_303_98, 121.531_541_86))]
    #[case((22.543_847, 113.912_316), (22.540_796_13, 113.917_176_48))]
    #[case((39.911_954, 116.377_817), (39.913_345_46, 116.384_047_22))]
    fn f05_gcj02_lies_where_maps_have_it(#[case] wgs84: (f64, f64), #[case] gcj02: (f64, f64)) {
        let there = Position::new(wgs84.0, wgs84.1, Datum::Wgs84).unwrap().to(Datum::Gcj02);
        assert!((there.lat() - gcj02.0).abs() < 1e-6 && (there.lng() - gcj02.1).abs() < 1e-6, "{there:?}");
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(lat in 18.0..53.0_f64, lng in 74.0..135.0_f64) {
            let here = Position::new(lat, lng, Datum::Wgs84).unwrap();
            let there = here.to(Datum::Gcj02);
            let back = there.to(Datum::Wgs84);
            // A degree of latitude is 111 km.
            let metres = (back.lat() - lat).hypot(back.lng() - lng) * 111_320.0;
            prop_assert!(metres < 0.01, "{metres} m");
            let apart = (there.lat() - lat).hypot(there.lng() - lng) * 111_320.0;
            prop_assert!((10.0..2_000.0).contains(&apart), "{apart} m");
        }
    }

    #[rstest]
    #[case(24.41, 103.41, None)]
    #[case(0.0, 0.0, Some("lat"))]
    #[case(51.5, -0.1, Some("lng"))]
    #[case(f64::NAN, 103.0, Some("lat"))]
    #[case(30.0, f64::INFINITY, Some("lng"))]
    fn a_position_lies_in_china(#[case] lat: f64, #[case] lng: f64, #[case] wrong: Option<&'static str>) {
        let refused = Position::new(lat, lng, Datum::Gcj02).err();
        assert_eq!(refused, wrong.map(|field| PositionRefusal::OutsideChina { field }));
    }
}
