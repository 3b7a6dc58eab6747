//! What the columns of a sheet are.

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// Digits that are no number, as a code or a phone: `000` stays `000`.
    Code,
    /// A day, read in many forms and given as `2026-11-01`.
    Date,
    /// A whole number, given without anything but its sign and digits.
    Whole,
    /// A number, given without an exponent.
    Decimal,
}

impl Kind {
    /// What people are told of it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "文字",
            Self::Code => "编码（单元格为文本格式）",
            Self::Date => "日期，如 2026-11-01",
            Self::Whole => "整数",
            Self::Decimal => "数字",
        }
    }
}

/// What a column of a sheet is for.
#[derive(Debug, Clone)]
pub struct Column {
    /// By which the code asks for it.
    pub key: &'static str,
    /// What stands above it, in Chinese.
    pub heading: &'static str,
    /// Whether every row must have it.
    pub required: bool,
    /// What its cells are.
    pub kind: Kind,
    /// What is allowed, in Chinese; shown at the heading.
    pub note: &'static str,
    /// Characters wide.
    pub width: u16,
    /// The words that are allowed; none: any. A drop-down, unless there may be several.
    pub choices: Vec<String>,
    /// Whether a cell may hold several words, separated by 、.
    pub several: bool,
    /// Characters that a cell may have.
    pub max: usize,
}

impl Column {
    /// A column of text that may be left empty, 20 characters wide, up to 200 characters long. Change what differs.
    pub fn new(key: &'static str, heading: &'static str, kind: Kind) -> Self {
        let (note, choices) = ("", Vec::new());
        Self { key, heading, required: false, kind, note, width: 20, choices, several: false, max: 200 }
    }

    /// What is allowed, in one sentence.
    pub(super) fn allowed(&self) -> String {
        let mut parts = vec![self.kind.words().to_owned(), format!("至多 {} 个字", self.max)];
        if self.several {
            parts.push("多个用「、」隔开".to_owned());
        }
        if !self.choices.is_empty() {
            parts.push(format!("可填：{}", self.choices.join("、")));
        }
        if !self.note.is_empty() {
            parts.push(self.note.to_owned());
        }
        parts.join("；")
    }
}

/// A sheet: its tab and its columns.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The tab's name, in Chinese.
    pub name: &'static str,
    /// From the left.
    pub columns: Vec<Column>,
    /// Rows that show how to fill it in, a cell a column.
    pub examples: Vec<Vec<&'static str>>,
}

impl Layout {
    pub(super) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.key == key)
    }

    /// The place of the column with this heading, however it is decorated: `*姓 名（必填）` is `姓名`.
    pub(super) fn find(&self, heading: &str) -> Option<usize> {
        let bare = bare(heading);
        self.columns.iter().position(|column| self::bare(column.heading) == bare && !bare.is_empty())
    }

    /// Known headings that a row must have to be the heading row.
    pub(super) fn enough(&self) -> usize {
        self.columns.len().min(2)
    }
}

/// A heading without what people put around it: spaces, asterisks, what stands in brackets, width and case of letters.
pub(super) fn bare(heading: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::new();
    for c in heading.chars().map(super::cell::half_width) {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            '*' => {}
            c if depth > 0 || c.is_whitespace() || super::cell::is_invisible(c) => {}
            c => bare.extend(c.to_lowercase()),
        }
    }
    bare
}
