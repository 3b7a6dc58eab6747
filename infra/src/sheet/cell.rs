//! What a cell holds becomes the text that was meant.

use super::{Column, Kind, MAX_CELL};
use calamine::{ExcelDateTime, ExcelDateTimeType};
use chrono::NaiveDate;
use std::borrow::Cow;

/// What a cell holds, as it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    /// A number that Excel shows as a date or a time.
    Moment(ExcelDateTime),
    Truth(bool),
    /// `#N/A` and its like.
    Error(String),
}

/// What is wrong with a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) message: String,
}

fn wrong<T>(code: &'static str, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { code, message: message.into() })
}

/// From here on Excel, which keeps 15 digits, has put zeros at the end.
const TOO_LONG_A_NUMBER: f64 = 1e15;

fn precision_lost<T>() -> Result<T, Wrong> {
    wrong("sheet.precision_lost", "数字超过 15 位，末尾已被 Excel 改掉；请把单元格设为文本格式后重新填写")
}

/// Full-width ASCII becomes ASCII, the ideographic space a space.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Characters that take no room. Copied phone numbers have them around. The joiners are not among them: they are part
/// of what they join.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

pub(super) fn is_margin(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// Text without what stands around it and takes no room.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_margin)
}

/// A value as text, before anything is asked of it: what a marked copy shows.
pub(super) fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => trim(text).to_owned(),
        Value::Number(number) => digits(*number),
        Value::Moment(moment) => words(moment),
        Value::Truth(truth) => if *truth { "是" } else { "否" }.to_owned(),
        Value::Error(error) => error.clone(),
    }
}

/// A number as its digits. Excel computes with 15, so further ones are noise.
fn digits(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

fn words(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
    let number = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&number) {
        format!("{hour:02}:{minute:02}")
    } else if number.fract() == 0.0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }
}

/// The text of a cell of a column. Empty where nothing is in it.
///
/// # Errors
/// [`Wrong`].
pub(super) fn clean(column: &Column, value: &Value<'_>, is_1904: bool) -> Result<String, Wrong> {
    if let Value::Error(error) = value {
        return wrong("sheet.error_value", format!("单元格是错误值 {error}，请改正"));
    }
    if let Value::Text(text) = value
        && let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
    {
        let code = u32::from(control);
        return wrong(
            "sheet.control_character",
            format!("含有看不见的控制字符 U+{code:04X}，请删去后重新填写"),
        );
    }
    let text = match column.kind {
        Kind::Text => text(value)?,
        Kind::Code => code(value)?,
        Kind::Date => date(value, is_1904)?,
        Kind::Whole => number(value, true)?,
        Kind::Decimal => number(value, false)?,
    };
    let text = choose(column, text)?;
    let length = text.chars().count();
    let max = column.max.min(MAX_CELL);
    if length > max {
        return wrong("sheet.too_long", format!("共 {length} 个字，至多 {max} 个字"));
    }
    Ok(text)
}

fn text(value: &Value<'_>) -> Result<String, Wrong> {
    match value {
        Value::Number(number) if number.abs() >= TOO_LONG_A_NUMBER => precision_lost(),
        Value::Text(text) => Ok(fold_words(text)),
        _ => Ok(plain(value)),
    }
}

/// Letters and digits at half width, Chinese punctuation as it is; but a phone number with its signs is all half width.
fn fold_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let text = trim(&text);
    let mut folded = text.chars().map(half_width);
    let phone = folded.all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' '));
    let fold = |c| {
        let half = half_width(c);
        if phone || half.is_ascii_alphanumeric() { half } else { c }
    };
    text.chars().map(fold).collect()
}

