//! The ladder of consultations (逐级会商, practices F02): who meets at which level, and to whom a ticket goes that one of
//! them cannot solve. It goes up with its file and comes back with a decision.

use super::{Fault, Playbook};
use crate::place::PlaceCode;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// A level of the net that all counties have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// 社区（村）.
    Community,
    /// 街道（乡镇）.
    Street,
    /// 县（市、区）.
    County,
}

impl Level {
    /// How many digits the code of such a place has.
    pub fn digits(self) -> usize {
        match self {
            Self::Community => 12,
            Self::Street => 9,
            Self::County => 6,
        }
    }

    /// The place of this level in which another lies; none where that one is wider.
    pub fn of(self, place: &PlaceCode) -> Option<PlaceCode> {
        place.cut(self.digits())
    }
}

/// How often those of a rung meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Meets {
    /// Each week.
    Week,
    /// Each month.
    Month,
    /// Each quarter.
    Quarter,
}

/// A rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Stable key, `snake_case`.
    pub key: String,
    /// What its meeting, or its level, is called: 街道联席会.
    pub name: String,
    /// On the desk of which level its tickets lie.
    pub level: Level,
    /// The rung to which it hands on; none at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<String>,
    /// How often its people meet, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meets: Option<Meets>,
}

/// Community, street and county, without meetings.
pub(super) fn usual_ladder() -> Vec<Rung> {
    let rung = |key: &str, name: &str, level, up: Option<&str>| Rung {
        key: key.to_owned(),
        name: name.to_owned(),
        level,
        up: up.map(str::to_owned),
        meets: None,
    };
    vec![
        rung("community", "社区", Level::Community, Some("street")),
        rung("street", "街道", Level::Street, Some("county")),
        rung("county", "县级", Level::County, None),
    ]
}

impl Playbook {
    /// The rung at which a desk stands; none where nobody of its level is on the ladder.
    pub fn rung(&self, desk: &PlaceCode) -> Option<&Rung> {
        rung_at(&self.ladder, desk)
    }

    /// The desk of the next rung up, from a desk beside the ladder that of the nearest above it; none from the top.
    pub fn desk_above(&self, desk: &PlaceCode) -> Option<PlaceCode> {
        desk_above(&self.ladder, desk)
    }
}

fn rung_at<'a>(ladder: &'a [Rung], desk: &PlaceCode) -> Option<&'a Rung> {
    ladder.iter().find(|rung| rung.level.digits() == desk.as_str().len())
}

fn desk_above(ladder: &[Rung], desk: &PlaceCode) -> Option<PlaceCode> {
    let above = match rung_at(ladder, desk) {
        Some(Rung { up, .. }) => ladder.iter().find(|rung| up.as_ref() == Some(&rung.key)),
        None => {
            let wider = ladder.iter().filter(|rung| rung.level.digits() < desk.as_str().len());
            wider.min_by_key(|rung| rung.level)
        }
    };
    above?.level.of(desk)
}

/// Everything that is wrong with a ladder: two rungs of one key or level, a next one that is not there or not higher, a
/// circle, and rungs from which nothing gets to the top.
pub(super) fn faults(ladder: &[Rung]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault =
        |i: usize, name: &str, reason| faults.push(Fault::new(format!("ladder[{i}].{name}"), reason));
    let top = ladder.iter().map(|rung| rung.level).max();
    for (i, rung) in ladder.iter().enumerate() {
        let others = &ladder[..i];
        if others.iter().any(|other| other.key == rung.key) {
            fault(i, "key", "会商层级重复");
        }
        if others.iter().any(|other| other.level == rung.level) {
            fault(i, "level", "同一级别只能有一个会商层级");
        }
        let Some(up) = &rung.up else {
            if Some(rung.level) != top {
                fault(i, "up", "到此为止，到不了最高一级");
            }
            continue;
        };
        match ladder.iter().find(|other| other.key == *up) {
            None => fault(i, "up", "没有这个会商层级"),
            Some(_) if comes_back(ladder, rung) => fault(i, "up", "逐级上报成环"),
            Some(next) if next.level <= rung.level => fault(i, "up", "上一级的级别应当更高"),
            Some(_) => {}
        }
    }
    if ladder.is_empty() {
        faults.push(Fault::new("ladder".to_owned(), "至少要有一个会商层级"));
    }
    faults
}

