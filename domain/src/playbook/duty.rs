//! Duties (履职) as a playbook has them: who owes what, where and how often (practices L02, F09, M06, M07, Q02, Q09).

use super::{Fault, Playbook};
use crate::permission::Role;
use crate::point::Kind;
use crate::tie::TieKind;
use crate::unit::UnitKind;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most photos of one record.
pub const MOST_PHOTOS: u8 = 9;
/// The most records of one duty.
pub const MOST_TIMES: u8 = 200;
/// The farthest that a record may be made from the place, metres.
const FARTHEST: u32 = 50_000;
/// The digits of a county, a street and a community.
const FIXED: [(&str, usize); 3] = [("county", 6), ("street", 9), ("community", 12)];

/// A duty of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyRule {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people: 入户问需.
    pub name: String,
    /// Who owes it: a role, a kind of ties to places, or a kind of units.
    pub who: String,
    /// Where: `grant` (the very place of the role, the tie or the unit), `county`, `street`, `community`, the name of a level
    /// below, or a kind of points.
    pub at: String,
    /// How often.
    pub every: Every,
    /// On which day of a week (1 is Monday) or of a month; any day of the period without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<u8>,
    /// How often in a period.
    #[serde(default = "once")]
    pub times: u8,
    /// How far from the place it may be recorded, metres; anywhere without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_metres: Option<u32>,
    /// The least number of photos of a record.
    #[serde(default)]
    pub photos: u8,
    /// So many days before its end they are reminded; not at all with 0.
    #[serde(default)]
    pub remind_days: u16,
}

fn once() -> u8 {
    1
}

/// How often a duty is owed (频次).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Every {
    /// 每天.
    Day,
    /// 每周, from Monday.
    Week,
    /// 每月.
    Month,
    /// 每季度.
    Quarter,
    /// 每半年.
    HalfYear,
    /// 每年.
    Year,
    /// 不定期: never planned, only recorded, such as a mass meeting (群众会).
    None,
}

/// Who owes a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owes {
    /// Whoever holds a role for places.
    Role(Role),
    /// Whoever is tied to a place.
    Tie(TieKind),
    /// Units that have a seat.
    Unit(UnitKind),
}

/// Where a duty is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// The very place of whoever owes it.
    Grant,
    /// The places of so many digits that lie in theirs; the one that theirs lies in where it is lower.
    Level(usize),
    /// The points of a kind that belong to their place or to one below it.
    Point(Kind),
}

impl Every {
    /// The longest time ahead of the end of its shortest period, in days.
    fn days(self) -> u16 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 28,
            Self::Quarter => 90,
            Self::HalfYear => 181,
            Self::Year => 365,
            Self::None => 0,
        }
    }
}

impl DutyRule {
    /// Who owes it; `None` for a word that means nobody.
    pub fn owes(&self) -> Option<Owes> {
        let who = self.who.as_str();
        let role = who.parse().ok().filter(|role| !matches!(role, Role::Resident | Role::Hotline));
        // Members and those below belong to units, not to places.
        let tie = || who.parse().ok().filter(|tie| !matches!(tie, TieKind::Member | TieKind::Under));
        let unit = || who.parse().ok().map(Owes::Unit);
        role.map(Owes::Role).or_else(|| tie().map(Owes::Tie)).or_else(unit)
    }

    /// Where it is done by the levels of a playbook; `None` for a word that means nowhere.
    pub fn spot(&self, playbook: &Playbook) -> Option<Spot> {
        let at = self.at.as_str();
        if at == "grant" {
            return Some(Spot::Grant);
        }
        if let Some((_, digits)) = FIXED.iter().find(|(name, _)| *name == at) {
            return Some(Spot::Level(*digits));
        }
        let level = playbook.levels.iter().position(|level| level.name == at && !level.household);
        let digits =
            level.and_then(|level| playbook.code_levels().lengths().get(FIXED.len() + level).copied());
        digits.map(Spot::Level).or_else(|| at.parse().ok().map(Spot::Point))
    }

    /// What is wrong with it, beside what it shares with others.
    fn faults(&self, playbook: &Playbook) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let is_key = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if self.key.is_empty() || self.key.len() > 50 || !self.key.bytes().all(is_key) {
            faults.push(("key", "应为小写字母、数字和下划线，至多 50 个"));
        }
        if self.owes().is_none() {
            faults.push(("who", "没有这种角色、落在地点上的关系或单位类别"));
        }
        if self.spot(playbook).is_none() {
            faults.push(("at", "没有这一级地点（住户除外）或这种点位"));
        }
        match (self.every, self.on) {
            (_, None) | (Every::Week, Some(1..=7)) | (Every::Month, Some(1..=28)) => {}
            (Every::Week, Some(_)) => faults.push(("on", "每周的日子应为 1 至 7")),
            (Every::Month, Some(_)) => {
                faults.push(("on", "每月的日子应为 1 至 28：不是每个月都有更晚的日子"));
            }
            _ => faults.push(("on", "只有每周、每月的才能定日")),
        }
        if !(1..=MOST_TIMES).contains(&self.times) {
            faults.push(("times", "次数应为 1 至 200"));
        }
        if self.radius_metres.is_some_and(|metres| !(1..=FARTHEST).contains(&metres)) {
            faults.push(("radius_metres", "距离应为 1 至 50000 米"));
        }
        if self.photos > MOST_PHOTOS {
            faults.push(("photos", "照片至多 9 张"));
        }
        if self.remind_days > self.every.days() {
            faults.push(("remind_days", "提前的天数不能超过一期"));
        }
        faults
    }
}

