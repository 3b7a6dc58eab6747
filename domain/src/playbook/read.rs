//! How a playbook is read: what somebody wrote with every fault at once, what is stored in whichever form it has.

use super::{Fault, Playbook};
use crate::misfit;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

/// More faults are not told.
const MOST: usize = 100;

/// The steps as playbooks of before named them, and what they are called since.
const VOCABULARY: [(&str, &str); 7] = [
    ("submit", "submitted"),
    ("dispatch", "dispatched"),
    ("accept", "accepted"),
    ("arrive", "arrived"),
    ("resolve", "resolved"),
    ("rate", "rated"),
    ("rework", "reworked"),
];

impl Playbook {
    /// A playbook as somebody wrote it.
    ///
    /// # Errors
    /// Everything that is wrong with it: keys that there are not, and values that do not fit. While one has a value of a wrong
    /// type, or lacks what it must have, what its values mean is not looked at.
    pub fn read(mut value: Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize::<_, Self>(&value) {
                Ok(playbook) => {
                    faults.extend(playbook.faults());
                    faults.truncate(MOST);
                    return if faults.is_empty() { Ok(playbook) } else { Err(faults) };
                }
                Err(error) => error,
            };
            let (mut place, sentence) = (segments(error.path()), error.inner().to_string());
            let unknown = quoted(&sentence, "unknown field `").map(|(name, _)| name.to_owned());
            if let Some(name) = unknown.as_ref().or(missing(&sentence).as_ref()) {
                // The path may or may not name the key already.
                if !matches!(place.last(), Some(Step::Key(last)) if last == name) {
                    place.push(Step::Key(name.clone()));
                }
            }
            faults.push(Fault { key: key(&place), reason: reason(&sentence) });
            if faults.len() == MOST || unknown.is_none() || !forget(&mut value, &place) {
                return Err(faults);
            }
        }
    }

    /// The same from whoever changes one that is there: whatever version it says, the store gives it the next one.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_edit(mut fields: Map<String, Value>) -> Result<Self, Vec<Fault>> {
        if let Some(Value::Object(policy)) = fields.get_mut("policy") {
            policy.insert("version".to_owned(), 1.into());
        }
        Self::read(Value::Object(fields))
    }

    /// A playbook as it is stored, by this program or by one of before.
    ///
    /// # Errors
    /// As serde has them.
    pub fn from_stored(mut value: Value) -> Result<Self, serde_json::Error> {
        if let Value::Object(fields) = &mut value
            && let Some(Value::Object(mut before)) = fields.remove("vocabulary")
            && !fields.contains_key("words")
        {
            let word = |(old, new): (&str, &str)| Some((new.to_owned(), before.remove(old)?));
            let steps: Map<_, _> = VOCABULARY.into_iter().filter_map(word).collect();
            fields.insert("words".to_owned(), serde_json::json!({ "steps": steps }));
        }
        serde_json::from_value(value)
    }
}

/// A step on the way to a value.
#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

fn segments(path: &Path) -> Vec<Step> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

/// `policy.clocks[2].kind`.
fn key(place: &[Step]) -> String {
    let mut key = String::new();
    for step in place {
        match step {
            Step::Index(index) => key.push_str(&format!("[{index}]")),
            Step::Key(name) if key.is_empty() => key.push_str(name),
            Step::Key(name) => key.push_str(&format!(".{name}")),
        }
    }
    key
}

/// Takes a value out; whether it was there.
fn forget(value: &mut Value, place: &[Step]) -> bool {
    match place {
        [Step::Key(name)] => value.as_object_mut().is_some_and(|fields| fields.remove(name).is_some()),
        [Step::Key(name), rest @ ..] => value.get_mut(name).is_some_and(|below| forget(below, rest)),
        [Step::Index(index), rest @ ..] => value.get_mut(*index).is_some_and(|below| forget(below, rest)),
        [] => false,
    }
}

/// What stands in backticks after a beginning, and what comes then.
fn quoted<'a>(sentence: &'a str, beginning: &str) -> Option<(&'a str, &'a str)> {
    sentence.strip_prefix(beginning)?.split_once('`')
}

fn missing(sentence: &str) -> Option<String> {
    quoted(sentence, "missing field `").map(|(name, _)| name.to_owned())
}

