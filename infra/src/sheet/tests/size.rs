//! How long a large file takes and how much of it stays: shown, not demanded, for machines differ.

use super::*;
use std::time::Instant;

fn rows(count: usize) -> impl Iterator<Item = Vec<String>> {
    (0..count).map(|i| {
        let code = format!("532504{i:09}");
        let text = ["王芳芳", &code, "13800000000", "2026-11-01", "120", "1.5", "网格员", "党员、医生"];
        text.map(str::to_owned).to_vec()
    })
}

/// Twelve columns.
fn wide() -> Layout {
    let mut layout = layout();
    for (key, heading) in [("a", "住址"), ("b", "备注"), ("c", "单位"), ("d", "职务")] {
        layout.columns.push(Column::new(key, heading, Kind::Text));
    }
    layout
}

/// The most that this process has used, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn show(count: usize) {
    let layout = wide();
    let rows = || {
        rows(count).map(|row| {
            row.into_iter().chain(["临安镇某某村 12 号"; 4].map(str::to_owned)).collect::<Vec<_>>()
        })
    };
    let start = Instant::now();
    let written = write(&layout, rows()).unwrap();
    println!(
        "{count} rows x 12: written in {:?}, {} kB, peak {} MB",
        start.elapsed(),
        written.len() / 1024,
        peak()
    );
    let start = Instant::now();
    let sheet = read(&layout, &written).unwrap();
    println!("{count} rows x 12: xlsx read in {:?}, peak {} MB", start.elapsed(), peak());
    assert_eq!((sheet.rows.len(), sheet.flaws.len()), (count, 0));
    let text = write_csv(&layout, rows()).unwrap();
    let start = Instant::now();
    assert_eq!(read(&layout, &text).unwrap().rows.len(), count);
    println!("{count} rows x 12: csv read in {:?}, peak {} MB", start.elapsed(), peak());
    let start = Instant::now();
    let flaws: Vec<_> = sheet
        .rows
        .iter()
        .step_by(10)
        .map(|line| Flaw {
            row: line.number,
            column: Some("name"),
            code: "x",
            message: "此人已在册".to_owned(),
        })
        .collect();
    let copy = marked(&layout, &sheet, &flaws).unwrap();
    println!(
        "{count} rows x 12: marked in {:?}, {} kB, peak {} MB",
        start.elapsed(),
        copy.len() / 1024,
        peak()
    );
}

#[test]
fn a_countys_grid_staff_are_read() {
    show(15_000);
}

#[test]
#[ignore = "takes a minute unoptimised: a figure for the books"]
fn the_largest_sheet_is_read() {
    show(MAX_ROWS);
}
