//! The tickets of an example go their way: day by day, on each day all that do not depend on each other at the same time,
//! so that the log is in the order of days and a start takes no longer than it must.

use super::data::{self, Example, Ticket};
use super::script::{Act, Step};
use crate::app::State;
use anyhow::{Context, bail};
use chrono::{NaiveDate, TimeDelta};
use domain::geo::{Datum, Position};
use domain::id::{TicketId, UnitId};
use domain::number::TicketNumber;
use domain::phone::Phone;
use domain::text::{FreeText, Text};
use domain::ticket::{Assignee, Channel, Command, Origin, Submission};
use domain::time::{Timestamp, china_day};
use domain::view::Contact;
use futures_util::future::try_join_all;
use infra::store::{Answer, Carried, PlaceRow, Request, UserRow};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the whole play needs at hand.
pub(super) struct Play<'a> {
    state: &'a State,
    example: &'a Example,
    people: HashMap<&'a str, UserRow>,
    places: HashMap<&'a str, PlaceRow>,
    now: Timestamp,
}

/// What is done with a ticket, by whom and when.
struct Deed<'a> {
    ticket: &'a Ticket,
    at: Timestamp,
    by: &'a str,
    what: What<'a>,
}

enum What<'a> {
    Submit,
    Step(&'a Step),
}

impl<'a> Play<'a> {
    pub(super) async fn new(
        state: &'a State,
        example: &'a Example,
        people: HashMap<&'a str, UserRow>,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let mut places = HashMap::new();
        let somebody = people.values().next().context("没有人员")?;
        for ticket in &example.tickets {
            if places.contains_key(ticket.place.as_str()) {
                continue;
            }
            let code = state.store.place_code(example.code(&ticket.place)?)?;
            let place =
                state.store.place_by_code(&code, somebody.actor.user, somebody.grants_version).await?;
            places.insert(ticket.place.as_str(), place.with_context(|| format!("没有地点 {code}"))?);
        }
        Ok(Self { state, example, people, places, now })
    }

    /// Plays all tickets but those that are there already.
    pub(super) async fn all_but(&self, there: &HashSet<TicketId>) -> anyhow::Result<()> {
        for (_, tickets) in self.days(there)? {
            let mut numbers = HashMap::new();
            for deed in tickets.values().flatten() {
                if matches!(deed.what, What::Submit) {
                    let place = &self.places[deed.ticket.place.as_str()].place.code;
                    let number = self.state.store.ticket_number(place, deed.at).await?;
                    numbers.insert(deed.ticket.id, number);
                }
            }
            try_join_all(tickets.values().map(|deeds| self.in_turn(deeds, &numbers))).await?;
        }
        Ok(())
    }

