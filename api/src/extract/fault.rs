//! What serde says, as faults with codes. Serde gives sentences only; their form is pinned by the tests below.

use openapi::problem::Fault;
use serde_path_to_error::{Path, Segment};

/// `/a/0/b`.
pub(super) fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// The fault in a value that was read and does not fit. `at` is where the value stands; `below` puts a name below it.
pub(super) fn fault(sentence: &str, at: String, below: impl Fn(&str) -> String) -> Fault {
    let said = without_place(sentence);
    let of = |field, code, args| Fault::of(field, code, args);
    if let Some((name, expected)) = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'))
    {
        let args = vec![("name", name.to_owned()), ("allowed", words(expected))];
        // The path may or may not name the field already.
        let field = if at.ends_with(&below(name)) { at } else { below(name) };
        return of(field, "request.unknown_field", args);
    }
    if let Some(name) = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return of(below(name), "request.missing_field", vec![("name", name.to_owned())]);
    }
    if let Some(name) = said.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return of(below(name), "request.duplicate_field", vec![("name", name.to_owned())]);
    }
    if let Some((got, expected)) =
        said.strip_prefix("unknown variant `").and_then(|rest| rest.split_once('`'))
    {
        return of(at, "request.unknown_value", vec![("got", got.to_owned()), ("allowed", words(expected))]);
    }
    let mismatch = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    if let Some((got, expected)) = mismatch.and_then(|rest| rest.rsplit_once(", expected ")) {
        return of(
            at,
            "request.invalid_type",
            vec![("expected", expected.to_owned()), ("got", got.to_owned())],
        );
    }
    of(at, "request.invalid_value", vec![("reason", said.to_owned())])
}

/// Without the line and the column that serde_json ends with; a value may have the same words.
pub(super) fn without_place(sentence: &str) -> &str {
    let is_place = |tail: &str| tail.bytes().all(|byte| byte.is_ascii_digit() || b" column".contains(&byte));
    sentence.rsplit_once(" at line ").filter(|(_, tail)| is_place(tail)).map_or(sentence, |(said, _)| said)
}

/// The words in backticks; `-` when there are none.
fn words(text: &str) -> String {
    let words: Vec<_> = text.split('`').skip(1).step_by(2).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openapi::Lang;
    use openapi::problem::find;

    #[test]
    fn sentences_become_faults_that_are_said_in_chinese() {
        let cases = [
            (
                "invalid type: string \"yes\", expected a boolean at line 1 column 9",
                "应为 true 或 false，收到文字 \"yes\"。",
            ),
            ("invalid type: null, expected a sequence at line 1 column 9", "应为列表，收到空。"),
            ("invalid value: integer `300`, expected u8", "应为整数（u8），收到整数 `300`。"),
            (
                "invalid type: string \"x, expected y at line z\", expected f64",
                "应为数，收到文字 \"x, expected y at line z\"。",
            ),
            ("something else at line 2 column 1", "取值无法识别：写法有误。"),
            ("missing field `unit` at line 1 column 2", "必须填写 unit。"),
        ];
        for (sentence, chinese) in cases {
            let fault = fault(sentence, "/a".into(), |name| format!("/{name}"));
            assert_eq!(find(fault.code).detail(Lang::Chinese, &fault.args), chinese, "{sentence}");
        }
    }
}
