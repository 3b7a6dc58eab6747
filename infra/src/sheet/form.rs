//! How a tab looks: headings, widths, drop-downs. A template, an export and a marked copy look alike.

use super::{Column, Kind, Layout, MAX_ROWS};
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, Formula, Note, Workbook, Worksheet,
    XlsxError,
};

/// Characters of a list that Excel takes in a rule itself. A longer one stands on a tab of its own.
const MAX_LIST: usize = 255;
const CHOICES: &str = "选项";
/// Characters of the words that Excel shows with a rule.
const MAX_MESSAGE: usize = 200;

/// As text: Excel leaves it alone.
pub(super) fn as_text() -> Format {
    Format::new().set_num_format("@").set_align(FormatAlign::Top)
}

pub(super) fn bold() -> Format {
    Format::new().set_bold().set_num_format("@").set_background_color(Color::RGB(0x00DD_EBF7)).set_text_wrap()
}

fn of(column: &Column) -> Format {
    match column.kind {
        Kind::Text => Format::new().set_align(FormatAlign::Top),
        Kind::Code => as_text(),
        Kind::Date => Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Top),
        Kind::Whole => Format::new().set_num_format("0").set_align(FormatAlign::Top),
        Kind::Decimal => Format::new().set_align(FormatAlign::Top),
    }
}

/// What stands above a column.
pub(super) fn heading(column: &Column) -> String {
    format!("{}{}", column.heading, if column.required { "*" } else { "" })
}

/// Excel counts the units of UTF-16.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first characters of a text, so many that Excel takes it.
pub(super) fn cut(text: &str, max: usize) -> String {
    let mut length = 0;
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= max
    };
    text.chars().take_while(fits).collect()
}

/// A tab of the layout without rows.
///
/// # Errors
/// [`XlsxError`]: the layout's name is none of a tab.
pub(super) fn tab<'w>(book: &'w mut Workbook, layout: &Layout) -> Result<&'w mut Worksheet, XlsxError> {
    let lists = lists(layout);
    let tab = book.add_worksheet();
    tab.set_name(layout.name)?;
    tab.set_freeze_panes(1, 0)?;
    let (first, last) = (1, u32::try_from(MAX_ROWS).unwrap_or(u32::MAX));
    for (at, column) in (0_u16..).zip(&layout.columns) {
        tab.set_column_width(at, column.width)?;
        tab.set_column_format(at, &of(column))?;
        tab.write_string_with_format(0, at, heading(column), &bold())?;
        let required = if column.required { "必填" } else { "选填" };
        tab.insert_note(0, at, &note(&format!("{required}；{}", column.allowed())))?;
        if column.choices.is_empty() || column.several {
            continue;
        }
        let rule = match lists.iter().position(|key| *key == column.key) {
            Some(list) => {
                let (name, rows) =
                    (rust_xlsxwriter::utility::column_number_to_name(col(list)), column.choices.len());
                let range = format!("={CHOICES}!${name}$1:${name}${rows}");
                DataValidation::new().allow_list_formula(Formula::new(range))
            }
            None => DataValidation::new().allow_list_strings(&column.choices)?,
        };
        let rule = rule
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title("不在可选范围内")?
            .set_error_message(cut(&format!("可填：{}", column.choices.join("、")), MAX_MESSAGE))?;
        tab.add_data_validation(first, at, last, at, &rule)?;
    }
    Ok(tab)
}

/// The tab of the drop-downs that are too long for a rule, where there are any.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn choices(book: &mut Workbook, layout: &Layout) -> Result<(), XlsxError> {
    let lists = lists(layout);
    if lists.is_empty() {
        return Ok(());
    }
    let tab = book.add_worksheet();
    tab.set_name(CHOICES)?;
    tab.set_hidden(true);
    for (at, key) in lists.iter().enumerate() {
        let choices = layout.column(key).map(|column| column.choices.as_slice()).unwrap_or_default();
        for (row, choice) in (0..).zip(choices) {
            tab.write_string(row, col(at), choice)?;
        }
    }
    Ok(())
}

/// The columns whose drop-downs are too long for a rule, or have words with the sign that separates them there.
fn lists(layout: &Layout) -> Vec<&'static str> {
    let long = |column: &&Column| {
        let length: usize = column.choices.iter().map(|choice| units(choice) + 1).sum();
        !column.several
            && (length > MAX_LIST || column.choices.iter().any(|choice| choice.contains([',', '"'])))
    };
    layout.columns.iter().filter(long).map(|column| column.key).collect()
}

/// The number of a column, which are few.
pub(super) fn col(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// A note at a cell, as large as its text.
pub(super) fn note(text: &str) -> Note {
    let lines = text.chars().count() / 14 + 2;
    let height = u32::try_from(lines).unwrap_or(20).clamp(3, 20) * 18;
    Note::new(cut(text, 2_000)).add_author_prefix(false).set_width(240).set_height(height)
}