/// What serde says, for the administrator. Its sentences are pinned by the test below.
fn reason(sentence: &str) -> String {
    let allowed = |rest: &str| {
        let words: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
        if words.is_empty() { String::new() } else { format!("；可用的有：{}", words.join("、")) }
    };
    if let Some((_, rest)) = quoted(sentence, "unknown field `") {
        return format!("没有这个键{}", allowed(rest));
    }
    if missing(sentence).is_some() {
        return "缺少这个键".to_owned();
    }
    if let Some((got, rest)) = quoted(sentence, "unknown variant `") {
        return format!("没有“{got}”这个取值{}", allowed(rest));
    }
    let mismatch =
        sentence.strip_prefix("invalid type: ").or_else(|| sentence.strip_prefix("invalid value: "));
    match mismatch.and_then(|rest| rest.split_once(", expected ")) {
        Some((got, expected)) => format!("应为{}，写的是{}", chinese(expected), chinese(got)),
        None => format!("无法识别：{}", misfit::reason(sentence).unwrap_or(sentence)),
    }
}

/// What serde calls a type.
fn chinese(words: &str) -> String {
    misfit::kind(words).unwrap_or_else(|| format!(" {words} "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole() -> Value {
        json!({
            "key": "mile", "name": "弥勒", "county": "532504",
            "levels": [{"name": "小组", "width": 3}],
            "categories": [{"key": "water", "name": "供水"}],
            "words": {"steps": {
                "submitted": "点单", "dispatched": "派单", "claimed": "认领", "accepted": "接单", "arrived": "到场",
                "resolved": "办单", "rated": "评单", "reworked": "重办", "closed": "结单",
            }},
            "policy": {"version": 1, "arrive_unmet_at_resolve": "cancel", "clocks": [{"kind": "solve", "limit_seconds": 60}]},
        })
    }

    #[test]
    fn every_key_that_there_is_not_is_named_at_once_with_what_its_values_mean() {
        let mut value = whole();
        assert!(Playbook::read(value.clone()).is_ok());
        value["colour"] = json!("red");
        value["policy"]["clocks"][0]["limit"] = json!(5);
        value["policy"]["clocks"][0]["warn_percent"] = json!(0);
        value["levels"][0]["wide"] = json!(true);
        let faults = Playbook::read(value).unwrap_err();
        let mut keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            ["colour", "levels[0].wide", "policy.clocks[0].limit", "policy.clocks[0].warn_percent"]
        );
        let unknown = faults.iter().find(|fault| fault.key == "levels[0].wide").unwrap();
        assert_eq!(unknown.reason, "没有这个键；可用的有：name、width、household");
    }

    #[test]
    fn what_does_not_fit_is_said_in_words() {
        let cases: [(&str, Option<Value>, &str, &str); 7] = [
            ("/policy/clocks", None, "policy.clocks", "缺少这个键"),
            ("/name", Some(json!(5)), "name", "应为文字，写的是整数 `5`"),
            ("/levels/0/width", Some(json!("3")), "levels[0].width", "应为整数（u8），写的是文字 \"3\""),
            ("/levels/0/width", Some(json!(300)), "levels[0].width", "应为整数（u8），写的是整数 `300`"),
            ("/categories", Some(json!({})), "categories", "应为列表，写的是表"),
            (
                "/policy/arrive_unmet_at_resolve",
                Some(json!("forget")),
                "policy.arrive_unmet_at_resolve",
                "没有“forget”这个取值；可用的有：cancel、breach",
            ),
            (
                "/policy/calendar",
                Some(json!({"spans": ["x"]})),
                "policy.calendar.spans[0]",
                "无法识别：应为时段",
            ),
        ];
        for (at, new, key, reason) in cases {
            let mut value = whole();
            let (parent, name) = at.rsplit_once('/').unwrap();
            let fields = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match new {
                Some(new) => fields.insert(name.to_owned(), new),
                None => fields.remove(name),
            };
            let faults = Playbook::read(value).unwrap_err();
            let [fault] = &faults[..] else { panic!("{faults:?}") };
            assert_eq!(fault.key, key);
            assert!(fault.reason.starts_with(reason), "{}", fault.reason);
        }
        for nothing in [json!(null), json!([]), json!("x")] {
            assert_eq!(Playbook::read(nothing).unwrap_err()[0].key, "");
        }
    }

    #[test]
    fn what_a_program_of_before_stored_is_read() {
        let mut value = whole();
        value.as_object_mut().unwrap().remove("words");
        value["vocabulary"] = json!({"submit": "群众点单", "dispatch": "党组织派单", "accept": "接单", "arrive": "到达现场",
            "resolve": "办单", "rate": "评单", "rework": "重办"});
        let book = Playbook::from_stored(value).unwrap();
        assert_eq!(book.words.steps["submitted"], "群众点单");
        assert_eq!(book.words.steps.len(), 7);
        assert_eq!(Playbook::from_stored(serde_json::to_value(&book).unwrap()).unwrap(), book);
    }
}
