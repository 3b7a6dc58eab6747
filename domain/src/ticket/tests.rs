//! Tables and properties of the ticket's rules.

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::geo::Datum;
use crate::id::{PlaceId, TextId};
use crate::permission::{Action, PermissionRefusal, Role};
use crate::place::{Levels, PlaceCode, PlaceRefusal};
use crate::playbook::{Category, ClockRule, Playbook, Policy, Unmet, Vocabulary};
use crate::refusal::Refusal;
use crate::text::{FreeText, Text};
use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;
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
    let grants = grants
        .iter()
        .map(|(role, scope)| Grant {
            role: *role,
            scope: scope.clone(),
        })
        .collect();
    Actor {
        user: UserId(Uuid::from_u128(n)),
        grants,
    }
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
    let id = words
        .bytes()
        .fold(0u128, |id, b| id.wrapping_mul(31).wrapping_add(b.into()));
    Text {
        reference: TextRef {
            id: TextId(Uuid::from_u128(id)),
            hash: [words.len() as u8; 32],
        },
        body: FreeText::parse(words.into()).unwrap(),
    }
}

fn playbook() -> Playbook {
    let limit = |kind, severity, limit_seconds| ClockRule {
        kind,
        severity,
        limit_seconds,
        warn_percent: 80,
    };
    let word = String::new;
    Playbook {
        key: "mile".into(),
        name: "弥勒".into(),
        county: "532504".into(),
        levels: vec![],
        categories: vec![Category {
            key: "lighting".into(),
            name: "路灯".into(),
        }],
        vocabulary: Vocabulary {
            submit: word(),
            dispatch: word(),
            accept: word(),
            arrive: word(),
            resolve: word(),
            rate: word(),
            rework: word(),
        },
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
        place: PlaceRef {
            id: PlaceId(Uuid::from_u128(50)),
            code: place("532504001007"),
        },
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
    dispatch(
        Assignee::Unit(UNIT),
        LeadFacts::Unit {
            county: place("532504"),
        },
        None,
    )
}

fn dispatch(lead: Assignee, facts: LeadFacts, severity: Option<Severity>) -> Command {
    Command::Dispatch {
        lead,
        facts,
        severity,
        affair: None,
        note: None,
    }
}

fn arrive() -> Command {
    Command::Arrive {
        position: Position::new(24.41, 103.41, Datum::Gcj02).unwrap(),
    }
}

fn resolve() -> Command {
    Command::Resolve {
        outcome: Outcome::Solved,
        reply: text("已更换灯泡"),
    }
}

fn rate(satisfaction: Satisfaction) -> Command {
    Command::Rate {
        satisfaction,
        stars: None,
        comment: None,
    }
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
        Self {
            ticket: fold(&events),
            events,
            policy: playbook.policy,
        }
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
    let count = [
        Status::Submitted,
        Status::Dispatched,
        Status::Accepted,
        Status::Resolved,
        Status::Closed,
    ]
    .iter()
    .position(|s| *s == status)
    .unwrap();
    story.steps(&steps[..count])
}

#[rstest]
#[case(clerk(), to_person(), [None, Some("ticket.already_dispatched"), Some("ticket.already_dispatched"), Some("ticket.already_dispatched"), Some("ticket.already_dispatched")])]
#[case(worker(), Command::Accept, [Some("permission.reach"), None, Some("ticket.already_accepted"), Some("ticket.already_accepted"), Some("ticket.already_accepted")])]
#[case(worker(), arrive(), [Some("permission.reach"), Some("ticket.not_accepted"), None, Some("ticket.already_resolved"), Some("ticket.already_resolved")])]
#[case(worker(), resolve(), [Some("permission.reach"), Some("ticket.not_accepted"), None, Some("ticket.already_resolved"), Some("ticket.already_resolved")])]
#[case(resident(), rate(Satisfaction::Satisfied), [Some("ticket.not_resolved"), Some("ticket.not_resolved"), Some("ticket.not_resolved"), None, Some("ticket.already_closed")])]
#[case(resident(), rate(Satisfaction::Dissatisfied), [Some("ticket.not_resolved"), Some("ticket.not_resolved"), Some("ticket.not_resolved"), None, Some("ticket.already_closed")])]
fn each_command_in_each_state(
    #[case] actor: Actor,
    #[case] command: Command,
    #[case] expected: [Option<&str>; 5],
) {
    use strum::IntoEnumIterator;
    for (status, expected) in Status::iter().zip(expected) {
        let code = story_at(status)
            .step(&actor, &command, after(6))
            .err()
            .map(|refusal| refusal.code());
        assert_eq!(code, expected, "{command:?} while {status:?}");
    }
}

#[test]
fn a_unit_ticket_waits_for_any_of_its_handlers() {
    let story = Story::begin(None).steps(&[(clerk(), to_unit(), 1)]);
    assert_eq!(story.ticket.parties().unit, Some(UNIT));
    let story = story.steps(&[(department(), Command::Accept, 2), (department(), resolve(), 3)]);
    assert_eq!(story.ticket.handler(), Some(department().user));
}

#[test]
fn whoever_is_assigned_needs_to_be_able_to_handle_it() {
    let elsewhere = person(9, &[(Role::GridWorker, at("532504002001"))]);
    let cases = [
        (LeadFacts::Unknown, "ticket.lead_unknown"),
        (LeadFacts::Person(elsewhere), "ticket.lead_cannot_handle"),
        (LeadFacts::Person(resident()), "ticket.lead_cannot_handle"),
        (
            LeadFacts::Unit {
                county: place("140226"),
            },
            "ticket.lead_cannot_handle",
        ),
    ];
    for (facts, code) in cases {
        let command = dispatch(Assignee::Person(worker().user), facts, None);
        let refusal = Story::begin(None).step(&clerk(), &command, after(1)).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, Some("/lead")));
    }
}

