//! `huying doctor`: what keeps the server from serving well, and how to mend it. It changes nothing, works beside a running
//! server, and ends within ten seconds.
//!
//! To add a check: a call of [`Report::add`] in the file of what is looked at, under a name that stays as it is, since
//! monitors know it.

mod database;
mod machine;
mod report;
mod services;

use super::Common;
use clap::Args;
use infra::Clock;
use report::Report;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// 输出 JSON，供程序读取
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(common: &Common, Doctor { json }: Doctor) -> anyhow::Result<ExitCode> {
    let report = examine(common, &Clock::system()).await;
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        out.write_all(report.text(out.is_terminal()).as_bytes())?;
    }
    Ok(report.status().exit_code())
}

async fn examine(common: &Common, clock: &Clock) -> Report {
    let reading = common.read(Vec::new(), false);
    let mut report = machine::settings(&reading);
    let Some(settings) = &reading.settings else {
        report.skip("others", "其余", "设置有误，未检查");
        return report;
    };
    let (files, key) = machine::files(settings);
    report.append(files);
    report.append(machine::limits(settings));
    let (database, cache, wechat) = tokio::join!(
        database::look(settings, &key, clock),
        services::cache(settings),
        services::wechat(settings, clock)
    );
    for others in [database, cache, wechat] {
        report.append(others);
    }
    report
}
