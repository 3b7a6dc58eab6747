//! Rows become a sheet: the heading row is found, cells are cleaned, flaws are collected.

use super::cell::{self, Value, Wrong};
use super::{Flaw, Heading, Layout, Line, MAX_CELL, MAX_COLUMNS, MAX_FLAWS, MAX_ROWS, Sheet, SheetRefusal};
use calamine::Dimensions;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

/// Rows in which the headings may stand.
const HEAD: u32 = 10;
/// The last row of a workbook. A file that was tampered with, or text with empty lines, may claim to have more.
const LAST_ROW: u32 = 1_048_576;
/// Bytes of all cells together. 100,000 rows of 12 columns of 20 Chinese characters have fewer; but cells that share
/// one long string could have any number.
const MAX_TEXT: usize = 100 << 20;
/// Merged areas that are looked at.
const MAX_MERGED: usize = 10_000;

/// A cell as it came.
pub(super) struct Cell<'a> {
    /// From 0.
    pub(super) column: usize,
    pub(super) value: Value<'a>,
    pub(super) formula: bool,
}

/// The cells of a row that hold something.
#[derive(Default)]
pub(super) struct Row<'a>(Vec<Cell<'a>>);

impl<'a> Row<'a> {
    /// Takes a cell. One that is only formatted is no content.
    ///
    /// # Errors
    /// [`SheetRefusal`]: it is too far to the right, or stands there twice.
    pub(super) fn push(&mut self, mut cell: Cell<'a>) -> Result<(), SheetRefusal> {
        if let Value::Text(text) = &mut cell.value
            && let Some((end, _)) = text.char_indices().nth(MAX_CELL + 1)
        {
            *text = Cow::Owned(text[..end].to_owned());
        }
        let blank = matches!(&cell.value, Value::Text(text) if cell::trim(text).is_empty());
        if blank && !cell.formula {
            return Ok(());
        }
        if cell.column >= MAX_COLUMNS {
            return Err(SheetRefusal::TooManyColumns);
        }
        if self.0.last().is_some_and(|last| last.column >= cell.column) {
            return Err(SheetRefusal::damaged("cells out of order"));
        }
        self.0.push(cell);
        Ok(())
    }

    /// What is written in it, from the first column on.
    fn texts(&self) -> Vec<String> {
        let width = self.0.last().map_or(0, |cell| cell.column + 1);
        let mut texts = vec![String::new(); width];
        for cell in &self.0 {
            texts[cell.column] = cell::plain(&cell.value);
        }
        texts
    }
}

/// A sheet that is being read, row by row.
pub(super) struct Builder<'l> {
    layout: &'l Layout,
    is_1904: bool,
    merged: Merged,
    /// The layout's column below each heading.
    known: Vec<Option<usize>>,
    keys: Arc<[Option<&'static str>]>,
    width: usize,
    bytes: usize,
    last: u32,
    sheet: Sheet,
}

impl<'l> Builder<'l> {
    pub(super) fn new(layout: &'l Layout, is_1904: bool, merged: Vec<Dimensions>) -> Self {
        let (headings, title, rows, flaws) = Default::default();
        let sheet = Sheet { headings, heading_row: 0, title, rows, flaws };
        let (known, keys, merged) = (Vec::new(), Arc::default(), Merged::new(merged));
        Self { layout, is_1904, merged, known, keys, width: 0, bytes: 0, last: 0, sheet }
    }

    /// Takes a row, numbered from 1.
    ///
    /// # Errors
    /// [`SheetRefusal`].
    pub(super) fn row(&mut self, number: u32, row: &Row<'_>) -> Result<(), SheetRefusal> {
        if row.0.is_empty() {
            return Ok(());
        }
        if number <= self.last {
            return Err(SheetRefusal::damaged("rows out of order"));
        }
        // A marked copy has its rows where they were.
        if number > LAST_ROW {
            return Err(SheetRefusal::TooManyRows);
        }
        self.last = number;
        if self.sheet.heading_row > 0 {
            return self.data(number, row);
        }
        let texts = row.texts();
        if number <= HEAD && known(self.layout, &texts) >= self.layout.enough() {
            return self.head(number, texts);
        }
        let ends = (0..texts.len()).map(|i| texts[..=i].iter().map(String::len).sum::<usize>());
        let line = self.line(number, &texts.concat(), ends.collect())?;
        self.sheet.title.push(line);
        if number < HEAD { Ok(()) } else { Err(self.no_head()) }
    }

