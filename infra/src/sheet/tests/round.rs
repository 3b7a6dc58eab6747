//! What is written is read again.

use super::*;
use crate::sheet::cell::{Value, clean};
use proptest::prelude::*;
use rust_xlsxwriter::Formula;

#[test]
fn a_template_is_filled_in_and_read() {
    let bytes = template(&layout()).unwrap();
    assert_eq!(refused(&bytes), "sheet.empty", "a template has no rows of its own");
    let xml = parts(&bytes).into_iter().find(|(name, _)| name == "xl/worksheets/sheet1.xml").unwrap().1;
    let xml = String::from_utf8(xml).unwrap();
    for mark in
        ["state=\"frozen\"", "<dataValidation type=\"list\"", "网格员,社区书记", "sqref=\"G2:G100001\""]
    {
        assert!(xml.contains(mark), "{mark} in {xml}");
    }
    assert!(!xml.contains("党员"), "no drop-down where there may be several");
    let notes = parts(&bytes).into_iter().find(|(name, _)| name == "xl/comments1.xml").unwrap().1;
    assert!(String::from_utf8(notes).unwrap().contains("与身份证一致"));

    // As a clerk does it: the headings are those of the template.
    let headings: Vec<_> = layout().columns.iter().map(form::heading).collect();
    assert_eq!(headings[0], "姓名*");
    let filled = workbook(|tab| {
        tab.write_row(0, 0, &headings).unwrap();
        tab.write_row(1, 0, layout().examples[0].iter().copied()).unwrap();
    });
    let sheet = read(&layout(), &filled).unwrap();
    let cells: Vec<_> = layout()
        .columns
        .iter()
        .filter_map(|column| sheet.rows[0].get(column.key).map(str::to_owned))
        .collect();
    assert_eq!(
        (cells, sheet.flaws.len()),
        (layout().examples[0].iter().map(|cell| (*cell).to_owned()).collect(), 0)
    );
}

#[test]
fn a_long_drop_down_stands_on_its_own_tab() {
    let mut layout = layout();
    layout.columns[6].choices = (0..100).map(|i| format!("第{i}网格党支部")).collect();
    let bytes = template(&layout).unwrap();
    let xml = |name: &str| {
        let part = parts(&bytes).into_iter().find(|(own, _)| own == name).unwrap().1;
        String::from_utf8(part).unwrap()
    };
    assert!(xml("xl/worksheets/sheet1.xml").contains("选项!$A$1:$A$100"));
    assert!(xml("xl/workbook.xml").contains("name=\"选项\" sheetId=\"4\" state=\"hidden\""));
}

