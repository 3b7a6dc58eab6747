//! What is in a cell, and what it is read as.

use super::*;
use crate::sheet::cell::{Value, clean};
use calamine::{ExcelDateTime, ExcelDateTimeType};
use rstest::rstest;
use rust_xlsxwriter::{ExcelDateTime as Moment, Format};

fn cleaned(key: &str, value: &Value<'_>) -> Result<String, &'static str> {
    clean(layout().column(key).unwrap(), value, false).map_err(|wrong| wrong.code)
}

#[rstest]
#[case("name", " 　\u{a0}王芳\u{200b} ", Ok("王芳"))]
#[case("name", "Ａ座１２号（东）：好", Ok("A座12号（东）：好"))]
#[case("name", "０８７３－１２３", Ok("0873-123"))]
#[case("name", "一\r\n二", Ok("一\n二"))]
#[case("name", "=1+1", Ok("=1+1"))]
#[case("name", "一\u{7}二", Err("sheet.control_character"))]
#[case("name", "一二三四五六七八九十一二三四五六七八九十一", Err("sheet.too_long"))]
#[case("grid", "　０００\n１－２", Ok("000 1-2"))]
#[case("phone", "\u{202d}138 8888 8888\u{202c}", Ok("138 8888 8888"))]
#[case("grid", "5.32504E+11", Err("sheet.precision_lost"))]
#[case("grid", "1E5", Ok("1E5"))]
#[case("since", "2026-11-01", Ok("2026-11-01"))]
#[case("since", "2026/11/1", Ok("2026-11-01"))]
#[case("since", "2026.11.1", Ok("2026-11-01"))]
#[case("since", "２０２６年１１月１日", Ok("2026-11-01"))]
#[case("since", "2026年 11月 1日", Ok("2026-11-01"))]
#[case("since", "20261101", Ok("2026-11-01"))]
#[case("since", "2026-11-01 08:30:00", Ok("2026-11-01"))]
#[case("since", "2026-11-01T00:00:00", Ok("2026-11-01"))]
#[case("since", "2026-02-29", Err("sheet.not_a_date"))]
#[case("since", "26-11-01", Err("sheet.not_a_date"))]
#[case("since", "2026-11", Err("sheet.not_a_date"))]
#[case("since", "11/1/2026", Err("sheet.not_a_date"))]
#[case("since", "2026-11/01", Err("sheet.not_a_date"))]
#[case("since", "2026-11-01Tx", Err("sheet.not_a_date"))]
#[case("since", "a Tb c", Err("sheet.not_a_date"))]
#[case("since", "去年", Err("sheet.not_a_date"))]
#[case("homes", "１，２００", Ok("1200"))]
#[case("homes", "-007", Ok("-7"))]
#[case("homes", "12.0", Ok("12"))]
#[case("homes", "12.5", Err("sheet.not_whole"))]
#[case("homes", "12户", Err("sheet.not_whole"))]
#[case("homes", "1,20", Err("sheet.not_whole"))]
#[case("area", "1.50", Ok("1.5"))]
#[case("area", "-0.0", Ok("0"))]
#[case("area", "1e3", Err("sheet.not_a_number"))]
#[case("area", "NaN", Err("sheet.not_a_number"))]
#[case("area", "1.", Err("sheet.not_a_number"))]
#[case("role", "网格员 ", Ok("网格员"))]
#[case("role", "网格", Err("sheet.not_a_choice"))]
#[case("tags", "党员，医生; 教师", Ok("党员、医生、教师"))]
#[case("tags", "党员、厨师", Err("sheet.not_a_choice"))]
#[case("tags", "", Ok(""))]
fn text_is_cleaned(#[case] key: &str, #[case] text: &str, #[case] meant: Result<&str, &'static str>) {
    assert_eq!(cleaned(key, &Value::Text(text.into())), meant.map(str::to_owned));
}

#[rstest]
#[case("grid", 532_504.0, Ok("532504"))]
#[case("name", 13_800_000_000.0, Ok("13800000000"))]
#[case("grid", 123_456_789_012_345.0, Ok("123456789012345"))]
#[case("grid", 1_234_567_890_123_456.0, Err("sheet.precision_lost"))]
#[case("name", 1.2e17, Err("sheet.precision_lost"))]
#[case("name", 0.1 + 0.2, Ok("0.3"))]
#[case("name", 1.5e-7, Ok("0.00000015"))]
#[case("homes", 12.0, Ok("12"))]
#[case("homes", 12.5, Err("sheet.not_whole"))]
#[case("area", 0.1 + 0.2, Ok("0.3"))]
#[case("area", -0.0, Ok("0"))]
#[case("since", 46_327.0, Ok("2026-11-01"))]
#[case("since", 20_261_101.0, Ok("2026-11-01"))]
#[case("since", 2026.0, Err("sheet.not_a_date"))]
fn numbers_are_digits(#[case] key: &str, #[case] number: f64, #[case] meant: Result<&str, &'static str>) {
    assert_eq!(cleaned(key, &Value::Number(number)), meant.map(str::to_owned));
}

#[rstest]
#[case("since", 46_327.0, false, Ok("2026-11-01"))]
#[case("since", 46_327.75, false, Ok("2026-11-01"))]
#[case("since", 44_865.0, true, Ok("2026-11-01"))]
#[case("since", 60.0, false, Err("sheet.not_a_date"))]
#[case("since", 0.5, false, Err("sheet.not_a_date"))]
#[case("since", -3.0, false, Err("sheet.not_a_date"))]
#[case("name", 46_327.0, false, Ok("2026-11-01"))]
#[case("name", 46_327.5, false, Ok("2026-11-01 12:00"))]
#[case("name", 0.5, false, Ok("12:00"))]
#[case("grid", 46_082.0, false, Err("sheet.became_a_date"))]
#[case("homes", 46_082.0, false, Err("sheet.not_whole"))]
fn moments_are_days(
    #[case] key: &str,
    #[case] serial: f64,
    #[case] is_1904: bool,
    #[case] meant: Result<&str, &'static str>,
) {
    let moment = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904);
    assert_eq!(cleaned(key, &Value::Moment(moment)), meant.map(str::to_owned));
}

