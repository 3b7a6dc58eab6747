//! Where settings come from, and all that is wrong with them.

use super::file::{File, read_file};
use super::nearest::nearest;
use super::table::{Kind, RATES, Setting, Settings, TABLE, check, setting};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Every setting with its default.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

/// The variable that names the file.
const CONFIG: &str = "HUYING_CONFIG";
/// Where the file is looked for when nobody names one.
const USUAL: [&str; 2] = ["huying.toml", "/etc/huying/huying.toml"];
/// What begins like a setting.
const OURS: &str = "HUYING_";
/// Variables that are none and are read elsewhere: by one command, or by tests.
const OTHERS: [&str; 3] = [CONFIG, "HUYING_NEW_PASSWORD", "HUYING_WRITE_DOCS"];
const OF_TESTS: &str = "HUYING_TEST_";

/// What the process was started with.
pub(crate) type Environment = BTreeMap<String, OsString>;

/// What the command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The file, where it is named.
    pub(crate) config: Option<PathBuf>,
    /// Settings as arguments: key, argument, text.
    pub(crate) arguments: Vec<(&'static str, &'static str, String)>,
    /// Whether example data is served.
    pub(crate) demo: bool,
}

/// Where a value comes from; the later ones go before the earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    /// The default with example data.
    Demo,
    File {
        path: PathBuf,
        line: usize,
    },
    Variable(&'static str),
    /// A file that a variable names.
    VariableFile(String, PathBuf),
    Argument(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("默认值"),
            Self::Demo => f.write_str("带 --demo 时的默认值"),
            Self::File { path, line } => write!(f, "{} 第 {line} 行", path.display()),
            Self::Variable(name) => write!(f, "环境变量 {name}"),
            Self::VariableFile(name, path) => write!(f, "环境变量 {name} 指定的文件 {}", path.display()),
            Self::Argument(name) => write!(f, "参数 {name}"),
        }
    }
}

/// A value as it is written, and where.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) text: SecretString,
    pub(crate) source: Source,
}

/// All that is wrong, in words for the administrator.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    pub(super) fn say(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// What is wrong with the value of a key. `shown` is none of a secret.
    pub(super) fn at(&mut self, source: &Source, key: &str, shown: Option<&str>, why: &str) {
        let shown = shown.map(|text| format!("={}", text.escape_debug().take(200).collect::<String>()));
        let named = match source {
            Source::Variable(_) | Source::VariableFile(..) | Source::Argument(_) => String::new(),
            Source::Default | Source::Demo | Source::File { .. } => format!(" {key}"),
        };
        self.0.push(format!("{source}{named}{} {why}", shown.unwrap_or_default()));
    }

    pub(crate) fn list(&self) -> &[String] {
        &self.0
    }
}

/// All settings, as far as they could be read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// As they are written, by key.
    pub(crate) given: BTreeMap<&'static str, Given>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// What they come to, unless something is wrong.
    pub(crate) settings: Option<Settings>,
    pub(crate) faults: Faults,
    /// What is not as it should be, and keeps nobody from starting.
    pub(crate) warnings: Vec<String>,
    /// Variables that look like settings and are none, each with what may have been meant.
    pub(crate) unknown: Vec<(String, Option<&'static str>)>,
}

impl Reading {
    /// The settings, or all that is wrong with them.
    ///
    /// # Errors
    /// Everything at once, in words for the administrator.
    pub(crate) fn settings(self) -> anyhow::Result<Settings> {
        let Self { settings, faults, .. } = self;
        let lines = || faults.list().iter().map(|fault| format!("\n  - {fault}")).collect::<String>();
        settings.ok_or_else(|| anyhow::anyhow!("设置有误：{}", lines()))
    }

    /// Variables that look like settings and are none, in words.
    pub(crate) fn unknown_remarks(&self) -> impl Iterator<Item = String> {
        self.unknown.iter().map(|(name, meant)| match meant {
            Some(meant) => format!("没有环境变量 {name} 这项设置，是不是 {meant}？"),
            None => format!("没有环境变量 {name} 这项设置"),
        })
    }

    /// All that is not as it should be, and keeps nobody from starting.
    pub(crate) fn remarks(&self) -> Vec<String> {
        self.warnings.iter().cloned().chain(self.unknown_remarks()).collect()
    }
}

/// Reads all settings: the defaults, over them the file, over it the environment, over all the arguments.
pub(crate) fn read(asked: Asked, environment: &Environment) -> Reading {
    read_from(asked, environment, &USUAL.map(PathBuf::from))
}

