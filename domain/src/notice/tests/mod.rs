//! The table of who is told what, of every fact, in the document.

mod cases;

use super::*;
use crate::id::{PlaceId, TextId, TicketId, UnitId, UserId};
use crate::number::ticket_number;
use crate::permission::{Role, Roles};
use crate::place::{Levels, PlaceCode, PlaceRef};
use crate::text::TextRef;
use crate::ticket::{Assignee, Channel, Clock, Headline, Outcome};
use crate::time::Timestamp;
use cases::cases;
use std::collections::HashSet;
use std::fmt::Write;
use strum::IntoEnumIterator;
use uuid::Uuid;

const TEXT: TextRef = TextRef { id: TextId(Uuid::nil()), hash: [0; 32] };
const RESIDENT: UserId = UserId(Uuid::from_u128(1));
const CLERK: UserId = UserId(Uuid::from_u128(2));
const WORKER: UserId = UserId(Uuid::from_u128(3));
const HELPER: UserId = UserId(Uuid::from_u128(4));
const NEIGHBOUR: UserId = UserId(Uuid::from_u128(7));
const UNIT: UnitId = UnitId(Uuid::from_u128(90));
const OTHER: TicketId = TicketId(Uuid::from_u128(100));

fn now() -> Timestamp {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn event(fact: Fact, actor: Option<UserId>) -> Event {
    Event { fact, clocks: vec![], actor, occurred_at: now(), recorded_at: now() }
}

fn submitted() -> Event {
    let code = place("532504001007003");
    let fact = Fact::Submitted {
        ticket: TicketId(Uuid::nil()),
        number: ticket_number(&code, now().date_naive(), 1),
        requester: RESIDENT,
        place: PlaceRef { id: PlaceId(Uuid::nil()), code },
        desk: place("532504001007"),
        content: TEXT,
        address: None,
        origin: None,
        category: None,
        severity: None,
        affair: None,
        channel: Channel::MiniProgram,
        confidential: false,
        claim: Roles::default(),
        playbook: None,
        service: None,
        call: None,
        hear: None,
        requester_unit: None,
    };
    event(fact, Some(RESIDENT))
}

fn dispatched(lead: Assignee) -> Fact {
    let assist = vec![Assignee::Person(HELPER)];
    Fact::Dispatched { lead, assist, severity: None, affair: None, handling: None, note: None }
}

/// The ticket after these facts.
fn ticket(facts: &[Fact]) -> Ticket {
    let mut ticket = Ticket::begin(&submitted()).unwrap();
    for fact in facts {
        ticket.apply(&event(fact.clone(), Some(CLERK))).unwrap();
    }
    ticket
}

fn taken_together() -> Fact {
    Fact::Claimed { handler: WORKER, team: Some(UNIT), mates: vec![HELPER] }
}

/// Somebody calls for help.
fn called() -> Event {
    let mut event = submitted();
    if let Fact::Submitted { call, claim, hear, .. } = &mut event.fact {
        *call = Some(place("532504001007"));
        // Whoever may claim it for what it is about hears nothing of it elsewhere.
        *claim = Roles::from_iter([Role::PartyMember, Role::Volunteer]);
        *hear = Some(Roles::from_iter([Role::PartyMember]));
    }
    event
}

fn resolved() -> Fact {
    Fact::Resolved { outcome: Outcome::Solved, reply: TEXT, closes_at: None }
}

fn clock(kind: ClockKind) -> Clock {
    let at = now().to_rfc3339();
    let json = serde_json::json!({"kind": <&str>::from(kind), "round": 1, "started_at": at, "due_at": at, "warn_at": at,
        "policy_version": 1});
    serde_json::from_value(json).unwrap()
}

type Told<T> = Vec<(T, Notice)>;

/// What is told when this happens to a ticket to which that happened before.
fn told(before: &[Fact], fact: &Fact, actor: Option<UserId>) -> (Told<Audience>, Told<Recipient>) {
    let (had, event) = (ticket(before), event(fact.clone(), actor));
    let mut after = had.clone();
    after.apply(&event).unwrap();
    (notices(Some(&had), &event, &after), recipients(Some(&had), &event, &after))
}

#[test]
fn the_document_shows_who_is_told_what() {
    let mut text = String::from(
        "# Who is told what\n\n\
         Made from the rules (`domain/src/notice.rs`) by a test, which fails when it is stale; `make docs` writes it anew. A person\n\
         gets one message an event, the first of those that concern them; whoever did it gets none. Each event has its kind of\n\
         message behind the audience; without one nobody is told.\n\n\
         **requester**: who raised it, and who joined by a merge · **handler**: who handles it, else the person or the people of\n\
         the unit that it is assigned to · **assist**: people, and people of units · **desk**: who dispatches exactly at the place\n\
         that decides next, or at the nearest above that has somebody · **dispatcher**: who dispatched it · **supervisor**: who\n\
         supervises it · **duty**: who is on duty when it is written down, for the nearest place that has somebody; of what lies\n\
         with those above from the start there as well · **first_asked**: who was the first to take it up, while nobody has\n\
         accepted it, also of limits to accept or arrive that do not name them · **called**: the units that were called and\n\
         have not reported in · **whistler**: who called them · **grid_leader**: who leads the grid of its place, or the nearest\n\
         place above that has somebody · **delegate**: who of the residents watches it\n\n\
         A call is told first, as `called`, to everybody who may answer it: at most 500 who hold such a role in its area.\n\n",
    );
    let pressing: Vec<_> = Notice::iter().filter(|notice| notice.presses()).map(Notice::name).collect();
    writeln!(
        text,
        "While somebody is away, the bell rings their stand-in, or passes them over; and their stand-in is told as well of what\n\
         presses: `{}`.\n\n| event | when | told |\n|---|---|---|",
        pressing.join("`, `")
    )
    .unwrap();
    let first = notices(None, &submitted(), &ticket(&[]));
    let mut rows = vec![(Headline::Submitted, "", first)];
    for (when, before, fact, actor) in cases() {
        rows.push((fact.headline(), when, told(&before, &fact, actor).0));
    }
    let seen: HashSet<_> = rows.iter().map(|(headline, ..)| *headline).collect();
    assert_eq!(Headline::iter().filter(|headline| !seen.contains(headline)).collect::<Vec<_>>(), []);
    for (headline, when, told) in rows {
        let told: Vec<_> = told
            .iter()
            .map(|(audience, notice)| format!("{}: `{}`", audience.name(), notice.name()))
            .collect();
        writeln!(text, "| {} | {when} | {} |", headline.name(), told.join(", ")).unwrap();
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/notices.md");
    if std::env::var_os("HUYING_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/notices.md is stale: run `make docs`");
}

/// Every kind of message is sent by some event, or by what is said here.
#[test]
fn no_kind_of_message_is_never_sent() {
    let mut sent: HashSet<_> =
        recipients(None, &submitted(), &ticket(&[])).into_iter().map(|(_, notice)| notice).collect();
    for (_, before, fact, actor) in cases() {
        sent.extend(told(&before, &fact, actor).1.into_iter().map(|(_, notice)| notice));
    }
    sent.extend(recipients(None, &called(), &ticket(&[])).into_iter().map(|(_, notice)| notice));
    sent.extend([Notice::OverdueList, Notice::CalendarMissing]);
    // Those of matters each kind says itself.
    sent.extend(Notice::iter().filter(|notice| notice.name().starts_with("matter_")));
    assert_eq!(Notice::iter().filter(|notice| !sent.contains(notice)).collect::<Vec<_>>(), []);
}

#[test]
fn an_audience_comes_down_to_whom_it_concerns() {
    let unit = || vec![dispatched(Assignee::Unit(UNIT)), Fact::Accepted { handler: WORKER }, resolved()];
    let person = |person, notice| (Recipient::Person(person), notice);
    // Whoever handled it, and the unit that it goes back to.
    let (_, reworked) = told(&unit(), &Fact::Reworked { round: 2, lead_left: false }, Some(RESIDENT));
    assert_eq!(reworked, [person(WORKER, Notice::Reworked), (Recipient::Unit(UNIT), Notice::Reworked)]);
    let (_, assigned) = told(&[], &dispatched(Assignee::Unit(UNIT)), Some(CLERK));
    assert_eq!(
        assigned,
        [
            (Recipient::Unit(UNIT), Notice::Assigned),
            person(HELPER, Notice::AssistAsked),
            person(RESIDENT, Notice::Dispatched)
        ]
    );
    // What is no longer assigned to anybody is told to those who had it.
    let to_worker = [dispatched(Assignee::Person(WORKER))];
    let (_, withdrawn) = told(&to_worker, &Fact::Withdrawn { reason: TEXT }, Some(RESIDENT));
    assert_eq!(withdrawn[0], person(WORKER, Notice::Withdrawn));
    let absorbed = Fact::Absorbed { from: OTHER, requesters: vec![NEIGHBOUR] };
    let (_, merged) = told(&[absorbed], &Fact::Merged { into: OTHER, reason: TEXT }, Some(CLERK));
    assert_eq!(merged, [person(RESIDENT, Notice::Merged), person(NEIGHBOUR, Notice::Merged)]);
    // The desk is the one above from the escalation on; duty goes by the place of the ticket.
    let street = place("532504001");
    let (_, escalated) = told(&[], &Fact::Escalated { desk: street, reason: None }, None);
    assert_eq!(escalated, [(Recipient::Desk(street), Notice::Escalated)]);
    // Who may answer a call hears it as one, before all others.
    let call = recipients(None, &called(), &ticket(&[]));
    let hear = Recipient::Called(place("532504001007"), Roles::from_iter([Role::PartyMember]));
    assert_eq!((call[0], call[1].1), ((hear, Notice::Called), Notice::ToDispatch));
    // A team that took it is its unit and its members.
    let (_, taken) = told(&[], &taken_together(), Some(WORKER));
    assert_eq!(
        taken[1..],
        [(Recipient::Unit(UNIT), Notice::AssistAsked), person(HELPER, Notice::AssistAsked)]
    );
    // Whoever was asked first hears of limits on the way there until somebody has accepted it.
    let first = || Fact::FirstAsked { person: Some(NEIGHBOUR) };
    let limit = |kind, before: &[Fact]| {
        let clocks = vec![clock(kind)];
        let (before, tell) = (ticket(before), vec![Audience::Duty, Audience::FirstAsked]);
        let named = Event { clocks: clocks.clone(), ..event(Fact::Breached { tell }, None) };
        let unnamed = Event { clocks, ..event(Fact::Breached { tell: vec![] }, None) };
        [named, unnamed].map(|event| {
            recipients(Some(&before), &event, &before).contains(&(person(NEIGHBOUR, Notice::Breached)))
        })
    };
    assert_eq!(limit(ClockKind::Arrive, &[first()]), [true, true]);
    assert_eq!(limit(ClockKind::Solve, &[first()]), [true, false]);
    let taken = [first(), dispatched(Assignee::Person(WORKER)), Fact::Accepted { handler: WORKER }];
    assert_eq!(limit(ClockKind::Arrive, &taken), [false, false]);
    // What lies with the county from the start rings there, too.
    let mut emergency = submitted();
    if let Fact::Submitted { desk, .. } = &mut emergency.fact {
        *desk = place("532504");
    }
    let rung = recipients(None, &emergency, &Ticket::begin(&emergency).unwrap());
    let duty = |code| (Recipient::Duty(place(code)), Notice::DutyNew);
    assert_eq!(rung[1..], [duty("532504001007003"), duty("532504")]);
    // A decision goes to the desk that asked, also where it stays with those above.
    let asked = [Fact::Escalated { desk: street, reason: Some(TEXT) }];
    let (_, decided) = told(&asked, &Fact::Decided { text: TEXT, back: None }, Some(CLERK));
    assert_eq!(decided, [(Recipient::Desk(place("532504001007")), Notice::Decided)]);
    // Of the delegates, those who were none before.
    let one = [Fact::DelegatesNamed { persons: vec![NEIGHBOUR] }];
    let (_, named) = told(&one, &Fact::DelegatesNamed { persons: vec![HELPER, NEIGHBOUR] }, Some(CLERK));
    assert_eq!(named, [person(HELPER, Notice::DelegateNamed)]);
    // A topic is told to the leader of the grid where it is, by the place of the ticket.
    let (_, raised) = told(&[], &Fact::TopicRaised { reason: TEXT }, Some(CLERK));
    assert_eq!(raised[1], (Recipient::Leader(place("532504001007003")), Notice::TopicRaised));
    let new = recipients(None, &submitted(), &ticket(&[]));
    assert_eq!(new[1], (Recipient::Duty(place("532504001007003")), Notice::DutyNew));
}

#[test]
fn what_rang_while_nobody_watched_goes_into_a_list() {
    let belated = |fact: Fact, actor: Option<UserId>, minutes: i64| {
        let late = Event { recorded_at: now() + TimeDelta::minutes(minutes), ..event(fact, actor) };
        is_belated(&late)
    };
    let escalated = || Fact::Escalated { desk: place("532504"), reason: None };
    assert!(
        belated(Fact::Breached { tell: vec![] }, None, 3) && belated(Fact::Warned { tell: vec![] }, None, 3)
    );
    assert!(!belated(Fact::Breached { tell: vec![] }, None, 2));
    assert!(belated(escalated(), None, 3));
    assert!(!belated(escalated(), Some(CLERK), 3), "somebody did that, out of reach of the network");
    assert!(!belated(resolved(), Some(WORKER), 60));
}
