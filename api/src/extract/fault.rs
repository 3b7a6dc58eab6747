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
    let said = sentence.split(" at line ").next().unwrap_or(sentence);
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
    if let Some((got, expected)) = mismatch.and_then(|rest| rest.split_once(", expected ")) {
        return of(
            at,
            "request.invalid_type",
            vec![("expected", expected.to_owned()), ("got", got.to_owned())],
        );
    }
    of(at, "request.invalid_value", vec![("reason", said.to_owned())])
}

/// The words in backticks; `-` when there are none.
fn words(text: &str) -> String {
    let words: Vec<_> = text.split('`').skip(1).step_by(2).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}