    fn head(&mut self, number: u32, texts: Vec<String>) -> Result<(), SheetRefusal> {
        self.known = texts.iter().map(|text| self.layout.find(text)).collect();
        for (i, text) in texts.iter().enumerate() {
            if self.known[i].is_some() && self.known[..i].contains(&self.known[i]) {
                return Err(SheetRefusal::HeadingTwice { heading: text.clone() });
            }
        }
        let columns = self.layout.columns.iter().enumerate();
        let missing = columns.filter(|(i, column)| column.required && !self.known.contains(&Some(*i)));
        let missing: Vec<_> = missing.map(|(_, column)| column.heading).collect();
        if !missing.is_empty() {
            return Err(SheetRefusal::ColumnsMissing { missing: missing.join("、"), found: listed(&texts) });
        }
        self.keys = self.known.iter().map(|known| known.map(|i| self.layout.columns[i].key)).collect();
        let headings = texts.into_iter().zip(self.keys.iter());
        self.sheet.headings = headings.map(|(text, key)| Heading { text, key: *key }).collect();
        self.sheet.heading_row = number;
        Ok(())
    }

    fn data(&mut self, number: u32, row: &Row<'_>) -> Result<(), SheetRefusal> {
        if self.sheet.rows.len() == MAX_ROWS {
            return Err(SheetRefusal::TooManyRows);
        }
        self.merged.go_to(number - 1, self.sheet.heading_row);
        for at in std::mem::take(&mut self.merged.begun) {
            let key = self.keys.get(at).copied().flatten();
            self.flaw(number, key, "sheet.merged", "单元格是合并的；请取消合并，在每一行填写".to_owned());
        }
        let width = row.0.last().map_or(0, |cell| cell.column + 1).max(self.known.len());
        self.width = self.width.max(width);
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(width));
        let mut cells = row.0.iter().peekable();
        for at in 0..width {
            let cell = cells.next_if(|cell| cell.column == at);
            let column = self.known.get(at).copied().flatten().map(|i| &self.layout.columns[i]);
            match (cell, column) {
                (Some(cell), Some(column)) => {
                    let cleaned = match cell.formula {
                        true => Err(formula()),
                        false => cell::clean(column, &cell.value, self.is_1904),
                    };
                    let cleaned = match cleaned {
                        // Nothing but signs between words.
                        Ok(cleaned) if cleaned.is_empty() && column.required => Err(required()),
                        cleaned => cleaned,
                    };
                    let cleaned = cleaned.unwrap_or_else(|wrong| {
                        self.flaw(number, Some(column.key), wrong.code, wrong.message);
                        cell::plain(&cell.value)
                    });
                    text.push_str(&cleaned);
                }
                (Some(cell), None) => text.push_str(&cell::plain(&cell.value)),
                // What a merged area covers is told of once.
                (None, Some(column)) if column.required && !self.merged.covers(at) => {
                    let required = required();
                    self.flaw(number, Some(column.key), required.code, required.message);
                }
                (None, _) => {}
            }
            ends.push(text.len());
        }
        let line = self.line(number, &text, ends)?;
        self.sheet.rows.push(line);
        Ok(())
    }

    fn line(&mut self, number: u32, text: &str, ends: Vec<usize>) -> Result<Line, SheetRefusal> {
        self.bytes += text.len();
        if self.bytes > MAX_TEXT {
            return Err(SheetRefusal::Bomb);
        }
        let ends: Result<_, _> = ends.into_iter().map(u32::try_from).collect();
        let ends = ends.map_err(|_| SheetRefusal::Bomb)?;
        Ok(Line { number, text: text.into(), ends, keys: Arc::clone(&self.keys) })
    }

    fn flaw(&mut self, row: u32, column: Option<&'static str>, code: &'static str, message: String) {
        let told = self.sheet.flaws.len() + 1;
        let (code, message) = match told < MAX_FLAWS {
            true => (code, message),
            false => ("sheet.too_many_flaws", format!("问题超过 {MAX_FLAWS} 处，其余没有列出")),
        };
        if told <= MAX_FLAWS {
            self.sheet.flaws.push(Flaw { row, column, code, message });
        }
    }

    /// No row in the head of the file has enough headings.
    fn no_head(&self) -> SheetRefusal {
        let texts = |line: &Line| (0..line.ends.len()).map(|at| line.at(at).to_owned()).collect::<Vec<_>>();
        let rows = self.sheet.title.iter().map(texts);
        let Some(best) = rows.rev().max_by_key(|texts| known(self.layout, texts)) else {
            return SheetRefusal::Empty;
        };
        let required = self.layout.columns.iter().filter(|column| column.required);
        let mut missing: Vec<_> = required.map(|column| column.heading).collect();
        if missing.is_empty() {
            missing = self.layout.columns.iter().map(|column| column.heading).collect();
        }
        SheetRefusal::ColumnsMissing { missing: missing.join("、"), found: listed(&best) }
    }

    /// The sheet, when all rows were taken.
    ///
    /// # Errors
    /// [`SheetRefusal`]: no headings, or nothing below them.
    pub(super) fn finish(mut self) -> Result<Sheet, SheetRefusal> {
        if self.sheet.heading_row == 0 {
            return Err(self.no_head());
        }
        if self.sheet.rows.is_empty() {
            return Err(SheetRefusal::Empty);
        }
        let nameless = || Heading { text: String::new(), key: None };
        self.sheet.headings.resize_with(self.width, nameless);
        Ok(self.sheet)
    }
}

