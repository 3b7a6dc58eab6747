//! Each refusal from a real file, and the forms that are taken.

use super::*;
use rstest::rstest;

const CSV: &str = "姓名,网格编码,电话\r\n王芳,001,13800000000\r\n";

#[test]
fn the_layouts_tab_is_read_or_the_first_that_is_seen() {
    let fill = |tab: &mut Worksheet, name: &str| {
        tab.write_row(0, 0, ["姓名", "网格编码"]).unwrap();
        tab.write_row(1, 0, [name, "001"]).unwrap();
    };
    let names = |own: &str| {
        let mut book = Workbook::new();
        fill(book.add_worksheet().set_name("旧").unwrap().set_hidden(true), "甲");
        fill(book.add_worksheet().set_name("新").unwrap().set_active(true), "乙");
        fill(book.add_worksheet().set_name(own).unwrap(), "丙");
        let sheet = read(&layout(), &book.save_to_buffer().unwrap()).unwrap();
        sheet.rows[0].get("name").unwrap().to_owned()
    };
    assert_eq!((names("网格人员"), names("别的")), ("丙".to_owned(), "乙".to_owned()));
}

#[rstest]
#[case::plain(CSV.as_bytes().to_vec())]
#[case::marked(write_csv(&layout(), [vec!["王芳".into(), "001".into(), "13800000000".into()]]).unwrap())]
#[case::gb18030(encoding_rs::GB18030.encode(CSV).0.into_owned())]
#[case::utf16le([0xff, 0xfe].into_iter().chain(CSV.encode_utf16().flat_map(u16::to_le_bytes)).collect())]
#[case::utf16be([0xfe, 0xff].into_iter().chain(CSV.encode_utf16().flat_map(u16::to_be_bytes)).collect())]
#[case::semicolons(CSV.replace(',', ";").into_bytes())]
#[case::tabs(CSV.replace(',', "\t").into_bytes())]
#[case::title(format!("网格人员,,\n{CSV}").into_bytes())]
fn text_is_read_in_every_form(#[case] bytes: Vec<u8>) {
    let sheet = read(&layout(), &bytes).unwrap();
    let row = &sheet.rows[0];
    let cells = ["name", "grid", "phone"].map(|key| row.get(key));
    assert_eq!(cells, [Some("王芳"), Some("001"), Some("13800000000")]);
    assert_eq!((sheet.rows.len(), sheet.flaws.len()), (1, 0));
}

#[rstest]
#[case::lines("姓名,网格编码\n甲,1\n乙,1\n", [2, 3])]
#[case::blank("姓名,网格编码\n\n甲,1\n\n\n乙,1", [3, 6])]
#[case::blank_crlf("姓名,网格编码\r\n\r\n甲,1\r\n\r\n\r\n乙,1\r\n", [3, 6])]
#[case::within("姓名,网格编码\r\n\"甲\r\n二\n三\",1\r\n乙,1\r\n", [2, 3])]
#[case::commas("姓名,网格编码\n,,\n甲,1\n,\n乙,1\n", [3, 5])]
fn rows_are_numbered_as_excel_does(#[case] text: &str, #[case] numbers: [u32; 2]) {
    let sheet = read(&layout(), text.as_bytes()).unwrap();
    assert_eq!(sheet.rows.iter().map(|line| line.number).collect::<Vec<_>>(), numbers);
}

#[rstest]
#[case::nothing("", "sheet.empty")]
#[case::only_spaces(" \n\n", "sheet.empty")]
#[case::only_headings("姓名,网格编码\n , \n", "sheet.empty")]
#[case::no_heading("甲,乙\n1,2\n", "sheet.columns_missing")]
#[case::late_heading("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n姓名,网格编码\n甲,1\n", "sheet.columns_missing")]
#[case::one_missing("姓名,电话\n甲,1\n", "sheet.columns_missing")]
#[case::twice("姓名,网格编码,姓 名*\n甲,1,乙\n", "sheet.heading_twice")]
#[case::page("<html><table></table></html>", "sheet.old_format")]
#[case::nul("姓名\0", "sheet.not_a_workbook")]
fn text_is_refused(#[case] text: &str, #[case] code: &str) {
    assert_eq!(refused(text.as_bytes()), code);
}

#[test]
fn a_refusal_says_what_is_missing_and_where() {
    let refusal = read(&layout(), "电话,特长,备注\n1,2,3\n".as_bytes()).unwrap_err();
    let args = vec![("missing", "姓名、网格编码".to_owned()), ("found", "电话、特长、备注".to_owned())];
    assert_eq!(refusal.args(), args);
    let bytes = [CSV.as_bytes(), b"\xff\xff\n"].concat();
    assert_eq!(read(&layout(), &bytes).unwrap_err(), SheetRefusal::Encoding { line: 3 });
    let bytes = [b"\xef\xbb\xbf", CSV.as_bytes(), b"\xff\xff\n"].concat();
    assert_eq!(read(&layout(), &bytes).unwrap_err(), SheetRefusal::Encoding { line: 3 });
}

