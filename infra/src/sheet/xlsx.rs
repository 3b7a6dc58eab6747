//! A workbook is read cell by cell, as they stream by: a table of all of them would have room for the one cell that
//! somebody left at XFD1048576.

use super::build::{Builder, Cell, Row};
use super::cell::Value;
use super::{Layout, Sheet, SheetRefusal, guard};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use std::borrow::Cow;
use std::io::Cursor;

/// Reads the tab with the layout's name, or the first one to be seen.
///
/// # Errors
/// [`SheetRefusal`].
pub(super) fn read(layout: &Layout, bytes: &[u8]) -> Result<Sheet, SheetRefusal> {
    guard::check(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(SheetRefusal::damaged)?;
    let tabs = book.sheets_metadata().iter().filter(|tab| tab.typ == SheetType::WorkSheet);
    let own = tabs.clone().find(|tab| tab.name == layout.name);
    let tab = own.or_else(|| tabs.clone().find(|tab| tab.visible == SheetVisible::Visible));
    let name = tab.ok_or(SheetRefusal::Empty)?.name.clone();
    let merged = book.merge_cells_by_sheet_name(&name).map_err(SheetRefusal::damaged)?;
    let mut builder = Builder::new(layout, book.has_1904_epoch(), merged);
    let mut cells = book.worksheet_cells_reader(&name).map_err(SheetRefusal::damaged)?;
    let (mut number, mut row) = (0, Row::default());
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(SheetRefusal::damaged)? {
        let (at, column) = cell.pos;
        if at != number {
            builder.row(number.saturating_add(1), &std::mem::take(&mut row))?;
            number = at;
        }
        let value = match cell.value {
            DataRef::Empty => Value::Text(Cow::Borrowed("")),
            DataRef::SharedString(text) => Value::Text(Cow::Borrowed(text)),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                Value::Text(Cow::Owned(text))
            }
            // Whole numbers are floating ones in this format.
            #[expect(clippy::cast_precision_loss, reason = "so it is in the file")]
            DataRef::Int(number) => Value::Number(number as f64),
            DataRef::Float(number) if !number.is_finite() => Value::Error("#NUM!".to_owned()),
            DataRef::Float(number) => Value::Number(number),
            DataRef::DateTime(moment) => Value::Moment(moment),
            DataRef::Bool(truth) => Value::Truth(truth),
            DataRef::Error(error) => Value::Error(error.to_string()),
        };
        row.push(Cell { column: column as usize, value, formula: cell.formula.is_some() })?;
    }
    builder.row(number.saturating_add(1), &row)?;
    builder.finish()
}
