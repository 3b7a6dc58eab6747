//! What is wrong with a policy, all of it at once.

use super::{Policy, Sorting, Start};
use crate::permission::{Action, reaches};
use crate::playbook::Fault;
use crate::ticket::{ClockKind, Severity};
use std::ops::RangeInclusive;
use strum::IntoEnumIterator;

/// What a version may be.
const VERSIONS: RangeInclusive<u32> = 1..=1_000_000_000;

/// How many limits there may be.
const MOST_CLOCKS: usize = 1_000;

impl Policy {
    /// Everything that is wrong with it. `categories` are the keys of the playbook's.
    pub fn faults(&self, categories: &[&str]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: String, reason: &str| faults.push(Fault::new(key, reason));
        for (i, rule) in self.claims.iter().enumerate() {
            if rule.affair.is_none() && rule.category.is_none() {
                fault(format!("policy.claims[{i}]"), "affair、category 至少写一项");
            }
            if rule.category.as_deref().is_some_and(|category| !categories.contains(&category)) {
                fault(format!("policy.claims[{i}].category"), "没有这个类别");
            }
            if rule.roles.iter().any(|role| reaches(*role, Action::TicketClaim).is_empty()) {
                fault(format!("policy.claims[{i}].roles"), "有的角色不能认领工单");
            }
        }
        if !VERSIONS.contains(&self.version) {
            fault("policy.version".into(), "版本应为 1 至 1000000000");
        }
        for (i, affair) in self.discuss_first.iter().enumerate() {
            if self.discuss_first[..i].contains(affair) {
                fault(format!("policy.discuss_first[{i}]"), "三事重复");
            }
        }
        for (i, rule) in self.desks.iter().enumerate() {
            let key = format!("policy.desks[{i}].category");
            if !categories.contains(&rule.category.as_str()) {
                fault(key, "没有这个类别");
            } else if self.desks[..i].iter().any(|earlier| earlier.category == rule.category) {
                fault(key, "同一类别只能有一条");
            }
        }
        let windows = [
            ("rating_window_seconds", self.rating_window_seconds),
            ("reopen_window_seconds", self.reopen_window_seconds),
        ];
        for (name, _) in windows.iter().filter(|(_, window)| *window == 0) {
            fault(format!("policy.{name}"), "期限必须大于 0");
        }
        for (key, reason) in self.calendar.faults() {
            fault(format!("policy.calendar.{key}"), reason);
        }
        if self.clocks.len() > MOST_CLOCKS {
            fault("policy.clocks".into(), "时限至多 1000 条");
        }
        for (i, rule) in self.clocks.iter().take(MOST_CLOCKS).enumerate() {
            let mut fault = |name: &str, reason| fault(format!("policy.clocks[{i}].{name}"), reason);
            if rule.limit_seconds == 0 && !rule.off {
                fault("limit_seconds", "时限必须大于 0；不计时请写 off = true");
            }
            if rule.limit_seconds != 0 && rule.off {
                fault("limit_seconds", "已写 off = true，不应再写时限");
            }
            if !(1..=100).contains(&rule.warn_percent) {
                fault("warn_percent", "预警比例应为 1 至 100");
            }
            if (rule.start() == Start::Plan) != (rule.kind == ClockKind::Answer) {
                fault("start", "答复时限从方案起算，其他时限不从方案起算");
            }
            if rule.kind == ClockKind::Promise {
                fault("kind", "承诺时限由承诺的人写明，规程不写");
            }
            if !rule.off && !rule.can_stop() {
                fault("stops", "没有动作能使这个时限停止：所写的动作在起算之前或起算之时就已发生");
            }
            if rule.category.as_deref().is_some_and(|category| !categories.contains(&category)) {
                fault("category", "没有这个类别");
            }
            if self.clocks[..i].iter().any(|earlier| earlier.covers(rule)) {
                fault("kind", "同类时限重复，或已被前面的时限覆盖");
            }
        }
        for severity in Severity::iter() {
            let sorting = Sorting { severity: Some(severity), ..Sorting::default() };
            let work = [ClockKind::Solve, ClockKind::Plan];
            if work.iter().all(|kind| self.rule(*kind, &sorting).is_none()) {
                let reason = format!("轻重为 {} 的诉求没有办结时限，也没有出方案时限", severity.name());
                fault("policy.clocks".to_owned(), &reason);
            }
        }
        faults
    }
}
