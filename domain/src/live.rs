//! The live feed (实时推送): what somebody may listen to, and what those who listen are told of an event. Nothing personal,
//! and nothing that anybody wrote.

use crate::actor::Actor;
use crate::id::{TicketId, UnitId};
use crate::number::TicketNumber;
use crate::place::PlaceCode;
use crate::ticket::{Assignee, ClockKind, Event, Fact, Headline, Severity, Status};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody listens to: whatever of these fits, once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wants {
    /// Tickets of this place and of all below it.
    pub place: Option<PlaceCode>,
    /// Tickets that this unit leads, or led until that event.
    pub unit: Option<UnitId>,
    /// What is new in their own inbox.
    pub inbox: bool,
}

/// Why somebody may not listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiveRefusal {
    /// To nothing at all.
    #[error("nothing to listen to")]
    Nothing,
    /// To a place whose tickets are not all theirs to see.
    #[error("the place is beyond their scope")]
    Place,
    /// To a unit that they do not handle for.
    #[error("the unit is beyond their scope")]
    Unit,
}

impl LiveRefusal {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nothing => "live.nothing",
            Self::Place => "live.place_beyond_scope",
            Self::Unit => "live.unit_beyond_scope",
        }
    }

    /// The field that says so.
    pub fn field(self) -> &'static str {
        match self {
            Self::Nothing | Self::Place => "/place",
            Self::Unit => "/unit",
        }
    }
}

impl Wants {
    /// Whether `actor` may listen to this: to places whose tickets they see, to units whose tickets they handle, and to their
    /// own inbox.
    ///
    /// # Errors
    /// [`LiveRefusal`].
    pub fn check(&self, actor: &Actor) -> Result<(), LiveRefusal> {
        let Self { place, unit, inbox } = self;
        if place.is_none() && unit.is_none() && !inbox {
            return Err(LiveRefusal::Nothing);
        }
        if place.is_some_and(|place| !actor.area().any(|area| area.covers(&place))) {
            return Err(LiveRefusal::Place);
        }
        if unit.is_some_and(|unit| !actor.units().any(|own| own == unit)) {
            return Err(LiveRefusal::Unit);
        }
        Ok(())
    }

    /// Whether an event is for them. Depends on the log alone, so what is sent again is what was sent before.
    pub fn hears(&self, event: &LiveEvent) -> bool {
        self.place.is_some_and(|place| place.covers(&event.ticket.place))
            || self.unit.is_some_and(|unit| event.units().any(|other| other == unit))
    }
}

/// An event as those who listen are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// What happened.
    pub kind: Headline,
    /// To which ticket.
    pub ticket: LiveSubject,
    /// The unit that led it until then.
    pub led_by: Option<UnitId>,
    /// The unit that leads it from then on.
    pub leads: Option<UnitId>,
    /// The clock that warns or was breached.
    pub clock: Option<ClockKind>,
    /// The place on whose desk it lies from then on, where it went up.
    pub desk: Option<PlaceCode>,
    /// The round that it begins.
    pub round: Option<u16>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
}

/// A ticket as those who listen are told of it: as it stands when they are told.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the ticket's")]
pub struct LiveSubject {
    pub id: TicketId,
    pub number: TicketNumber,
    pub status: Status,
    pub place: PlaceCode,
    pub place_name: String,
    pub category: Option<String>,
    pub severity: Option<Severity>,
}

impl LiveEvent {
    /// What is told of `event`; `assigned` is what last said who leads before it.
    pub fn new(event: &Event, ticket: LiveSubject, assigned: Option<&Fact>) -> Self {
        let led_by = assigned.and_then(leads).flatten();
        let timed = matches!(event.fact, Fact::Warned { .. } | Fact::Breached { .. });
        Self {
            kind: event.fact.headline(),
            ticket,
            led_by,
            leads: leads(&event.fact).unwrap_or(led_by),
            clock: event.clocks.first().filter(|_| timed).map(|clock| clock.kind),
            desk: if let Fact::Escalated { desk, .. } | Fact::Decided { back: Some(desk), .. } = &event.fact {
                Some(*desk)
            } else {
                None
            },
            round: if let Fact::Reworked { round, .. } | Fact::Reopened { round, .. } = &event.fact {
                Some(*round)
            } else {
                None
            },
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
        }
    }

    /// The units that it concerns, each once.
    pub fn units(&self) -> impl Iterator<Item = UnitId> {
        self.led_by.into_iter().chain(self.leads.filter(|unit| self.led_by != Some(*unit)))
    }
}

/// The kinds of events that say who leads.
pub const ASSIGNING: [Headline; 4] =
    [Headline::Dispatched, Headline::Claimed, Headline::Returned, Headline::HandedOver];

