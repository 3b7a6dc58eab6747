//! A county's sheets: taken in whole or not at all, and given out again. Both the command line and the API come here.

mod layout;
mod lines;

pub(crate) use layout::layout;

use anyhow::Context;
use domain::import::{Subject, Tally};
use domain::place::PlaceCode;
use domain::refusal::{Args, Refusal};
use infra::Store;
use infra::sheet::{self, Flaw, Sheet, SheetRefusal};
use infra::store::{ExportQuery, Import, Imported};
use openapi::Lang;
use openapi::problem::find;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

/// How many faults are told one by one; the marked copy has them all.
const TOLD: usize = 100;

/// What is being done with a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The file is read.
    Read,
    /// Its rows are looked at, and written where nothing is wrong with them.
    Take,
    /// A copy is marked.
    Mark,
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Take => "take",
            Self::Mark => "mark",
        }
    }
}

/// What came of a sheet.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is written, or would have been.
    Done(Tally),
    /// Nothing is written, for it cannot be read at all.
    Unreadable(SheetRefusal),
    /// Nothing is written, for it has faults.
    Faulty(Faulty),
}

/// A sheet with faults.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) report: Report,
    /// A copy that shows them.
    pub(crate) marked: Vec<u8>,
}

/// What is wrong with a sheet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// What is wrong with it as a whole: a code, and one sentence.
    pub(crate) problem: Option<(String, String)>,
    /// How many faults there are.
    pub(crate) count: usize,
    /// The first of them.
    pub(crate) faults: Vec<RowFault>,
    /// Columns that are not known, and were passed over.
    pub(crate) unknown: Vec<String>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RowFault {
    pub(crate) row: u32,
    /// Its heading.
    pub(crate) column: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// A fault of a row in words.
fn flaw(row: u32, column: Option<&'static str>, refusal: &Refusal) -> Flaw {
    let (code, args) = (refusal.code(), refusal.args());
    Flaw { row, column, code, message: find(code).detail(Lang::Chinese, &args) }
}

/// What is wrong with a file as a whole, in words.
pub(crate) fn unreadable(refusal: &SheetRefusal) -> Report {
    let args: Args = refusal.args();
    let sentence = find(refusal.code()).detail(Lang::Chinese, &args);
    Report { problem: Some((refusal.code().to_owned(), sentence)), ..Report::default() }
}

/// Takes in a sheet, all of it or nothing.
///
/// # Errors
/// When the store fails, or a copy cannot be made.
pub(crate) async fn take(
    store: &Store,
    subject: Subject,
    bytes: Vec<u8>,
    import: &Import<'_>,
    told: impl Fn(Step),
) -> anyhow::Result<Outcome> {
    told(Step::Read);
    let playbook = store.playbook(import.county.county()).ok();
    let read = spawn_blocking(move || {
        let layout = layout(subject, playbook.as_deref());
        let sheet = sheet::read(&layout, &bytes);
        (layout, sheet)
    });
    let (layout, sheet) = read.await.context("表格没有读完")?;
    let sheet = match sheet {
        Ok(sheet) => sheet,
        Err(refusal) => return Ok(Outcome::Unreadable(refusal)),
    };
    told(Step::Take);
    let (lines, mut flaws) = lines::lines(store, subject, &sheet);
    flaws.extend(sheet.flaws.iter().cloned());
    // What is right is looked at all the same, so that all faults are told at once.
    let flawed = !flaws.is_empty();
    let import = Import { dry_run: import.dry_run || flawed, ..*import };
    match store.import(&import, &lines).await? {
        Imported::Done(tally) if !flawed => return Ok(Outcome::Done(tally)),
        Imported::Done(_) => {}
        Imported::Faults(faults) => {
            flaws.extend(faults.iter().map(|fault| flaw(fault.row, fault.column, &fault.refusal)));
        }
    }
    flaws.sort_by_key(|flaw| flaw.row);
    told(Step::Mark);
    let marking = spawn_blocking(move || {
        let report = report(&layout, &sheet, &flaws);
        sheet::marked(&layout, &sheet, &flaws).map(|marked| Faulty { report, marked })
    });
    Ok(Outcome::Faulty(marking.await.context("表格没有标注完")??))
}

fn report(layout: &sheet::Layout, sheet: &Sheet, flaws: &[Flaw]) -> Report {
    let heading = |key: &str| layout.columns.iter().find(|column| column.key == key);
    let told = flaws.iter().take(TOLD).map(|flaw| RowFault {
        row: flaw.row,
        column: flaw.column.and_then(heading).map(|column| column.heading.to_owned()),
        code: flaw.code.to_owned(),
        message: flaw.message.clone(),
    });
    Report {
        problem: None,
        count: flaws.len(),
        faults: told.collect(),
        unknown: sheet.unknown().map(str::to_owned).collect(),
    }
}

/// An empty sheet to be filled in.
///
/// # Errors
/// When it cannot be made.
pub(crate) async fn template(
    store: &Store,
    subject: Subject,
    county: Option<&str>,
) -> anyhow::Result<Vec<u8>> {
    let playbook = county.and_then(|county| store.playbook(county).ok());
    let made = spawn_blocking(move || sheet::template(&layout(subject, playbook.as_deref())));
    Ok(made.await.context("模板没有做完")??)
}

/// All that there is, as it could be taken in again: in csv, or else in xlsx.
///
/// # Errors
/// When the store fails, or a sheet cannot be made.
pub(crate) async fn give(
    store: &Store,
    subject: Subject,
    place: PlaceCode,
    csv: bool,
) -> anyhow::Result<(usize, Vec<u8>)> {
    let rows = store.export_rows(&ExportQuery { subject, place }).await?;
    let playbook = store.playbook(place.county()).ok();
    let count = rows.len();
    let made = spawn_blocking(move || {
        let layout = layout(subject, playbook.as_deref());
        if csv { sheet::write_csv(&layout, rows) } else { sheet::write(&layout, rows) }
    });
    Ok((count, made.await.context("表格没有做完")??))
}
