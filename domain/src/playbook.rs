//! A playbook (规程): how one county does it, as data. No county is ever an `if` in code.

use crate::figure::{RateRule, term, usual_rates};
use crate::flag::FlagRule;
use crate::permission::{Action, Role, Roles, reaches};
use crate::place::{Levels, PlaceCode};
use crate::ticket::{Affair, ClockKind, Severity};
use crate::time::seconds;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// What a county's seed file holds, checked by [`Playbook::faults`] before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Short name, also the file's: `mile`.
    pub key: String,
    /// Name for people: 弥勒 53522.
    pub name: String,
    /// Code of the county, six digits.
    pub county: String,
    /// Levels below the community, from the top.
    pub levels: Vec<LevelName>,
    /// What a ticket may be about.
    pub categories: Vec<Category>,
    /// Words for the steps, in what the interface says.
    pub vocabulary: Vocabulary,
    /// The clocks.
    pub policy: Policy,
    /// Who earns red flags.
    #[serde(default)]
    pub flags: FlagRule,
    /// What rates are made of; the usual three unless said.
    #[serde(default = "usual_rates")]
    pub rates: Vec<RateRule>,
}

/// A level below the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelName {
    /// 小组、小区…
    pub name: String,
    /// Digits, 1 to 4.
    pub width: u8,
    /// Whether it is the household (住户): personal data, kept sealed and never part of a plain code. Only the lowest
    /// level can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub household: bool,
}

/// A category (类别) that tickets are sorted into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
}

/// A county's words for the steps.
#[cfg_attr(test, derive(Default))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the steps are the glossary's")]
pub struct Vocabulary {
    pub submit: String,
    pub dispatch: String,
    pub accept: String,
    pub arrive: String,
    pub resolve: String,
    pub rate: String,
    pub rework: String,
}

/// The clocks of a playbook (时限), as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Grows with every change; clocks keep the one that they began under.
    pub version: u32,
    /// What becomes of an arrive clock that is still running when the ticket is resolved.
    pub arrive_unmet_at_resolve: Unmet,
    /// How long a requester may rate; then the ticket closes by itself. Seconds, 7 days unless said.
    #[serde(default = "seven_days")]
    pub rating_window_seconds: u32,
    /// How long a closed ticket may be reopened. Seconds, 10 days unless said.
    #[serde(default = "ten_days")]
    pub reopen_window_seconds: u32,
    /// The least time between two urgings. Seconds, 10 minutes unless said.
    #[serde(default = "ten_minutes")]
    pub urge_every_seconds: u32,
    /// How far back work done out of reach of the network may be dated. Seconds, 12 hours unless said; 0 for not at all.
    #[serde(default = "twelve_hours")]
    pub offline_seconds: u32,
    /// Who may claim what (practices L04, L07, Q09).
    #[serde(default)]
    pub claims: Vec<ClaimRule>,
    /// One a kind and severity.
    pub clocks: Vec<ClockRule>,
}

fn seven_days() -> u32 {
    7 * 86_400
}

fn ten_days() -> u32 {
    10 * 86_400
}

fn ten_minutes() -> u32 {
    600
}

fn twelve_hours() -> u32 {
    12 * 3_600
}

/// Which roles may claim tickets of an affair before anybody dispatched them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Of which affair.
    pub affair: Affair,
    /// Who; each a role that can claim at all.
    pub roles: Vec<Role>,
}

/// What becomes of a clock that nothing met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// It no longer matters: the problem was solved without it.
    Cancel,
    /// The promise was broken.
    Breach,
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// What must happen.
    pub kind: ClockKind,
    /// For which severity; all of them when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Natural time, in seconds, more than 0.
    pub limit_seconds: u32,
    /// After which share of the limit it warns, 1 to 100.
    pub warn_percent: u8,
}

impl ClockRule {
    /// From start to due.
    pub fn limit(&self) -> TimeDelta {
        seconds(self.limit_seconds)
    }

    /// From start to warning.
    pub fn warning(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::from(self.limit_seconds) * i64::from(self.warn_percent) * 10)
    }
}

impl Policy {
    /// The rule for a clock; `severity` is `None` while the ticket has not been graded.
    pub fn rule(&self, kind: ClockKind, severity: Option<Severity>) -> Option<&ClockRule> {
        self.clocks
            .iter()
            .find(|rule| rule.kind == kind && (rule.severity.is_none() || rule.severity == severity))
    }

    /// Who may claim a ticket of this affair; nobody while it has not been sorted.
    pub fn claim(&self, affair: Option<Affair>) -> Roles {
        let rules = self.claims.iter().filter(|rule| Some(rule.affair) == affair);
        rules.flat_map(|rule| rule.roles.iter().copied()).collect()
    }
}

/// Why a playbook cannot be used: which key, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct Fault {
    /// Path of the key, `policy.clocks[2].limit_seconds`.
    pub key: String,
    /// For the administrator, in Chinese.
    pub reason: &'static str,
}

impl Playbook {
    /// The widths of its codes; the default ones when they do not fit (which [`Self::faults`] reports).
    pub fn code_levels(&self) -> Levels {
        let widths: Vec<_> = self.levels.iter().map(|level| level.width).collect();
        Levels::below_community(&widths).unwrap_or_default()
    }

