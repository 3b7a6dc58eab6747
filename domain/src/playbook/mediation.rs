//! 三级七天调解法 (practices Z03): what a playbook says of disputes. Each level has its days, and the file goes up with them.

use super::{Category, Fault};
use crate::permission::Role;
use crate::place::PlaceCode;
use crate::text::FreeText;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most days that a level may have.
const MOST_DAYS: u8 = 60;
/// The longest text that guides to the court, in characters.
const MOST_COURT: usize = 500;

/// Who mediates, from the nearest up.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MediationLevel {
    /// 网格.
    Grid,
    /// 社区（村）.
    Community,
    /// 街道（乡镇）.
    Street,
}

impl MediationLevel {
    /// The word in the `topic` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Who mediates at it, in the places that they hold the role for.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Grid => &[Role::GridWorker, Role::GridLeader],
            Self::Community => &[Role::CommunityClerk],
            Self::Street => &[Role::StreetDispatcher],
        }
    }

    /// The place of this level in which a ticket lies; the ticket's own where that is wider.
    pub fn desk(self, place: &PlaceCode) -> PlaceCode {
        let digits = match self {
            Self::Grid => return *place,
            Self::Community => 12,
            Self::Street => 9,
        };
        place.cut(digits).unwrap_or(*place)
    }
}

/// How long a level has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediationDays {
    /// Which.
    pub level: MediationLevel,
    /// Natural days, 1 to 60. They count from acceptance on, after those of the levels before.
    pub days: u8,
}

/// How a county mediates disputes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediationRule {
    /// The category of tickets that are disputes.
    pub category: String,
    /// Each above the one before; grid 2, community 2 and street 3 days unless said.
    #[serde(default = "usual_levels")]
    pub levels: Vec<MediationDays>,
    /// What the parties are told when the days are over: the court's door (诉).
    #[serde(default = "usual_court")]
    pub court: String,
}

fn usual_levels() -> Vec<MediationDays> {
    let level = |level, days| MediationDays { level, days };
    vec![
        level(MediationLevel::Grid, 2),
        level(MediationLevel::Community, 2),
        level(MediationLevel::Street, 3),
    ]
}

fn usual_court() -> String {
    "调解期满未达成协议，您可以依法向人民法院提起诉讼。".to_owned()
}

impl MediationRule {
    /// Everything that is wrong with it.
    pub(super) fn faults(&self, categories: &[Category]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault =
            |key: String, reason: &str| faults.push(Fault::new(format!("mediation.{key}"), reason));
        if !categories.iter().any(|category| category.key == self.category) {
            fault("category".into(), "没有这个类别");
        }
        if self.levels.is_empty() {
            fault("levels".into(), "至少要有一级");
        }
        for (i, step) in self.levels.iter().enumerate() {
            if i > 0 && self.levels[i - 1].level >= step.level {
                fault(format!("levels[{i}].level"), "各级须由低到高：grid、community、street");
            }
            if !(1..=MOST_DAYS).contains(&step.days) {
                fault(format!("levels[{i}].days"), "天数应为 1 至 60");
            }
        }
        if FreeText::check(&self.court, MOST_COURT).is_err() {
            fault("court".into(), "引导诉讼的话应为 1 至 500 字");
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::usual(r#"{"category": "dispute"}"#, &[])]
    #[case::one_level(r#"{"category": "dispute", "levels": [{"level": "street", "days": 7}]}"#, &[])]
    #[case::no_category(r#"{"category": "moon"}"#, &["mediation.category"])]
    #[case::no_level(r#"{"category": "dispute", "levels": []}"#, &["mediation.levels"])]
    #[case::downwards(
        r#"{"category": "dispute", "levels": [{"level": "street", "days": 3}, {"level": "grid", "days": 2}]}"#,
        &["mediation.levels[1].level"]
    )]
    #[case::twice(
        r#"{"category": "dispute", "levels": [{"level": "grid", "days": 0}, {"level": "grid", "days": 61}]}"#,
        &["mediation.levels[0].days", "mediation.levels[1].level", "mediation.levels[1].days"]
    )]
    #[case::no_court(r#"{"category": "dispute", "court": " "}"#, &["mediation.court"])]
    fn what_is_wrong_with_a_rule(#[case] rule: &str, #[case] expected: &[&str]) {
        let rule: MediationRule = serde_json::from_str(rule).unwrap();
        let categories = [Category::named("dispute", "矛盾纠纷")];
        let keys: Vec<_> = rule.faults(&categories).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn the_usual_levels_are_seven_days() {
        assert_eq!(usual_levels().iter().map(|step| u32::from(step.days)).sum::<u32>(), 7);
    }
}
