//! `huying config`: all settings as they hold, and where each comes from.

use super::Common;
use crate::config::{DEFAULTS, Reading, TABLE};
use secrecy::ExposeSecret;
use std::io::Write;

pub(super) fn run(common: &Common, sample: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    if sample {
        return Ok(out.write_all(DEFAULTS.as_bytes())?);
    }
    let reading = common.read(Vec::new(), false);
    out.write_all(shown(&reading).as_bytes())?;
    for remark in reading.remarks() {
        writeln!(std::io::stderr(), "注意：{remark}")?;
    }
    reading.settings().map(drop)
}

/// A section after the other, like the file.
fn shown(reading: &Reading) -> String {
    let mut text = match &reading.file {
        Some(path) => format!("# 设置文件 {}\n", path.display()),
        None => "# 没有设置文件\n".to_owned(),
    };
    let mut section = "";
    for setting in TABLE {
        let Some((of, name)) = setting.key.split_once('.') else { continue };
        if of != section {
            section = of;
            text += &format!("\n[{section}]\n");
        }
        // What could not be taken is said with the faults.
        let Some(given) = reading.given.get(setting.key) else { continue };
        let value = match given.text.expose_secret() {
            "" => "（未设置）".to_owned(),
            _ if setting.is_secret() => "（已设置）".to_owned(),
            plain if plain.parse::<i64>().is_ok() || plain.parse::<bool>().is_ok() => plain.to_owned(),
            plain => format!("{plain:?}"),
        };
        text += &format!("{:48}# {}\n", format!("{name} = {value}"), given.source);
    }
    text
}
