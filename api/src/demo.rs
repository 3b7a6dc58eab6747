//! Example data (示例数据): a county with its real streets and communities, a handful of staff, a dozen tickets. The
//! tickets go the one way that every ticket goes, at times that lie in the past.

use crate::app::State;
use crate::config::Demo;
use crate::people::{self, Scope};
use anyhow::Context;
use chrono::TimeDelta;
use domain::geo::{Datum, Position};
use domain::id::{PlaceId, TicketId, UnitId, UserId};
use domain::place::{PlaceCode, PlaceRef};
use domain::text::{FreeText, Text};
use domain::ticket::{Affair, Assignee, Channel, Command, Outcome, Satisfaction, Severity, Submission};
use domain::time::Timestamp;
use domain::view::Contact;
use infra::entropy;
use infra::store::{Answer, PlaceRow, Request, UserRow};
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt::Write;
use uuid::Uuid;

/// The files of an example county.
struct Files {
    playbook: (&'static str, &'static str),
    places: &'static str,
    people: &'static str,
}

fn files(demo: Demo) -> Files {
    match demo {
        Demo::Mile => Files {
            playbook: ("playbooks/mile.toml", include_str!("../../playbooks/mile.toml")),
            places: include_str!("../demo/mile-places.csv"),
            people: include_str!("../demo/mile.toml"),
        },
    }
}

/// What the example's staff sign in with. It is printed at start, where everybody is whom they say they are anyway, and good
/// for nothing once development login is off.
pub(crate) const PASSWORD: &str = "huying-demo-2026";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    units: Vec<Unit>,
    people: Vec<Person>,
    tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    id: Uuid,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: Uuid,
    name: String,
    about: String,
    /// Signs in with the password of the example, too.
    username: Option<String>,
    role: Option<String>,
    place: Option<String>,
    unit: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    id: Uuid,
    by: String,
    /// Minutes before now.
    ago: i64,
    place: String,
    address: Option<String>,
    category: String,
    severity: Option<Severity>,
    affair: Option<Affair>,
    channel: Option<Channel>,
    content: String,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Minutes after the submission.
    at: i64,
    by: String,
    dispatch: Option<Lead>,
    severity: Option<Severity>,
    affair: Option<Affair>,
    note: Option<String>,
    /// A command that says nothing besides, or a reason.
    act: Option<Act>,
    reason: Option<String>,
    arrive: Option<[f64; 2]>,
    resolve: Option<Outcome>,
    reply: Option<String>,
    rate: Option<Satisfaction>,
    stars: Option<u8>,
    comment: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Act {
    Accept,
    Claim,
    Urge,
    Return,
    Escalate,
    Pause,
    Supervise,
    Withdraw,
    Decline,
    Plan,
    Note,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lead {
    Person(String),
    Unit(String),
}

/// The playbook, places and units of a county.
pub(crate) async fn load_county(demo: Demo, state: &State) -> anyhow::Result<()> {
    let now = state.clock.now();
    let Files { playbook: (file, source), places, people } = files(demo);
    state.store.import_playbook(file, source, now).await?;
    let mut rows = Vec::new();
    for row in csv::Reader::from_reader(places.as_bytes()).deserialize() {
        let (code, name): (String, String) = row?;
        let place = PlaceRef { id: PlaceId(entropy::id(now)), code: state.store.place_code(&code)? };
        rows.push(PlaceRow { place, name });
    }
    let county = rows.first().context("没有地点")?.place.code;
    state.store.add_places(&rows).await?;
    let example: Example = toml::from_str(people)?;
    for unit in &example.units {
        state.store.add_unit(UnitId(unit.id), &county, &unit.name, now).await?;
    }
    Ok(())
}

/// The whole example. What is there already stays as it is.
pub(crate) async fn load(demo: Demo, state: &State) -> anyhow::Result<()> {
    load_county(demo, state).await?;
    let now = state.clock.now();
    let example: Example = toml::from_str(files(demo).people)?;
    let mut people = HashMap::new();
    for person in &example.people {
        let mut user = people::by_name(&state.store, &person.name, Some(UserId(person.id)), now).await?;
        if let Some(role) = &person.role {
            let scope = match (&person.place, person.unit) {
                (_, Some(unit)) => Scope::Unit(unit),
                (Some(place), None) => Scope::Place(place.clone()),
                (None, None) => anyhow::bail!("{} 没有范围", person.name),
            };
            people::grant(&state.store, &user, role, &scope, now).await?;
        }
        if let Some(username) = &person.username {
            people::set_first_password(&state.store, &state.passwords, &user, username, PASSWORD, now)
                .await?;
        }
        user = state.store.user(user.actor.user).await?.context("人员刚被删除")?;
        people.insert(person.name.as_str(), user);
    }
    let play = Play { state, example: &example, people, now };
    for ticket in &example.tickets {
        play.ticket(ticket).await.with_context(|| format!("示例工单 {}", ticket.id))?;
    }
    Ok(())
}

struct Play<'a> {
    state: &'a State,
    example: &'a Example,
    people: HashMap<&'a str, UserRow>,
    now: Timestamp,
}

