//! Codes of places (practices M01). A code carries its ancestors: whoever holds a prefix holds all below it.

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Digits of the statistical codes: county 6, street or town 3, community 3.
const FIXED: [usize; 3] = [6, 9, 12];
/// Levels that a playbook may add below the community.
const OWN_LEVELS: usize = 3;
/// 12 digits and three more levels of at most four.
const LONGEST: usize = 24;

/// The widths of the levels that a playbook puts below the community, in digits (1 to 4 each, at most three levels).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    ends: [usize; FIXED.len() + OWN_LEVELS],
    count: usize,
}

impl Default for Levels {
    /// 3, 3 and 4 digits: what holds unless a playbook says otherwise.
    fn default() -> Self {
        Self::below_community(&[3, 3, 4]).expect("the default widths are valid")
    }
}

impl Levels {
    /// The three national levels and `widths` below them; `None` when there are too many or one is not 1 to 4.
    pub fn below_community(widths: &[u8]) -> Option<Self> {
        if widths.len() > OWN_LEVELS || widths.iter().any(|w| !(1..=4).contains(w)) {
            return None;
        }
        let mut ends = [0; FIXED.len() + OWN_LEVELS];
        ends[..FIXED.len()].copy_from_slice(&FIXED);
        for (i, width) in widths.iter().enumerate() {
            ends[FIXED.len() + i] = ends[FIXED.len() + i - 1] + usize::from(*width);
        }
        Some(Self { ends, count: FIXED.len() + widths.len() })
    }

    /// How long codes may be, shortest first.
    pub fn lengths(&self) -> &[usize] {
        &self.ends[..self.count]
    }
}

/// The code of a place (地点编码): digits only, its length one of the playbook's levels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceCode(ArrayString<LONGEST>);

/// Why a place was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceRefusal {
    /// Something else than the digits 0 to 9, full-width digits among them.
    #[error("a place code has digits only")]
    NotDigits,
    /// A length that is no level.
    #[error("{length} digits are no level")]
    NoLevel {
        /// Digits given.
        length: usize,
        /// Digits allowed, for people: `6, 9, 12`.
        allowed: String,
    },
    /// Does not begin with a province.
    #[error("no province begins like this")]
    NoProvince,
    /// Well formed, but not a place of this deployment.
    #[error("{code} is not known")]
    Unknown {
        /// The code asked for.
        code: PlaceCode,
    },
    /// A position was given, and no grid with a boundary lies there.
    #[error("no grid has a boundary around this position")]
    NoGridAtPosition,
    /// Neither a code nor a position, or both.
    #[error("a place is a code or a position")]
    CodeOrPosition,
    /// A ticket is filed at a community or below, not at a whole county or street.
    #[error("{code} is too wide for a ticket")]
    TooWide {
        /// The code asked for.
        code: PlaceCode,
    },
}

impl PlaceCode {
    /// Reads a code of the given levels.
    ///
    /// # Errors
    /// [`PlaceRefusal::NotDigits`], [`PlaceRefusal::NoLevel`], [`PlaceRefusal::NoProvince`].
    pub fn parse(text: &str, levels: &Levels) -> Result<Self, PlaceRefusal> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PlaceRefusal::NotDigits);
        }
        if !levels.lengths().contains(&text.len()) {
            let allowed: Vec<_> = levels.lengths().iter().map(usize::to_string).collect();
            return Err(PlaceRefusal::NoLevel { length: text.len(), allowed: allowed.join(", ") });
        }
        if !("11".."83").contains(&&text[..2]) {
            return Err(PlaceRefusal::NoProvince);
        }
        Ok(Self(ArrayString::from(text).expect("a level is never longer than the longest")))
    }

    /// Whether this is the code of a county.
    pub fn is_of_a_county(text: &str) -> bool {
        text.len() == FIXED[0] && Self::parse(text, &Levels::default()).is_ok()
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The six digits of the county.
    pub fn county(&self) -> &str {
        &self.0[..FIXED[0]]
    }

    /// The nine digits of the street or town, where the code reaches so far.
    pub fn street(&self) -> Option<&str> {
        self.0.get(..FIXED[1])
    }

    /// The twelve digits of the community or village, where the code reaches so far.
    pub fn community(&self) -> Option<&str> {
        self.0.get(..FIXED[2])
    }

    /// 0 county, 1 street, 2 community, 3 and more as the playbook names them.
    pub fn level(&self, levels: &Levels) -> Option<usize> {
        levels.lengths().iter().position(|end| *end == self.0.len())
    }

    /// The code one level up; `None` for a county.
    pub fn parent(&self, levels: &Levels) -> Option<Self> {
        let level = self.level(levels)?.checked_sub(1)?;
        Some(Self(ArrayString::from(&self.0[..levels.lengths()[level]]).expect("a prefix fits")))
    }

    /// This code with the digits of a level below it; `None` when they are too many, or not digits.
    pub fn with(&self, digits: &str) -> Option<Self> {
        let mut code = self.0;
        let fits = digits.bytes().all(|b| b.is_ascii_digit()) && code.try_push_str(digits).is_ok();
        fits.then_some(Self(code))
    }

    /// Its first digits; `None` when it has fewer.
    pub fn cut(&self, digits: usize) -> Option<Self> {
        Some(Self(ArrayString::from(self.0.get(..digits)?).expect("a prefix fits")))
    }

    /// Whether `other` is this place or lies below it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(self.0.as_str())
    }

    /// The longest place that covers both, when they share a county.
    pub fn common(&self, other: &Self, levels: &Levels) -> Option<Self> {
        let mut code = *self;
        while !code.covers(other) {
            code = code.parent(levels)?;
        }
        Some(code)
    }
}