/// The unit that leads after a fact that says who leads; the outer `None` is a fact that does not.
fn leads(fact: &Fact) -> Option<Option<UnitId>> {
    let unit = |lead: &Assignee| if let Assignee::Unit(unit) = lead { Some(*unit) } else { None };
    if let Fact::Dispatched { lead, .. } = fact {
        return Some(unit(lead));
    }
    if let Fact::HandedOver { to, .. } = fact {
        return Some(to.as_ref().and_then(unit));
    }
    matches!(fact, Fact::Claimed { .. } | Fact::Returned { .. }).then_some(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::{TextId, UserId};
    use crate::permission::Role;
    use crate::place::Levels;
    use crate::text::TextRef;
    use chrono::DateTime;
    use rstest::rstest;
    use uuid::Uuid;

    const UNIT: UnitId = UnitId(Uuid::from_u128(90));
    const OTHER: UnitId = UnitId(Uuid::from_u128(91));
    const USER: UserId = UserId(Uuid::from_u128(1));

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn actor(role: Role, scope: Scope) -> Actor {
        Actor { user: USER, grants: vec![Grant { role, scope }] }
    }

    fn of(place_code: Option<&str>, unit: Option<UnitId>, inbox: bool) -> Wants {
        Wants { place: place_code.map(place), unit, inbox }
    }

    #[rstest]
    #[case::nothing(of(None, None, false), Err(LiveRefusal::Nothing))]
    #[case::inbox(of(None, None, true), Ok(()))]
    #[case::their_place(of(Some("532504001"), None, false), Ok(()))]
    #[case::below(of(Some("532504001007"), None, true), Ok(()))]
    #[case::above(of(Some("532504"), None, true), Err(LiveRefusal::Place))]
    #[case::elsewhere(of(Some("532504002"), None, true), Err(LiveRefusal::Place))]
    #[case::no_unit_of_theirs(of(Some("532504001"), Some(UNIT), false), Err(LiveRefusal::Unit))]
    fn a_dispatcher_listens_within_their_place(
        #[case] wants: Wants,
        #[case] expected: Result<(), LiveRefusal>,
    ) {
        let dispatcher = actor(Role::StreetDispatcher, Scope::Places(vec![place("532504001")]));
        assert_eq!(wants.check(&dispatcher), expected);
    }

    #[test]
    fn handlers_listen_to_their_unit_and_residents_to_their_inbox() {
        let handler = actor(Role::DepartmentHandler, Scope::Unit(UNIT));
        assert_eq!(of(None, Some(UNIT), false).check(&handler), Ok(()));
        assert_eq!(of(None, Some(OTHER), false).check(&handler), Err(LiveRefusal::Unit));
        assert_eq!(of(Some("532504"), None, false).check(&handler), Err(LiveRefusal::Place));
        let resident = Actor { user: USER, grants: vec![] };
        assert_eq!(of(None, None, true).check(&resident), Ok(()));
        assert_eq!(of(Some("532504001007"), None, true).check(&resident), Err(LiveRefusal::Place));
    }

    fn dispatched(lead: Assignee) -> Fact {
        Fact::Dispatched { lead, assist: vec![], severity: None, affair: None, handling: None, note: None }
    }

    fn told(fact: Fact, assigned: Option<&Fact>) -> LiveEvent {
        let at = DateTime::UNIX_EPOCH;
        let event = Event { fact, clocks: vec![], actor: None, occurred_at: at, recorded_at: at };
        let ticket = LiveSubject {
            id: TicketId(Uuid::nil()),
            number: TicketNumber::from("532504-261121-00001").unwrap(),
            status: Status::Submitted,
            place: place("532504001007"),
            place_name: "温泉社区".to_owned(),
            category: None,
            severity: None,
        };
        LiveEvent::new(&event, ticket, assigned)
    }

    #[test]
    fn a_unit_hears_of_what_it_gets_has_and_loses() {
        let reason = TextRef { id: TextId(Uuid::nil()), hash: [0; 32] };
        let (ours, person) = (dispatched(Assignee::Unit(UNIT)), dispatched(Assignee::Person(USER)));
        let returned = Fact::Returned { reason };
        let wants = of(None, Some(UNIT), false);
        let hears = |fact: &Fact, assigned: Option<&Fact>| wants.hears(&told(fact.clone(), assigned));
        assert!(hears(&ours, None));
        assert!(hears(&Fact::Urged, Some(&ours)));
        assert!(hears(&returned, Some(&ours)), "it goes from them");
        assert!(!hears(&Fact::Urged, Some(&returned)), "it went from them");
        assert!(!hears(&Fact::Urged, None) && !hears(&person, Some(&returned)));
        let theirs = dispatched(Assignee::Unit(OTHER));
        assert_eq!(told(theirs, Some(&ours)).units().collect::<Vec<_>>(), [UNIT, OTHER]);
        assert_eq!(told(ours.clone(), Some(&ours)).units().count(), 1);
    }

    #[test]
    fn every_fact_that_says_who_leads_is_looked_for() {
        let all = [
            dispatched(Assignee::Unit(UNIT)),
            Fact::Claimed { handler: USER, team: None, mates: vec![] },
            Fact::Returned { reason: TextRef { id: TextId(Uuid::nil()), hash: [0; 32] } },
            Fact::HandedOver { from: USER, to: None },
        ];
        assert!(all.iter().all(|fact| leads(fact).is_some()));
        assert_eq!(all.map(|fact| fact.headline()), [0, 1, 2, 3].map(|i| ASSIGNING[i]));
        assert_eq!(leads(&Fact::Urged), None);
    }
}
