//! How estates are looked after (一小区一策, practices F10): the modes that an estate may choose from, and what counts as a
//! problem of property.

use super::{Fault, Playbook};
use crate::place::PlaceCode;
use crate::ticket::Ticket;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// What is said of estates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstateRule {
    /// The category of problems of property: its tickets go by the mode of the estate that they are in.
    pub category: String,
    /// The level of places that are estates, by its name; any below the community but households when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
}

/// A way in which an estate is looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstateMode {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Who deals with problems of property there.
    pub to: EstateTo,
}

/// Who deals with problems of property in an estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EstateTo {
    /// 物业: its property company.
    Property,
    /// 社区托管: the community's clerk.
    Community,
    /// 居民自管: its owners' committee.
    Owners,
}

impl Playbook {
    /// The mode of a key.
    pub fn estate_mode(&self, key: &str) -> Option<&EstateMode> {
        self.estate_modes.iter().find(|mode| mode.key == key)
    }

    /// Whether a ticket is about a problem of property (物业问题).
    pub fn is_about_property(&self, ticket: &Ticket) -> bool {
        let rule = self.estate.as_ref();
        rule.is_some_and(|rule| ticket.category.as_ref() == Some(&rule.category))
    }

    /// Whether a place can be an estate: of the level that the rule names, or any below the community that is no household.
    pub fn can_be_estate(&self, place: &PlaceCode) -> bool {
        let levels = self.code_levels();
        let above = levels.lengths().len().saturating_sub(self.levels.len());
        let depth = place.level(&levels).and_then(|level| level.checked_sub(above));
        let Some(level) = depth.and_then(|depth| self.levels.get(depth)) else { return false };
        match self.estate.as_ref().and_then(|rule| rule.level.as_deref()) {
            Some(name) => level.name == name,
            None => !level.household,
        }
    }
}

/// What is wrong with modes and rule.
pub(super) fn faults(playbook: &Playbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |key: String, reason: &str| faults.push(Fault::new(key, reason));
    let modes = &playbook.estate_modes;
    for (i, mode) in modes.iter().enumerate() {
        if mode.key.trim().is_empty() {
            fault(format!("estate_modes[{i}].key"), "管理方式的键不能为空");
        }
        if modes[..i].iter().any(|other| other.key == mode.key) {
            fault(format!("estate_modes[{i}].key"), "管理方式重复");
        }
        if mode.name.trim().is_empty() {
            fault(format!("estate_modes[{i}].name"), "管理方式名称不能为空");
        }
    }
    if let Some(EstateRule { category, level }) = &playbook.estate {
        if !playbook.categories.iter().any(|known| known.key == *category) {
            fault("estate.category".into(), "没有这个类别");
        }
        let is_level =
            |name: &String| playbook.levels.iter().any(|known| known.name == *name && !known.household);
        if level.as_ref().is_some_and(|name| !is_level(name)) {
            fault("estate.level".into(), "社区以下没有这一级，或是住户");
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Category, LevelName};
    use rstest::rstest;
    use serde_json::json;

    /// A playbook with groups, buildings and households, and this said of estates.
    fn playbook(modes: serde_json::Value, rule: serde_json::Value) -> Playbook {
        let property = Category::named("property", "物业管理");
        let level = |name: &str, household| LevelName { name: name.into(), width: 3, household };
        Playbook {
            levels: vec![level("小区", false), level("楼栋", false), level("住户", true)],
            estate_modes: serde_json::from_value(modes).unwrap(),
            estate: serde_json::from_value(rule).unwrap(),
            ..crate::playbook::tests::with(vec![property])
        }
    }

    fn mode(key: &str, name: &str) -> serde_json::Value {
        json!({"key": key, "name": name, "to": "community"})
    }

    #[rstest]
    #[case::none(json!([]), json!(null), &[])]
    #[case::fine(json!([mode("a", "甲"), mode("b", "乙")]), json!({"category": "property", "level": "小区"}), &[])]
    #[case::nameless(json!([mode(" ", "")]), json!(null), &["estate_modes[0].key", "estate_modes[0].name"])]
    #[case::twice(json!([mode("a", "甲"), mode("a", "乙")]), json!(null), &["estate_modes[1].key"])]
    #[case::category(json!([]), json!({"category": "moon"}), &["estate.category"])]
    #[case::level(json!([]), json!({"category": "property", "level": "街道"}), &["estate.level"])]
    #[case::household(json!([]), json!({"category": "property", "level": "住户"}), &["estate.level"])]
    fn f10_what_is_wrong_with_estates(
        #[case] modes: serde_json::Value,
        #[case] rule: serde_json::Value,
        #[case] keys: &[&str],
    ) {
        let found: Vec<_> = faults(&playbook(modes, rule)).into_iter().map(|fault| fault.key).collect();
        assert_eq!(found, keys);
    }

    #[test]
    fn f10_a_mode_leads_to_one_of_three() {
        let unknown = json!({"key": "a", "name": "甲", "to": "moon"});
        assert!(serde_json::from_value::<EstateMode>(unknown).is_err());
    }

    #[rstest]
    #[case::county("532504", false, false)]
    #[case::community("532504001007", false, false)]
    #[case::group("532504001007001", true, true)]
    #[case::building("532504001007001001", true, false)]
    #[case::household("532504001007001001001", false, false)]
    fn f10_estates_are_below_the_community(#[case] code: &str, #[case] any: bool, #[case] named: bool) {
        let free = playbook(json!([]), json!({"category": "property"}));
        let place = PlaceCode::parse(code, &free.code_levels()).unwrap();
        assert_eq!(free.can_be_estate(&place), any);
        let bound = playbook(json!([]), json!({"category": "property", "level": "小区"}));
        assert_eq!(bound.can_be_estate(&place), named);
    }
}
