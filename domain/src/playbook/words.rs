//! A county's words (用语) for what the interface says. What a county does not say is called as it usually is.

use super::Fault;
use crate::permission::Role;
use crate::ticket::{Affair, Handling, Headline, Severity, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The most that a word may be long, in characters.
const LONGEST: usize = 20;

/// The steps that every county has a word of its own for.
const SAID: [Headline; 9] = [
    Headline::Submitted,
    Headline::Dispatched,
    Headline::Claimed,
    Headline::Accepted,
    Headline::Arrived,
    Headline::Resolved,
    Headline::Rated,
    Headline::Reworked,
    Headline::Closed,
];

/// The levels that a playbook does not name itself.
pub const LEVELS: [&str; 3] = ["county", "street", "community"];

/// A county's words, each by the key of what it names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// What happens to tickets, by [`Headline`]. Nine of them must be said.
    pub steps: BTreeMap<String, String>,
    /// How a ticket stands, by [`Status`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, String>,
    /// 三事, by [`Affair`] (practices L02).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub affairs: BTreeMap<String, String>,
    /// 轻重, by [`Severity`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub severities: BTreeMap<String, String>,
    /// 办理方式, by [`Handling`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub handlings: BTreeMap<String, String>,
    /// Who works, by [`Role`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, String>,
    /// The levels above the playbook's own, by [`LEVELS`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, String>,
}

impl Words {
    /// What the county calls a step, where it says so.
    pub fn step(&self, step: Headline) -> Option<&str> {
        word(&self.steps, step.name())
    }

    /// What it calls a state.
    pub fn status(&self, status: Status) -> Option<&str> {
        word(&self.statuses, status.name())
    }

    /// What it calls an affair.
    pub fn affair(&self, affair: Affair) -> Option<&str> {
        word(&self.affairs, affair.name())
    }

    /// What it calls a severity.
    pub fn severity(&self, severity: Severity) -> Option<&str> {
        word(&self.severities, severity.name())
    }

    /// What it calls a kind of handling.
    pub fn handling(&self, handling: Handling) -> Option<&str> {
        word(&self.handlings, handling.name())
    }

    /// What it calls a role.
    pub fn role(&self, role: Role) -> Option<&str> {
        word(&self.roles, role.into())
    }

    /// What it calls one of the levels above its own, 0 to 2.
    pub fn level(&self, level: usize) -> Option<&str> {
        LEVELS.get(level).and_then(|level| word(&self.levels, level))
    }

    /// Everything that is wrong with them.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let groups: [Group<'_>; 7] = [
            ("steps", &self.steps, is_one_of::<Headline>),
            ("statuses", &self.statuses, is_one_of::<Status>),
            ("affairs", &self.affairs, is_one_of::<Affair>),
            ("severities", &self.severities, is_one_of::<Severity>),
            ("handlings", &self.handlings, is_one_of::<Handling>),
            ("roles", &self.roles, is_one_of::<Role>),
            ("levels", &self.levels, |key| LEVELS.contains(&key)),
        ];
        let mut faults = Vec::new();
        let mut fault = |group: &str, key: &str, reason| {
            faults.push(Fault::new(format!("words.{group}.{key}"), reason));
        };
        for step in SAID.iter().filter(|step| !self.steps.contains_key(step.name())) {
            fault("steps", step.name(), "缺少这一步的用语");
        }
        for (group, words, is_known) in groups {
            for (key, word) in words {
                if !is_known(key) {
                    fault(group, key, "没有这个键");
                } else if word.trim().is_empty() {
                    fault(group, key, "用语不能为空");
                } else if word.chars().count() > LONGEST || word.chars().any(char::is_control) {
                    fault(group, key, "用语至多 20 个字，不能换行");
                }
            }
        }
        faults
    }
}

/// Words of a kind: what they are called in the playbook, what they are, and which keys there are.
type Group<'a> = (&'a str, &'a BTreeMap<String, String>, fn(&str) -> bool);

fn word<'a>(words: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    words.get(key).map(String::as_str)
}

fn is_one_of<T: FromStr>(key: &str) -> bool {
    T::from_str(key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// The words that a county must say.
    fn said() -> Words {
        let steps = SAID.iter().map(|step| (step.name().to_owned(), "步骤".to_owned()));
        Words { steps: steps.collect(), ..Words::default() }
    }

    fn keys(words: &Words) -> Vec<String> {
        words.faults().into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn nine_steps_must_be_said() {
        assert_eq!(keys(&said()), [""; 0]);
        let silent = keys(&Words::default());
        assert_eq!(silent.len(), SAID.len());
        assert_eq!(silent[0], "words.steps.submitted");
    }

    #[rstest]
    #[case::no_such_step("steps", "submited", "点单", "words.steps.submited")]
    #[case::no_such_status("statuses", "done", "完", "words.statuses.done")]
    #[case::no_such_affair("affairs", "big", "大事", "words.affairs.big")]
    #[case::no_such_severity("severities", "huge", "大", "words.severities.huge")]
    #[case::no_such_handling("handlings", "fast", "快", "words.handlings.fast")]
    #[case::no_such_role("roles", "mayor", "市长", "words.roles.mayor")]
    #[case::no_such_level("levels", "province", "省", "words.levels.province")]
    #[case::empty("affairs", "public", " ", "words.affairs.public")]
    #[case::too_long(
        "roles",
        "grid_worker",
        "二十个字以上的用语二十个字以上的用语二十个字",
        "words.roles.grid_worker"
    )]
    #[case::of_two_lines("steps", "urged", "催\n办", "words.steps.urged")]
    fn what_is_wrong_is_named(
        #[case] group: &str,
        #[case] key: &str,
        #[case] word: &str,
        #[case] expected: &str,
    ) {
        let mut words = said();
        let all = match group {
            "steps" => &mut words.steps,
            "statuses" => &mut words.statuses,
            "affairs" => &mut words.affairs,
            "severities" => &mut words.severities,
            "handlings" => &mut words.handlings,
            "roles" => &mut words.roles,
            _ => &mut words.levels,
        };
        all.insert(key.to_owned(), word.to_owned());
        assert_eq!(keys(&words), [expected]);
    }
}
