//! Tables as text: what separates cells and how characters are written is found out.

use super::build::{Builder, Cell, Row, known};
use super::cell::{Value, is_margin, trim};
use super::{Layout, Sheet, SheetRefusal};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Reads it.
///
/// # Errors
/// [`SheetRefusal`].
pub(super) fn read(layout: &Layout, bytes: &[u8]) -> Result<Sheet, SheetRefusal> {
    let mut text = decode(bytes)?;
    // The last line counts as the others do.
    if !text.ends_with('\n') {
        text.to_mut().push('\n');
    }
    // What web pages call a workbook is often a page. Excel opens it, and can save it as one.
    if text.trim_start().starts_with('<') {
        return Err(SheetRefusal::OldFormat);
    }
    let found = |separator: &u8| {
        let rows = records(&text, *separator).into_records().take(10).flatten();
        rows.map(|row| known(layout, &row.iter().map(str::to_owned).collect::<Vec<_>>())).max()
    };
    // Of equals the last is taken.
    let separator = [b'\t', b';', b','].into_iter().max_by_key(found).unwrap_or(b',');

    let mut builder = Builder::new(layout, false, Vec::new());
    let mut reader = records(&text, separator);
    let mut record = csv::StringRecord::new();
    let mut number = 0;
    loop {
        let before = reader.position().line();
        if !reader.read_record(&mut record).map_err(SheetRefusal::damaged)? {
            return builder.finish();
        }
        // The reader skips empty lines, which are rows to Excel; lines within a cell are none.
        let within = record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        let lines = (reader.position().line() - before).saturating_sub(within).max(1);
        number = u64::from(number).saturating_add(lines).try_into().map_err(|_| SheetRefusal::TooManyRows)?;
        let mut row = Row::default();
        for (column, cell) in record.iter().enumerate() {
            let value = Value::Text(Cow::Borrowed(unprotected(cell)));
            row.push(Cell { column, value, formula: false })?;
        }
        builder.row(number, &row)?;
    }
}

fn records(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// The text in the encoding that it is in: what Excel writes in China is GB18030.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetRefusal> {
    let marked = Encoding::for_bom(bytes);
    let (encoding, bytes) = match marked {
        Some((encoding, length)) => (encoding, &bytes[length..]),
        None if bytes.contains(&0) => return Err(SheetRefusal::NotAWorkbook),
        None => (if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 }, bytes),
    };
    let decode = |bytes| encoding.decode_without_bom_handling_and_without_replacement(bytes);
    if let Some(text) = decode(bytes) {
        return Ok(text);
    }
    let unit: &[u8] = match encoding {
        _ if encoding == UTF_16LE => &[b'\n', 0],
        _ if encoding == UTF_16BE => &[0, b'\n'],
        _ => b"\n",
    };
    // No character of these encodings has a line break among its bytes; in UTF-16 they are looked for in pairs.
    let (mut line, mut from) = (1, 0);
    for at in (0..bytes.len()).step_by(unit.len()) {
        if bytes[at..].starts_with(unit) {
            if decode(&bytes[from..at]).is_none() {
                break;
            }
            (line, from) = (line + 1, at + unit.len());
        }
    }
    Err(SheetRefusal::Encoding { line })
}

/// Whether Excel, or a program that is less careful, would take the cell for a formula, if not for the apostrophes.
fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches(|c| c == '\'' || is_margin(c));
    let before = &cell[..cell.len() - bare.len()];
    // One apostrophe more or less makes no difference, so that what protects can be told from what was written.
    bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || before.contains(['\t', '\r', '\n']) && !bare.is_empty()
}

/// A cell that no program takes for a formula. [`unprotected`] undoes it.
pub(super) fn protected(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A cell as it was before [`protected`].
fn unprotected(cell: &str) -> &str {
    let rest = trim(cell).strip_prefix('\'').filter(|rest| is_formula(rest));
    rest.unwrap_or(cell)
}
