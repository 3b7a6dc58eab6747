//! Tables and properties of the ticket's rules.

mod clocks;
mod table;
mod walk;

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::geo::Datum;
use crate::id::{PlaceId, TextId};
use crate::permission::Role;
use crate::place::{Levels, PlaceCode};
use crate::playbook::{Category, ClockRule, Playbook, Policy, Unmet, Vocabulary};
use crate::refusal::Refusal;
use crate::text::{FreeText, Text};
use chrono::TimeDelta;
use uuid::Uuid;

const UNIT: UnitId = UnitId(Uuid::from_u128(90));

fn start() -> Timestamp {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

fn after(minutes: i64) -> Timestamp {
    start() + TimeDelta::minutes(minutes)
}

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn person(n: u128, grants: &[(Role, Scope)]) -> Actor {
    let grants = grants.iter().map(|(role, scope)| Grant { role: *role, scope: scope.clone() }).collect();
    Actor { user: UserId(Uuid::from_u128(n)), grants }
}

fn at(code: &str) -> Scope {
    Scope::Places(vec![place(code)])
}

fn resident() -> Actor {
    person(1, &[])
}

fn clerk() -> Actor {
    person(2, &[(Role::CommunityClerk, at("532504001007"))])
}

fn worker() -> Actor {
    person(3, &[(Role::GridWorker, at("532504001007"))])
}

fn department() -> Actor {
    person(4, &[(Role::DepartmentHandler, Scope::Unit(UNIT))])
}

fn text(words: &str) -> Text {
    let id = words.bytes().fold(0u128, |id, b| id.wrapping_mul(31).wrapping_add(b.into()));
    Text {
        reference: TextRef {
            id: TextId(Uuid::from_u128(id)),
            hash: [u8::try_from(words.len()).unwrap(); 32],
        },
        body: FreeText::parse(words.into()).unwrap(),
    }
}

fn playbook() -> Playbook {
    let limit = |kind, severity, limit_seconds| ClockRule { kind, severity, limit_seconds, warn_percent: 80 };
    Playbook {
        key: "mile".into(),
        name: "弥勒".into(),
        county: "532504".into(),
        levels: vec![],
        categories: vec![Category { key: "lighting".into(), name: "路灯".into() }],
        vocabulary: Vocabulary::default(),
        policy: Policy {
            version: 3,
            arrive_unmet_at_resolve: Unmet::Cancel,
            clocks: vec![
                limit(ClockKind::Arrive, None, 300),
                limit(ClockKind::Solve, Some(Severity::Small), 1800),
                limit(ClockKind::Solve, Some(Severity::Large), 18000),
            ],
        },
    }
}

fn submission(severity: Option<Severity>) -> Submission {
    Submission {
        id: TicketId(Uuid::from_u128(100)),
        number: TicketNumber::from("532504-261121-00001").unwrap(),
        place: PlaceRef { id: PlaceId(Uuid::from_u128(50)), code: place("532504001007") },
        content: text("路灯不亮"),
        address: None,
        category: Some("lighting".into()),
        severity,
        affair: None,
        channel: Channel::MiniProgram,
    }
}

fn to_person() -> Command {
    dispatch(Assignee::Person(worker().user), LeadFacts::Person(worker()), None)
}

fn to_unit() -> Command {
    dispatch(Assignee::Unit(UNIT), LeadFacts::Unit { county: place("532504") }, None)
}

fn dispatch(lead: Assignee, facts: LeadFacts, severity: Option<Severity>) -> Command {
    Command::Dispatch { lead, facts, severity, affair: None, note: None }
}

fn arrive() -> Command {
    Command::Arrive { position: Position::new(24.41, 103.41, Datum::Gcj02).unwrap() }
}

fn resolve() -> Command {
    Command::Resolve { outcome: Outcome::Solved, reply: text("已更换灯泡") }
}

fn rate(satisfaction: Satisfaction) -> Command {
    Command::Rate { satisfaction, stars: None, comment: None }
}

/// A ticket and all its events, checked after each step: the fold of the events is the ticket.
struct Story {
    ticket: Ticket,
    events: Vec<Event>,
    policy: Policy,
}

impl Story {
    fn begin(severity: Option<Severity>) -> Self {
        let playbook = playbook();
        let events = submit(&submission(severity), &resident(), &playbook, start()).unwrap();
        Self { ticket: fold(&events), events, policy: playbook.policy }
    }

    fn step(&mut self, actor: &Actor, command: &Command, now: Timestamp) -> Result<(), Refusal> {
        let events = decide(&self.ticket, command, actor, &self.policy, now)?;
        for event in &events {
            self.ticket.apply(event).unwrap();
        }
        self.events.extend(events);
        assert_eq!(fold(&self.events), self.ticket);
        Ok(())
    }

    fn steps(mut self, steps: &[(Actor, Command, i64)]) -> Self {
        for (actor, command, minutes) in steps {
            self.step(actor, command, after(*minutes)).unwrap();
        }
        self
    }

    fn clocks(&self, minutes: i64) -> Vec<(ClockKind, u16, ClockState)> {
        self.ticket
            .clocks
            .iter()
            .map(|clock| (clock.kind, clock.round, clock.state(after(minutes))))
            .collect()
    }
}

fn fold(events: &[Event]) -> Ticket {
    let mut ticket = Ticket::begin(&events[0]).unwrap();
    events[1..].iter().for_each(|event| ticket.apply(event).unwrap());
    ticket
}

fn story_at(status: Status) -> Story {
    let story = Story::begin(Some(Severity::Small));
    let steps = [
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 4),
        (resident(), rate(Satisfaction::Satisfied), 5),
    ];
    let count = [Status::Submitted, Status::Dispatched, Status::Accepted, Status::Resolved, Status::Closed]
        .iter()
        .position(|s| *s == status)
        .unwrap();
    story.steps(&steps[..count])
}