    /// What is done on each day in China, with each ticket in its order. Two that are merged go together.
    fn days(
        &self,
        there: &HashSet<TicketId>,
    ) -> anyhow::Result<BTreeMap<NaiveDate, BTreeMap<u32, Vec<Deed<'_>>>>> {
        let mut days: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        for ticket in self.example.tickets.iter().filter(|ticket| !there.contains(&of(ticket))) {
            let into = ticket.steps.iter().find(|step| step.act == Act::Merge);
            let together = into.and_then(|step| step.words.first()?.parse().ok()).unwrap_or(ticket.id);
            for deed in self.deeds(ticket)? {
                days.entry(china_day(deed.at)).or_default().entry(together).or_default().push(deed);
            }
        }
        for deeds in days.values_mut().flat_map(BTreeMap::values_mut) {
            deeds.sort_by_key(|deed| deed.at);
        }
        Ok(days)
    }

    fn deeds(&self, ticket: &'a Ticket) -> anyhow::Result<Vec<Deed<'a>>> {
        let at = self.now - TimeDelta::minutes(ticket.ago);
        let mut deeds = vec![Deed { ticket, at, by: &ticket.by, what: What::Submit }];
        let mut lead = None;
        for step in &ticket.steps {
            let by = self.example.who(ticket, step, lead)?;
            match step.act {
                Act::Dispatch => lead = step.words.first().map(String::as_str),
                Act::Claim => lead = Some(by),
                _ => {}
            }
            deeds.push(Deed { ticket, at: at + TimeDelta::minutes(step.at), by, what: What::Step(step) });
        }
        Ok(deeds)
    }

    async fn in_turn(&self, deeds: &[Deed<'_>], numbers: &HashMap<u32, TicketNumber>) -> anyhow::Result<()> {
        for deed in deeds {
            let ticket = deed.ticket;
            match deed.what {
                What::Submit => self.submit(ticket, deed.at, numbers[&ticket.id]).await,
                What::Step(step) => {
                    self.step(deed, step).await.with_context(|| format!("第 {} 分钟", step.at))
                }
            }
            .with_context(|| format!("示例工单 {}", ticket.id))?;
        }
        Ok(())
    }

    fn person(&self, name: &str) -> anyhow::Result<&UserRow> {
        self.people.get(name).with_context(|| format!("没有人员 {name}"))
    }

    fn text(&self, body: &str, at: Timestamp) -> anyhow::Result<Text> {
        Ok(self.state.store.text(FreeText::parse(body.to_owned())?, at))
    }

    async fn submit(&self, ticket: &Ticket, at: Timestamp, number: TicketNumber) -> anyhow::Result<()> {
        let requester = self.person(&ticket.by)?;
        let place = &self.places[ticket.place.as_str()];
        let occurred_at = ticket.paper.map(|paper| at - TimeDelta::minutes(paper));
        let origin = ticket.origin.as_deref().map(|title| {
            let title = self.text(title, at)?;
            anyhow::Ok((Origin { title: title.reference, held_on: occurred_at.map(china_day) }, title))
        });
        let contact = match &ticket.contact {
            Some((name, phone)) => {
                Contact { name: Some(name.clone()), phone: Some(Phone::parse(phone)?), household: None }
            }
            None => Contact::default(),
        };
        let submission = Submission {
            id: of(ticket),
            number,
            place: place.place,
            content: self.text(&ticket.content, at)?,
            address: ticket.address.as_deref().map(|address| self.text(address, at)).transpose()?,
            origin: origin.transpose()?,
            source: None,
            for_unit: None,
            category: ticket.category.clone(),
            severity: ticket.severity,
            affair: ticket.affair,
            channel: ticket.channel.unwrap_or(Channel::MiniProgram),
            confidential: ticket.confidential,
            occurred_at,
            service: None,
            call: false,
            ask: None,
        };
        let shown = (&contact, contact.clone());
        let request = request(requester, at);
        self.state.store.submit_ticket(&request, &submission, shown, &place.name, |_| no_answer()).await?;
        Ok(())
    }

    async fn step(&self, deed: &Deed<'_>, step: &Step) -> anyhow::Result<()> {
        let Deed { ticket, at, by, .. } = *deed;
        let (store, id) = (&self.state.store, of(ticket));
        let request = || anyhow::Ok(request(self.person(by)?, at));
        match step.act {
            Act::Sweep => {
                anyhow::ensure!(store.settle_ticket(id, at).await?, "此时没有预警，也没有超时");
            }
            Act::Merge => {
                let into = step.words.first().and_then(|id| id.parse().ok()).context("并入哪个工单")?;
                let reason = self.text(step.said()?, at)?;
                store
                    .merge_tickets(&request()?, id, TicketId(data::id(into)), &reason, |_| no_answer())
                    .await?;
            }
            _ => {
                let command = self.command(step, at).await?;
                let submitted = self.now - TimeDelta::minutes(ticket.ago);
                let occurred_at = step.done.map(|done| submitted + TimeDelta::minutes(done));
                let carried = Carried { command: &command, occurred_at };
                store.change_ticket(&request()?, id, carried, |_| no_answer()).await?;
            }
        }
        Ok(())
    }

    async fn command(&self, step: &Step, at: Timestamp) -> anyhow::Result<Command> {
        let said = || self.text(step.said()?, at);
        let maybe = || step.text.as_deref().map(|text| self.text(text, at)).transpose();
        let later =
            |word: &str| Ok::<_, anyhow::Error>(at + TimeDelta::minutes(super::script::minutes(word)?));
        let mut words: Vec<_> = step.words.iter().map(String::as_str).collect();
        let left = &mut words;
        let command = match step.act {
            Act::Grade => {
                let (severity, affair) = (Step::take(left), Step::take(left));
                Command::Grade { category: left.pop().map(str::to_owned), severity, affair, service: None }
            }
            Act::Dispatch => {
                anyhow::ensure!(!left.is_empty(), "派给谁");
                let mut to = vec![self.assignee(left.remove(0))?];
                for helper in left.extract_if(.., |word| word.starts_with('+')) {
                    to.push(self.assignee(&helper[1..])?);
                }
                let mut known = self.state.store.assignments(&to).await?;
                let (lead, assist) = (known.remove(0), known);
                let (severity, affair, handling) = (Step::take(left), Step::take(left), Step::take(left));
                Command::Dispatch { lead, assist, severity, affair, handling, note: maybe()? }
            }
            Act::Discuss => Command::Discuss { units: vec![], conclusion: said()? },
            Act::Claim => Command::Claim,
            Act::Accept => Command::Accept,
            Act::Return => Command::Return { reason: said()? },
            Act::Arrive => {
                let (lat, lng) = (Step::take(left).context("纬度")?, Step::take(left).context("经度")?);
                Command::Arrive { position: Position::new(lat, lng, Datum::Gcj02)? }
            }
            Act::Plan => {
                Command::Plan { text: said()?, due: left.pop().map(later).transpose()?, means: None }
            }
            Act::Reply => Command::Reply { text: said()? },
            Act::Resolve => {
                Command::Resolve { outcome: Step::take(left).context("办理结果")?, reply: said()? }
            }
            Act::Rate => Command::Rate {
                satisfaction: Step::take(left).context("满意度")?,
                stars: Step::take(left),
                comment: maybe()?,
            },
            Act::Reopen => Command::Reopen { reason: said()? },
            Act::Supplement => Command::Supplement { content: said()? },
            Act::Urge => Command::Urge,
            Act::Extend => {
                Command::Extend { until: later(left.pop().context("延多久")?)?, reason: said()? }
            }
            Act::Approve => Command::ApproveExtension { note: maybe()? },
            Act::Refuse => Command::RefuseExtension { reason: said()? },
            Act::Escalate => Command::Escalate { reason: said()? },
            Act::Pause => Command::Pause { reason: said()? },
            Act::Resume => Command::Resume { reason: said()? },
            Act::Supervise => Command::Supervise { reason: said()? },
            Act::Note => Command::Note { text: said()? },
            Act::Withdraw => Command::Withdraw { reason: said()? },
            Act::Decline => Command::Decline { reason: said()? },
            Act::Unmask => Command::Unmask { reason: said()? },
            Act::Merge | Act::Sweep => bail!("不是指令"),
        };
        step.nothing_left(left)?;
        Ok(command)
    }

    fn assignee(&self, name: &str) -> anyhow::Result<Assignee> {
        match self.people.get(name) {
            Some(person) => Ok(Assignee::Person(person.actor.user)),
            None => Ok(Assignee::Unit(UnitId(data::id(self.example.unit(name)?)))),
        }
    }
}

impl Example {
    /// Who does a step of a ticket that `lead` has.
    fn who<'a>(
        &'a self,
        ticket: &'a Ticket,
        step: &'a Step,
        lead: Option<&'a str>,
    ) -> anyhow::Result<&'a str> {
        if let Some(who) = &step.who {
            return Ok(who);
        }
        match step.act {
            Act::Rate | Act::Reopen | Act::Supplement | Act::Urge | Act::Withdraw | Act::Sweep => {
                Ok(&ticket.by)
            }
            Act::Dispatch
            | Act::Discuss
            | Act::Grade
            | Act::Decline
            | Act::Merge
            | Act::Approve
            | Act::Refuse
            | Act::Unmask => self.dispatcher_at(&ticket.place),
            Act::Pause | Act::Resume | Act::Supervise => self.first("supervisor"),
            Act::Accept
            | Act::Arrive
            | Act::Plan
            | Act::Reply
            | Act::Resolve
            | Act::Extend
            | Act::Return
            | Act::Escalate
            | Act::Note => {
                let lead = lead.context("还没有派单")?;
                self.person(lead).map(|person| person.name.as_str()).or_else(|_| self.handler_of(lead))
            }
            Act::Claim => bail!("认领须写明由谁"),
        }
    }
}

fn of(ticket: &Ticket) -> TicketId {
    TicketId(data::id(ticket.id))
}

fn request(user: &UserRow, now: Timestamp) -> Request<'_> {
    Request { actor: &user.actor, grants_version: user.grants_version, now, if_match: None, key: None }
}

/// Nobody waits for it.
fn no_answer() -> Answer {
    Answer { status: 200, version: 0, body: Vec::new() }
}
