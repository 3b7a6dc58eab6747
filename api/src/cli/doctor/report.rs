//! What was looked at, and what came of it.

use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::process::ExitCode;

/// How something is; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// It could not be looked at, or there is nothing to look at.
    Skipped,
    Ok,
    Warning,
    Fault,
}

impl Status {
    /// As monitors take it: 0 good, 1 to be looked after, 2 broken.
    pub(super) fn exit_code(self) -> ExitCode {
        match self {
            Self::Skipped | Self::Ok => ExitCode::SUCCESS,
            Self::Warning => ExitCode::from(1),
            Self::Fault => ExitCode::from(2),
        }
    }

    fn mark(self, terminal: bool) -> &'static str {
        match (self, terminal) {
            (Self::Skipped, true) => "–",
            (Self::Ok, true) => "✓",
            (Self::Warning, true) => "!",
            (Self::Fault, true) => "✗",
            (Self::Skipped, false) => "[略过]",
            (Self::Ok, false) => "[正常]",
            (Self::Warning, false) => "[注意]",
            (Self::Fault, false) => "[故障]",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    /// For programs; it stays as it is.
    name: String,
    title: String,
    status: Status,
    text: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// All of them, in the order in which they were looked at.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Check>);

impl Report {
    pub(super) fn add(
        &mut self,
        (name, title): (&str, &str),
        status: Status,
        text: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let mend = Some(mend.into()).filter(|mend| !mend.is_empty());
        self.0.push(Check {
            name: name.to_owned(),
            title: title.to_owned(),
            status,
            text: text.into(),
            mend,
        });
    }

    pub(super) fn ok(&mut self, name: &str, title: &str, text: impl Into<String>) {
        self.add((name, title), Status::Ok, text, "");
    }

    pub(super) fn skip(&mut self, name: &str, title: &str, text: impl Into<String>) {
        self.add((name, title), Status::Skipped, text, "");
    }

    pub(super) fn warn(&mut self, name: &str, title: &str, text: impl Into<String>, mend: impl Into<String>) {
        self.add((name, title), Status::Warning, text, mend);
    }

    pub(super) fn fault(
        &mut self,
        name: &str,
        title: &str,
        text: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.add((name, title), Status::Fault, text, mend);
    }

    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The worst.
    pub(super) fn status(&self) -> Status {
        self.0.iter().map(|check| check.status).max().unwrap_or(Status::Ok).max(Status::Ok)
    }

    /// A line each, with how to mend it below, and a last line that sums up.
    pub(super) fn text(&self, terminal: bool) -> String {
        let mut text = String::new();
        for Check { title, status, text: what, mend, .. } in &self.0 {
            text += &format!("{} {title}：{what}\n", status.mark(terminal));
            if let Some(mend) = mend {
                text += &format!("    → {mend}\n");
            }
        }
        let count = |status| self.0.iter().filter(|check| check.status == status).count();
        let sum = match (count(Status::Fault), count(Status::Warning)) {
            (0, 0) => "一切正常".to_owned(),
            (0, warnings) => format!("{warnings} 处需要注意"),
            (faults, 0) => format!("{faults} 处故障"),
            (faults, warnings) => format!("{faults} 处故障，{warnings} 处需要注意"),
        };
        text += &format!("{sum}\n");
        text
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 2)?;
        report.serialize_field("status", &self.status())?;
        report.serialize_field("checks", &self.0)?;
        report.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_what_counts() {
        let mut report = Report::default();
        report.skip("a", "甲", "没有");
        assert_eq!((report.status(), report.text(true).as_str()), (Status::Ok, "– 甲：没有\n一切正常\n"));
        report.ok("b", "乙", "好");
        report.warn("c", "丙", "不太好", "看看");
        assert_eq!(report.status(), Status::Warning);
        report.fault("d", "丁", "坏了", "");
        assert_eq!(
            report.text(false),
            "[略过] 甲：没有\n[正常] 乙：好\n[注意] 丙：不太好\n    → 看看\n[故障] 丁：坏了\n1 处故障，1 处需要注意\n"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["status"], &json["checks"][2]["mend"]), (&"fault".into(), &"看看".into()));
        assert!(json["checks"][3].get("mend").is_none());
    }
}