impl Play<'_> {
    fn person(&self, name: &str) -> anyhow::Result<&UserRow> {
        self.people.get(name).with_context(|| format!("没有人员 {name}"))
    }

    fn text(&self, body: &str, at: Timestamp) -> anyhow::Result<Text> {
        Ok(self.state.store.text(FreeText::parse(body.to_owned())?, at))
    }

    async fn ticket(&self, ticket: &Ticket) -> anyhow::Result<()> {
        let store = &self.state.store;
        let requester = self.person(&ticket.by)?;
        let id = TicketId(ticket.id);
        if store.ticket(id, requester.actor.user, requester.grants_version).await?.is_some() {
            return Ok(());
        }
        let at = self.now - TimeDelta::minutes(ticket.ago);
        let code: PlaceCode = store.place_code(&ticket.place)?;
        let place = store.place_by_code(&code, requester.actor.user, requester.grants_version).await?;
        let place = place.with_context(|| format!("没有地点 {code}"))?;
        let submission = Submission {
            id,
            number: store.ticket_number(&code, at).await?,
            place: place.place,
            content: self.text(&ticket.content, at)?,
            address: ticket.address.as_deref().map(|address| self.text(address, at)).transpose()?,
            origin: None,
            category: Some(ticket.category.clone()),
            severity: ticket.severity,
            affair: ticket.affair,
            channel: ticket.channel.unwrap_or(Channel::MiniProgram),
            confidential: false,
            occurred_at: None,
        };
        let nobody = (&Contact::default(), Contact::default());
        store
            .submit_ticket(&request(requester, at), &submission, nobody, &place.name, |_| no_answer())
            .await?;
        for step in &ticket.steps {
            let actor = self.person(&step.by)?;
            let at = at + TimeDelta::minutes(step.at);
            let command = self.command(step, at).await?;
            store.change_ticket(&request(actor, at), id, &command, |_| no_answer()).await?;
        }
        Ok(())
    }

    async fn command(&self, step: &Step, at: Timestamp) -> anyhow::Result<Command> {
        let text = |text: &Option<String>| text.as_deref().map(|text| self.text(text, at)).transpose();
        Ok(match step {
            Step { dispatch: Some(lead), severity, affair, note, .. } => {
                let known = self.state.store.assignments(&[self.lead(lead)?]).await?;
                let lead = known.into_iter().next().context("没有责任人")?;
                let (severity, affair, note) = (*severity, *affair, text(note)?);
                Command::Dispatch { lead, assist: vec![], severity, affair, handling: None, note }
            }
            Step { act: Some(act), reason, .. } => {
                let reason = || text(reason)?.context("缺少说明");
                match act {
                    Act::Accept => Command::Accept,
                    Act::Claim => Command::Claim,
                    Act::Urge => Command::Urge,
                    Act::Return => Command::Return { reason: reason()? },
                    Act::Escalate => Command::Escalate { reason: reason()? },
                    Act::Pause => Command::Pause { reason: reason()? },
                    Act::Supervise => Command::Supervise { reason: reason()? },
                    Act::Withdraw => Command::Withdraw { reason: reason()? },
                    Act::Decline => Command::Decline { reason: reason()? },
                    Act::Plan => Command::Plan { text: reason()?, due: None },
                    Act::Note => Command::Note { text: reason()? },
                }
            }
            Step { arrive: Some([lat, lng]), .. } => {
                Command::Arrive { position: Position::new(*lat, *lng, Datum::Gcj02)? }
            }
            Step { resolve: Some(outcome), reply, .. } => {
                Command::Resolve { outcome: *outcome, reply: text(reply)?.context("办结必须答复")? }
            }
            Step { rate: Some(satisfaction), stars, comment, .. } => {
                Command::Rate { satisfaction: *satisfaction, stars: *stars, comment: text(comment)? }
            }
            _ => anyhow::bail!("步骤没有动作"),
        })
    }

    fn lead(&self, lead: &Lead) -> anyhow::Result<Assignee> {
        match lead {
            Lead::Person(name) => Ok(Assignee::Person(self.person(name)?.actor.user)),
            Lead::Unit(name) => {
                let unit = self.example.units.iter().find(|unit| unit.name == *name);
                Ok(Assignee::Unit(UnitId(unit.with_context(|| format!("没有单位 {name}"))?.id)))
            }
        }
    }
}

fn request(user: &UserRow, now: Timestamp) -> Request<'_> {
    Request { actor: &user.actor, grants_version: user.grants_version, now, if_match: None, key: None }
}

/// Nobody waits for it.
fn no_answer() -> Answer {
    Answer { status: 200, version: 0, body: Vec::new() }
}

/// What to do next, for whoever started it.
pub(crate) fn welcome(demo: Demo, url: &str) -> String {
    let mut text = format!(
        "\n接口文档（Swagger UI）：{url}/docs/\n\n以任一身份登录：POST {url}/api/v1/auth/wechat，code 填：\n"
    );
    let example: Result<Example, _> = toml::from_str(files(demo).people);
    for person in example.iter().flat_map(|example| &example.people) {
        writeln!(text, "  dev:{:<10}\t{}", person.name, person.about)
            .expect("a string takes what is written to it");
    }
    text.push_str(
        "把答复中的 access_token 填入接口文档右上角的“授权”，即可逐个试用；或在那里填用户名和密码：\n",
    );
    for person in example.iter().flat_map(|example| &example.people) {
        if let Some(username) = &person.username {
            writeln!(text, "  {username}\t{PASSWORD}\t{}", person.name)
                .expect("a string takes what is written to it");
        }
    }
    text.push_str("按 Ctrl-C 停止。");
    text
}
