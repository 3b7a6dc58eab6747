//! What a playbook says of whistles (吹哨报到): practices M04, Z10.

use super::Fault;
use crate::permission::{Action, Role, reaches};
use crate::ticket::{Appraiser, MAX_REPORT_IN_MINUTES};
use serde::{Deserialize, Serialize};

/// Who may call units, how soon they must report in, and what becomes of the opinions of them. What is left out is as in
/// [`WhistleRule::default`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhistleRule {
    /// Who may blow: the community in Mile, the street in Longli, the town in Zuoyun. Nobody where it is empty.
    pub roles: Vec<Role>,
    /// Until when a unit must have come where the whistle does not say; minutes, 1 to 10,080.
    pub report_in_minutes: u32,
    /// The levels whose opinions count (practices Z10: town and community jointly).
    pub appraisers: Vec<Appraiser>,
    /// How much of a unit's appraisal their opinion is, in percent (practices M04: 20).
    pub weight_percent: u8,
}

impl Default for WhistleRule {
    fn default() -> Self {
        Self {
            roles: vec![Role::CommunityClerk],
            report_in_minutes: 30,
            appraisers: vec![Appraiser::Community],
            weight_percent: 20,
        }
    }
}

impl WhistleRule {
    /// Everything that is wrong with it.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: String, reason: &str| faults.push(Fault::new(format!("whistle.{key}"), reason));
        for (i, role) in self.roles.iter().enumerate() {
            if reaches(*role, Action::TicketWhistle).is_empty() {
                fault(format!("roles[{i}]"), "此角色不能吹哨");
            }
            if self.roles[..i].contains(role) {
                fault(format!("roles[{i}]"), "角色重复");
            }
        }
        if !(1..=MAX_REPORT_IN_MINUTES).contains(&self.report_in_minutes) {
            fault("report_in_minutes".into(), "报到时限应为 1 至 10080 分钟");
        }
        if self.appraisers.is_empty() {
            fault("appraisers".into(), "至少要有一级评价");
        }
        for (i, level) in self.appraisers.iter().enumerate() {
            if self.appraisers[..i].contains(level) {
                fault(format!("appraisers[{i}]"), "评价的一级重复");
            }
        }
        if self.weight_percent > 100 {
            fault("weight_percent".into(), "权重应为 0 至 100");
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::usual(WhistleRule::default(), &[])]
    #[case::nobody(WhistleRule { roles: vec![], ..WhistleRule::default() }, &[])]
    #[case::jointly(WhistleRule { appraisers: vec![Appraiser::Street, Appraiser::Community], ..WhistleRule::default() }, &[])]
    #[case::resident(WhistleRule { roles: vec![Role::Resident], ..WhistleRule::default() }, &["whistle.roles[0]"])]
    #[case::twice(
        WhistleRule { roles: vec![Role::StreetDispatcher, Role::StreetDispatcher], ..WhistleRule::default() },
        &["whistle.roles[1]"]
    )]
    #[case::at_once(WhistleRule { report_in_minutes: 0, ..WhistleRule::default() }, &["whistle.report_in_minutes"])]
    #[case::never(WhistleRule { report_in_minutes: 10_081, ..WhistleRule::default() }, &["whistle.report_in_minutes"])]
    #[case::unheard(WhistleRule { appraisers: vec![], ..WhistleRule::default() }, &["whistle.appraisers"])]
    #[case::doubled(
        WhistleRule { appraisers: vec![Appraiser::Street; 2], ..WhistleRule::default() },
        &["whistle.appraisers[1]"]
    )]
    #[case::heavy(WhistleRule { weight_percent: 101, ..WhistleRule::default() }, &["whistle.weight_percent"])]
    fn m04_what_is_wrong_with_a_rule(#[case] rule: WhistleRule, #[case] keys: &[&str]) {
        let found: Vec<_> = rule.faults().into_iter().map(|fault| fault.key).collect();
        assert_eq!(found, keys);
    }
}
