//! What programs say of a value that does not fit, in Chinese: serde, serde_json, and who reads times, ids and numbers.
//!
//! They give English sentences only. Nothing here is for readers of English: they are told the sentence itself.

/// What serde calls a kind of value, and what people call it. Looked up by the beginning, so the longer comes first. A
/// space sets Latin letters off from the Chinese before them.
const KINDS: [(&str, &str); 33] = [
    ("an RFC 3339", "日期时间，如 2026-11-21T09:00:00+08:00"),
    ("a formatted date and time", "日期时间，如 2026-11-21T09:00:00+08:00"),
    ("a formatted date", "日期，如 2026-11-21"),
    ("a formatted time", "时刻，如 08:30"),
    ("a formatted UUID", "标识（UUID）"),
    ("a UUID", "标识（UUID）"),
    ("a string", "文字"),
    ("string", "文字"),
    ("a borrowed string", "文字"),
    ("a character", "一个字"),
    ("character", "字"),
    ("a boolean", " true 或 false"),
    ("boolean", "逻辑值"),
    ("a sequence", "列表"),
    ("sequence", "列表"),
    ("an array", "列表"),
    ("a tuple", "列表"),
    ("tuple", "列表"),
    ("an empty array", "空列表"),
    ("a map", MAP),
    ("map", MAP),
    ("object", MAP),
    ("struct", MAP),
    ("newtype", MAP),
    ("integer", "整数"),
    ("a nonzero", "非零整数"),
    ("floating point", "小数"),
    ("f64", "数"),
    ("f32", "数"),
    ("null", "空"),
    ("unit variant", "文字"),
    ("unit", "空"),
    ("Option", "空"),
];
/// The word for a map in files.
const MAP: &str = "表";
const INTEGERS: [&str; 12] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

/// Beginnings of what is said of a value that does not parse. Who reads a day says the same as who reads a time.
const REASONS: [(&str, &str); 18] = [
    ("UUID parsing failed", "应为标识（UUID），如 01990000-0000-7000-8000-000000000001"),
    ("input is out of range", "日期或时间超出范围"),
    ("input", DATE),
    ("no possible date", "没有这个日期或时间"),
    ("premature end of input", DATE),
    ("trailing input", DATE),
    ("provided string was not `true` or `false`", "应为 true 或 false"),
    ("no period", "应为周期，如 2026-11-21、2026-W47、2026-11、2026-Q4、2026-H2、2026"),
    ("invalid digit", "应为整数"),
    ("cannot parse integer", "应为整数，不能为空"),
    ("number too large", "数过大"),
    ("number too small", "数过小"),
    ("invalid float", "应为数"),
    ("cannot parse float", "应为数，不能为空"),
    ("invalid length", "个数不符"),
    ("a span is written like", "应为时段，如 08:30-12:00，从 00:00 到 24:00"),
    ("an offset is written like", "应为时差，如 +08:00"),
    ("a position has two numbers", "每个点至少有经度、纬度两个数"),
];
const DATE: &str = "不是所需的日期或时间：日期如 2026-11-21，时间如 2026-11-21T09:00:00+08:00";

/// Beginnings of what serde_json says of text that is no JSON.
const SYNTAX: [(&str, &str); 17] = [
    ("EOF", "没有写完"),
    ("expected `:`", "缺少“:”"),
    ("expected `,` or `]`", "缺少“,”或“]”"),
    ("expected `,` or `}`", "缺少“,”或“}”"),
    ("expected `\"`", "缺少双引号"),
    ("expected ident", "只能写 true、false 或 null"),
    ("expected value", "这里应有一个值"),
    ("invalid escape", "反斜杠转义有误"),
    ("invalid number", "数的写法有误"),
    ("number out of range", "数过大"),
    ("invalid unicode", "文字编码有误，应为 UTF-8"),
    ("control character", "文字中有未转义的控制字符"),
    ("key must be a string", "键应为带双引号的文字"),
    ("lone leading surrogate", "\\u 转义有误"),
    ("unexpected end of hex", "\\u 转义有误"),
    ("trailing comma", "末尾多了“,”"),
    ("trailing characters", "写完之后还有多余的内容"),
];

