//! The file of settings: which one, and what stands in it.

use super::nearest::nearest;
use super::sources::{Faults, Source, said};
use super::table::{TABLE, setting};
use secrecy::SecretString;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A file as it was read.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Whether everybody on the machine may read it.
    pub(super) open_to_others: bool,
}

/// A value of a file: key, text, line.
pub(super) type Value = (&'static str, SecretString, usize);

impl File {
    /// The file that is named, which must be there; else the first of the usual ones that is.
    pub(super) fn find(
        asked: Option<PathBuf>,
        variable: Option<&OsString>,
        usual: &[PathBuf],
        faults: &mut Faults,
    ) -> Option<Self> {
        let named = asked.map(|path| (path, "参数 --config"));
        let named = named.or_else(|| variable.map(|path| (path.into(), "环境变量 HUYING_CONFIG")));
        if let Some((path, by)) = named {
            let unread = |error| {
                faults.say(format!("{by} 指定的设置文件 {} 无法读取：{}", path.display(), said(&error)));
            };
            return Self::read(&path).map_err(unread).ok();
        }
        for path in usual {
            match Self::read(path) {
                Ok(file) => return Some(file),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                // To go on without it would be to go on with other settings.
                Err(error) => {
                    faults.say(format!("设置文件 {} 无法读取：{}", path.display(), said(&error)));
                    return None;
                }
            }
        }
        None
    }

    fn read(path: &Path) -> std::io::Result<Self> {
        let mut file = fs::File::open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let open_to_others =
            std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o004 != 0;
        Ok(Self { path: path.to_owned(), text, open_to_others })
    }
}

/// All values of a file that are settings; what is none, and what cannot be read, is said. No fault shows a value: what is
/// no setting may be a misspelt secret.
pub(super) fn read_file(text: &str, path: &Path, faults: &mut Faults) -> Vec<Value> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        faults.say(format!("{} 第 {line} 行 不是正确的 TOML：{}", path.display(), error.message()));
    }
    let mut reader = FileReader { text, path, faults, values: Vec::new() };
    // What a broken file seems to say is of no use.
    if errors.is_empty() {
        reader.walk("", table.get_ref());
    }
    reader.values
}

struct FileReader<'a> {
    text: &'a str,
    path: &'a Path,
    faults: &'a mut Faults,
    values: Vec<Value>,
}

impl FileReader<'_> {
    fn walk(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let dot = if section.is_empty() { "" } else { "." };
            let key = format!("{section}{dot}{}", name.get_ref());
            let line = line_of(self.text, name.span().start);
            match (setting(&key), value.get_ref()) {
                (Some(setting), value) => match text_of(value) {
                    Some(text) => self.values.push((setting.key, text.into(), line)),
                    None => self.fault(&key, line, "应为文本、数、true 或 false，或文本的列表"),
                },
                (None, DeValue::Table(inner)) if is_section(&key) || !inner.is_empty() => {
                    self.walk(&key, inner);
                }
                (None, _) => {
                    let meant = meant(&key).map(|key| format!("，是不是 {key}？")).unwrap_or_default();
                    self.fault(&key, line, &format!("没有这项设置{meant}"));
                }
            }
        }
    }

    fn fault(&mut self, key: &str, line: usize, why: &str) {
        self.faults.at(&Source::File { path: self.path.to_owned(), line }, key, None, why);
    }
}

fn is_section(key: &str) -> bool {
    TABLE.iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// Which key may have been meant: the one most like it, or one of such a name in another section.
fn meant(key: &str) -> Option<&'static str> {
    let keys = || TABLE.iter().map(|setting| setting.key);
    let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
    let of_such_a_name = || nearest(name, keys(), |key| key.rsplit_once('.').map_or(key, |(_, name)| name));
    nearest(key, keys(), |key| key).or_else(of_such_a_name)
}

/// A value as it would be written in the environment.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Array(parts) => {
            let parts = parts.iter().map(|part| part.get_ref().as_str().map(str::to_owned));
            Some(parts.collect::<Option<Vec<_>>>()?.join(","))
        }
        DeValue::Integer(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
