//! Example data (示例数据): a county with its real streets and communities, staff of every role, and two hundred tickets in
//! every state. The tickets go the one way that every ticket goes, at times that lie in the past.
//!
//! To add a ticket: an entry in a file of `api/demo/<county>/tickets/`, with an id of its own; what its steps say, is in
//! [`script`]. To add a county: its files in [`files`](files::files), and a variant of [`Demo`].

mod client;
mod data;
pub(crate) mod day;
mod files;
mod play;
mod script;
pub(crate) mod story;
#[cfg(test)]
mod tests;

use crate::app::State;
use crate::config::Demo;
use crate::people::{self, Scope};
use anyhow::Context;
use chrono::TimeDelta;
use clap::ValueEnum;
use data::{Example, Person};
use domain::id::{PlaceId, TicketId, UnitId, UserId};
use domain::place::PlaceRef;
use domain::time::Timestamp;
use files::{Files, files};
use futures_util::future::try_join_all;
use infra::entropy;
use infra::store::{PlaceRow, UserRow};
use play::Play;
use std::collections::HashMap;
use std::fmt::Write;

/// What the example's staff sign in with. It is printed at start, where everybody is whom they say they are anyway, and good
/// for nothing once development login is off.
pub(crate) const PASSWORD: &str = "huying-demo-2026";
/// How long before the start people came to their posts: before the oldest ticket.
const PEOPLE_DAYS: i64 = 70;

/// The playbook, places and units of a county.
pub(crate) async fn load_county(demo: Demo, state: &State) -> anyhow::Result<()> {
    load_places(&files(demo), &Example::read(&files(demo))?, state).await
}

async fn load_places(files: &Files, example: &Example, state: &State) -> anyhow::Result<()> {
    let now = state.clock.now();
    state.store.import_playbook(&files.playbook, now).await?;
    let mut rows = Vec::new();
    for (code, name) in &example.places {
        let place = PlaceRef { id: PlaceId(entropy::id(now)), code: state.store.place_code(code)? };
        rows.push(PlaceRow { place, name: name.clone(), retired_at: None });
    }
    let county = rows.first().context("没有地点")?.place.code;
    state.store.add_places(&rows).await?;
    for unit in &example.units {
        state.store.add_unit(UnitId(data::id(unit.id)), &county, unit.profile(), now).await?;
    }
    Ok(())
}

/// The whole example. What is there already stays as it is: with all its tickets there, so is the rest.
pub(crate) async fn load(demo: Demo, state: &State) -> anyhow::Result<()> {
    let files = files(demo);
    let example = Example::read(&files)?;
    let ids: Vec<_> = example.tickets.iter().map(|ticket| TicketId(data::id(ticket.id))).collect();
    let there = state.store.tickets_there(&ids).await?;
    if there.len() == ids.len() {
        // A playbook may be newer than the tickets.
        state.store.import_playbook(&files.playbook, state.clock.now()).await?;
        return Ok(());
    }
    load_places(&files, &example, state).await?;
    let now = state.clock.now();
    let came = now - TimeDelta::days(PEOPLE_DAYS);
    let people = example.people.iter().map(|person| enter(&example, person, state, came));
    let people: HashMap<_, _> = try_join_all(people).await?.into_iter().collect();
    Play::new(state, &example, people, now).await?.all_but(&there).await
}

/// Makes somebody with what they were granted, if they are not there.
async fn enter<'a>(
    example: &Example,
    person: &'a Person,
    state: &State,
    now: Timestamp,
) -> anyhow::Result<(&'a str, UserRow)> {
    let store = &state.store;
    let user = people::by_name(store, &person.name, Some(UserId(data::id(person.id))), now).await?;
    if let Some(role) = &person.role {
        let scope = match (&person.place, &person.unit) {
            (_, Some(unit)) => Scope::Unit(data::id(example.unit(unit)?)),
            (Some(place), None) => Scope::Place(example.code(place)?.to_owned()),
            (None, None) => anyhow::bail!("{} 没有范围", person.name),
        };
        people::grant(store, &user, role, &scope, now).await?;
    }
    if let Some(username) = &person.username {
        people::set_first_password(store, &state.passwords, &user, username, PASSWORD, now).await?;
    }
    let user = store.user(user.actor.user).await?.context("人员刚被删除")?;
    Ok((&person.name, user))
}

/// What to do next, for whoever started it.
pub(crate) fn welcome(demo: Demo, url: &str) -> String {
    let mut text = format!(
        "\n接口文档（Swagger UI）：{url}/docs/\n\n以任一身份登录：POST {url}/api/v1/auth/wechat，code 填：\n"
    );
    let example = Example::read(&files(demo));
    let people = || example.iter().flat_map(|example| &example.people);
    for person in people() {
        if let Some(about) = &person.about {
            writeln!(text, "  dev:{:<10}\t{about}", person.name)
                .expect("a string takes what is written to it");
        }
    }
    text.push_str(
        "把答复中的 access_token 填入接口文档右上角的“授权”，即可逐个试用；或在那里填用户名和密码：\n",
    );
    for person in people() {
        if let Some(username) = &person.username {
            writeln!(text, "  {username}\t{PASSWORD}\t{}", person.name)
                .expect("a string takes what is written to it");
        }
    }
    let (people, tickets) =
        example.as_ref().map_or((0, 0), |example| (example.people.len(), example.tickets.len()));
    let county = demo.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    writeln!(
        text,
        "示例中共有 {people} 人、{tickets} 件工单；另开一个终端运行 huying demo story {county} --url {url}，可看这里一步一步怎么办。"
    )
    .expect("a string takes what is written to it");
    if demo == Demo::Mile {
        writeln!(text, "或运行 huying demo day --url {url}，可看一天里的点单、派单、办单、评单。")
            .expect("a string takes what is written to it");
    }
    text.push_str("按 Ctrl-C 停止。");
    text
}
