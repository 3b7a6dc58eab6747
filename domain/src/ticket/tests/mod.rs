//! Tables and properties of the ticket's rules.

mod ask;
mod clocks;
mod delegate;
mod first_asked;
mod ladder;
mod ledger;
mod machine;
mod merge;
mod paths;
mod platform;
mod rests;
mod rules;
mod succession;
mod table;
mod together;
mod topic;
mod walk;
mod whistle;

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::calendar::Calendar;
use crate::figure::usual_rates;
use crate::flag::FlagRule;
use crate::geo::{Datum, Position};
use crate::id::{PlaceId, TextId};
use crate::permission::Role;
use crate::place::{Levels, PlaceCode};
use crate::playbook::{
    CallLevel, CallRule, Category, FirstAskedRule, Level, Playbook, Rung, WhistleRule, Words, usual_steps,
};
use crate::policy::{ClaimRule, ClockRule, DeskRule, Policy, Unmet};
use crate::refusal::Refusal;
use crate::text::{FreeText, Text};
use crate::unit::UnitKind;
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

fn supervisor() -> Actor {
    person(5, &[(Role::Supervisor, at("532504"))])
}

fn dispatcher() -> Actor {
    person(8, &[(Role::StreetDispatcher, at("532504001"))])
}

fn member() -> Actor {
    person(6, &[(Role::PartyMember, at("532504001007"))])
}

/// Who is to watch it: on the roster of its county.
fn watcher(actor: Actor) -> Delegate {
    let facts = AssigneeFacts::Person { actor: actor.clone(), units: vec![] };
    Delegate { person: actor.user, facts, rosters: vec![place("532504")] }
}