/// Everything that is wrong with the duties of a playbook.
pub(super) fn faults(playbook: &Playbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, rule) in playbook.duties.iter().enumerate() {
        let mut fault = |name: &str, reason| faults.push(Fault::new(format!("duties[{i}].{name}"), reason));
        for (name, reason) in rule.faults(playbook) {
            fault(name, reason);
        }
        if playbook.duties[..i].iter().any(|other| other.key == rule.key) {
            fault("key", "履职重复");
        }
    }
    faults
}

impl Playbook {
    /// A duty of it.
    pub fn duty(&self, key: &str) -> Option<&DutyRule> {
        self.duties.iter().find(|rule| rule.key == key)
    }

    /// The keys of its duties, for people.
    pub fn duty_keys(&self) -> String {
        self.duties.iter().map(|rule| rule.key.as_str()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn mile() -> Playbook {
        serde_json::from_value(serde_json::json!({
            "key": "mile", "name": "弥勒", "county": "532504", "categories": [],
            "levels": [{"name": "小组（小区）", "width": 3}, {"name": "住户", "width": 4, "household": true}],
            "words": {"steps": {"submitted": "点单", "dispatched": "派单", "claimed": "认领", "accepted": "接单", "arrived": "到场", "resolved": "办结", "rated": "评单", "reworked": "重办", "closed": "结单"}},
            "policy": {"version": 1, "arrive_unmet_at_resolve": "cancel", "rating_window_seconds": 1, "reopen_window_seconds": 1,
                "urge_every_seconds": 1, "offline_seconds": 1, "claims": [], "clocks": []},
            "duties": [{"key": "leader_visit", "name": "走访", "who": "linked", "at": "community", "every": "year", "times": 2}]
        }))
        .expect("a playbook")
    }

    fn rule(change: impl FnOnce(&mut DutyRule)) -> Playbook {
        let mut rule = DutyRule {
            key: "home_visit".into(),
            name: "入户问需".into(),
            who: "grid_worker".into(),
            at: "grant".into(),
            every: Every::Week,
            on: None,
            times: 1,
            radius_metres: Some(200),
            photos: 1,
            remind_days: 2,
        };
        change(&mut rule);
        Playbook { duties: vec![rule], ..mile() }
    }

    fn keys(playbook: &Playbook) -> Vec<String> {
        faults(playbook).into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn what_is_left_out_is_once_without_photos() {
        assert_eq!(keys(&mile()), Vec::<String>::new());
        let playbook = mile();
        let rule = playbook.duty("leader_visit").expect("it is there");
        assert_eq!((rule.times, rule.photos, rule.remind_days, rule.on), (2, 0, 0, None));
        assert!(playbook.duty("nothing").is_none());
    }

    #[rstest]
    #[case::unknown_role("who", |rule: &mut DutyRule| rule.who = "mayor".into())]
    #[case::residents_owe_nothing("who", |rule: &mut DutyRule| rule.who = "resident".into())]
    #[case::members_have_no_place("who", |rule: &mut DutyRule| rule.who = "member".into())]
    #[case::unknown_point("at", |rule: &mut DutyRule| rule.at = "fountain".into())]
    #[case::households_are_private("at", |rule: &mut DutyRule| rule.at = "住户".into())]
    #[case::no_eighth_day("on", |rule: &mut DutyRule| rule.on = Some(8))]
    #[case::no_day_0("on", |rule: &mut DutyRule| rule.on = Some(0))]
    #[case::february_has_28("on", |rule: &mut DutyRule| (rule.every, rule.on) = (Every::Month, Some(29)))]
    #[case::a_year_has_no_day("on", |rule: &mut DutyRule| (rule.every, rule.on) = (Every::Year, Some(1)))]
    #[case::never("times", |rule: &mut DutyRule| rule.times = 0)]
    #[case::too_often("times", |rule: &mut DutyRule| rule.times = 201)]
    #[case::no_room("radius_metres", |rule: &mut DutyRule| rule.radius_metres = Some(0))]
    #[case::too_many_photos("photos", |rule: &mut DutyRule| rule.photos = 10)]
    #[case::reminded_before_it_begins("remind_days", |rule: &mut DutyRule| rule.remind_days = 8)]
    #[case::no_key("key", |rule: &mut DutyRule| rule.key = "入户".into())]
    #[case::colons_part_slots("key", |rule: &mut DutyRule| rule.key = "a:b".into())]
    fn what_is_wrong_is_named(#[case] field: &str, #[case] change: fn(&mut DutyRule)) {
        assert_eq!(keys(&rule(change)), [format!("duties[0].{field}")]);
    }

    #[rstest]
    #[case::linked_leaders("linked", "community", Owes::Tie(TieKind::Linked), Spot::Level(12))]
    #[case::branches("party_branch", "小组（小区）", Owes::Unit(UnitKind::PartyBranch), Spot::Level(15))]
    #[case::boxes(
        "grid_worker",
        "suggestion_box",
        Owes::Role(Role::GridWorker),
        Spot::Point(Kind::SuggestionBox)
    )]
    #[case::members("party_member", "grant", Owes::Role(Role::PartyMember), Spot::Grant)]
    fn words_mean_roles_ties_units_levels_and_points(
        #[case] who: &str,
        #[case] at: &str,
        #[case] owes: Owes,
        #[case] spot: Spot,
    ) {
        let playbook = rule(|rule| (rule.who, rule.at) = (who.into(), at.into()));
        assert_eq!(keys(&playbook), Vec::<String>::new());
        let rule = &playbook.duties[0];
        assert_eq!((rule.owes(), rule.spot(&playbook)), (Some(owes), Some(spot)));
    }

    #[test]
    fn a_key_is_there_once() {
        let mut playbook = rule(|_| {});
        playbook.duties.push(playbook.duties[0].clone());
        assert_eq!(keys(&playbook), ["duties[1].key"]);
    }
}
