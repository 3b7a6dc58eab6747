//! People that the command line and the example data make: known by their name, signing in as `dev:<name>`.

use crate::auth::Tokens;
use anyhow::{Context, bail};
use chrono::TimeDelta;
use domain::actor::{Grant, Scope as GrantScope};
use domain::id::{UnitId, UserId};
use domain::permission::Role;
use domain::text::{FreeText, MAX_NAME};
use domain::time::Timestamp;
use infra::Store;
use infra::store::{StoreError, UserRow};
use std::time::Duration;
use uuid::Uuid;

/// The provider of people who are known by name only.
const LOCAL: &str = "local";

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