impl fmt::Display for PlaceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PlaceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A place (地点) as a ticket refers to it: who it is for ever, and the code that it had then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRef {
    /// For ever.
    pub id: crate::id::PlaceId,
    /// As of the event.
    pub code: PlaceCode,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn code(text: &str) -> PlaceCode {
        PlaceCode::parse(text, &Levels::default()).unwrap()
    }

    #[rstest]
    #[case("532504")]
    #[case("532504001")]
    #[case("532504001007")]
    #[case("532504001007003")]
    #[case("532504001007003012")]
    #[case("5325040010070030120405")]
    fn m01_codes_of_every_level_parse(#[case] text: &str) {
        assert_eq!(code(text).as_str(), text);
    }

    #[rstest]
    #[case("532504", true)]
    #[case("992504", false)]
    #[case("000000", false)]
    #[case("53250x", false)]
    #[case("532504001", false)]
    fn m01_a_county_has_six_digits_of_a_province(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(PlaceCode::is_of_a_county(text), is_one);
    }

    #[rstest]
    #[case("", PlaceRefusal::NotDigits)]
    #[case("53250a", PlaceRefusal::NotDigits)]
    #[case("５３２５０４", PlaceRefusal::NotDigits)]
    #[case(" 532504", PlaceRefusal::NotDigits)]
    #[case("5325", PlaceRefusal::NoLevel { length: 4, allowed: "6, 9, 12, 15, 18, 22".into() })]
    #[case("5325040010070030120405123", PlaceRefusal::NoLevel { length: 25, allowed: "6, 9, 12, 15, 18, 22".into() })]
    #[case("002504", PlaceRefusal::NoProvince)]
    #[case("992504", PlaceRefusal::NoProvince)]
    fn m01_what_is_no_code_is_refused(#[case] text: &str, #[case] refusal: PlaceRefusal) {
        assert_eq!(PlaceCode::parse(text, &Levels::default()), Err(refusal));
    }

    #[test]
    fn m01_a_code_carries_its_ancestors() {
        let levels = Levels::default();
        let grid = code("532504001007003");
        assert_eq!(grid.level(&levels), Some(3));
        let ancestors: Vec<_> =
            std::iter::successors(Some(grid), |c| c.parent(&levels)).map(|c| c.to_string()).collect();
        assert_eq!(ancestors, ["532504001007003", "532504001007", "532504001", "532504"]);
        assert_eq!(
            (grid.county(), grid.street(), grid.community()),
            ("532504", Some("532504001"), Some("532504001007"))
        );
        assert_eq!(code("532504001008").common(&grid, &levels), Some(code("532504001")));
        assert_eq!(code("140226").common(&grid, &levels), None);
    }

    #[test]
    fn m01_a_playbook_says_how_wide_its_levels_are() {
        let levels = Levels::below_community(&[2]).unwrap();
        assert!(PlaceCode::parse("53250400100703", &levels).is_ok());
        assert!(PlaceCode::parse("532504001007003", &levels).is_err());
        assert_eq!(Levels::below_community(&[3, 3, 3, 3]), None);
        assert_eq!(Levels::below_community(&[0]), None);
        assert_eq!(Levels::below_community(&[5]), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_the_text(text in "\\PC{0,30}") {
            if let Ok(parsed) = PlaceCode::parse(&text, &Levels::default()) {
                prop_assert_eq!(parsed.as_str(), text);
            }
        }

        #[test]
        fn every_ancestor_covers(digits in "[1-7][1-9][0-9]{20}") {
            let levels = Levels::default();
            let whole = code(&digits);
            for up in std::iter::successors(Some(whole), |c| c.parent(&levels)) {
                prop_assert!(up.covers(&whole));
                prop_assert_eq!(whole.covers(&up), whole == up);
            }
        }
    }
}