#[test]
fn too_much_is_refused() {
    assert_eq!(refused(&vec![b'a'; MAX_BYTES + 1]), "sheet.too_large");
    let rows = |count| [CSV.lines().next().unwrap(), &"\n甲,1,2".repeat(count)].concat();
    assert_eq!(read(&layout(), rows(MAX_ROWS).as_bytes()).unwrap().rows.len(), MAX_ROWS);
    assert_eq!(refused(rows(MAX_ROWS + 1).as_bytes()), "sheet.too_many_rows");
    let wide = |at| {
        with_cell("电话", |tab| {
            tab.write_string(1, at, "远").unwrap();
        })
    };
    assert_eq!(read(&layout(), &wide(63)).unwrap().headings.len(), 64);
    assert_eq!(refused(&wide(64)), "sheet.too_many_columns");
    // A table of all cells up to this one would have 17,179,869,184.
    let far = with_cell("电话", |tab| {
        tab.write_string(1_048_575, 16_383, "远").unwrap();
    });
    assert_eq!(refused(&far), "sheet.too_many_columns");
    let deep = with_cell("电话", |tab| {
        tab.write_string(1_048_575, 0, "深").unwrap();
    });
    let sheet = read(&layout(), &deep).unwrap();
    assert_eq!((sheet.rows.len(), sheet.rows[1].number), (2, 1_048_576));
    marked(&layout(), &sheet, &sheet.flaws).unwrap();
    let beyond = |xml: String| xml.replace("1048576", "1048577");
    assert_eq!(refused(&changed(&deep, "xl/worksheets/sheet1.xml", beyond)), "sheet.too_many_rows");
    let gap = format!("姓名,网格编码{}甲,1", "\n".repeat(1_048_576));
    assert_eq!(refused(gap.as_bytes()), "sheet.too_many_rows");
}

#[test]
fn bombs_are_refused() {
    let valid = with_cell("电话", |_| ());
    let with = |name: &str, content: Vec<u8>| {
        let mut parts = parts(&valid);
        parts.push((name.to_owned(), content));
        packed(&parts)
    };
    // 50 MB of nothing in 50 kB.
    assert_eq!(refused(&with("xl/media/image1.png", vec![0; 50 << 20])), "sheet.bomb");
    // Noise enough not to be out of proportion in any part, and too much together.
    let noise: Vec<u8> = (0_u32..1 << 18).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let padded = [noise, vec![0; 49 << 20]].concat();
    let mut many = parts(&valid);
    many.extend((0..5).map(|i| (format!("xl/media/{i}.png"), padded.clone())));
    assert_eq!(refused(&packed(&many)), "sheet.bomb");
    let mut many = parts(&valid);
    many.extend((0..1_001).map(|i| (format!("xl/media/{i}.png"), Vec::new())));
    assert_eq!(refused(&packed(&many)), "sheet.bomb");
    // A declared size is not believed: it lies 22 bytes before the name in the local and central headers.
    let mut lying = with("xl/media/image1.png", vec![0; 50 << 20]);
    let size = (50_u32 << 20).to_le_bytes();
    while let Some(at) = lying.windows(4).position(|bytes| bytes == size) {
        lying[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert!(matches!(refused(&lying), "sheet.bomb" | "sheet.damaged"));
    // Room is reserved for as many strings as a file claims to have.
    let claims = changed(&valid, "xl/sharedStrings.xml", |xml| {
        xml.replace("uniqueCount=\"", "uniqueCount=\"99999999999")
    });
    assert_eq!(refused(&claims), "sheet.bomb");
    let styles = changed(&valid, "xl/styles.xml", |xml| {
        xml.replace("<cellXfs", &format!("{}<cellXfs", " ".repeat(9 << 20)))
    });
    assert_eq!(refused(&styles), "sheet.bomb");
}

#[test]
fn what_is_no_workbook_is_refused() {
    let valid = with_cell("电话", |_| ());
    let mut macros = parts(&valid);
    macros.push(("xl/vbaProject.bin".to_owned(), vec![1, 2, 3]));
    assert_eq!(refused(&packed(&macros)), "sheet.macro");
    let kind = |xml: String| {
        xml.replace(
            "openxmlformats-officedocument.spreadsheetml.sheet.main",
            "ms-excel.sheet.macroEnabled.main",
        )
    };
    assert_eq!(refused(&changed(&valid, "[Content_Types].xml", kind)), "sheet.macro");
    assert_eq!(
        refused(&[&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], &[0; 512][..]].concat()),
        "sheet.old_format"
    );
    assert_eq!(refused(&packed(&[("xl/workbook.bin".to_owned(), vec![0])])), "sheet.old_format");
    assert_eq!(refused(&packed(&[("word/document.xml".to_owned(), vec![0])])), "sheet.not_a_workbook");
    assert_eq!(refused(b"PK, or not PK"), "sheet.not_a_workbook");
    assert_eq!(refused(&valid[..valid.len() / 2]), "sheet.not_a_workbook");
    let elsewhere =
        changed(&valid, "_rels/.rels", |xml| xml.replace("xl/workbook.xml", "xl/worksheets/sheet1.xml"));
    assert_eq!(refused(&elsewhere), "sheet.not_a_workbook");
    let cut = changed(&valid, "xl/worksheets/sheet1.xml", |xml| xml[..xml.len() / 2].to_owned());
    assert_eq!(refused(&cut), "sheet.damaged");
}

#[test]
fn entities_are_not_expanded() {
    let valid = with_cell("电话", |_| ());
    let laughs = "<!DOCTYPE sst [<!ENTITY a \"哈哈哈哈\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>";
    let laugh = |entity: &str| {
        changed(&valid, "xl/sharedStrings.xml", |xml| {
            xml.replace("<sst", &format!("{laughs}<sst")).replace("王芳", entity)
        })
    };
    assert_eq!(refused(&laugh("&b;")), "sheet.damaged");
    assert_eq!(refused(&laugh("&f;")), "sheet.damaged");
    let sheet = read(&layout(), &laugh("&lt;&#29579;&gt;")).unwrap();
    assert_eq!(sheet.rows[0].get("name"), Some("<王>"));
}