#[test]
fn truth_is_a_word_and_an_error_a_flaw() {
    assert_eq!(cleaned("name", &Value::Truth(true)), Ok("是".to_owned()));
    assert_eq!(cleaned("name", &Value::Truth(false)), Ok("否".to_owned()));
    assert_eq!(cleaned("since", &Value::Truth(false)), Err("sheet.not_a_date"));
    assert_eq!(cleaned("name", &Value::Error("#N/A".to_owned())), Err("sheet.error_value"));
}

#[test]
fn all_that_excel_puts_in_cells_is_read() {
    let date = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    let bytes = workbook(|tab| {
        for (at, heading) in (0..).zip(["姓名", "网格编码", "到岗日期", "户数", "备注"]) {
            tab.write_string(0, at, heading).unwrap();
        }
        tab.write_string(1, 0, "王芳").unwrap();
        tab.write_number(1, 1, 532_504_001.0).unwrap();
        tab.write_datetime_with_format(1, 2, Moment::from_ymd(2026, 11, 1).unwrap(), &date).unwrap();
        tab.write_number(1, 3, 120.0).unwrap();
        tab.write_boolean(1, 4, true).unwrap();
        tab.write_formula(2, 0, rust_xlsxwriter::Formula::new("=A2&\"\"").set_result("王芳")).unwrap();
        tab.write_number(2, 1, 5_325_040_010_010_011.0).unwrap();
        tab.write_string(2, 2, "明天").unwrap();
        tab.write_string(2, 3, " ").unwrap();
        tab.write_blank(5, 0, &Format::new().set_bold()).unwrap();
    });
    let sheet = read(&layout(), &bytes).unwrap();
    let row = &sheet.rows[0];
    let cells = ["name", "grid", "since", "homes", "phone"].map(|key| row.get(key));
    assert_eq!(cells, [Some("王芳"), Some("532504001"), Some("2026-11-01"), Some("120"), None]);
    assert_eq!((row.at(4), sheet.unknown().collect::<Vec<_>>()), ("是", vec!["备注"]));
    let expected =
        [("name", "sheet.formula"), ("grid", "sheet.precision_lost"), ("since", "sheet.not_a_date")];
    assert_eq!(codes(&sheet), expected.map(|(key, code)| (3, Some(key), code)));
    assert_eq!((sheet.rows.len(), sheet.flaws_of(3).len(), sheet.flaws_of(2).len()), (2, 3, 0));
}

#[test]
fn merged_cells_are_told_once_each() {
    let plain = Format::new();
    let bytes = workbook(|tab| {
        tab.merge_range(0, 0, 0, 3, "二〇二六年网格人员", &plain).unwrap();
        for (at, heading) in (0..).zip(["姓名（必填）", "*网格 编码", "电话"]) {
            tab.write_string(2, at, heading).unwrap();
        }
        tab.merge_range(3, 1, 5, 1, "001", &plain).unwrap();
        for row in 3..7 {
            tab.write_string(row, 0, "王芳").unwrap();
        }
    });
    let sheet = read(&layout(), &bytes).unwrap();
    assert_eq!((sheet.heading_row, sheet.title[0].at(0)), (3, "二〇二六年网格人员"));
    assert_eq!(codes(&sheet), [(4, Some("grid"), "sheet.merged"), (7, Some("grid"), "sheet.required")]);
}

#[test]
fn the_1904_system_is_heeded() {
    let bytes = with_cell("到岗日期", |tab| {
        tab.write_number(1, 2, 44_865.0).unwrap();
    });
    let bytes =
        changed(&bytes, "xl/workbook.xml", |xml| xml.replace("<workbookPr", "<workbookPr date1904=\"1\""));
    assert_eq!(read(&layout(), &bytes).unwrap().rows[0].get("since"), Some("2026-11-01"));
}
