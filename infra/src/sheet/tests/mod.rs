//! Files as they come, and worse.

mod cells;
mod files;
mod hostile;
mod round;
mod size;

use super::*;
use rust_xlsxwriter::{Workbook, Worksheet};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A layout with a column of every kind.
fn layout() -> Layout {
    let column = Column::new;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let columns = vec![
        Column {
            required: true, max: 20, note: "与身份证一致", ..column("name", "姓名", Kind::Text)
        },
        Column { required: true, ..column("grid", "网格编码", Kind::Code) },
        column("phone", "电话", Kind::Code),
        column("since", "到岗日期", Kind::Date),
        column("homes", "户数", Kind::Whole),
        column("area", "面积", Kind::Decimal),
        Column { choices: words(&["网格员", "社区书记"]), ..column("role", "身份", Kind::Text) },
        Column {
            choices: words(&["党员", "医生", "教师"]),
            several: true,
            ..column("tags", "特长", Kind::Text)
        },
    ];
    let examples =
        vec![vec!["王芳", "532504001001", "13800000000", "2026-11-01", "120", "1.5", "网格员", "党员、医生"]];
    Layout { name: "网格人员", columns, examples }
}

/// A workbook with the layout's tab, filled in by `fill`.
fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let tab = book.add_worksheet();
    tab.set_name(layout().name).unwrap();
    fill(tab);
    book.save_to_buffer().unwrap()
}

/// The same with the two required columns, and one more cell below the heading `heading`.
fn with_cell(heading: &str, fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    workbook(|tab| {
        for (at, text) in (0..).zip(["姓名", "网格编码", heading]) {
            tab.write_string(0, at, text).unwrap();
        }
        tab.write_string(1, 0, "王芳").unwrap();
        tab.write_string(1, 1, "001").unwrap();
        fill(tab);
    })
}

/// The parts of a workbook.
fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |i| {
        let mut part = archive.by_index(i).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        (part.name().unwrap().into_owned(), content)
    };
    (0..count).map(part).collect()
}

fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook with one part changed as text.
fn changed(bytes: &[u8], name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut parts = parts(bytes);
    let (_, content) = parts.iter_mut().find(|(own, _)| own == name).expect("the part");
    *content = change(String::from_utf8(std::mem::take(content)).unwrap()).into_bytes();
    packed(&parts)
}

fn codes(sheet: &Sheet) -> Vec<(u32, Option<&str>, &str)> {
    sheet.flaws.iter().map(|flaw| (flaw.row, flaw.column, flaw.code)).collect()
}

fn refused(bytes: &[u8]) -> &'static str {
    let refusal = read(&layout(), bytes).expect_err("refused");
    for (name, value) in refusal.args() {
        assert!(!name.is_empty() && !value.is_empty(), "{refusal:?}");
    }
    refusal.code()
}
