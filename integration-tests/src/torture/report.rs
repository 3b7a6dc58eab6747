//! What came of it.

use super::blow::Blow;
use crate::database::Backend;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What came of torture on one database.
#[derive(Debug)]
pub struct Outcome {
    backend: Backend,
    /// With which it can be repeated.
    pub seed: u64,
    rows: BTreeMap<Blow, Row>,
    /// How many changes were acknowledged.
    pub acknowledged: usize,
    /// How many of them had to be asked for more than once.
    pub doubted: usize,
    /// What was not as it should be, in words; nothing, as it should be.
    pub violations: Vec<String>,
    /// Where the data was kept because of that.
    pub kept: Vec<String>,
}

#[derive(Debug, Default)]
struct Row {
    count: usize,
    acknowledged: usize,
    recovered: Vec<Duration>,
    violations: usize,
}

impl Outcome {
    pub(super) fn new(backend: Backend, seed: u64) -> Self {
        let (violations, kept) = (Vec::new(), Vec::new());
        Self { backend, seed, rows: BTreeMap::new(), acknowledged: 0, doubted: 0, violations, kept }
    }

    /// Whether each of these was dealt.
    pub fn has_all(&self, blows: &[Blow]) -> bool {
        blows.iter().all(|blow| self.rows.contains_key(blow))
    }

    pub(super) fn add(
        &mut self,
        blow: Blow,
        recovered: Option<Duration>,
        acknowledged: usize,
        faults: Vec<String>,
    ) {
        let row = self.rows.entry(blow).or_default();
        row.count += 1;
        row.acknowledged += acknowledged;
        row.recovered.extend(recovered);
        row.violations += faults.len();
        self.fault(Some(blow), faults);
    }

    pub(super) fn end(&mut self, acknowledged: usize, doubted: usize, faults: Vec<String>) {
        (self.acknowledged, self.doubted) = (acknowledged, doubted);
        self.fault(None, faults);
    }

    pub(super) fn fault(&mut self, blow: Option<Blow>, faults: Vec<String>) {
        let after = blow.map_or("at the end", Blow::label);
        self.violations.extend(faults.into_iter().map(|fault| format!("{after}: {fault}")));
    }
}

/// A row a blow, as Markdown.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut out =
        "| database | blow | times | acknowledged meanwhile | recovered after: median, most | violations |\n\
                   |---|---|---|---|---|---|\n"
            .to_owned();
    for Outcome { backend, rows, acknowledged, doubted, violations, .. } in outcomes {
        for (blow, Row { count, acknowledged, recovered, violations }) in rows {
            let mut sorted = recovered.clone();
            sorted.sort_unstable();
            let seconds = |at: Option<&Duration>| at.map_or(0.0, Duration::as_secs_f64);
            let (median, most) = (seconds(sorted.get(sorted.len() / 2)), seconds(sorted.last()));
            // Writing to a string does not fail.
            let _ = writeln!(
                out,
                "| {backend:?} | {} | {count} | {acknowledged} | {median:.2} s, {most:.2} s | {violations} |",
                blow.label()
            );
        }
        let _ = writeln!(
            out,
            "| {backend:?} | all together; asked more than once: {doubted} | | {acknowledged} | | {} |",
            violations.len()
        );
    }
    out
}
