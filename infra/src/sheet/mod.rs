//! Spreadsheets that people fill in and take home: xlsx and csv in, xlsx and csv out.
//!
//! Knows columns, rows and cells, and nothing of what they mean: no database here, no place and no person. A [`Layout`]
//! says which columns there are. To add a kind of column: a variant of [`Kind`], its arm in `cell.rs`, its words in
//! `form.rs`.
//!
//! What comes in is hostile until `guard.rs` has looked at it. What is wrong with the file as a whole is a
//! [`SheetRefusal`]; what is wrong with a row or a cell is a [`Flaw`], and all of them are told, not the first.

mod build;
mod cell;
mod form;
mod guard;
mod layout;
mod mark;
mod read;
mod refusal;
mod text;
mod write;
mod xlsx;

#[cfg(test)]
mod tests;

pub use layout::{Column, Kind, Layout};
pub use mark::marked;
pub use read::read;
pub use refusal::{SheetError, SheetRefusal};
pub use write::{template, write, write_csv};

use std::sync::Arc;

/// Bytes that a file may have.
pub const MAX_BYTES: usize = 20 << 20;
/// Rows below the heading that a file may have.
pub const MAX_ROWS: usize = 100_000;
/// Columns that a file may use.
pub const MAX_COLUMNS: usize = 64;
/// Characters of a cell, as Excel has it.
pub const MAX_CELL: usize = 32_767;
/// Flaws that are told. Beyond, the file has another problem than its cells.
pub const MAX_FLAWS: usize = 100_000;

/// What a file holds: its rows below the heading, in the order of the file.
#[derive(Debug)]
pub struct Sheet {
    /// The columns of the file from the left.
    pub headings: Vec<Heading>,
    /// The row of the headings, from 1.
    pub heading_row: u32,
    /// The rows above it.
    pub title: Vec<Line>,
    /// The rows below it that are not empty; at least one.
    pub rows: Vec<Line>,
    /// What is wrong in single cells and rows, by row. At most [`MAX_FLAWS`], the last of which says so.
    pub flaws: Vec<Flaw>,
}

/// A column as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// As it is written there. Empty where cells stand below no heading.
    pub text: String,
    /// The column of the layout; `None` for one that the layout does not know.
    pub key: Option<&'static str>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Line {
    /// As Excel shows it, from 1.
    pub number: u32,
    /// The cells one after the other, and where each ends: a row costs two allocations, not one a cell.
    text: Box<str>,
    ends: Box<[u32]>,
    keys: Arc<[Option<&'static str>]>,
}

impl Line {
    /// The cleaned text below a column of the layout; `None` where it is empty or the file has no such column. Of a
    /// cell with a flaw, the text as it came: ask [`Sheet::flaws_of`].
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.keys.iter().position(|own| *own == Some(key))?;
        Some(self.at(at)).filter(|text| !text.is_empty())
    }

    /// The text below the heading `at`, from 0 as in [`Sheet::headings`]; empty where there is none.
    pub fn at(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..*end as usize]
    }
}

impl Sheet {
    /// The flaws of a row that reading found.
    pub fn flaws_of(&self, row: u32) -> &[Flaw] {
        let from = self.flaws.partition_point(|flaw| flaw.row < row);
        let to = self.flaws.partition_point(|flaw| flaw.row <= row);
        &self.flaws[from..to]
    }

    /// The headings that the layout does not know: their columns are not taken over.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let unknown =
            self.headings.iter().filter(|heading| heading.key.is_none() && !heading.text.is_empty());
        unknown.map(|heading| heading.text.as_str()).filter(|text| *text != mark::FAULTS)
    }
}

/// Something wrong in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The row, as Excel shows it.
    pub row: u32,
    /// The column of the layout, where it is one.
    pub column: Option<&'static str>,
    /// Stable, as `sheet.required`.
    pub code: &'static str,
    /// What is wrong and what is allowed, in Chinese.
    pub message: String,
}