/// All at half width, in one line.
fn fold_all(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).map(half_width).collect();
    trim(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn code(value: &Value<'_>) -> Result<String, Wrong> {
    match value {
        Value::Number(number) if number.abs() >= TOO_LONG_A_NUMBER => precision_lost(),
        Value::Moment(moment) => {
            let shown = words(moment);
            wrong(
                "sheet.became_a_date",
                format!("Excel 把内容变成了日期 {shown}；请把单元格设为文本格式后重新填写"),
            )
        }
        Value::Text(text) => {
            let text = fold_all(text);
            // `5.32504E+11` in a csv file: Excel wrote what it showed.
            let (mantissa, exponent) = text.split_once(['E', 'e']).unwrap_or((&text, ""));
            let scientific = exponent.strip_prefix('+').is_some_and(|digits| digits.parse::<u8>().is_ok())
                && mantissa.contains('.')
                && mantissa.parse::<f64>().is_ok();
            if scientific { precision_lost() } else { Ok(text) }
        }
        _ => Ok(plain(value)),
    }
}

fn date(value: &Value<'_>, is_1904: bool) -> Result<String, Wrong> {
    let day = match value {
        Value::Moment(moment) if moment.is_datetime() => day_of(moment),
        // A date in a cell that shows it as a number: from 1927 to 2201, so that no year is taken for one.
        Value::Number(number) if (10_000.0..110_000.0).contains(number) => {
            day_of(&ExcelDateTime::new(*number, ExcelDateTimeType::DateTime, is_1904))
        }
        Value::Number(number) => parse_day(&digits(*number)),
        Value::Text(text) => {
            let text = fold_all(text);
            if text.is_empty() {
                return Ok(text);
            }
            parse_day(&text)
        }
        _ => None,
    };
    match day {
        Some(day) => Ok(day.format("%Y-%m-%d").to_string()),
        None => wrong("sheet.not_a_date", "不是日期；请写成 2026-11-01、2026/11/1 或 2026年11月1日"),
    }
}

fn day_of(moment: &ExcelDateTime) -> Option<NaiveDate> {
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let first = if moment.as_f64() < 1.0 { None } else { Some(()) };
    first.and(NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()))
}

/// A day in one of the forms that people write, at half width. What follows after a space is a time of day.
fn parse_day(text: &str) -> Option<NaiveDate> {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    if !time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.')) {
        // Spaces may be within the day, as in `2026年 11月 1日`; without any, this ends.
        return if text.contains(' ') { parse_day(&text.replace(' ', "")) } else { None };
    }
    let parts: Vec<&str> = if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        vec![&day[..4], &day[4..6], &day[6..]]
    } else if let Some(day) = day.strip_suffix(['日', '号']) {
        day.split(['年', '月']).collect()
    } else {
        let sign = day.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
        day.split(sign).collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    let digits =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn number(value: &Value<'_>, whole: bool) -> Result<String, Wrong> {
    let (code, message) = match whole {
        true => ("sheet.not_whole", "应为整数，如 12"),
        false => ("sheet.not_a_number", "应为数字，如 12.5"),
    };
    let found = match value {
        Value::Number(number) if number.abs() >= TOO_LONG_A_NUMBER => return precision_lost(),
        Value::Number(number) if number.is_finite() => digits(*number),
        Value::Text(text) => fold_all(text),
        _ => return wrong(code, message),
    };
    if found.is_empty() {
        return Ok(found);
    }
    match parse_number(&found) {
        Some((whole_part, "")) => Ok(whole_part),
        Some((whole_part, fraction)) if !whole => Ok(format!("{whole_part}.{fraction}")),
        _ => wrong(code, message),
    }
}

/// The digits before the point with the sign, and those after it without zeros at the end. Thousands may be marked.
fn parse_number(text: &str) -> Option<(String, &str)> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (before, after) = text.split_once('.').unwrap_or((text, "0"));
    let mut groups = before.split(',');
    let first = groups.next()?;
    let grouped = before.contains(',') && first.len() > 3 || groups.any(|group| group.len() != 3);
    let before = before.replace(',', "");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if grouped || first.is_empty() || !digits(&before) || !digits(after) {
        return None;
    }
    let before = before.trim_start_matches('0');
    let (before, after) = (if before.is_empty() { "0" } else { before }, after.trim_end_matches('0'));
    let sign = if before == "0" && after.is_empty() { "" } else { sign };
    Some((format!("{sign}{before}"), after))
}

/// The word as the column has it.
fn choose(column: &Column, text: String) -> Result<String, Wrong> {
    if column.choices.is_empty() || text.is_empty() {
        return Ok(text);
    }
    let words: Vec<&str> = if column.several {
        let words = text.split(['、', '，', ',', '；', ';', '\n']).map(str::trim);
        words.filter(|word| !word.is_empty()).collect()
    } else {
        vec![&text]
    };
    let unknown = words.iter().find(|word| !column.choices.iter().any(|choice| choice == *word));
    match unknown {
        None => Ok(words.join("、")),
        Some(word) => {
            let word: String = word.chars().take(50).collect();
            wrong("sheet.not_a_choice", format!("没有「{word}」；可填：{}", column.choices.join("、")))
        }
    }
}
