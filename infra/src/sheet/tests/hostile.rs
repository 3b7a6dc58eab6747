//! Whatever the bytes: an answer, and no panic.

use super::*;
use proptest::prelude::*;

/// A workbook with all that a reader looks at.
fn valid() -> Vec<u8> {
    let bytes = workbook(|tab| {
        let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        tab.write_row(0, 0, ["姓名", "网格编码", "到岗日期", "户数"]).unwrap();
        tab.write_row(1, 0, ["王芳", "001", "2026-11-01", "12"]).unwrap();
        tab.write_number_with_format(2, 2, 46_327.0, &date).unwrap();
        tab.write_formula(2, 3, "=1+1").unwrap();
        tab.write_boolean(2, 0, true).unwrap();
        tab.merge_range(3, 0, 4, 1, "合并", &date).unwrap();
    });
    changed(&bytes, "xl/worksheets/sheet1.xml", |xml| {
        let shared = "<row r=\"9\"><c r=\"A9\" t=\"inlineStr\"><is><t>甲</t></is></c><c r=\"B9\" t=\"e\"><v>#N/A</v></c>\
            <c r=\"C9\"><f t=\"shared\" ref=\"C9:C10\" si=\"0\">A9</f><v>1</v></c></row></sheetData>";
        xml.replace("</sheetData>", shared)
    })
}

/// A change at a place: these bytes instead of so many.
type Change = (prop::sample::Index, Vec<u8>, usize);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let harm = prop_oneof![
        any::<Vec<u8>>().prop_map(|bytes| bytes.into_iter().take(4).collect()),
        prop::sample::select(vec![
            "<",
            ">",
            "\"",
            "/",
            "&",
            "&#x0;",
            "]]>",
            "<!--",
            "<c>",
            "</row>",
            "99999999999",
            "-1",
            "XFD1048576",
            "A0",
            "1e999",
            "ZZZZZZZZZ99999999999",
            "B2:A1",
            "s",
            "inf",
            "+",
            "0",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec((any::<prop::sample::Index>(), harm, 0..4_usize), 1..4)
}

fn apply(bytes: &mut Vec<u8>, changes: &[Change]) {
    for (at, harm, instead) in changes {
        let from = at.index(bytes.len() + 1);
        let to = (from + instead).min(bytes.len());
        bytes.splice(from..to, harm.iter().copied());
    }
}

fn survives(bytes: &[u8]) {
    if let Ok(sheet) = read(&layout(), bytes) {
        marked(&layout(), &sheet, &sheet.flaws).expect("what was read is written");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(changes in changes()) {
        let mut bytes = valid();
        apply(&mut bytes, &changes);
        survives(&bytes);
    }

    #[test]
    fn no_xml_makes_it_panic(part in any::<prop::sample::Index>(), changes in changes()) {
        let mut parts = parts(&valid());
        apply(&mut part.get_mut(&mut parts).1, &changes);
        survives(&packed(&parts));
    }

    /// Most of the harm is done in the sheet itself.
    #[test]
    fn no_sheet_makes_it_panic(changes in changes()) {
        let mut parts = parts(&valid());
        let (_, sheet) = parts.iter_mut().find(|(name, _)| name.ends_with("sheet1.xml")).unwrap();
        apply(sheet, &changes);
        survives(&packed(&parts));
    }

    #[test]
    fn no_text_makes_it_panic(bytes in any::<Vec<u8>>(), changes in changes()) {
        let mut text = "姓名,网格编码\n甲,1\n\"乙\n丙\",2\n".as_bytes().to_vec();
        apply(&mut text, &changes);
        survives(&text);
        survives(&bytes);
    }
}
