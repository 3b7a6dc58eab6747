//! The command line. What people read is Chinese.
//!
//! To add a command: a file with its arguments and `run`, and its line in [`Command`] and [`run`].

mod backup;
mod config;
mod demo;
mod doctor;
mod keys;
mod log;
mod people;
mod playbook;
mod reactors;
mod serve;
mod sheets;

use crate::config::{Asked, Reading, Settings, read};
use crate::routes;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use infra::store::Direction;
use infra::{Clock, Store};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// 呼应 huying：县级群众诉求平台
#[derive(Debug, Parser)]
#[command(name = "huying", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Where settings are, and those that may be told on the command line: nobody's secrets. All else is in the file or in the
/// environment.
#[derive(Debug, Args)]
struct Common {
    /// 设置文件；不填则读 HUYING_CONFIG 指定的文件、./huying.toml、/etc/huying/huying.toml 中的第一个
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// 数据目录：SQLite 文件、自动生成的主密钥（HUYING_DATA_DIR，默认 ./data）
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// sqlite://… 或 postgres://…；默认为数据目录中的 SQLite 文件。带密码的请用 DATABASE_URL，参数人人可见
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务
    Serve(Box<serve::Serve>),
    /// 打印一个人员的访问令牌，人员不存在时建立（用于初始设置、测试和脚本）
    Token(people::Token),
    /// 管理用密码登录的人员
    User {
        /// 做什么
        #[command(subcommand)]
        what: people::User,
    },
    /// 列出、轮换密钥
    Keys {
        /// 做什么
        #[command(subcommand)]
        what: keys::Keys,
    },
    /// 迁移数据库结构（serve 启动时自动升级）
    Migrate {
        /// 升到最新，或退回
        #[command(subcommand)]
        direction: Migrate,
    },
    /// 列出各后台任务跟到事件日志的哪里；或再做一次搁置的事件
    Reactors {
        /// 做什么；不填则只列出
        #[command(subcommand)]
        what: Option<reactors::Reactors>,
    },
    /// 从事件日志重新统计，服务不必停止
    Rebuild {
        /// 重做哪个
        #[arg(value_parser = reactors::reactor())]
        reactor: String,
    },
    /// 导入表格：地点、单位、人员、关系；全部写入，或全不写入并标注问题。退出码：0 已导入，1 表格有问题
    Import(sheets::Import),
    /// 导出表格，格式同模板，改后可再导入
    Export(sheets::Export),
    /// 生成导入用的模板
    Template(sheets::Template),
    /// 管理各县的规程
    Playbook {
        /// 做什么
        #[command(subcommand)]
        what: playbook::PlaybookCommand,
    },
    /// 用示例数据演示
    Demo {
        /// 演示什么
        #[command(subcommand)]
        what: demo::Demo,
    },
    /// 列出全部设置及其来源；密码、密钥只说是否已设置
    Config {
        /// 改为打印带说明的默认值，可存为 huying.toml 再改
        #[arg(long)]
        sample: bool,
    },
    /// 检查设置、文件、数据库、Redis、微信和后台任务，说明如何修复；不作任何改动。退出码：0 正常，1 需要注意，2 故障
    Doctor(doctor::Doctor),
    /// 把全部数据备份成一个文件，服务不必停止（主密钥不在其中，须另外保管）
    Backup(backup::Backup),
    /// 从备份恢复到空的数据库
    Restore(backup::Restore),
    /// 打印 OpenAPI 文档
    Openapi,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// 升到最新
    Up,
    /// 退回若干步
    Down {
        /// 步数
        steps: u32,
    },
}

/// Carries out what was asked for, and says with what the process ends.
///
/// # Errors
/// What went wrong, in words for the administrator.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { common, command } = cli;
    match command {
        Command::Openapi => writeln!(std::io::stdout(), "{}", routes::document().to_pretty_json()?)?,
        Command::Config { sample } => config::run(&common, sample)?,
        Command::Doctor(doctor) => return doctor::run(&common, doctor).await,
        Command::Migrate { direction } => {
            let direction = match direction {
                Migrate::Up => Direction::Up,
                Migrate::Down { steps } => Direction::Down(steps),
            };
            Store::migrate(&common.settings()?.data()?.0, direction).await?;
        }
        Command::Token(token) => people::token(&common, token).await?,
        Command::User { what } => people::user(&common, what).await?,
        Command::Keys { what } => keys::run(&common, what).await?,
        Command::Reactors { what } => reactors::run(&common, what).await?,
        Command::Rebuild { reactor } => reactors::rebuild(&common, &reactor).await?,
        Command::Backup(backup) => backup::backup(&common, backup).await?,
        Command::Restore(restore) => backup::restore(&common, restore).await?,
        Command::Import(import) => return sheets::import(&common, import).await,
        Command::Export(export) => sheets::export(&common, export).await?,
        Command::Template(template) => sheets::template(&common, template).await?,
        Command::Playbook { what } => playbook::run(&common, what).await?,
        Command::Demo { what } => demo::run(what).await?,
        Command::Serve(serve) => serve::run(&common, *serve).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Common {
    /// All settings, with those that one command adds.
    fn read(&self, others: Vec<(&'static str, &'static str, String)>, demo: bool) -> Reading {
        let own = [
            ("server.data_dir", "--data-dir", &self.data_dir),
            ("database.url", "--database-url", &self.database_url),
        ];
        let own = own.into_iter().filter_map(|(key, name, text)| Some((key, name, text.clone()?)));
        let asked = Asked { config: self.config.clone(), arguments: own.chain(others).collect(), demo };
        let variables = std::env::vars_os();
        read(asked, &variables.filter_map(|(name, text)| Some((name.into_string().ok()?, text))).collect())
    }

    /// The settings of a command that adds none.
    fn settings(&self) -> anyhow::Result<Settings> {
        self.read(Vec::new(), false).settings()
    }
}

async fn open(common: &Common) -> anyhow::Result<(Store, Clock)> {
    let (database, master_key) = common.settings()?.data()?;
    let clock = Clock::system();
    let store = Store::open(&database, &master_key, &clock).await.context("无法打开数据库")?;
    Ok((store, clock))
}
