//! A county's seed: the file that says how it does things, and the sheet of its services beside it.

use super::error::StoreError;
use crate::sheet::{self, Column, Kind, Layout, Line};
use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine};
use domain::playbook::{Category, Fault, MAX_CODE, MAX_GUIDE, Playbook, Service, ServiceRow, service_faults};
use serde_json::Value;

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

    /// The playbook with its services.
    ///
    /// # Errors
    /// Everything that is wrong with it, by key and reason, and with its sheet, by row.
    pub fn playbook(&self) -> Result<Playbook, Vec<String>> {
        let said = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut value = value_of(self.source).map_err(|fault| said(vec![fault]))?;
        let (mut faults, mut from_sheet) = (Vec::new(), false);
        let missing = |reason: &str| Fault::new("services_file".to_owned(), reason).to_string();
        let named = value.get("services_file").and_then(Value::as_str).map(str::to_owned);
        match (named, self.services) {
            (Some(_), _) if value.get("services").is_some() => {
                faults.push(missing("服务事项写在规程里，或写在另一个文件里，二者取一"));
            }
            (Some(name), Some(bytes)) => {
                let categories = value.get("categories").cloned().unwrap_or_default();
                let categories: Vec<Category> = serde_json::from_value(categories).unwrap_or_default();
                let (services, wrong) = read_services(&name, bytes, &categories);
                faults.extend(wrong);
                from_sheet = true;
                put(&mut value, &services);
            }
            (Some(name), None) => faults.push(missing(&format!("读不到规程旁的 {name}"))),
            (None, _) => {}
        }
        match Playbook::read(value) {
            Ok(mut playbook) => {
                playbook.services_file = None;
                if faults.is_empty() { Ok(playbook) } else { Err(faults) }
            }
            Err(mut others) => {
                // What is wrong in the sheet is said by its rows.
                others.retain(|fault| !(from_sheet && fault.key.starts_with("services[")));
                faults.extend(said(others));
                Err(faults)
            }
        }
    }

    /// The same, and a hash of all that it came from.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file, key and reason of every fault.
    pub(super) fn read(&self) -> Result<(Playbook, String), StoreError> {
        let refused = |faults: Vec<String>| StoreError::Seed(format!("{}: {}", self.file, faults.join("；")));
        let playbook = self.playbook().map_err(refused)?;
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(self.source.as_bytes());
        // Without a sheet the hash is what it was before there were any.
        if let Some(services) = self.services {
            hashed.update(services);
        }
        Ok((playbook, BASE64_STANDARD.encode(hashed.finish())))
    }
}

/// What a file says, as values.
fn value_of(source: &str) -> Result<Value, Fault> {
    toml::from_str(source).map_err(|error| {
        let before = error.span().and_then(|span| source.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Fault::new(format!("第 {line} 行"), &format!("不是 TOML：{}", error.message()))
    })
}

/// Puts the services of a sheet where a playbook has its own.
fn put(value: &mut Value, services: &[Service]) {
    if let (Value::Object(fields), Ok(services)) = (value, serde_json::to_value(services)) {
        fields.insert("services".to_owned(), services);
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
        guide: cell("guide"),
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
        Column { max: MAX_GUIDE, ..Column::new("guide", "办事指南", Kind::Text) },
    ];
    Layout { name: "服务事项", columns, examples: vec![] }
}