#[test]
fn a_marked_copy_says_what_is_wrong_and_can_be_put_right() {
    let bytes = workbook(|tab| {
        tab.write_string(0, 0, "网格人员登记").unwrap();
        tab.write_row(2, 0, ["姓名", "备注", "网格编码", "到岗日期"]).unwrap();
        tab.write_row(3, 0, ["王芳", "好", "001", "2026-11-01"]).unwrap();
        tab.write_row(5, 0, ["", "坏", "002", "明天"]).unwrap();
        tab.write_formula(6, 0, Formula::new("=A4").set_result("王芳")).unwrap();
        tab.write_string(6, 2, "003").unwrap();
    });
    let layout = layout();
    let sheet = read(&layout, &bytes).unwrap();
    let further = Flaw { row: 4, column: None, code: "x", message: "此人已在册".to_owned() };
    let flaws: Vec<_> = sheet.flaws.iter().cloned().chain([further]).collect();
    let copy = marked(&layout, &sheet, &flaws).unwrap();

    let again = read(&layout, &copy).unwrap();
    assert_eq!(again.heading_row, 3);
    assert_eq!(
        again.headings.iter().map(|heading| heading.text.as_str()).collect::<Vec<_>>(),
        ["姓名", "备注", "网格编码", "到岗日期", "问题"]
    );
    let shown: Vec<_> = again.rows.iter().map(|line| (line.number, line.at(1), line.at(4))).collect();
    let expected = [
        (4, "好", "此人已在册"),
        (6, "坏", "「姓名」必须填写；「到岗日期」不是日期；请写成 2026-11-01、2026/11/1 或 2026年11月1日"),
        (7, "", "「姓名」单元格是公式；请复制后选择性粘贴为数值"),
    ];
    assert_eq!(shown, expected);
    // What was a formula is its value now.
    assert_eq!(codes(&again), [(6, Some("name"), "sheet.required"), (6, Some("since"), "sheet.not_a_date")]);
    let part = |name: &str| {
        let (_, part) = parts(&copy).into_iter().find(|(own, _)| own == name).unwrap();
        String::from_utf8(part).unwrap()
    };
    assert!(part("xl/comments1.xml").contains("ref=\"A6\"") && part("xl/comments1.xml").contains("必须填写"));
    assert!(part("xl/styles.xml").contains("FFFFC7CE"));
    assert!(part("xl/workbook.xml").contains("问题清单"));
    // Marked once more, it has one column of faults.
    let twice = read(&layout, &marked(&layout, &again, &again.flaws).unwrap()).unwrap();
    assert_eq!(twice.headings.len(), 5);
    assert_eq!((twice.rows[0].at(4), twice.unknown().count()), ("", 1));
}

#[test]
fn a_marked_copy_of_text_is_a_workbook() {
    let sheet = read(&layout(), "姓名,网格编码\n,'=1+1\n".as_bytes()).unwrap();
    let copy = marked(&layout(), &sheet, &sheet.flaws).unwrap();
    let again = read(&layout(), &copy).unwrap();
    assert_eq!((again.rows[0].get("grid"), again.rows[0].at(2)), (Some("=1+1"), "「姓名」必须填写"));
}

/// Texts that clerks write, and those that would run as formulas.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[一-龥A-Za-z0-9（）、，。 ]{0,12}",
        "['=+@\\-\t\r\n \u{3000}\"]{0,4}[=+@\\-]?[a-z1]{0,4}",
        "_x00[0-4][0-9A-F]_[a-z]?",
        "[^\\p{Cc}]{0,12}",
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let date = (2000..2100, 1..13, 1..29).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let row = (words(), words(), date, -9_999..9_999_i32, -9_999..9_999_i32).prop_map(
        |(name, code, date, whole, part)| {
            let area = f64::from(part) / 100.0;
            [
                name,
                "000".to_owned(),
                code,
                date,
                whole.to_string(),
                area.to_string(),
                "网格员".to_owned(),
                "党员、教师".to_owned(),
            ]
        },
    );
    proptest::collection::vec(row.prop_map(Vec::from), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_exported_is_imported(rows in rows()) {
        let mut layout = layout();
        layout.columns[0].required = false;
        let meant: Vec<Vec<String>> = rows.iter().map(|row| {
            let cell = |(column, text): (&Column, &String)| clean(column, &Value::Text(text.into()), false).unwrap();
            layout.columns.iter().zip(row).map(cell).collect()
        }).collect();
        for bytes in [write(&layout, rows.clone()).unwrap(), write_csv(&layout, rows).unwrap()] {
            let sheet = read(&layout, &bytes).unwrap();
            let read: Vec<Vec<String>> = sheet.rows.iter().map(|line| (0..8).map(|at| line.at(at).to_owned()).collect()).collect();
            prop_assert_eq!(&read, &meant);
            prop_assert_eq!(&sheet.flaws, &vec![]);
        }
    }

    /// No cell of an exported file begins so that Excel computes it.
    #[test]
    fn no_exported_text_is_a_formula(text in words()) {
        let protected = text::protected(&text);
        let bare = protected.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        prop_assert!(!bare.starts_with(['=', '+', '-', '@']), "{protected:?}");
    }
}
