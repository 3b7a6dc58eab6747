//! What a playbook says of points of in-service members (在职党员积分, practices L08).

use super::Fault;
use serde::{Deserialize, Serialize};

/// The most points that one thing is worth.
const MOST: u16 = 1_000;

/// What is worth how much: `[member_points]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemberPoints {
    /// A promise kept in time.
    pub promise_kept: u16,
    /// A promise kept late.
    pub promise_late: u16,
    /// A ticket completed: a red flag.
    pub ticket_done: u16,
    /// A post that is held at the end of a month.
    pub post_month: u16,
}

impl Default for MemberPoints {
    fn default() -> Self {
        Self { promise_kept: 2, promise_late: 1, ticket_done: 1, post_month: 1 }
    }
}

impl MemberPoints {
    pub(super) fn faults(self) -> Vec<Fault> {
        let Self { promise_kept, promise_late, ticket_done, post_month } = self;
        let each = [
            ("promise_kept", promise_kept),
            ("promise_late", promise_late),
            ("ticket_done", ticket_done),
            ("post_month", post_month),
        ];
        let too_many = each.iter().filter(|(_, points)| *points > MOST);
        let mut faults: Vec<_> = too_many
            .map(|(key, _)| Fault::new(format!("member_points.{key}"), "分值应为 0 至 1000"))
            .collect();
        if promise_late > promise_kept {
            faults.push(Fault::new("member_points.promise_late".into(), "逾期践诺的分值不应高于按期践诺"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case([2, 1, 1, 1], &[])]
    #[case([0, 0, 0, 0], &[])]
    #[case([1_000, 1_000, 1_000, 1_000], &[])]
    #[case([1_001, 1, 1, 1_001], &["member_points.promise_kept", "member_points.post_month"])]
    #[case([1, 2, 1, 1], &["member_points.promise_late"])]
    fn what_is_wrong_is_named(#[case] points: [u16; 4], #[case] wrong: &[&str]) {
        let [promise_kept, promise_late, ticket_done, post_month] = points;
        let faults = MemberPoints { promise_kept, promise_late, ticket_done, post_month }.faults();
        let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, wrong);
    }
}
