//! Every fact, in the states in which it is told differently.

use super::*;
use crate::geo::{Datum, Position};
use crate::ticket::{Appraiser, Commonality, ReferTo};

/// Each fact in the states in which it is told differently.
pub(super) fn cases() -> Vec<(&'static str, Vec<Fact>, Fact, Option<UserId>)> {
    let to_worker = || dispatched(Assignee::Person(WORKER));
    let accepted = || vec![to_worker(), Fact::Accepted { handler: WORKER }];
    let and = |mut facts: Vec<Fact>, more: &[Fact]| {
        facts.extend_from_slice(more);
        facts
    };
    let done = || and(accepted(), &[resolved()]);
    let watched = || vec![Fact::Supervised { reason: TEXT }];
    let satisfied = |satisfaction| Fact::Rated { satisfaction, stars: None, comment: None };
    let asked = || Fact::ExtensionAsked { clock: ClockKind::Solve, until: now(), reason: TEXT };
    let whistled = || Fact::Whistled { units: vec![UNIT], due_at: now(), reason: TEXT };
    let (by, itself) = (Some(CLERK), None);
    let position = Position::new(24.4, 103.4, Datum::Gcj02).unwrap();
    vec![
        ("waiting, tells nobody by name", vec![], Fact::Warned { tell: vec![] }, itself),
        ("tells nobody by name", accepted(), Fact::Warned { tell: vec![] }, itself),
        (
            "tells assist and duty",
            accepted(),
            Fact::Warned { tell: vec![Audience::Assist, Audience::Duty] },
            itself,
        ),
        ("waiting, tells the handler", vec![], Fact::Breached { tell: vec![Audience::Handler] }, itself),
        ("tells nobody by name", accepted(), Fact::Breached { tell: vec![] }, itself),
        (
            "tells dispatcher and supervisor",
            and(watched(), &accepted()),
            Fact::Breached { tell: vec![Audience::Dispatcher, Audience::Supervisor] },
            itself,
        ),
        (
            "supervised by nobody, tells duty and supervisor",
            accepted(),
            Fact::Breached { tell: vec![Audience::Duty, Audience::Supervisor] },
            itself,
        ),
        ("", vec![], Fact::Escalated { desk: place("532504001"), reason: None }, itself),
        (
            "",
            and(accepted(), &[Fact::Escalated { desk: place("532504001"), reason: Some(TEXT) }]),
            Fact::Decided { text: TEXT, back: Some(place("532504001007")) },
            by,
        ),
        ("", accepted(), Fact::DelegatesNamed { persons: vec![NEIGHBOUR] }, by),
        ("waiting", vec![], Fact::Observed { text: TEXT, satisfied: true }, by),
        ("handled", accepted(), Fact::Observed { text: TEXT, satisfied: false }, by),
        ("waiting", vec![], Fact::TopicRaised { reason: TEXT }, by),
        ("handled", accepted(), Fact::TopicRaised { reason: TEXT }, by),
        ("as it was sorted", vec![], Fact::Escalated { desk: place("532504"), reason: None }, by),
        ("", vec![], Fact::FirstAsked { person: Some(WORKER) }, by),
        ("nobody takes over", vec![], Fact::FirstAsked { person: None }, by),
        ("", vec![], Fact::Referred { to: ReferTo::MutualHelp, point: None, unit: None, text: TEXT }, by),
        (
            "",
            vec![],
            Fact::Graded {
                category: None,
                severity: None,
                affair: None,
                claim: Roles::default(),
                service: None,
            },
            by,
        ),
        ("", vec![], to_worker(), by),
        ("", vec![], Fact::Claimed { handler: WORKER, team: None, mates: vec![] }, by),
        ("with a team", vec![], taken_together(), by),
        ("", vec![to_worker()], Fact::Accepted { handler: WORKER }, by),
        ("", accepted(), Fact::Returned { reason: TEXT }, by),
        (
            "to a successor",
            accepted(),
            Fact::HandedOver { from: WORKER, to: Some(Assignee::Person(NEIGHBOUR)) },
            by,
        ),
        ("to nobody", accepted(), Fact::HandedOver { from: WORKER, to: None }, by),
        ("", accepted(), Fact::Relieved { assist: HELPER, to: Some(Assignee::Unit(UNIT)) }, by),
        ("", accepted(), Fact::Identified { from: WORKER, to: NEIGHBOUR }, itself),
        ("", accepted(), Fact::Arrived { position }, by),
        ("", accepted(), Fact::Planned { text: TEXT, due: None, means: None }, by),
        ("", accepted(), Fact::Replied { text: TEXT }, by),
        ("", and(watched(), &accepted()), resolved(), by),
        ("satisfied", done(), satisfied(Satisfaction::Satisfied), by),
        ("dissatisfied", done(), satisfied(Satisfaction::Dissatisfied), by),
        ("", done(), Fact::Reworked { round: 2, lead_left: false }, by),
        ("the lead has left", done(), Fact::Reworked { round: 2, lead_left: true }, by),
        ("by a rating", done(), Fact::Closed, by),
        ("by itself", done(), Fact::Closed, itself),
        ("", and(done(), &[Fact::Closed]), Fact::Reopened { round: 2, reason: TEXT, lead_left: false }, by),
        (
            "the lead has left",
            and(done(), &[Fact::Closed]),
            Fact::Reopened { round: 2, reason: TEXT, lead_left: true },
            by,
        ),
        ("waiting", vec![], Fact::Supplemented { text: TEXT }, by),
        ("handled", accepted(), Fact::Supplemented { text: TEXT }, by),
        ("waiting", vec![], Fact::Urged, by),
        ("handled", accepted(), Fact::Urged, by),
        ("dispatched by somebody", accepted(), asked(), by),
        ("claimed", vec![Fact::Claimed { handler: WORKER, team: None, mates: vec![] }], asked(), by),
        ("", and(accepted(), &[asked()]), Fact::ExtensionApproved { until: now(), note: None }, by),
        ("", and(accepted(), &[asked()]), Fact::ExtensionRefused { reason: TEXT }, by),
        ("", accepted(), Fact::Paused { reason: TEXT }, by),
        ("", and(accepted(), &[Fact::Paused { reason: TEXT }]), Fact::Resumed { reason: TEXT }, by),
        ("", accepted(), Fact::Supervised { reason: TEXT }, by),
        ("", accepted(), whistled(), by),
        ("", and(accepted(), &[whistled()]), Fact::ReportedIn { unit: UNIT, position }, by),
        (
            "",
            and(accepted(), &[whistled()]),
            Fact::Opined { unit: UNIT, appraiser: Appraiser::Community, score: 90, text: None },
            by,
        ),
        ("waiting", vec![], Fact::Discussed { units: vec![UNIT], conclusion: TEXT }, by),
        ("handled", accepted(), Fact::Discussed { units: vec![], conclusion: TEXT }, by),
        (
            "",
            accepted(),
            Fact::Assessed { commonality: Commonality::Shared, opinion: TEXT, planned_for: None },
            by,
        ),
        ("", accepted(), Fact::Promised { due_at: now(), text: TEXT }, by),
        ("", accepted(), Fact::Noted { text: TEXT }, by),
        ("waiting", vec![], Fact::Withdrawn { reason: TEXT }, by),
        ("handled", accepted(), Fact::Withdrawn { reason: TEXT }, by),
        ("", vec![], Fact::Declined { reason: TEXT }, by),
        ("", accepted(), Fact::Merged { into: OTHER, reason: TEXT }, by),
        ("", accepted(), Fact::Absorbed { from: OTHER, requesters: vec![NEIGHBOUR] }, by),
        ("", vec![], Fact::Unmasked { reason: TEXT }, by),
        ("", vec![], Fact::Recoded { place: ticket(&[]).place }, itself),
        ("", vec![], Fact::Excluded { what: crate::ticket::Excludable::Breach, until: now() }, itself),
    ]
}
