//! People that the command line and the example data make: known by their name, signing in as `dev:<name>`.

use crate::auth::Tokens;
use anyhow::{Context, bail};
use chrono::TimeDelta;
use domain::actor::{Grant, Scope as GrantScope};
use domain::id::{UnitId, UserId};
use domain::password::{check, check_username, normal};
use domain::permission::Role;
use domain::phone::Phone;
use domain::text::{FreeText, MAX_NAME};
use domain::time::Timestamp;
use infra::Passwords;
use infra::Store;
use infra::store::{Bound, PasswordSet, StoreError, UserRow};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use uuid::Uuid;

/// The provider of people who are known by name only.
const LOCAL: &str = "local";
/// The provider of people who sign in with a password.
const PASSWORD: &str = "password";
/// The provider of people who sign in with WeChat.
pub(crate) const WECHAT: &str = "wechat";

/// A token to be printed.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// `grid_worker`…
    pub role: String,
    /// For what the role is granted.
    pub scope: Scope,
    /// Who; somebody named after role and scope without.
    pub person: Option<String>,
    /// How long it is good for.
    pub lifetime: Duration,
}

/// Somebody who is to sign in with a password.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// The name that they sign in with.
    pub username: String,
    /// Their password.
    pub password: SecretString,
    /// Their phone number.
    pub phone: Option<String>,
    /// A role, and for what.
    pub grant: Option<(String, Scope)>,
}

/// For what a role is granted.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Code of a place.
    Place(String),
    /// Id of a unit.
    Unit(Uuid),
}

/// The person of this name, made if not there.
pub(crate) async fn by_name(
    store: &Store,
    name: &str,
    id: Option<UserId>,
    now: Timestamp,
) -> Result<UserRow, StoreError> {
    store.sign_in(LOCAL, name, name, id, now).await
}

/// Grants a role for a scope that exists.
pub(crate) async fn grant(
    store: &Store,
    person: &UserRow,
    role: &str,
    scope: &Scope,
    now: Timestamp,
) -> anyhow::Result<()> {
    let role: Role = role.parse().ok().with_context(|| format!("没有角色 {role}"))?;
    let scope = match scope {
        Scope::Place(code) => {
            let code = store.place_code(code).with_context(|| format!("地点编码 {code} 有误"))?;
            let place = store.place_by_code(&code, person.actor.user, person.grants_version).await?;
            GrantScope::Places(vec![place.with_context(|| format!("没有地点 {code}"))?.place.code])
        }
        Scope::Unit(id) => {
            let county = store.unit_county(UnitId(*id)).await?;
            county.with_context(|| format!("没有单位 {id}"))?;
            GrantScope::Unit(UnitId(*id))
        }
    };
    Ok(store.grant(person, &Grant { role, scope }, now).await?)
}

/// An access token for a person of a role, made if not there.
pub(crate) async fn token(
    store: &Store,
    tokens: &Tokens,
    new: &NewToken,
    now: Timestamp,
) -> anyhow::Result<String> {
    let name = new.person.clone().unwrap_or_else(|| match &new.scope {
        Scope::Place(code) => format!("{}@{code}", new.role),
        // The end of an id tells units apart, its beginning only when they were made.
        Scope::Unit(id) => format!("{}@{}", new.role, &id.simple().to_string()[24..]),
    });
    if let Err(refusal) = FreeText::check(&name, MAX_NAME) {
        bail!("姓名应为 1 至 {MAX_NAME} 个字：{refusal}");
    }
    let person = by_name(store, &name, None, now).await?;
    grant(store, &person, &new.role, &new.scope, now).await?;
    let person = store.user(person.actor.user).await?.context("人员刚被删除")?;
    let lifetime = TimeDelta::from_std(new.lifetime).context("有效期过长")?;
    tokens.issue(&person, now, lifetime).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Makes somebody who signs in with a password. One that was half made before is completed.
pub(crate) async fn add_user(
    store: &Store,
    passwords: &Passwords,
    new: &NewUser,
    now: Timestamp,
) -> anyhow::Result<()> {
    let NewUser { name, username, password, phone, grant: granted } = new;
    if let Err(refusal) = FreeText::check(name, MAX_NAME) {
        bail!("姓名应为 1 至 {MAX_NAME} 个字：{refusal}");
    }
    if check_username(username).is_err() {
        bail!("用户名应为 3 至 64 个字母、数字、汉字或 . _ - @");
    }
    if let Err(refusal) = check(password.expose_secret(), username) {
        bail!("密码应为 10 至 128 个字符，不得与用户名相同，也不得过于常见：{refusal}");
    }
    let phone = phone.as_deref().map(Phone::parse).transpose();
    let phone =
        phone.map_err(|_| anyhow::anyhow!("电话应为手机号、带区号的固定电话，或以 + 开头的国际号码"))?;
    if store.account(username).await?.is_some() {
        bail!("用户名 {username} 已被使用");
    }
    let user = store.sign_in(PASSWORD, &normal(username), name, None, now).await?;
    if let Some((role, scope)) = granted {
        grant(store, &user, role, scope, now).await?;
    }
    if let Some(phone) = phone
        && matches!(store.bind_phone(user.actor.user, &phone, now).await?, Bound::Taken)
    {
        bail!("电话 {} 已被使用", phone.masked());
    }
    let hash = passwords.hash(password.clone()).await?;
    let set = PasswordSet { user: user.actor.user, by: None, username: None, hash: &hash, key: None };
    store.set_password(&set, now).await?;
    Ok(())
}

/// Lets somebody sign in with a password, unless they can already.
pub(crate) async fn set_first_password(
    store: &Store,
    passwords: &Passwords,
    user: &UserRow,
    username: &str,
    password: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    if store.account(username).await?.is_some() {
        return Ok(());
    }
    let hash = passwords.hash(password.into()).await?;
    let set =
        PasswordSet { user: user.actor.user, by: None, username: Some(username), hash: &hash, key: None };
    store.set_password(&set, now).await?.context("用户名已被使用")?;
    Ok(())
}
