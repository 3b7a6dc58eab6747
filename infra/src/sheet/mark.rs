//! What came, with what is wrong in it: for whoever has to put it right.

use super::{Flaw, Layout, Line, MAX_CELL, MAX_FLAWS, Sheet, SheetError, form};
use rust_xlsxwriter::{Color, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::collections::BTreeMap;

/// The column with all that is wrong in a row. One from an earlier copy gives way.
pub(super) const FAULTS: &str = "问题";
const LIST: &str = "问题清单";
/// Cells that get a note. Excel draws each; beyond, the last column says it.
const MAX_NOTES: usize = 5_000;

/// A copy of what came, in xlsx whatever it came in: cells with a flaw are red and have a note, the last column tells
/// all of a row, and a tab lists everything. Rows keep their numbers, so it can be put right and read again.
///
/// # Errors
/// [`SheetError`].
pub fn marked(layout: &Layout, sheet: &Sheet, flaws: &[Flaw]) -> Result<Vec<u8>, SheetError> {
    let mut of_row: BTreeMap<u32, Vec<&Flaw>> = BTreeMap::new();
    for flaw in flaws {
        of_row.entry(flaw.row).or_default().push(flaw);
    }
    let mut book = Workbook::new();
    copy(&mut book, layout, sheet, &of_row)?;
    list(&mut book, layout, sheet, &of_row)?;
    Ok(book.save_to_buffer()?)
}

fn red() -> Format {
    let red = Format::new().set_num_format("@").set_align(FormatAlign::Top);
    red.set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006))
}

type OfRow<'f> = BTreeMap<u32, Vec<&'f Flaw>>;

fn copy(book: &mut Workbook, layout: &Layout, sheet: &Sheet, of_row: &OfRow<'_>) -> Result<(), XlsxError> {
    let tab = book.add_worksheet();
    tab.set_name(layout.name)?;
    // Formats are looked up at every cell: they are made once.
    let (text, bold, red) = (form::as_text(), form::bold(), red());
    let red_wrapped = red.clone().set_text_wrap();
    let kept: Vec<usize> =
        (0..sheet.headings.len()).filter(|at| sheet.headings[*at].text != FAULTS).collect();
    let last = form::col(kept.len());
    for (to, from) in kept.iter().enumerate() {
        let column = sheet.headings[*from].key.and_then(|key| layout.column(key));
        tab.set_column_width(form::col(to), column.map_or(16, |column| column.width))?;
        tab.set_column_format(form::col(to), &text)?;
    }
    tab.set_column_width(last, 60)?;
    let row_of = |number: u32| number.saturating_sub(1);
    for line in &sheet.title {
        for (to, from) in kept.iter().enumerate() {
            put(tab, row_of(line.number), form::col(to), line.at(*from), None)?;
        }
    }
    let top = row_of(sheet.heading_row);
    for (to, from) in kept.iter().enumerate() {
        put(tab, top, form::col(to), &sheet.headings[*from].text, Some(&bold))?;
    }
    put(tab, top, last, FAULTS, Some(&bold))?;
    tab.set_freeze_panes(top + 1, 0)?;

    let mut notes = 0;
    for line in &sheet.rows {
        let row = row_of(line.number);
        let flaws = of_row.get(&line.number).map(Vec::as_slice).unwrap_or_default();
        for (to, from) in kept.iter().enumerate() {
            let key = sheet.headings[*from].key;
            let wrong: Vec<_> = flaws.iter().filter(|flaw| key.is_some() && flaw.column == key).collect();
            if wrong.is_empty() {
                put(tab, row, form::col(to), line.at(*from), None)?;
                continue;
            }
            put(tab, row, form::col(to), line.at(*from), Some(&red))?;
            notes += 1;
            if notes <= MAX_NOTES {
                let messages: Vec<_> = wrong.iter().map(|flaw| flaw.message.as_str()).collect();
                tab.insert_note(row, form::col(to), &form::note(&messages.join("；")))?;
            }
        }
        if !flaws.is_empty() {
            let told: Vec<_> = flaws.iter().map(|flaw| told(layout, flaw)).collect();
            put(tab, row, last, &told.join("；"), Some(&red_wrapped))?;
        }
    }
    Ok(())
}

/// A flaw as a sentence that names its column.
fn told(layout: &Layout, flaw: &Flaw) -> String {
    match flaw.column.and_then(|key| layout.column(key)) {
        Some(column) => format!("「{}」{}", column.heading, flaw.message),
        None => flaw.message.clone(),
    }
}

/// Writes a text, which may be empty, as a text.
fn put(tab: &mut Worksheet, row: u32, at: u16, text: &str, format: Option<&Format>) -> Result<(), XlsxError> {
    let text = form::cut(text, MAX_CELL);
    match format {
        None if text.is_empty() => {}
        None => drop(tab.write_string(row, at, text)?),
        Some(format) if text.is_empty() => drop(tab.write_blank(row, at, format)?),
        Some(format) => drop(tab.write_string_with_format(row, at, text, format)?),
    }
    Ok(())
}

fn list(book: &mut Workbook, layout: &Layout, sheet: &Sheet, of_row: &OfRow<'_>) -> Result<(), XlsxError> {
    let tab = book.add_worksheet();
    tab.set_name(LIST)?;
    tab.set_freeze_panes(1, 0)?;
    let bold = form::bold();
    for (at, (heading, width)) in (0..).zip([("行", 8), ("列", 20), ("内容", 30), ("问题", 80)]) {
        tab.set_column_width(at, width)?;
        put(tab, 0, at, heading, Some(&bold))?;
    }
    for (to, flaw) in (1..).zip(of_row.values().flatten().take(MAX_FLAWS)) {
        let line =
            sheet.rows.binary_search_by_key(&flaw.row, |line| line.number).ok().map(|at| &sheet.rows[at]);
        let column = flaw.column.and_then(|key| layout.column(key));
        let value = line.zip(flaw.column).and_then(|(line, key): (&Line, _)| line.get(key));
        tab.write_number(to, 0, flaw.row)?;
        put(tab, to, 1, column.map_or("", |column| column.heading), None)?;
        put(tab, to, 2, value.unwrap_or_default(), None)?;
        put(tab, to, 3, &flaw.message, None)?;
    }
    let told: usize = of_row.values().map(Vec::len).sum();
    if let Some(more) = told.checked_sub(MAX_FLAWS).filter(|more| *more > 0) {
        let row = u32::try_from(MAX_FLAWS + 1).unwrap_or(u32::MAX);
        put(tab, row, 3, &format!("另有 {more} 处没有列出"), None)?;
    }
    Ok(())
}
