//! What people are given to fill in, and what they are given of what is there.

use super::text::protected;
use super::{Column, Kind, Layout, SheetError, form};
use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};

const EXAMPLES: &str = "填写示例";
const WORDS: &str = "填写说明";

/// An empty workbook to be filled in: the layout's tab, a tab of examples, and one that tells of every column.
///
/// # Errors
/// [`SheetError`]: the layout is none that a workbook can have.
pub fn template(layout: &Layout) -> Result<Vec<u8>, SheetError> {
    let rows: [Vec<String>; 0] = [];
    write(layout, rows)
}

/// The same with rows, a cell a column of the layout: it can be changed and read again. All is kept in memory, about
/// 200 bytes a cell.
///
/// # Errors
/// [`SheetError`]: more rows than a sheet has, or a cell longer than [`super::MAX_CELL`].
pub fn write<Rows>(layout: &Layout, rows: Rows) -> Result<Vec<u8>, SheetError>
where
    Rows: IntoIterator<Item = Vec<String>>,
{
    let mut book = Workbook::new();
    let tab = form::tab(&mut book, layout)?;
    let mut last = 0;
    for (row, cells) in (1..).zip(rows) {
        for (at, (column, text)) in layout.columns.iter().zip(&cells).enumerate() {
            cell(tab, row, form::col(at), column, text)?;
        }
        last = row;
    }
    if last > 0 {
        tab.autofilter(0, 0, last, form::col(layout.columns.len().saturating_sub(1)))?;
    }
    examples(&mut book, layout)?;
    words(&mut book, layout)?;
    form::choices(&mut book, layout)?;
    Ok(book.save_to_buffer()?)
}

/// Numbers can be added up; all else is text, even where it begins like a formula.
fn cell(tab: &mut Worksheet, row: u32, at: u16, column: &Column, text: &str) -> Result<(), XlsxError> {
    let number = match column.kind {
        Kind::Whole | Kind::Decimal => text.parse().ok().filter(|number: &f64| number.to_string() == text),
        Kind::Text | Kind::Code | Kind::Date => None,
    };
    match number {
        _ if text.is_empty() => {}
        // Excel keeps 15 digits.
        Some(number) if text.len() <= 15 => drop(tab.write_number(row, at, number)?),
        _ => drop(tab.write_string(row, at, text)?),
    }
    Ok(())
}

fn examples(book: &mut Workbook, layout: &Layout) -> Result<(), XlsxError> {
    let tab = book.add_worksheet();
    tab.set_name(EXAMPLES)?;
    tab.set_freeze_panes(1, 0)?;
    let grey = Format::new().set_italic().set_font_color(Color::Gray).set_num_format("@").set_text_wrap();
    for (at, column) in layout.columns.iter().enumerate() {
        tab.set_column_width(form::col(at), column.width)?;
        tab.write_string_with_format(0, form::col(at), form::heading(column), &form::bold())?;
        for (row, example) in (1..).zip(&layout.examples) {
            tab.write_string_with_format(row, form::col(at), example.get(at).copied().unwrap_or(""), &grey)?;
        }
    }
    Ok(())
}

fn words(book: &mut Workbook, layout: &Layout) -> Result<(), XlsxError> {
    let tab = book.add_worksheet();
    tab.set_name(WORDS)?;
    tab.set_freeze_panes(1, 0)?;
    let wrapped = form::as_text().set_text_wrap();
    for (at, (heading, width)) in (0..).zip([("列", 20), ("是否必填", 12), ("填写要求", 80)]) {
        tab.set_column_width(at, width)?;
        tab.write_string_with_format(0, at, heading, &form::bold())?;
    }
    for (row, column) in (1..).zip(&layout.columns) {
        let required = if column.required { "必填" } else { "选填" };
        tab.write_string_with_format(row, 0, column.heading, &wrapped)?;
        tab.write_string_with_format(row, 1, required, &wrapped)?;
        tab.write_string_with_format(row, 2, form::cut(&column.allowed(), super::MAX_CELL), &wrapped)?;
    }
    Ok(())
}

/// The rows as text: UTF-8 with a byte order mark, without which Excel takes it for another encoding. A cell that Excel
/// would compute has an apostrophe before it, which reading takes away again.
///
/// # Errors
/// [`SheetError`]: never, as far as we know.
pub fn write_csv<Rows>(layout: &Layout, rows: Rows) -> Result<Vec<u8>, SheetError>
where
    Rows: IntoIterator<Item = Vec<String>>,
{
    let mut text = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    text.write_record(layout.columns.iter().map(form::heading))?;
    for cells in rows {
        let cells = layout.columns.iter().zip(&cells).map(|(column, cell)| {
            let number = matches!(column.kind, Kind::Whole | Kind::Decimal) && cell.parse::<f64>().is_ok();
            if number { cell.into() } else { protected(cell) }
        });
        text.write_record(cells.map(std::borrow::Cow::into_owned))?;
    }
    text.into_inner().map_err(|error| SheetError::Text(error.into_error().into()))
}
