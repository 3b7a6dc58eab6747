//! What the server says of itself, as whoever watches it reads it.

use crate::client::Caller;
use std::collections::BTreeMap;

/// All numbers of one look, by name and labels as they are printed.
#[derive(Debug)]
pub struct Numbers(BTreeMap<String, f64>);

impl Numbers {
    /// Those of the server of `caller`.
    pub async fn of(caller: &Caller) -> Self {
        Self::read(&caller.get("//metrics").await.expect(200).text)
    }

    /// Those of a text, which must be OpenMetrics as far as that is lines.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let number = |line: &str| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        };
        let numbers: BTreeMap<_, _> =
            text.lines().filter(|line| !line.starts_with('#')).map(number).collect();
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(numbers.len(), lines, "something is said twice: {text}");
        Self(numbers)
    }

    /// One of them, `name{label="value"}`; 0 where it was not counted yet.
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The sum over all labels.
    pub fn sum(&self, name: &str) -> f64 {
        self.0.iter().filter(|(one, _)| base(one) == name).map(|(_, value)| value).sum()
    }

    /// Whether there is one of this name, whatever its labels.
    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|one| base(one) == name)
    }

    /// Names with their labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn base(name: &str) -> &str {
    name.split_once('{').map_or(name, |(base, _)| base)
}
