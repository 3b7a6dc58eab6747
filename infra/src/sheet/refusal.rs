//! Why a file is not read, or not written.

use super::{MAX_BYTES, MAX_COLUMNS, MAX_ROWS};
use domain::refusal::Args;

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetRefusal {
    /// More than [`MAX_BYTES`].
    #[error("too many bytes")]
    TooLarge,
    /// What is packed in it is out of all proportion.
    #[error("unpacks to too much")]
    Bomb,
    /// It carries a program.
    #[error("has macros")]
    Macro,
    /// The format of before 2007, an encrypted workbook, or a binary one.
    #[error("an old, encrypted or binary workbook")]
    OldFormat,
    /// Neither a workbook nor text.
    #[error("not a workbook")]
    NotAWorkbook,
    /// A workbook that is damaged.
    #[error("a damaged workbook: {reason}")]
    Damaged {
        /// What the library said.
        reason: String,
    },
    /// Text in no encoding that we know.
    #[error("text in an unknown encoding at line {line}")]
    Encoding {
        /// The first line that cannot be read, from 1.
        line: u32,
    },
    /// More than [`MAX_ROWS`].
    #[error("too many rows")]
    TooManyRows,
    /// More than [`MAX_COLUMNS`].
    #[error("too many columns")]
    TooManyColumns,
    /// No row below the headings, or nothing at all.
    #[error("no rows")]
    Empty,
    /// Columns without which nothing can be done.
    #[error("columns are missing: {missing}; found: {found}")]
    ColumnsMissing {
        /// Those that are missing, in Chinese, separated by 、.
        missing: String,
        /// Those that are there.
        found: String,
    },
    /// Two columns say the same.
    #[error("a heading twice")]
    HeadingTwice {
        /// The heading.
        heading: String,
    },
}

impl SheetRefusal {
    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "sheet.too_large",
            Self::Bomb => "sheet.bomb",
            Self::Macro => "sheet.macro",
            Self::OldFormat => "sheet.old_format",
            Self::NotAWorkbook => "sheet.not_a_workbook",
            Self::Damaged { .. } => "sheet.damaged",
            Self::Encoding { .. } => "sheet.encoding",
            Self::TooManyRows => "sheet.too_many_rows",
            Self::TooManyColumns => "sheet.too_many_columns",
            Self::Empty => "sheet.empty",
            Self::ColumnsMissing { .. } => "sheet.columns_missing",
            Self::HeadingTwice { .. } => "sheet.heading_twice",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::TooLarge => vec![("max", (MAX_BYTES >> 20).to_string())],
            Self::TooManyRows => vec![("max", MAX_ROWS.to_string())],
            Self::TooManyColumns => vec![("max", MAX_COLUMNS.to_string())],
            Self::Damaged { reason } => vec![("reason", reason.clone())],
            Self::Encoding { line } => vec![("line", line.to_string())],
            Self::ColumnsMissing { missing, found } => {
                vec![("missing", missing.clone()), ("found", found.clone())]
            }
            Self::HeadingTwice { heading } => vec![("heading", heading.clone())],
            Self::Bomb | Self::Macro | Self::OldFormat | Self::NotAWorkbook | Self::Empty => vec![],
        }
    }

    /// A workbook that cannot be read to its end.
    pub(super) fn damaged(error: impl std::fmt::Display) -> Self {
        // An error may quote what it choked on.
        Self::Damaged { reason: error.to_string().chars().take(200).collect() }
    }
}

/// Why a workbook was not written: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The layout is not one of a workbook, such as a name of a tab that is too long.
    #[error(transparent)]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// Text was not written.
    #[error(transparent)]
    Text(#[from] csv::Error),
}
