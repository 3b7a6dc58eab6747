//! What a playbook says of members' posts (先锋岗, practices F04).

use super::Fault;
use crate::post::MAX_SERVICES;
use serde::{Deserialize, Serialize};

/// How many posts a member may claim at a time, at the very most.
const MOST_POSTS: u8 = 10;

/// What a playbook says of posts: `[posts]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostRules {
    /// How many posts a member may claim at a time; two unless said.
    pub most: u8,
    /// The fewest and the most services that a claim promises; three and four unless said.
    pub promises: [u8; 2],
}

impl Default for PostRules {
    fn default() -> Self {
        Self { most: 2, promises: [3, 4] }
    }
}

impl PostRules {
    pub(super) fn faults(self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !(1..=MOST_POSTS).contains(&self.most) {
            faults.push(Fault::new("posts.most".into(), "一人可认领 1 至 10 个岗位"));
        }
        let [least, most] = self.promises;
        if least == 0 || least > most || usize::from(most) > MAX_SERVICES {
            faults.push(Fault::new(
                "posts.promises".into(),
                "承诺服务的最少与最多项数应为 1 至 30，且前者不大于后者",
            ));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(2, [3, 4], &[])]
    #[case(10, [1, 30], &[])]
    #[case(1, [3, 3], &[])]
    #[case(0, [3, 4], &["posts.most"])]
    #[case(11, [3, 4], &["posts.most"])]
    #[case(2, [0, 4], &["posts.promises"])]
    #[case(2, [4, 3], &["posts.promises"])]
    #[case(0, [3, 31], &["posts.most", "posts.promises"])]
    fn what_is_wrong_is_named(#[case] most: u8, #[case] promises: [u8; 2], #[case] wrong: &[&str]) {
        let faults = PostRules { most, promises }.faults();
        let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, wrong);
    }
}
