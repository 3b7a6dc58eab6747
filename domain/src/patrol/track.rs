//! The way that somebody went: positions in WGS-84 with their times. It is kept as one short text, each position as what it
//! differs from the one before.

use crate::geo::{Datum, Position};
use crate::point::metres;
use crate::time::Timestamp;
use chrono::DateTime;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Faster than this nobody goes on patrol, metres a second.
pub const FASTEST: f64 = 50.0;
/// Parts of a degree: a tenth of a metre.
const PARTS: f64 = 1e6;

/// A position at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// Milliseconds since 1970.
    millis: i64,
    /// Millionths of a degree.
    lat: i64,
    /// Millionths of a degree.
    lng: i64,
}

/// The way that somebody went, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track(pub Vec<Fix>);

impl Fix {
    /// A position at a time, whatever datum it was given in.
    #[expect(clippy::cast_possible_truncation, reason = "a degree has a million parts")]
    pub fn new(position: Position, at: Timestamp) -> Self {
        let here = position.to(Datum::Wgs84);
        let parts = |degrees: f64| (degrees * PARTS).round() as i64;
        Self { millis: at.timestamp_millis(), lat: parts(here.lat()), lng: parts(here.lng()) }
    }

    /// When.
    pub fn at(&self) -> Timestamp {
        DateTime::from_timestamp_millis(self.millis).unwrap_or_default()
    }

    /// Where; `None` for what lies on the very edge of what a position may be.
    #[expect(clippy::cast_precision_loss, reason = "180 million parts")]
    pub fn position(&self) -> Option<Position> {
        Position::new(self.lat as f64 / PARTS, self.lng as f64 / PARTS, Datum::Wgs84).ok()
    }

    /// How far another is, metres.
    fn metres_to(&self, other: &Self) -> f64 {
        self.position().zip(other.position()).map_or(0.0, |(one, two)| metres(one, two))
    }

    /// Whether nobody gets from here to another in its time.
    #[expect(clippy::cast_precision_loss, reason = "a patrol lasts a day")]
    fn jumps_to(&self, other: &Self) -> bool {
        let seconds = (other.millis - self.millis).max(1_000) as f64 / 1_000.0;
        self.metres_to(other) > FASTEST * seconds
    }
}

impl Track {
    /// How long it is, whole metres.
    pub fn metres(&self) -> u32 {
        crate::duty::whole(self.0.windows(2).map(|two| two[0].metres_to(&two[1])).sum())
    }

    /// Whether it jumps somewhere faster than [`FASTEST`].
    pub fn is_doubtful(&self) -> bool {
        self.0.windows(2).any(|two| two[0].jumps_to(&two[1]))
    }
}

impl Serialize for Track {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut text, mut last) = (String::new(), [0; 3]);
        for Fix { millis, lat, lng } in &self.0 {
            for (value, before) in [*millis, *lat, *lng].into_iter().zip(&mut last) {
                write(&mut text, value.wrapping_sub(*before));
                *before = value;
            }
        }
        text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Track {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (mut bytes, mut fixes, mut last) = (text.bytes(), Vec::new(), [0_i64; 3]);
        while bytes.len() > 0 {
            for before in &mut last {
                let by = read(&mut bytes).ok_or_else(|| D::Error::custom("a track that was cut"))?;
                *before = before.wrapping_add(by);
            }
            let [millis, lat, lng] = last;
            fixes.push(Fix { millis, lat, lng });
        }
        Ok(Self(fixes))
    }
}

/// Five bits a character from `?` on, the lowest first; the sixth says that there are more.
fn write(text: &mut String, value: i64) {
    // Small numbers are short, negative ones too.
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    loop {
        let [low, ..] = (rest & 0x1f).to_le_bytes();
        rest >>= 5;
        text.push(char::from(if rest > 0 { low | 0x20 } else { low } + b'?'));
        if rest == 0 {
            return;
        }
    }
}

fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = bytes.next()?.checked_sub(b'?').filter(|byte| *byte < 0x40)?;
        value |= u64::from(byte & 0x1f).checked_shl(shift)?;
        if byte & 0x20 == 0 {
            let half = (value >> 1).cast_signed();
            return Some(if value & 1 == 1 { !half } else { half });
        }
        shift += 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fix(seconds: i64, lat: f64, lng: f64) -> Fix {
        let at = DateTime::from_timestamp(1_795_222_800 + seconds, 0).unwrap();
        Fix::new(Position::new(lat, lng, Datum::Wgs84).unwrap(), at)
    }

    #[test]
    fn m09_a_way_has_a_length_and_nobody_flies() {
        // Of 111 m each.
        let walked = Track(vec![fix(0, 24.4, 103.4), fix(60, 24.401, 103.4), fix(120, 24.402, 103.4)]);
        assert_eq!((walked.metres(), walked.is_doubtful()), (222, false));
        let flew = Track(vec![fix(0, 24.4, 103.4), fix(60, 24.44, 103.4)]);
        assert_eq!((flew.metres(), flew.is_doubtful()), (4_448, true));
        assert_eq!((Track::default().metres(), Track::default().is_doubtful()), (0, false));
    }

    proptest! {
        #[test]
        fn a_track_is_read_as_it_was_written(fixes in proptest::collection::vec((any::<i32>(), any::<i32>(), any::<i64>()), 0..50)) {
            let fixes = fixes.into_iter().map(|(lat, lng, millis)| Fix { millis, lat: lat.into(), lng: lng.into() });
            let track = Track(fixes.collect());
            let json = serde_json::to_string(&track).unwrap();
            prop_assert_eq!(serde_json::from_str::<Track>(&json).unwrap(), track);
        }

        #[test]
        fn what_is_no_track_is_refused(text in "\\PC{0,20}") {
            // Whatever it is, nothing breaks.
            let _ = serde_json::from_value::<Track>(text.into());
        }
    }
}