fn formula() -> Wrong {
    Wrong {
        code: "sheet.formula", message: "单元格是公式；请复制后选择性粘贴为数值".to_owned()
    }
}

fn required() -> Wrong {
    Wrong { code: "sheet.required", message: "必须填写".to_owned() }
}

/// How many columns of the layout stand in a row.
pub(super) fn known(layout: &Layout, texts: &[String]) -> usize {
    let found = texts.iter().filter_map(|text| layout.find(text));
    found.collect::<std::collections::BTreeSet<_>>().len()
}

/// What was found in the place of headings, as far as a sentence holds it.
fn listed(texts: &[String]) -> String {
    let texts = texts.iter().filter(|text| !text.is_empty());
    let words: Vec<String> = texts.map(|text| text.chars().take(20).collect()).take(30).collect();
    words.join("、")
}

/// The merged areas of a sheet, on the way down.
struct Merged {
    /// Those that are further down, the last first.
    ahead: Vec<Dimensions>,
    here: Vec<Dimensions>,
    /// Columns in which one begins in this row.
    begun: Vec<usize>,
}

impl Merged {
    fn new(mut all: Vec<Dimensions>) -> Self {
        all.retain(|area| area.start != area.end && (area.start.1 as usize) < MAX_COLUMNS);
        all.sort_by_key(|area| Reverse(area.start));
        // The first ones stay. Beyond, each covered cell is told of.
        all.drain(..all.len().saturating_sub(MAX_MERGED));
        Self { ahead: all, here: Vec::new(), begun: Vec::new() }
    }

    /// Goes down to a row, from 0. Areas that begin above `first` belong to the headings.
    fn go_to(&mut self, row: u32, first: u32) {
        while let Some(area) = self.ahead.pop_if(|area| area.start.0 <= row) {
            if area.start.0 == row {
                self.begun.push(area.start.1 as usize);
            }
            if area.start.0 >= first {
                self.here.push(area);
            }
        }
        self.here.retain(|area| area.end.0 >= row);
    }

    fn covers(&self, column: usize) -> bool {
        let covers = |area: &Dimensions| (area.start.1 as usize..=area.end.1 as usize).contains(&column);
        self.here.iter().any(covers)
    }
}
