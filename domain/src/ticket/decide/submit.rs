//! 点单.

use super::super::{
    Channel, Clock, ClockKind, Event, Fact, FieldFault, Source, Submission, TicketRefusal, TimeFault,
};
use super::ask::asked;
use super::between;
use super::first_asked::writes_down;
use super::sort::{Sorted, hearing, may_claim};
use crate::actor::{Actor, Scope};
use crate::permission::Action;
use crate::place::{Levels, PlaceCode, PlaceRefusal};
use crate::playbook::Playbook;
use crate::policy::{Sorting, Start};
use crate::refusal::Refusal;
use crate::time::{Timestamp, china_day};
use crate::unit::UnitKind;
use chrono::TimeDelta;
use strum::IntoEnumIterator;

/// How long ago what is entered from paper may have been raised.
const PAPER_DAYS: i64 = 31;
/// How long ago the event was held that a ticket came from, at most.
const ORIGIN_DAYS: i64 = 366;

/// 点单. Starts the arrive clock, and the others when it is graded already (practices M03). They count from the submission,
/// also of what was raised earlier on paper: nobody could have kept a limit before.
///
/// # Errors
/// [`TicketRefusal::CategoryUnknown`], [`FieldFault::ChannelForStaff`], [`PlaceRefusal::TooWide`] and others.
pub fn submit(
    s: &Submission,
    actor: &Actor,
    playbook: &Playbook,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    actor.has(Action::TicketSubmit)?;
    let too_wide = || PlaceRefusal::TooWide { code: s.place.code };
    let community = s.place.code.community().ok_or_else(too_wide)?;
    let community = PlaceCode::parse(community, &Levels::default())?;
    let sorted = Sorted::new(s.service.as_deref(), s.category.as_deref(), s.affair, playbook)?;
    let desk = playbook.policy.desk(sorted.category, &s.place.code).unwrap_or(community);
    if s.channel != Channel::MiniProgram && !actor.is_staff() {
        return Err(TicketRefusal::field_fault(FieldFault::ChannelForStaff, "/channel").into());
    }
    if let Some(source) = s.source.as_ref().filter(|source| source.channel() != s.channel) {
        let (fault, field) = match source {
            Source::Message { .. } => (FieldFault::MessageNeedsChat, "/origin/message"),
            Source::Order { .. } => (FieldFault::OrderNeedsHotline, "/origin/order"),
        };
        return Err(TicketRefusal::field_fault(fault, field).into());
    }
    check_unit(s, actor)?;
    if let Some(occurred_at) = s.occurred_at {
        if !actor.is_staff() {
            return Err(TicketRefusal::field_fault(FieldFault::OccurredAtForStaff, "/occurred_at").into());
        }
        between("/occurred_at", occurred_at, now - TimeDelta::days(PAPER_DAYS), now)?;
    }
    if let Some(held_on) = s.origin.as_ref().and_then(|(origin, _)| origin.held_on) {
        let refused = |code, limit| Err(TicketRefusal::Time { code, field: "/origin/held_on", limit }.into());
        let earliest = now - TimeDelta::days(ORIGIN_DAYS);
        if held_on < china_day(earliest) {
            return refused(TimeFault::TooEarly, earliest);
        }
        if held_on > china_day(now) {
            return refused(TimeFault::TooLate, now);
        }
    }
    let sorting =
        Sorting { severity: s.severity, affair: sorted.affair, category: sorted.category, handling: None };
    let call = match (&playbook.call, s.call) {
        (_, false) => None,
        (Some(rule), true) => rule.area(&s.place.code),
        (None, true) => return Err(TicketRefusal::field_fault(FieldFault::CallOff, "/call").into()),
    };
    let clocks: Vec<_> = ClockKind::iter()
        .filter_map(|kind| playbook.policy.rule(kind, &sorting))
        .filter(|rule| rule.start() == Start::Submission)
        .map(|rule| Clock::start(rule, 1, now, &playbook.policy))
        .collect();
    // The clocks say it, so that programs of before read the ticket; without any it is said.
    let under = clocks.is_empty().then_some(playbook.policy.version);
    let fact = Fact::Submitted {
        ticket: s.id,
        number: s.number,
        requester: actor.user,
        place: s.place,
        desk,
        content: s.content.reference,
        address: s.address.as_ref().map(|text| text.reference),
        origin: s.origin.as_ref().map(|(origin, _)| *origin),
        category: sorted.category.map(str::to_owned),
        severity: s.severity,
        affair: sorted.affair,
        channel: s.channel,
        confidential: s.confidential,
        playbook: under,
        claim: may_claim(playbook, &sorting, call.is_some()),
        hear: call.map(|_| hearing(playbook)),
        service: s.service.clone(),
        call,
        requester_unit: s.for_unit.map(|(unit, _)| unit),
    };
    let occurred_at = s.occurred_at.unwrap_or(now);
    let event = |fact, clocks, occurred_at| Event {
        fact,
        clocks,
        actor: Some(actor.user),
        occurred_at,
        recorded_at: now,
    };
    let mut events = vec![event(fact, clocks, occurred_at)];
    if writes_down(s, actor, playbook) {
        events.push(event(Fact::FirstAsked { person: Some(actor.user) }, vec![], now));
    }
    asked(events, s.ask.as_ref(), actor, &playbook.policy, now)
}

/// A unit asks through its people, a community through whoever dispatches there (社区点单, practices Z01).
fn check_unit(s: &Submission, actor: &Actor) -> Result<(), TicketRefusal> {
    let Some((unit, facts)) = s.for_unit else { return Ok(()) };
    let fault = |fault| Err(TicketRefusal::field_fault(fault, "/for_unit"));
    if !actor.is_staff() {
        return fault(FieldFault::ForUnitForStaff);
    }
    let Some(facts) = facts.filter(|facts| facts.county.covers(&s.place.code)) else {
        return fault(FieldFault::ForUnitUnknown);
    };
    let belongs = actor.grants.iter().any(|grant| grant.scope == Scope::Unit(unit));
    let seat = facts.seat.filter(|_| facts.kind == UnitKind::CommunityOffice);
    let keeps = seat.is_some_and(|seat| actor.area_of(Action::TicketDispatch).any(|area| area.covers(&seat)));
    if belongs || keeps { Ok(()) } else { fault(FieldFault::ForUnitNotTheirs) }
}
