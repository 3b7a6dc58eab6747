//! The list of what departments may ask of a community (社区工作事项名录及清单, practices M05).

use super::Fault;
use serde::{Deserialize, Serialize};

/// What departments may ask of a community without a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmittedTask {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// The unit that alone may ask it, by its name; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl AdmittedTask {
    /// Whether a unit of this name may ask it.
    pub fn is_for(&self, unit: &str) -> bool {
        self.department.as_deref().is_none_or(|department| department == unit)
    }
}

/// What is wrong with the list.
pub(super) fn faults(list: &[AdmittedTask]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, task) in list.iter().enumerate() {
        let mut fault =
            |key: &str, reason: &str| faults.push(Fault::new(format!("admitted[{i}].{key}"), reason));
        if task.key.trim().is_empty() {
            fault("key", "准入事项的键不能为空");
        }
        if list[..i].iter().any(|other| other.key == task.key) {
            fault("key", "准入事项重复");
        }
        if task.name.trim().is_empty() {
            fault("name", "准入事项名称不能为空");
        }
        if task.department.as_ref().is_some_and(|name| name.trim().is_empty()) {
            fault("department", "部门名称不能为空；不限部门的不写");
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn task(key: &str, name: &str, department: Option<&str>) -> AdmittedTask {
        AdmittedTask { key: key.into(), name: name.into(), department: department.map(Into::into) }
    }

    #[rstest]
    #[case::none(vec![], &[])]
    #[case::fine(vec![task("census", "人口普查", None), task("dogs", "养犬登记", Some("市公安局"))], &[])]
    #[case::nameless(vec![task(" ", "", None)], &["admitted[0].key", "admitted[0].name"])]
    #[case::twice(vec![task("census", "人口普查", None), task("census", "经济普查", None)], &["admitted[1].key"])]
    #[case::nobody(vec![task("census", "人口普查", Some(" "))], &["admitted[0].department"])]
    fn m05_what_is_wrong_with_the_list(#[case] list: Vec<AdmittedTask>, #[case] keys: &[&str]) {
        let found: Vec<_> = faults(&list).into_iter().map(|fault| fault.key).collect();
        assert_eq!(found, keys);
    }

    #[test]
    fn m05_an_entry_may_be_one_departments_alone() {
        assert!(task("census", "人口普查", None).is_for("市统计局"));
        assert!(task("dogs", "养犬登记", Some("市公安局")).is_for("市公安局"));
        assert!(!task("dogs", "养犬登记", Some("市公安局")).is_for("市统计局"));
    }
}
