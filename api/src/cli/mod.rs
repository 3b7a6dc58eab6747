//! The command line. What people read is Chinese.
//!
//! To add a command: a file with its arguments and `run`, and its line in [`Command`] and [`run`].

mod backup;
mod keys;
mod log;
mod people;
mod reactors;
mod serve;

use crate::{config, routes};
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use infra::store::{Database, Direction};
use infra::{Clock, MasterKey, Store};
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::path::PathBuf;

/// 呼应 huying：县级群众诉求平台
#[derive(Debug, Parser)]
#[command(name = "huying", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Data {
    /// 数据目录：SQLite 文件、自动生成的主密钥
    #[arg(long, env = "HUYING_DATA_DIR", default_value = "./data", global = true)]
    data_dir: PathBuf,
    /// sqlite://… 或 postgres://…；默认为数据目录中的 SQLite 文件
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// 主密钥：32 字节的 base64；使用 PostgreSQL 时必须提供
    #[arg(long, env = "HUYING_MASTER_KEY", hide_env_values = true, global = true)]
    master_key: Option<SecretString>,
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

/// Carries out what was asked for.
///
/// # Errors
/// What went wrong, in words for the administrator.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { data, command } = cli;
    match command {
        Command::Openapi => Ok(writeln!(std::io::stdout(), "{}", routes::document().to_pretty_json()?)?),
        Command::Migrate { direction } => {
            let direction = match direction {
                Migrate::Up => Direction::Up,
                Migrate::Down { steps } => Direction::Down(steps),
            };
            Ok(Store::migrate(&data.open()?.0, direction).await?)
        }
        Command::Token(token) => people::token(&data, token).await,
        Command::User { what } => people::user(&data, what).await,
        Command::Keys { what } => keys::run(&data, what).await,
        Command::Reactors { what } => reactors::run(&data, what).await,
        Command::Rebuild { reactor } => reactors::rebuild(&data, &reactor).await,
        Command::Backup(backup) => backup::backup(&data, backup).await,
        Command::Restore(restore) => backup::restore(&data, restore).await,
        Command::Serve(serve) => serve::run(&data, *serve).await,
    }
}

impl Data {
    fn open(&self) -> anyhow::Result<(Database, MasterKey)> {
        let master_key = self.master_key.as_ref().map(ExposeSecret::expose_secret);
        config::data(&self.data_dir, self.database_url.as_deref(), master_key)
    }
}

async fn open(data: &Data) -> anyhow::Result<(Store, Clock)> {
    let (database, master_key) = data.open()?;
    let clock = Clock::system();
    let store = Store::open(&database, &master_key, &clock).await.context("无法打开数据库")?;
    Ok((store, clock))
}
