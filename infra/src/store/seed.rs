//! A county's seed: the file that says how it does things, and the sheet of its services beside it.

use super::error::StoreError;
use crate::sheet::{self, Column, Kind, Layout, Line};
use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine};
use domain::playbook::{Category, Fault, MAX_CODE, Playbook, Service, ServiceRow, service_faults};

/// A seed file, by its name, with what stands beside it.
#[derive(Debug, Clone, Copy)]
pub struct Seed<'a> {
    /// What it is called where faults are told.
    pub file: &'a str,
    /// TOML.
    pub source: &'a str,
    /// The sheet that it names as its `services_file`.
    pub services: Option<&'a [u8]>,
}

impl<'a> Seed<'a> {
    /// One that stands alone.
    pub fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, services: None }
    }

    /// The sheet of services that a seed names, beside it.
    pub fn services_file(source: &str) -> Option<String> {
        let seed: toml::Table = toml::from_str(source).ok()?;
        seed.get("services_file")?.as_str().map(str::to_owned)
    }

    /// The playbook with its services, and a hash of all that it came from.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file, key and reason of every fault.
    pub(super) fn read(&self) -> Result<(Playbook, String), StoreError> {
        let Self { file, source, services } = *self;
        let refused = |reason: String| StoreError::Seed(format!("{file}: {reason}"));
        let mut book: Playbook = toml::from_str(source).map_err(|error| refused(error.to_string()))?;
        let mut faults = Vec::new();
        let mut from_sheet = false;
        let missing = |reason: &str| Fault::new("services_file".to_owned(), reason).to_string();
        match (book.services_file.take(), services) {
            (Some(_), _) if !book.services.is_empty() => {
                faults.push(missing("服务事项写在规程里，或写在另一个文件里，二者取一"));
            }
            (Some(name), Some(bytes)) => {
                let (services, wrong) = read_services(&name, bytes, &book.categories);
                book.services = services;
                faults.extend(wrong);
                from_sheet = true;
            }
            (Some(name), None) => faults.push(missing(&format!("读不到规程旁的 {name}"))),
            (None, _) => {}
        }
        // What is wrong in the sheet is said by its rows.
        let said = |fault: &&Fault| from_sheet && fault.key.starts_with("services[");
        faults.extend(book.faults().iter().filter(|fault| !said(fault)).map(ToString::to_string));
        if !faults.is_empty() {
            return Err(refused(faults.join("；")));
        }
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(source.as_bytes());
        // Without a sheet the hash is what it was before there were any.
        if let Some(services) = services {
            hashed.update(services);
        }
        Ok((book, BASE64_STANDARD.encode(hashed.finish())))
    }
}

/// The services of a sheet, and all that is wrong with it by its rows.
fn read_services(file: &str, bytes: &[u8], categories: &[Category]) -> (Vec<Service>, Vec<String>) {
    let sheet = match sheet::read(&layout(), bytes) {
        Ok(sheet) => sheet,
        Err(refusal) => return (vec![], vec![format!("{file}: {refusal}")]),
    };
    let at = |row: u32| format!("{file} 第 {row} 行");
    let mut faults: Vec<_> =
        sheet.flaws.iter().map(|flaw| format!("{}: {}", at(flaw.row), flaw.message)).collect();
    let (mut services, mut rows) = (Vec::new(), Vec::new());
    for line in &sheet.rows {
        match Service::of_row(row(line), categories) {
            Ok(service) => {
                services.push(service);
                rows.push(line.number);
            }
            Err(reason) => faults.push(format!("{}: {reason}", at(line.number))),
        }
    }
    let last = rows.last().copied().unwrap_or_default();
    let wrong = service_faults(&services, categories, |i| at(rows.get(i).copied().unwrap_or(last)));
    faults.extend(wrong.iter().map(ToString::to_string));
    (services, faults)
}

fn row(line: &Line) -> ServiceRow<'_> {
    let cell = |key| line.get(key);
    ServiceRow {
        code: cell("code").unwrap_or_default(),
        name: cell("name").unwrap_or_default(),
        category: cell("category").unwrap_or_default(),
        affair: cell("affair"),
        unit: cell("unit"),
        papers: cell("papers"),
    }
}

fn layout() -> Layout {
    let must = |key, heading, kind| Column { required: true, ..Column::new(key, heading, kind) };
    let columns = vec![
        Column { max: MAX_CODE, ..must("code", "编码", Kind::Text) },
        must("name", "名称", Kind::Text),
        must("category", "类别", Kind::Text),
        Column::new("affair", "事权", Kind::Text),
        Column::new("unit", "承办单位", Kind::Text),
        Column { max: 2_000, note: "用分号隔开", ..Column::new("papers", "材料", Kind::Text) },
    ];
    Layout { name: "服务事项", columns, examples: vec![] }
}