    /// The building of a place that is a household, and the digits of the household in it.
    pub fn household<'a>(&self, code: &'a PlaceCode) -> Option<(PlaceCode, &'a str)> {
        self.levels.last().filter(|level| level.household)?;
        let levels = self.code_levels();
        let is_lowest = code.level(&levels)? + 1 == levels.lengths().len();
        let building = code.parent(&levels).filter(|_| is_lowest)?;
        Some((building, &code.as_str()[building.as_str().len()..]))
    }

    /// Everything that is wrong with it, all at once.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: String, reason| faults.push(Fault { key, reason });
        if self.county.len() != 6 || !self.county.bytes().all(|b| b.is_ascii_digit()) {
            fault("county".into(), "县级代码应为 6 位数字");
        }
        let widths: Vec<_> = self.levels.iter().map(|level| level.width).collect();
        if Levels::below_community(&widths).is_none() {
            fault("levels".into(), "社区以下至多三级，每级 1 至 4 位");
        }
        for (i, category) in self.categories.iter().enumerate() {
            if self.categories[..i].iter().any(|other| other.key == category.key) {
                fault(format!("categories[{i}].key"), "类别重复");
            }
        }
        for (i, level) in self.levels.iter().enumerate() {
            if level.household && i + 1 < self.levels.len() {
                fault(format!("levels[{i}].household"), "只有最低一级才能是住户");
            }
        }
        for (i, rule) in self.policy.claims.iter().enumerate() {
            if rule.roles.iter().any(|role| reaches(*role, Action::TicketClaim).is_empty()) {
                fault(format!("policy.claims[{i}].roles"), "有的角色不能认领工单");
            }
        }
        for (i, rate) in self.rates.iter().enumerate() {
            if self.rates[..i].iter().any(|other| other.key == rate.key) {
                fault(format!("rates[{i}].key"), "指标重复");
            }
            for (side, terms) in [("numerator", &rate.numerator), ("denominator", &rate.denominator)] {
                if terms.is_empty() {
                    fault(format!("rates[{i}].{side}"), "至少要有一项统计数");
                }
                for (k, _) in terms.iter().enumerate().filter(|(_, name)| term(name).is_none()) {
                    fault(format!("rates[{i}].{side}[{k}]"), "没有这项统计数");
                }
            }
        }
        if self.flags.roles.contains(&Role::Resident) {
            fault("flags.roles".into(), "居民不是授予的角色，不能积旗");
        }
        let windows = [
            ("rating_window_seconds", self.policy.rating_window_seconds),
            ("reopen_window_seconds", self.policy.reopen_window_seconds),
        ];
        for (name, _) in windows.iter().filter(|(_, window)| *window == 0) {
            fault(format!("policy.{name}"), "期限必须大于 0");
        }
        for (i, rule) in self.policy.clocks.iter().enumerate() {
            if rule.limit_seconds == 0 {
                fault(format!("policy.clocks[{i}].limit_seconds"), "时限必须大于 0");
            }
            if !(1..=100).contains(&rule.warn_percent) {
                fault(format!("policy.clocks[{i}].warn_percent"), "预警比例应为 1 至 100");
            }
            let same = |other: &ClockRule| {
                other.kind == rule.kind && (other.severity == rule.severity || other.severity.is_none())
            };
            if self.policy.clocks[..i].iter().any(same) {
                fault(format!("policy.clocks[{i}].kind"), "同类时限重复，或已被不分大小的时限覆盖");
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: ClockKind, severity: Option<Severity>, limit_seconds: u32, warn_percent: u8) -> ClockRule {
        ClockRule { kind, severity, limit_seconds, warn_percent }
    }

    fn rate(key: &str, numerator: &[&str], denominator: &[&str]) -> RateRule {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        RateRule {
            key: key.into(),
            name: "率".into(),
            numerator: words(numerator),
            denominator: words(denominator),
        }
    }

    #[test]
    fn a_bad_playbook_names_every_fault_at_once() {
        let category = Category { key: "water".into(), name: "供水".into() };
        let playbook = Playbook {
            key: "bad".into(),
            name: "坏".into(),
            county: "5325".into(),
            levels: vec![
                LevelName { name: "户".into(), width: 9, household: true },
                LevelName { name: "组".into(), width: 3, household: false },
            ],
            categories: vec![category.clone(), category],
            vocabulary: Vocabulary::default(),
            policy: Policy {
                version: 1,
                arrive_unmet_at_resolve: Unmet::Cancel,
                rating_window_seconds: 0,
                reopen_window_seconds: 0,
                urge_every_seconds: 0,
                offline_seconds: 0,
                claims: vec![ClaimRule { affair: Affair::Private, roles: vec![Role::DepartmentHandler] }],
                clocks: vec![
                    rule(ClockKind::Arrive, None, 0, 80),
                    rule(ClockKind::Arrive, Some(Severity::Small), 60, 101),
                ],
            },
            flags: FlagRule { roles: vec![Role::Resident] },
            rates: vec![
                rate("response", &["accepted"], &["submitted", "-lost"]),
                rate("response", &[], &["rated"]),
            ],
        };
        let keys: Vec<_> = playbook.faults().into_iter().map(|fault| fault.key).collect();
        assert_eq!(
            keys,
            [
                "county",
                "levels",
                "categories[1].key",
                "levels[0].household",
                "policy.claims[0].roles",
                "rates[0].denominator[1]",
                "rates[1].key",
                "rates[1].numerator",
                "flags.roles",
                "policy.rating_window_seconds",
                "policy.reopen_window_seconds",
                "policy.clocks[0].limit_seconds",
                "policy.clocks[1].warn_percent",
                "policy.clocks[1].kind"
            ]
        );
    }

    #[test]
    fn a_warning_comes_before_its_limit() {
        let rule = rule(ClockKind::Solve, None, 1800, 80);
        assert_eq!((rule.limit().num_seconds(), rule.warning().num_seconds()), (1800, 1440));
    }
}