#[test]
fn out_of_sight_is_not_there_and_in_sight_is_not_yet_allowed() {
    let stranger = person(9, &[(Role::CommunityClerk, at("532504001008"))]);
    let mut story = Story::begin(None);
    let refusal = |result: Result<(), Refusal>| result.unwrap_err();
    assert_eq!(
        refusal(story.step(&stranger, &to_person(), after(1))),
        TicketRefusal::NotFound.into()
    );
    let reach = PermissionRefusal::Reach {
        action: Action::TicketAccept,
    };
    assert_eq!(
        refusal(story.step(&worker(), &Command::Accept, after(1))),
        reach.into()
    );
    let role = PermissionRefusal::Role {
        action: Action::TicketDispatch,
    };
    assert_eq!(
        refusal(story.step(&resident(), &to_person(), after(1))),
        role.into()
    );
}

#[rstest]
#[case::category(Submission { category: Some("moon".into()), ..submission(None) }, "ticket.category_unknown", Some("/category"))]
#[case::channel(Submission { channel: Channel::Hotline, ..submission(None) }, "ticket.channel_for_staff", Some("/channel"))]
#[case::street(Submission { place: PlaceRef { code: place("532504001"), ..submission(None).place }, ..submission(None) }, "place.too_wide", None)]
fn what_cannot_be_submitted(#[case] submission: Submission, #[case] code: &str, #[case] field: Option<&str>) {
    let refusal = submit(&submission, &resident(), &playbook(), start()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, field));
    assert!(!matches!(refusal, Refusal::Place(PlaceRefusal::NotDigits)));
}

use ClockKind::{Arrive, Solve};
use ClockState::{Breached, Cancelled, Met, Running};

#[rstest]
#[case::small(Some(Severity::Small), &[(Arrive, 5), (Solve, 30)])]
#[case::large(Some(Severity::Large), &[(Arrive, 5), (Solve, 300)])]
#[case::complex(Some(Severity::Complex), &[(Arrive, 5)])]
#[case::ungraded(None, &[(Arrive, 5)])]
fn m03_limits_start_at_submission(#[case] severity: Option<Severity>, #[case] limits: &[(ClockKind, i64)]) {
    let story = Story::begin(severity);
    let due: Vec<_> = story
        .ticket
        .clocks
        .iter()
        .map(|c| (c.kind, (c.due_at - c.started_at).num_minutes()))
        .collect();
    assert_eq!(due, limits);
    assert!(
        story
            .ticket
            .clocks
            .iter()
            .all(|c| c.started_at == start() && c.warn_at < c.due_at && c.policy_version == 3)
    );
}

#[test]
fn m03_exactly_on_the_limit_is_in_time_and_a_moment_later_is_not() {
    let small = Story::begin(Some(Severity::Small));
    assert_eq!(small.clocks(30), [(Arrive, 1, Breached), (Solve, 1, Running)]);
    let late = after(30) + TimeDelta::microseconds(1);
    assert_eq!(small.ticket.clocks[1].state(late), Breached);
}