/// Whether whoever goes up from a rung comes by it again.
fn comes_back(ladder: &[Rung], from: &Rung) -> bool {
    let next = |rung: &Rung| rung.up.as_ref().and_then(|up| ladder.iter().find(|other| other.key == *up));
    // Whoever has not come back by then goes round elsewhere.
    std::iter::successors(next(from), |rung| next(rung)).take(ladder.len()).any(|rung| rung.key == from.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Levels;
    use rstest::rstest;

    fn rung(key: &str, level: Level, up: Option<&str>) -> Rung {
        Rung { key: key.into(), name: key.into(), level, up: up.map(str::to_owned), meets: None }
    }

    const C: Level = Level::Community;
    const S: Level = Level::Street;
    const N: Level = Level::County;

    #[rstest]
    #[case::the_usual_one(usual_ladder(), &[])]
    #[case::two_rungs(vec![rung("a", C, Some("b")), rung("b", N, None)], &[])]
    #[case::two_of_them_meet_at_the_county(
        vec![rung("a", C, Some("c")), rung("b", S, Some("c")), rung("c", N, None)], &[])]
    #[case::none(vec![], &["ladder: 至少要有一个会商层级"])]
    #[case::nothing_above(vec![rung("a", C, Some("x")), rung("b", S, None)], &["ladder[0].up: 没有这个会商层级"])]
    #[case::a_circle(vec![rung("a", C, Some("b")), rung("b", S, Some("a")), rung("c", N, None)],
        &["ladder[0].up: 逐级上报成环", "ladder[1].up: 逐级上报成环"])]
    #[case::above_itself(vec![rung("a", C, Some("a"))], &["ladder[0].up: 逐级上报成环"])]
    #[case::two_of_a_level(vec![rung("a", C, Some("b")), rung("b", N, None), rung("c", N, None)],
        &["ladder[2].level: 同一级别只能有一个会商层级"])]
    #[case::two_of_a_key(vec![rung("a", C, Some("b")), rung("b", S, None), rung("b", N, None)],
        &["ladder[1].up: 到此为止，到不了最高一级", "ladder[2].key: 会商层级重复"])]
    #[case::downwards(vec![rung("a", S, Some("b")), rung("b", C, Some("c")), rung("c", N, None)],
        &["ladder[0].up: 上一级的级别应当更高"])]
    #[case::no_way_to_the_top(vec![rung("a", C, Some("b")), rung("b", S, None), rung("c", N, None)],
        &["ladder[1].up: 到此为止，到不了最高一级"])]
    fn what_is_wrong_is_named(#[case] ladder: Vec<Rung>, #[case] expected: &[&str]) {
        let said: Vec<_> = faults(&ladder).iter().map(ToString::to_string).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn a_desk_hands_on_to_the_next_rung() {
        let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
        let above = |ladder: &[Rung], desk| desk_above(ladder, &place(desk));
        let usual = usual_ladder();
        assert_eq!(above(&usual, "532504001007"), Some(place("532504001")));
        assert_eq!(above(&usual, "532504001"), Some(place("532504")));
        assert_eq!(above(&usual, "532504"), None);
        // A county may do without its streets; what lies with one by a breach goes on all the same.
        let short = [rung("a", C, Some("b")), rung("b", N, None)];
        assert_eq!(above(&short, "532504001007"), Some(place("532504")));
        assert_eq!(above(&short, "532504001"), Some(place("532504")));
        assert_eq!(rung_at(&short, &place("532504001")), None);
    }
}