fn find(table: &[(&str, &'static str)], words: &str) -> Option<&'static str> {
    table.iter().find(|(english, _)| words.starts_with(english)).map(|(_, chinese)| *chinese)
}

/// What serde calls a kind of value, with the value where it names it.
pub fn kind(words: &str) -> Option<String> {
    if INTEGERS.contains(&words) {
        return Some(format!("整数（{words}）"));
    }
    let (english, chinese) = KINDS.iter().find(|(english, _)| words.starts_with(english))?;
    // A value stands in quotes; other words are about the kind.
    let value = words[english.len()..].trim_start();
    let is_value = value.starts_with(['`', '"']) && !english.starts_with("struct");
    Some(if is_value { format!("{chinese} {value}") } else { (*chinese).to_owned() })
}

/// The same of JSON, where a map is an object.
pub fn json_kind(words: &str) -> String {
    match kind(words) {
        Some(chinese) if chinese == MAP => "对象".to_owned(),
        Some(chinese) => chinese,
        None => "别的类型".to_owned(),
    }
}

/// Why a value does not parse.
pub fn reason(words: &str) -> Option<&'static str> {
    find(&REASONS, words)
}

/// Why a text is no JSON.
pub fn syntax(words: &str) -> &'static str {
    let nested = words.starts_with("recursion limit").then_some("嵌套过深");
    nested.or_else(|| find(&SYNTAX, words)).unwrap_or("写法有误")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Span;
    use chrono::{DateTime, NaiveDate, Utc};
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use uuid::Uuid;

    #[derive(Debug, Deserialize)]
    struct Thing {}

    fn said<T: DeserializeOwned + std::fmt::Debug>(value: Value) -> String {
        serde_json::from_value::<T>(value).unwrap_err().to_string()
    }

    #[test]
    fn kinds_have_names() {
        let cases = [
            (said::<bool>(json!("yes")), " true 或 false", "文字 \"yes\""),
            (said::<String>(json!(5)), "文字", "整数 `5`"),
            (said::<u8>(json!(60.5)), "整数（u8）", "小数 `60.5`"),
            (said::<usize>(json!(-1)), "整数（usize）", "整数 `-1`"),
            (said::<f64>(json!("a `b`")), "数", "文字 \"a `b`\""),
            (said::<Vec<u8>>(Value::Null), "列表", "空"),
            (said::<[u8; 2]>(json!(true)), "列表", "逻辑值 `true`"),
            (said::<(u8, u8)>(json!({})), "列表", "对象"),
            (said::<BTreeMap<u8, u8>>(json!([])), "对象", "列表"),
            (said::<Thing>(json!("x")), "对象", "文字 \"x\""),
            (said::<()>(json!(1)), "空", "整数 `1`"),
            (said::<Uuid>(json!(1)), "标识（UUID）", "整数 `1`"),
            (said::<NaiveDate>(json!(1)), "日期，如 2026-11-21", "整数 `1`"),
            (said::<DateTime<Utc>>(json!(1)), "日期时间，如 2026-11-21T09:00:00+08:00", "整数 `1`"),
            ("invalid type: thing, expected a thing".to_owned(), "别的类型", "别的类型"),
        ];
        for (sentence, expected, got) in cases {
            let words = sentence.split_once(": ").unwrap().1;
            let (is, should) = words.rsplit_once(", expected ").unwrap();
            assert_eq!((json_kind(should).as_str(), json_kind(is).as_str()), (expected, got), "{sentence}");
        }
    }

    #[test]
    fn what_does_not_parse_has_a_reason() {
        let cases = [
            (said::<Uuid>(json!("zzz")), "应为标识"),
            (said::<NaiveDate>(json!("zz")), DATE),
            (said::<NaiveDate>(json!("2026-11-21T00:00:00Z")), DATE),
            (said::<NaiveDate>(json!("2026-02-30")), "日期或时间超出范围"),
            (said::<DateTime<Utc>>(json!("明天")), DATE),
            (said::<DateTime<Utc>>(json!("2026-11-21")), DATE),
            (said::<DateTime<Utc>>(json!("")), DATE),
            (said::<Span>(json!("x")), "应为时段"),
            (said::<[u8; 2]>(json!([1])), "个数不符"),
            ("zz".parse::<bool>().unwrap_err().to_string(), "应为 true 或 false"),
            ("x".parse::<i64>().unwrap_err().to_string(), "应为整数"),
            ("".parse::<i64>().unwrap_err().to_string(), "应为整数"),
            ("300".parse::<u8>().unwrap_err().to_string(), "数过大"),
            ("-300".parse::<i8>().unwrap_err().to_string(), "数过小"),
            ("x".parse::<f64>().unwrap_err().to_string(), "应为数"),
            ("".parse::<f64>().unwrap_err().to_string(), "应为数"),
        ];
        for (sentence, chinese) in cases {
            assert!(reason(&sentence).is_some_and(|said| said.starts_with(chinese)), "{sentence}");
        }
        assert_eq!(reason("something else"), None);
    }

    #[test]
    fn what_is_no_json_has_a_reason() {
        let deep = "[".repeat(1000);
        let cases = [
            ("", "没有写完"),
            ("{\"a\": \"b", "没有写完"),
            ("{\"a\" 1}", "缺少“:”"),
            ("[1 2]", "缺少“,”或“]”"),
            ("{\"a\": 1 \"b\"}", "缺少“,”或“}”"),
            ("[1,]", "末尾多了“,”"),
            ("{a: 1}", "键应为带双引号的文字"),
            ("nul!", "只能写 true、false 或 null"),
            ("NaN", "这里应有一个值"),
            ("1e999", "数过大"),
            ("-x", "数的写法有误"),
            ("\"\\q\"", "反斜杠转义有误"),
            ("\"\n\"", "文字中有未转义的控制字符"),
            ("\"\\ud800\"", "\\u 转义有误"),
            ("\"\\ud800x\"", "\\u 转义有误"),
            ("{} {}", "写完之后还有多余的内容"),
            (&deep, "嵌套过深"),
        ];
        for (json, chinese) in cases {
            let sentence = serde_json::from_str::<Value>(json).unwrap_err().to_string();
            assert_eq!(syntax(&sentence), chinese, "{sentence}");
        }
        let sentence = serde_json::from_slice::<Value>(b"\"\xff\"").unwrap_err().to_string();
        assert_eq!(syntax(&sentence), "文字编码有误，应为 UTF-8", "{sentence}");
        assert_eq!(syntax("something else"), "写法有误");
    }
}