#[test]
fn m03_a_late_act_is_a_breach_although_nobody_noticed() {
    let story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 6),
        (worker(), resolve(), 31),
    ]);
    assert_eq!(story.clocks(31), [(Arrive, 1, Breached), (Solve, 1, Breached)]);
    assert!(
        story
            .ticket
            .clocks
            .iter()
            .all(|clock| clock.met_at.is_some() && clock.breached_at == Some(clock.due_at))
    );
    let breaches: Vec<_> = story.events.iter().filter(|e| e.fact == Fact::Breached).collect();
    assert_eq!(breaches.len(), 2);
    assert_eq!(
        (
            breaches[0].occurred_at,
            breaches[0].recorded_at,
            breaches[0].actor
        ),
        (after(5), after(6), None)
    );
    assert_eq!(story.ticket.owed_since(), None);
}

#[test]
fn m03_in_time_is_met() {
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 5),
    ]);
    assert_eq!(story.clocks(200), [(Arrive, 1, Met), (Solve, 1, Running)]);
    assert_eq!(story.ticket.next_due(), Some(after(300)));
    assert_eq!(
        story.steps(&[(worker(), resolve(), 300)]).clocks(999),
        [(Arrive, 1, Met), (Solve, 1, Met)]
    );
}

#[rstest]
#[case(Unmet::Cancel, 4, Cancelled)]
#[case(Unmet::Breach, 4, Breached)]
#[case(Unmet::Cancel, 6, Breached)]
fn m03_solved_without_being_on_the_scene(
    #[case] unmet: Unmet,
    #[case] minute: i64,
    #[case] state: ClockState,
) {
    let mut story = Story::begin(Some(Severity::Small));
    story.policy.arrive_unmet_at_resolve = unmet;
    let story = story.steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), minute),
    ]);
    assert_eq!(story.clocks(60), [(Arrive, 1, state), (Solve, 1, Met)]);
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), (None, None));
}

#[test]
fn m03_late_grading_counts_from_submission() {
    let graded = |severity| {
        dispatch(
            Assignee::Person(worker().user),
            LeadFacts::Person(worker()),
            Some(severity),
        )
    };
    let small = Story::begin(None).steps(&[(clerk(), graded(Severity::Small), 40)]);
    assert_eq!(small.clocks(40), [(Arrive, 1, Breached), (Solve, 1, Breached)]);
    assert_eq!(small.ticket.clocks[1].breached_at, Some(after(30)));
    let large = Story::begin(None).steps(&[(clerk(), graded(Severity::Large), 40)]);
    assert_eq!(large.clocks(40), [(Arrive, 1, Breached), (Solve, 1, Running)]);
    assert_eq!(large.ticket.clocks[1].due_at, after(300));
}

#[rstest]
#[case::in_time(10, Running, None)]
#[case::breached_stays(40, Breached, Some(30))]
fn m03_regrading_keeps_start_and_breach(
    #[case] minute: i64,
    #[case] state: ClockState,
    #[case] breached: Option<i64>,
) {
    let large = dispatch(
        Assignee::Person(worker().user),
        LeadFacts::Person(worker()),
        Some(Severity::Large),
    );
    let story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), large, minute)]);
    let solve = &story.ticket.clocks[1];
    assert_eq!(
        (solve.started_at, solve.due_at, solve.breached_at),
        (start(), after(300), breached.map(after))
    );
    assert_eq!(solve.state(after(minute)), state);
}

#[test]
fn dissatisfied_is_done_again_by_the_same_lead_against_a_new_clock() {
    let story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 40),
        (resident(), rate(Satisfaction::Dissatisfied), 60),
    ]);
    assert_eq!(
        (story.ticket.status(), story.ticket.round),
        (Status::Dispatched, 2)
    );
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(worker().user)));
    assert_eq!(
        story.clocks(90),
        [(Arrive, 1, Breached), (Solve, 1, Breached), (Solve, 2, Running)]
    );
    let story = story.steps(&[
        (worker(), Command::Accept, 61),
        (worker(), resolve(), 80),
        (resident(), rate(Satisfaction::FairlySatisfied), 81),
    ]);
    assert_eq!(story.ticket.status(), Status::Closed);
    assert_eq!(
        story.clocks(999),
        [(Arrive, 1, Breached), (Solve, 1, Breached), (Solve, 2, Met)]
    );
}

