//! Who plays a day: the people of the example, signed in by name.

use super::super::client::Client;
use super::super::data::{Example, id};
use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeSet, HashMap};

/// How many sign in at a time.
const AT_ONCE: usize = 8;
/// A ticket that every example county of this name has.
const KNOWN_TICKET: u32 = 101;

/// A community with those who work there.
pub(super) struct Scene<'a> {
    pub(super) code: &'a str,
    pub(super) place: &'a str,
    pub(super) clerk: &'a str,
    pub(super) worker: &'a str,
    /// Who claims what is everybody's business.
    pub(super) claimer: &'a str,
    /// Who raises tickets there.
    pub(super) residents: Vec<&'a str>,
}

/// Somebody who is signed in.
struct Session {
    id: String,
    token: String,
}

/// Everybody.
pub(super) struct Cast<'a> {
    pub(super) county: &'a str,
    pub(super) scenes: Vec<Scene<'a>>,
    pub(super) supervisor: &'a str,
    example: &'a Example,
    sessions: HashMap<&'a str, Session>,
}

impl<'a> Cast<'a> {
    /// Signs everybody in whom a day needs.
    ///
    /// # Errors
    /// A server without development login or without the example.
    pub(super) async fn sign_in(example: &'a Example, client: &Client) -> anyhow::Result<Self> {
        let mut scenes = Vec::new();
        for person in &example.people {
            if let (Some("grid_worker"), Some(place)) = (person.role.as_deref(), person.place.as_deref()) {
                let member = example.people.iter().find(|other| {
                    other.role.as_deref() == Some("party_member") && other.place.as_deref() == Some(place)
                });
                // In villages they are 村民, and 居民 in town.
                let village = place.ends_with("村委会");
                let residents = example.people.iter().filter(|person| person.role.is_none());
                let residents = residents.filter(|person| person.name.starts_with("村民") == village);
                scenes.push(Scene {
                    residents: residents.map(|person| person.name.as_str()).collect(),
                    code: example.code(place)?,
                    place,
                    clerk: example.dispatcher_at(place)?,
                    worker: &person.name,
                    claimer: member.map_or(&person.name, |member| &member.name),
                });
            }
        }
        let supervisor = example.first("supervisor")?;
        let (county, _) = example.places.first().context("没有地点")?;
        let mut cast = Self { county, scenes, supervisor, example, sessions: HashMap::new() };
        // The first who comes in tells whether this is the example.
        cast.sessions.insert(supervisor, session(client, supervisor).await?);
        let known = format!("/tickets/{}", id(KNOWN_TICKET));
        let known = client.get(&known, cast.token(supervisor)).await;
        ensure!(
            known.is_ok(),
            "{} 没有示例数据（弥勒），请以 make run 或 huying serve --demo 启动",
            client.base()
        );
        let names: BTreeSet<_> = cast.names()?.into_iter().filter(|name| *name != supervisor).collect();
        let sessions =
            names.into_iter().map(|name| async move { anyhow::Ok((name, session(client, name).await?)) });
        let sessions: Vec<_> = stream::iter(sessions).buffer_unordered(AT_ONCE).try_collect().await?;
        cast.sessions.extend(sessions);
        Ok(cast)
    }

    fn names(&self) -> anyhow::Result<Vec<&'a str>> {
        let mut names = Vec::new();
        for scene in &self.scenes {
            names.extend([scene.clerk, scene.worker, scene.claimer]);
            names.extend(&scene.residents);
        }
        for unit in &self.example.units {
            names.push(self.example.handler_of(&unit.name)?);
        }
        Ok(names)
    }

    pub(super) fn token(&self, name: &str) -> &str {
        self.sessions.get(name).map_or("", |session| &session.token)
    }

    pub(super) fn id(&self, name: &str) -> &str {
        self.sessions.get(name).map_or("", |session| &session.id)
    }

    /// Who handles what goes to a unit, and the unit's id.
    pub(super) fn unit(&self, name: &str) -> anyhow::Result<(&'a str, String)> {
        Ok((self.example.handler_of(name)?, id(self.example.unit(name)?).to_string()))
    }

    /// Who reads messages all day.
    pub(super) fn readers(&self) -> BTreeSet<&'a str> {
        self.scenes.iter().flat_map(|scene| [scene.clerk, scene.worker]).chain([self.supervisor]).collect()
    }
}

async fn session(client: &Client, name: &str) -> anyhow::Result<Session> {
    let answer = client.sign_in(name).await?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned).context("登录的答复不完整");
    Ok(Session { id: text(&answer["user"]["id"])?, token: text(&answer["access_token"])? })
}