pub(super) fn read_from(asked: Asked, environment: &Environment, usual: &[PathBuf]) -> Reading {
    let (mut faults, mut warnings) = (Faults::default(), Vec::new());
    let mut given = BTreeMap::new();
    for (key, text, _) in read_file(DEFAULTS, Path::new("defaults.toml"), &mut faults) {
        given.insert(key, Given { text, source: Source::Default });
    }
    if asked.demo {
        given.extend(RATES.map(|key| (key, Given { text: "off".into(), source: Source::Demo })));
    }
    let file = File::find(asked.config, environment.get(CONFIG), usual, &mut faults);
    if let Some(file) = &file {
        let values = read_file(&file.text, &file.path, &mut faults);
        let holds_secret = values.iter().any(|(key, text, _)| {
            setting(key).is_some_and(Setting::is_secret) && !text.expose_secret().is_empty()
        });
        if holds_secret && file.open_to_others {
            warnings.push(format!(
                "{0} 存有密码或密钥，而其他用户可以读取：请让它只属于服务的用户或组，并执行 chmod 640 {0}",
                file.path.display()
            ));
        }
        for (key, text, line) in values {
            let source = Source::File { path: file.path.clone(), line };
            given.insert(key, Given { text, source });
        }
    }
    for setting in TABLE {
        match variable(setting.variable, setting.kind, setting.file_variable(), environment) {
            Ok(Some(value)) => drop(given.insert(setting.key, value)),
            Ok(None) => {}
            Err(fault) => {
                given.remove(setting.key);
                faults.say(fault);
            }
        }
    }
    for (key, argument, text) in asked.arguments {
        given.insert(key, Given { text: text.into(), source: Source::Argument(argument) });
    }
    let settings = Settings::read(&given, &mut faults);
    check(&given, &mut faults);
    let settings = settings.filter(|_| faults.0.is_empty());
    let file = file.map(|file| file.path);
    Reading { given, file, settings, faults, warnings, unknown: unknown(environment) }
}

/// A setting in the environment: in the variable, or in the file that another one names.
fn variable(
    name: &'static str,
    kind: Kind,
    in_file: Option<String>,
    environment: &Environment,
) -> Result<Option<Given>, String> {
    let named = in_file.and_then(|name| environment.get(&name).map(|path| (name, PathBuf::from(path))));
    match (environment.get(name), named) {
        (None, None) => Ok(None),
        (Some(_), Some((in_file, _))) => Err(format!("环境变量 {name} 和 {in_file} 只能设置一个")),
        (Some(text), None) => {
            let text = text.to_str().ok_or_else(|| format!("环境变量 {name} 不是 UTF-8 文本"))?;
            if kind == Kind::Vital && text.trim().is_empty() {
                return Err(format!("环境变量 {name} 为空：请填写，不用时请删去"));
            }
            Ok(Some(Given { text: text.into(), source: Source::Variable(name) }))
        }
        (None, Some((in_file, path))) => {
            let text = fs::read_to_string(&path).map_err(|error| {
                format!("环境变量 {in_file} 指定的文件 {} 无法读取：{}", path.display(), said(&error))
            })?;
            let text = text.trim();
            if text.is_empty() {
                return Err(format!("环境变量 {in_file} 指定的文件 {} 为空", path.display()));
            }
            Ok(Some(Given { text: text.into(), source: Source::VariableFile(in_file, path) }))
        }
    }
}

/// Why a file could not be read.
pub(super) fn said(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "没有这个文件".to_owned(),
        std::io::ErrorKind::PermissionDenied => "没有读取的权限".to_owned(),
        std::io::ErrorKind::InvalidData => "不是 UTF-8 文本".to_owned(),
        _ => error.to_string(),
    }
}

/// Variables that look like settings and are none.
fn unknown(environment: &Environment) -> Vec<(String, Option<&'static str>)> {
    let is_known = |name: &str| {
        let of_table = TABLE.iter().any(|setting| {
            setting.variable == name || setting.file_variable().is_some_and(|file| file == name)
        });
        of_table || OTHERS.contains(&name) || name.starts_with(OF_TESTS)
    };
    let ours = environment.keys().filter(|name| name.starts_with(OURS) && !is_known(name));
    let names = || TABLE.iter().map(|setting| setting.variable);
    ours.map(|name| {
        (name.clone(), nearest(name.trim_start_matches(OURS), names(), |n| n.trim_start_matches(OURS)))
    })
    .collect()
}