#[test]
fn events_out_of_order_are_a_broken_history() {
    let story = story_at(Status::Closed);
    let mut ticket = Ticket::begin(&story.events[0]).unwrap();
    let before = ticket.clone();
    let broken = ticket.apply(&story.events[2]).unwrap_err();
    assert_eq!(
        broken,
        BrokenHistory {
            event: "accepted",
            status: "submitted"
        }
    );
    assert_eq!(ticket, before);
    assert!(Ticket::begin(&story.events[1]).is_err());
}

/// What is stored today must be readable for ever: these files are never changed, only added to.
#[test]
fn stored_tickets_and_events_of_version_1_are_read() {
    let story = story_at(Status::Closed);
    let ticket: Ticket = serde_json::from_str(include_str!("fixtures/ticket_v1.json")).unwrap();
    assert_eq!(ticket, story.ticket);
    let facts: Vec<Fact> = serde_json::from_str(include_str!("fixtures/facts_v1.json")).unwrap();
    assert_eq!(
        facts,
        story
            .events
            .into_iter()
            .map(|event| event.fact)
            .collect::<Vec<_>>()
    );
}

fn any_command() -> impl Strategy<Value = (Actor, Command)> {
    let actor = prop_oneof![
        Just(resident()),
        Just(clerk()),
        Just(worker()),
        Just(department())
    ];
    let satisfaction = prop_oneof![
        Just(Satisfaction::Satisfied),
        Just(Satisfaction::FairlySatisfied),
        Just(Satisfaction::Dissatisfied)
    ];
    let severity = prop_oneof![
        Just(None),
        Just(Some(Severity::Small)),
        Just(Some(Severity::Large)),
        Just(Some(Severity::Complex))
    ];
    let lead = prop_oneof![
        Just((Assignee::Person(worker().user), LeadFacts::Person(worker()))),
        Just((
            Assignee::Unit(UNIT),
            LeadFacts::Unit {
                county: place("532504")
            }
        )),
    ];
    let command = prop_oneof![
        (lead, severity).prop_map(|((lead, facts), severity)| dispatch(lead, facts, severity)),
        Just(Command::Accept),
        Just(arrive()),
        Just(resolve()),
        satisfaction.prop_map(rate),
    ];
    (actor, command)
}

/// The commands in their order by whoever may give them, with a chance of anything else in between: so that the walks
/// reach the far states too.
fn any_walk() -> impl Strategy<Value = Vec<((Actor, Command), u32)>> {
    let sensible = prop_oneof![
        Just((clerk(), to_person())),
        Just((worker(), Command::Accept)),
        Just((worker(), arrive())),
        Just((worker(), resolve())),
        Just((resident(), rate(Satisfaction::Dissatisfied))),
        Just((resident(), rate(Satisfaction::Satisfied))),
    ];
    proptest::collection::vec(
        (prop_oneof![2 => sensible, 1 => any_command()], 0u32..4000),
        0..60,
    )
}

proptest! {
    /// No sequence of commands leaves the machine; the events fold to the state (checked in `step`); nothing closes
    /// without a reply; a breach is never taken back and counted once; what is resolved owes nothing.
    #[test]
    fn no_walk_leaves_the_machine(
        graded in prop_oneof![Just(None), Just(Some(Severity::Small)), Just(Some(Severity::Large))],
        walk in any_walk(),
    ) {
        let mut story = Story::begin(graded);
        let mut now = start();
        for ((actor, command), seconds) in walk {
            now += TimeDelta::seconds(seconds.into());
            let before = story.ticket.clone();
            if story.step(&actor, &command, now).is_err() {
                prop_assert_eq!(&story.ticket, &before);
                continue;
            }
            for clock in &before.clocks {
                let after = story.ticket.clocks.iter().find(|c| c.kind == clock.kind && c.round == clock.round);
                let after = after.expect("a clock never vanishes");
                prop_assert_eq!(after.started_at, clock.started_at);
                prop_assert!(clock.breached_at.is_none() || after.breached_at == clock.breached_at);
            }
            if matches!(story.ticket.status(), Status::Resolved | Status::Closed) {
                prop_assert!(story.ticket.resolution().is_some());
                prop_assert_eq!(story.ticket.owed_since(), None);
            }
        }
        let breached = story.ticket.clocks.iter().filter(|clock| clock.breached_at.is_some()).count();
        prop_assert_eq!(story.events.iter().filter(|event| event.fact == Fact::Breached).count(), breached);
        let stored = serde_json::to_string(&story.ticket).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ticket>(&stored).unwrap(), story.ticket);
    }
}
