//! What the files of an example say.

use super::files::Files;
use super::script::{Step, minutes};
use anyhow::Context;
use domain::ticket::{Affair, Channel, Severity};
use domain::unit::{Profile, UnitKind};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// All of it.
pub(super) struct Example {
    /// Code and name, the county first.
    pub(super) places: Vec<(String, String)>,
    pub(super) units: Vec<Unit>,
    pub(super) people: Vec<Person>,
    pub(super) tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    units: Vec<Unit>,
    people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tickets {
    tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) id: u32,
    pub(super) name: String,
    #[serde(default)]
    kind: UnitKind,
}

impl Unit {
    pub(super) fn profile(&self) -> Profile {
        Profile { kind: self.kind, name: self.name.clone(), code: None, seat: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) id: u32,
    pub(super) name: String,
    /// Who is shown at start.
    pub(super) about: Option<String>,
    /// Signs in with the password of the example, too.
    pub(super) username: Option<String>,
    pub(super) role: Option<String>,
    pub(super) place: Option<String>,
    pub(super) unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ticket {
    pub(super) id: u32,
    pub(super) by: String,
    /// Minutes before now.
    #[serde(deserialize_with = "span")]
    pub(super) ago: i64,
    /// Minutes before that, where it was taken down on paper first.
    #[serde(default, deserialize_with = "some_span")]
    pub(super) paper: Option<i64>,
    pub(super) place: String,
    pub(super) address: Option<String>,
    pub(super) category: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) affair: Option<Affair>,
    pub(super) channel: Option<Channel>,
    /// The event that it came from.
    pub(super) origin: Option<String>,
    /// Whom to call: a name and a phone.
    pub(super) contact: Option<(String, String)>,
    #[serde(default)]
    pub(super) confidential: bool,
    pub(super) content: String,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

fn span<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    minutes(&text).map_err(serde::de::Error::custom)
}

fn some_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    span(from).map(Some)
}

/// Ids are fixed, so that loading twice is not double and the examples in the document work. The files say how they end.
pub(super) fn id(end: u32) -> Uuid {
    let digits = end.to_string().bytes().fold(0, |digits, digit| digits << 4 | u128::from(digit - b'0'));
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | digits)
}

impl Example {
    pub(super) fn read(files: &Files) -> anyhow::Result<Self> {
        let places =
            csv::Reader::from_reader(files.places.as_bytes()).deserialize().collect::<Result<_, _>>()?;
        let People { units, people } = toml::from_str(files.people).context("people.toml")?;
        let mut tickets = Vec::new();
        for (file, text) in files.tickets {
            let more: Tickets = toml::from_str(text).with_context(|| (*file).to_owned())?;
            tickets.extend(more.tickets);
        }
        Ok(Self { places, units, people, tickets })
    }

    /// The code of a place of this name.
    pub(super) fn code(&self, place: &str) -> anyhow::Result<&str> {
        let known = self.places.iter().find(|(_, name)| name == place);
        Ok(&known.with_context(|| format!("没有地点 {place}"))?.0)
    }

    pub(super) fn unit(&self, name: &str) -> anyhow::Result<u32> {
        let known = self.units.iter().find(|unit| unit.name == name);
        Ok(known.with_context(|| format!("没有单位 {name}"))?.id)
    }

    pub(super) fn person(&self, name: &str) -> anyhow::Result<&Person> {
        self.people.iter().find(|person| person.name == name).with_context(|| format!("没有人员 {name}"))
    }

    /// Who handles the tickets of a unit.
    pub(super) fn handler_of(&self, unit: &str) -> anyhow::Result<&str> {
        let handler = self.people.iter().find(|person| person.unit.as_deref() == Some(unit));
        Ok(&handler.with_context(|| format!("{unit} 没有经办人"))?.name)
    }

    /// Who dispatches there: whoever does so for the smallest place around it.
    pub(super) fn dispatcher_at(&self, place: &str) -> anyhow::Result<&str> {
        let code = self.code(place)?;
        let mut nearest = None;
        for person in &self.people {
            let dispatches = matches!(
                person.role.as_deref(),
                Some("community_clerk" | "street_dispatcher" | "county_admin")
            );
            let Some(at) = person.place.as_deref().filter(|_| dispatches) else { continue };
            let at = self.code(at)?;
            if code.starts_with(at) && nearest.is_none_or(|(length, _)| at.len() > length) {
                nearest = Some((at.len(), person.name.as_str()));
            }
        }
        Ok(nearest.with_context(|| format!("{place} 无人派单"))?.1)
    }

    /// The first of a role.
    pub(super) fn first(&self, role: &str) -> anyhow::Result<&str> {
        let person = self.people.iter().find(|person| person.role.as_deref() == Some(role));
        Ok(&person.with_context(|| format!("没有 {role}"))?.name)
    }
}
