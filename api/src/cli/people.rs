//! `huying token` and `huying user`: people for the first set-up, for scripts and tests.

use super::{Common, open};
use crate::auth::Tokens;
use crate::people::{self, NewToken, NewUser, Scope};
use anyhow::Context;
use clap::{Args, Subcommand};
use infra::Passwords;
use secrecy::SecretString;
use std::io::Write;
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct Token {
    /// 角色，如 grid_worker
    #[arg(long)]
    role: String,
    /// 授权地点的编码
    #[arg(long, required_unless_present = "unit", conflicts_with = "unit")]
    place: Option<String>,
    /// 授权单位的编号
    #[arg(long)]
    unit: Option<Uuid>,
    /// 姓名；不填则按角色和范围命名
    #[arg(long)]
    person: Option<String>,
    /// 有效期，如 15m、1h
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// 建立用密码登录的人员，如第一位管理员；密码取自环境变量 HUYING_NEW_PASSWORD，没有则从标准输入读一行
    Add {
        /// 姓名
        #[arg(long)]
        name: String,
        /// 用户名
        #[arg(long)]
        username: String,
        /// 手机号
        #[arg(long)]
        phone: Option<String>,
        /// 角色，如 county_admin
        #[arg(long)]
        role: Option<String>,
        /// 授权地点的编码
        #[arg(long, requires = "role", conflicts_with = "unit")]
        place: Option<String>,
        /// 授权单位的编号
        #[arg(long, requires = "role")]
        unit: Option<Uuid>,
    },
}

pub(super) async fn user(
    common: &Common,
    User::Add { name, username, phone, role, place, unit }: User,
) -> anyhow::Result<()> {
    let scope = unit.map(Scope::Unit).or(place.map(Scope::Place));
    let grant = match (role, scope) {
        (Some(role), Some(scope)) => Some((role, scope)),
        (None, None) => None,
        _ => anyhow::bail!("--role 须与 --place 或 --unit 同时使用"),
    };
    let user = NewUser { name, username, phone, grant, password: new_password()? };
    let (store, clock) = open(common).await?;
    let added = people::add_user(&store, &Passwords::default(), &user, clock.now()).await;
    store.close().await?;
    added
}

/// Never an argument: those are for all to see.
fn new_password() -> anyhow::Result<SecretString> {
    if let Ok(password) = std::env::var("HUYING_NEW_PASSWORD") {
        return Ok(password.into());
    }
    writeln!(std::io::stderr(), "请输入密码：")?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("读不到密码")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

pub(super) async fn token(common: &Common, token: Token) -> anyhow::Result<()> {
    let (store, clock) = open(common).await?;
    let scope = match (token.place, token.unit) {
        (_, Some(unit)) => Scope::Unit(unit),
        (place, None) => Scope::Place(place.unwrap_or_default()),
    };
    let new = NewToken { role: token.role, scope, person: token.person, lifetime: token.ttl };
    let printed = people::token(&store, &Tokens::new(store.keys())?, &new, clock.now()).await;
    store.close().await?;
    Ok(writeln!(std::io::stdout(), "{}", printed?)?)
}