/// A resident who raised nothing.
fn neighbour() -> Actor {
    person(21, &[])
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

fn rung(key: &str, level: Level, up: Option<&str>) -> Rung {
    Rung { key: key.into(), name: key.into(), level, up: up.map(str::to_owned), meets: None }
}

fn playbook() -> Playbook {
    let limit = ClockRule::natural;
    Playbook {
        lines: vec![],
        visits_a_year: 2,
        services: vec![],
        services_file: None,
        routes: vec![],
        call: Some(CallRule {
            roles: vec![Role::PartyMember, Role::GridWorker],
            level: CallLevel::Community,
        }),
        first_asked: FirstAskedRule::default(),
        admitted: vec![],
        mediation: None,
        estate_modes: vec![],
        estate: None,
        ladder: vec![
            rung("community", Level::Community, Some("street")),
            rung("street", Level::Street, Some("county")),
            rung("county", Level::County, None),
        ],
        whistle: WhistleRule::default(),
        steps: usual_steps(),
        posts: crate::playbook::PostRules::default(),
        member_points: crate::playbook::MemberPoints::default(),
        matching: vec![],
        duties: vec![],
        key: "mile".into(),
        name: "弥勒".into(),
        county: "532504".into(),
        levels: vec![],
        categories: vec![Category::named("lighting", "路灯")],
        words: Words::default(),
        policy: Policy {
            version: 3,
            arrive_unmet_at_resolve: Unmet::Cancel,
            rating_window_seconds: 7 * 86_400,
            reopen_window_seconds: 10 * 86_400,
            urge_every_seconds: 600,
            offline_seconds: 3_600,
            refer: vec![Affair::Private],
            desks: vec![],
            claims: vec![ClaimRule {
                affair: Some(Affair::Shared),
                category: None,
                roles: vec![Role::PartyMember, Role::GridWorker],
            }],
            discuss_first: vec![],
            calendar: Calendar::default(),
            clocks: vec![
                limit(ClockKind::Arrive, None, 300),
                limit(ClockKind::Solve, Some(Severity::Small), 1800),
                limit(ClockKind::Solve, Some(Severity::Large), 18000),
                limit(ClockKind::Plan, Some(Severity::Complex), 2 * 86_400),
                limit(ClockKind::Answer, Some(Severity::Complex), 2 * 86_400),
            ],
        },
        flags: FlagRule::default(),
        rates: usual_rates(),
    }
}

fn submission(severity: Option<Severity>) -> Submission {
    Submission {
        id: TicketId(Uuid::from_u128(100)),
        number: TicketNumber::from("532504-261121-00001").unwrap(),
        place: PlaceRef { id: PlaceId(Uuid::from_u128(50)), code: place("532504001007") },
        content: text("路灯不亮"),
        address: None,
        origin: None,
        source: None,
        for_unit: None,
        category: Some("lighting".into()),
        severity,
        affair: None,
        channel: Channel::MiniProgram,
        confidential: false,
        occurred_at: None,
        service: None,
        call: false,
        ask: None,
    }
}

/// A team of the county that the member is in, with the volunteer 61.
fn team() -> Team {
    let members = vec![member().user, UserId(Uuid::from_u128(61))];
    let known = Some((UnitKind::MemberTeam, place("532504")));
    Team { unit: UnitId(Uuid::from_u128(60)), known, members, granted: false }
}

fn known(actor: Actor) -> Assignment {
    Assignment { to: Assignee::Person(actor.user), facts: AssigneeFacts::Person { actor, units: vec![] } }
}

fn unit() -> Assignment {
    Assignment { to: Assignee::Unit(UNIT), facts: AssigneeFacts::Unit { county: place("532504") } }
}

fn to_person() -> Command {
    dispatch(known(worker()), None)
}

fn to_unit() -> Command {
    dispatch(unit(), None)
}

fn dispatch(lead: Assignment, severity: Option<Severity>) -> Command {
    Command::Dispatch { lead, assist: vec![], severity, affair: None, handling: None, note: None }
}

fn graded(severity: Severity) -> Command {
    Command::Grade { category: None, severity: Some(severity), affair: None, service: None }
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

fn plan() -> Command {
    Command::Plan { text: text("先查管网，再开挖"), due: None, means: None }
}

fn pause() -> Command {
    Command::Pause { reason: text("等") }
}

fn resume() -> Command {
    Command::Resume { reason: text("好") }
}

/// A ticket and all its events, checked after each step: the fold of the events is the ticket.
struct Story {
    ticket: Ticket,
    events: Vec<Event>,
    playbook: Playbook,
}

impl Story {
    fn begin(severity: Option<Severity>) -> Self {
        Self::of(&submission(severity), &resident())
    }

    /// Where the playbook has these rules before its own.
    fn under(rules: Vec<ClockRule>, severity: Option<Severity>) -> Self {
        let mut playbook = playbook();
        playbook.policy.clocks.splice(0..0, rules);
        let events = submit(&submission(severity), &resident(), &playbook, start()).unwrap();
        Self { ticket: fold(&events), events, playbook }
    }

    fn of(submission: &Submission, by: &Actor) -> Self {
        let playbook = playbook();
        let events = submit(submission, by, &playbook, start()).unwrap();
        Self { ticket: fold(&events), events, playbook }
    }

    fn step(&mut self, actor: &Actor, command: &Command, when: impl Into<When>) -> Result<(), Refusal> {
        let events = decide(&self.ticket, command, actor, &self.playbook, when.into())?;
        self.happen(events);
        Ok(())
    }

    fn happen(&mut self, events: Vec<Event>) {
        for event in &events {
            self.ticket.apply(event).unwrap();
        }
        self.events.extend(events);
        assert_eq!(fold(&self.events), self.ticket);
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

    fn happened(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.fact.headline().name()).collect()
    }
}

fn fold(events: &[Event]) -> Ticket {
    let mut ticket = Ticket::begin(&events[0]).unwrap();
    events[1..].iter().for_each(|event| ticket.apply(event).unwrap());
    ticket
}

/// A ticket in each state, four minutes old.
fn story_at(status: Status) -> Story {
    story_after(&[], status)
}

/// The same after something else happened to it first.
fn story_after(first: &[(Actor, Command, i64)], status: Status) -> Story {
    let story = Story::begin(Some(Severity::Small)).steps(first);
    let to_resolved = [
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 3),
        (resident(), rate(Satisfaction::Satisfied), 4),
    ];
    match status {
        Status::Submitted => story,
        Status::Dispatched => story.steps(&to_resolved[..1]),
        Status::Accepted => story.steps(&to_resolved[..2]),
        Status::Resolved => story.steps(&to_resolved[..3]),
        Status::Closed => story.steps(&to_resolved),
        Status::Withdrawn => story.steps(&[(resident(), Command::Withdraw { reason: text("不用了") }, 1)]),
        Status::Declined => story.steps(&[(clerk(), Command::Decline { reason: text("不属本县") }, 1)]),
        Status::Merged => {
            let mut story = story;
            let target = Story::of(
                &Submission { id: TicketId(Uuid::from_u128(101)), ..submission(None) },
                &resident(),
            );
            let reason = text("同一件事");
            let (events, _) = merge(
                &story.ticket,
                Some(&target.ticket),
                &reason,
                &clerk(),
                [&story.playbook.policy; 2],
                after(1),
            )
            .unwrap();
            story.happen(events);
            story
        }
    }
}

fn whistle() -> Command {
    Command::Whistle { units: vec![unit()], reason: text("多家同时到场"), due_minutes: None }
}

fn report_in() -> Command {
    let position = Position::new(24.41, 103.41, Datum::Gcj02).unwrap();
    Command::ReportIn { unit: None, position }
}

fn opine(score: u8) -> Command {
    Command::Opine { unit: UNIT, score, text: None }
}

fn assess(commonality: Commonality) -> Command {
    Command::Assess { commonality, opinion: text("多个小区都有，列入计划"), planned_for: None }
}
