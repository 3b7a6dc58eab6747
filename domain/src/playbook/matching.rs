//! What a playbook says of which skills fit what (practices L05).

use super::Fault;
use crate::text::FreeText;
use serde::{Deserialize, Serialize};

/// The most skills of one category.
const MOST_SKILLS: usize = 50;
/// The longest skill, in characters: as in a profile.
const LONGEST: usize = 20;

/// The skills that fit a category of tickets: an entry of `[[matching]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingRule {
    /// Key of a category.
    pub category: String,
    /// What skills, wishes and services are looked for, as they are written or as a part of it: 电工 is found in 电工证三级.
    pub skills: Vec<String>,
}

impl MatchingRule {
    /// All that is wrong with the rules of a playbook with these categories.
    pub(super) fn faults(rules: &[Self], categories: &[&str]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let mut fault =
                |key: &str, reason| faults.push(Fault::new(format!("matching[{i}].{key}"), reason));
            if !categories.contains(&rule.category.as_str()) {
                fault("category", "没有这个类别");
            }
            if rules[..i].iter().any(|other| other.category == rule.category) {
                fault("category", "这个类别已有技能");
            }
            if !(1..=MOST_SKILLS).contains(&rule.skills.len()) {
                fault("skills", "应有 1 至 50 项技能");
            }
            for (k, skill) in rule.skills.iter().enumerate() {
                let is_word = FreeText::check(skill, LONGEST).is_ok() && skill.trim() == skill;
                if !is_word || skill.chars().any(char::is_control) {
                    fault(&format!("skills[{k}]"), "技能应为 1 至 20 字，前后没有空白");
                } else if rule.skills[..k].contains(skill) {
                    fault(&format!("skills[{k}]"), "技能重复");
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn rule(category: &str, skills: &[&str]) -> MatchingRule {
        let skills = skills.iter().map(|skill| (*skill).to_owned()).collect();
        MatchingRule { category: category.to_owned(), skills }
    }

    #[rstest]
    #[case(vec![rule("facilities", &["电工", "水管"]), rule("dispute", &["调解"])], &[])]
    #[case(vec![rule("moon", &["电工"])], &["matching[0].category"])]
    #[case(vec![rule("dispute", &["调解"]), rule("dispute", &["法律"])], &["matching[1].category"])]
    #[case(vec![rule("dispute", &[])], &["matching[0].skills"])]
    #[case(vec![rule("dispute", &["x"; 51])], &["matching[0].skills"])]
    #[case(vec![rule("dispute", &["调解", "", " 法律", "调\n解", "调解"])],
        &["matching[0].skills[1]", "matching[0].skills[2]", "matching[0].skills[3]", "matching[0].skills[4]"])]
    fn what_is_wrong_is_named(#[case] rules: Vec<MatchingRule>, #[case] wrong: &[&str]) {
        let mut keys: Vec<_> = MatchingRule::faults(&rules, &["facilities", "dispute"])
            .into_iter()
            .map(|fault| fault.key)
            .collect();
        if rules.iter().any(|rule| rule.skills.len() > 50) {
            // Of too many alike, the others are told as well.
            keys.truncate(1);
        }
        assert_eq!(keys, wrong);
    }
}
