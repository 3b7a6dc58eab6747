//! In what two playbooks differ, value by value.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A value that is another, or is there in one of them only.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `/policy/clocks/2/limit_seconds`; in a list of things with keys, `/categories/water/name`.
    pub path: String,
    /// What it was; `None` when it was not there.
    pub before: Option<Value>,
    /// What it is; `None` when it is gone.
    pub after: Option<Value>,
}

/// In what `after` differs from `before`, in the order of keys. Things with keys are told apart by them, whatever their order;
/// of other lists each place is compared.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut found);
    found
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => fields(&path, before, after, found),
        (Some(Value::Array(before)), Some(Value::Array(after))) => match (keyed(before), keyed(after)) {
            (Some(before), Some(after)) => fields(&path, &before, &after, found),
            _ => {
                for i in 0..before.len().max(after.len()) {
                    compare(format!("{path}/{i}"), before.get(i), after.get(i), found);
                }
            }
        },
        _ => found.push(Difference { path, before: before.cloned(), after: after.cloned() }),
    }
}

fn fields(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let at = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        compare(at, before.get(name), after.get(name), found);
    }
}

/// Things by their keys; `None` when one of them has none, or two have the same.
fn keyed(list: &[Value]) -> Option<Map<String, Value>> {
    let by_key: Map<_, _> = list
        .iter()
        .map(|item| Some((item.get("key")?.as_str()?.to_owned(), item.clone())))
        .collect::<Option<_>>()?;
    (by_key.len() == list.len()).then_some(by_key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::nothing(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 2}]}), &[])]
    #[case::a_value(json!({"a": {"b": 1}}), json!({"a": {"b": 2}}), &["/a/b"])]
    #[case::one_more_and_one_less(json!({"a": 1}), json!({"b": 1}), &["/a", "/b"])]
    #[case::places_of_a_list(json!([1, 2, 3]), json!([1, 3]), &["/1", "/2"])]
    #[case::things_with_keys(
        json!([{"key": "water", "name": "供水"}, {"key": "gas", "name": "燃气"}]),
        json!([{"key": "gas", "name": "煤气"}, {"key": "heat", "name": "供热"}, {"key": "water", "name": "供水"}]),
        &["/gas/name", "/heat"]
    )]
    #[case::two_of_a_key(json!([{"key": "a"}, {"key": "a"}]), json!([{"key": "a"}]), &["/1"])]
    #[case::another_type(json!({"a": [1]}), json!({"a": 1}), &["/a"])]
    #[case::odd_names(json!({"a/b": 1, "c~d": 1}), json!({}), &["/a~1b", "/c~0d"])]
    fn each_difference_has_its_place(#[case] before: Value, #[case] after: Value, #[case] expected: &[&str]) {
        let paths: Vec<_> = differences(&before, &after).into_iter().map(|one| one.path).collect();
        assert_eq!(paths, expected);
        let back: Vec<_> = differences(&after, &before).into_iter().map(|one| one.path).collect();
        assert_eq!(back, expected);
    }
}
