//! The steps (步骤) that a county tells its people of: its own names for what tickets go through (practices Z02), such as
//! 发现、吹哨、报到、会商、办理、反馈、评价 in Zuoyun. A view of the history, and no rule: what may happen when is the ticket's.

use super::Fault;
use crate::id::UserId;
use crate::ticket::Headline;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// The kinds of events that make it up, by the words of the timeline; each belongs to one step at most.
    pub of: Vec<String>,
}

/// 点单、派单、接单、办单、评单.
pub fn usual_steps() -> Vec<Step> {
    let step = |key: &str, name: &str, of: &[&str]| Step {
        key: key.to_owned(),
        name: name.to_owned(),
        of: of.iter().map(|word| (*word).to_owned()).collect(),
    };
    vec![
        step("submit", "点单", &["submitted"]),
        step("dispatch", "派单", &["dispatched"]),
        step("accept", "接单", &["accepted", "claimed"]),
        step("resolve", "办单", &["resolved"]),
        step("rate", "评单", &["rated"]),
    ]
}

/// Everything that is wrong with the steps of a playbook.
pub(super) fn faults(steps: &[Step]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |key: String, reason: &str| faults.push(Fault::new(key, reason));
    if steps.is_empty() {
        fault("steps".into(), "至少要有一步；不写则为点单、派单、接单、办单、评单");
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        if step.key.is_empty() || steps[..i].iter().any(|other| other.key == step.key) {
            fault(format!("steps[{i}].key"), "步骤的键为空或重复");
        }
        if step.name.trim().is_empty() {
            fault(format!("steps[{i}].name"), "步骤要有名称");
        }
        if step.of.is_empty() {
            fault(format!("steps[{i}].of"), "至少要有一种事件");
        }
        for (k, word) in step.of.iter().enumerate() {
            if word.parse::<Headline>().is_err() {
                fault(format!("steps[{i}].of[{k}]"), "没有这种事件");
            } else if seen.contains(&word.as_str()) {
                fault(format!("steps[{i}].of[{k}]"), "此种事件已属于另一步");
            }
            seen.push(word);
        }
    }
    faults
}

/// A time at which something happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Which event of the ticket it was, from 1.
    pub version: i32,
    /// When it occurred.
    pub at: Timestamp,
    /// Who did it; `None` when time did.
    pub actor: Option<UserId>,
    /// In which round.
    pub round: u16,
}

/// That a kind of events happened: the first and the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// The kind.
    pub kind: Headline,
    /// The first time.
    pub first: Moment,
    /// The last time.
    pub last: Moment,
}

impl Step {
    /// When it was done first and last, out of what happened; `None` while it is to come.
    pub fn done(&self, happened: &[Happened]) -> Option<(Moment, Moment)> {
        let own = || happened.iter().filter(|one| self.of.iter().any(|word| word == one.kind.name()));
        let first = own().map(|one| one.first).min_by_key(|moment| moment.version)?;
        let last = own().map(|one| one.last).max_by_key(|moment| moment.version)?;
        Some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn step(key: &str, name: &str, of: &[&str]) -> Step {
        let of = of.iter().map(|word| (*word).to_owned()).collect();
        Step { key: key.into(), name: name.into(), of }
    }

    #[rstest]
    #[case::usual(usual_steps(), &[])]
    #[case::none(vec![], &["steps"])]
    #[case::unknown(vec![step("find", "发现", &["submitted", "found"])], &["steps[0].of[1]"])]
    #[case::empty(vec![step("find", " ", &[])], &["steps[0].name", "steps[0].of"])]
    #[case::unnamed(vec![step("", "发现", &["submitted"])], &["steps[0].key"])]
    #[case::same_key(
        vec![step("find", "发现", &["submitted"]), step("find", "办理", &["accepted"])], &["steps[1].key"]
    )]
    #[case::in_two(
        vec![step("find", "发现", &["submitted", "submitted"]), step("do", "办理", &["accepted", "submitted"])],
        &["steps[0].of[1]", "steps[1].of[1]"]
    )]
    fn z02_what_is_wrong_with_steps(#[case] steps: Vec<Step>, #[case] keys: &[&str]) {
        let found: Vec<_> = faults(&steps).into_iter().map(|fault| fault.key).collect();
        assert_eq!(found, keys);
    }

    #[test]
    fn z02_a_step_is_done_from_its_first_event_to_its_last() {
        let moment = |version: i32, round| Moment { version, at: Timestamp::UNIX_EPOCH, actor: None, round };
        let happened = [
            Happened { kind: Headline::Accepted, first: moment(3, 1), last: moment(9, 2) },
            Happened { kind: Headline::Claimed, first: moment(2, 1), last: moment(2, 1) },
            Happened { kind: Headline::Resolved, first: moment(4, 1), last: moment(4, 1) },
        ];
        let done = |of: &[&str]| step("s", "s", of).done(&happened);
        assert_eq!(done(&["accepted", "claimed"]), Some((moment(2, 1), moment(9, 2))));
        assert_eq!(done(&["resolved"]), Some((moment(4, 1), moment(4, 1))));
        assert_eq!(done(&["rated"]), None);
    }
}
