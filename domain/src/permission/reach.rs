//! Whether what somebody was granted reaches a ticket.

use super::{Action, PermissionRefusal, Reach, Role, Roles, reaches};
use crate::actor::{Actor, Grant, Scope};
use crate::id::{UnitId, UserId};
use crate::place::PlaceCode;
use crate::ticket::{Assignee, Whistle};

/// Those whom a ticket concerns: all that "may this person see that ticket" depends on, in Rust as in SQL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parties<'a> {
    /// Who raised it.
    pub requester: UserId,
    /// The unit for which it was raised.
    pub requester_unit: Option<UnitId>,
    /// Who raised the same, in tickets that were merged into it.
    pub joined: &'a [UserId],
    /// Where it lies.
    pub place: PlaceCode,
    /// The place whose people decide next.
    pub desk: PlaceCode,
    /// The unit that leads.
    pub unit: Option<UnitId>,
    /// The person who leads, or who accepted it for the unit.
    pub handler: Option<UserId>,
    /// Who dispatched it.
    pub dispatched_by: Option<UserId>,
    /// Who helps.
    pub assist: &'a [Assignee],
    /// Which units were called.
    pub called: &'a [Whistle],
    /// The roles that may claim it.
    pub claim: Roles,
    /// Of a call, the area in which it is heard.
    pub call: Option<PlaceCode>,
    /// The roles that hear it: who holds one anywhere in that area, and may claim it at all, may claim it.
    pub hear: Roles,
    /// The members of the team that took it.
    pub mates: &'a [UserId],
    /// Who watches the work for the residents.
    pub delegates: &'a [UserId],
}

impl Actor {
    /// Whether any of their roles has `action` at all: what a call can know before it has loaded anything.
    ///
    /// # Errors
    /// [`PermissionRefusal::Role`].
    pub fn has(&self, action: Action) -> Result<(), PermissionRefusal> {
        let any = !reaches(Role::Resident, action).is_empty()
            || self.grants.iter().any(|grant| !reaches(grant.role, action).is_empty());
        if any { Ok(()) } else { Err(PermissionRefusal::Role { action }) }
    }

    /// Whether `action` reaches the ticket of these parties.
    ///
    /// # Errors
    /// [`PermissionRefusal::Role`] or [`PermissionRefusal::Reach`].
    pub fn may(&self, action: Action, parties: &Parties<'_>) -> Result<(), PermissionRefusal> {
        self.has(action)?;
        let as_resident = reaches(Role::Resident, action).iter().any(|reach| match reach {
            Reach::Anywhere => true,
            Reach::Own => self.raised(parties),
            Reach::Delegated => parties.delegates.contains(&self.user),
            _ => false,
        });
        let granted = self.grants.iter().any(|grant| self.reaches(action, grant, parties));
        if as_resident || granted { Ok(()) } else { Err(PermissionRefusal::Reach { action }) }
    }

    /// Whether they raised it, or what was merged into it.
    pub fn raised(&self, parties: &Parties<'_>) -> bool {
        parties.requester == self.user || parties.joined.contains(&self.user)
    }

    fn reaches(&self, action: Action, grant: &Grant, parties: &Parties<'_>) -> bool {
        let covers = |code: &PlaceCode| matches!(&grant.scope, Scope::Places(places) if places.iter().any(|place| place.covers(code)));
        let lies_in = |area: &PlaceCode| matches!(&grant.scope, Scope::Places(places) if places.iter().any(|place| area.covers(place)));
        let is_of = |unit: UnitId| matches!(grant.scope, Scope::Unit(own) if own == unit);
        reaches(grant.role, action).iter().any(|reach| match reach {
            Reach::Anywhere => true,
            Reach::Own => self.raised(parties),
            Reach::Delegated => parties.delegates.contains(&self.user),
            Reach::Assigned => parties.handler == Some(self.user) || parties.unit.is_some_and(is_of),
            Reach::Assisting => {
                let helps = |assignee: &Assignee| match assignee {
                    Assignee::Person(person) => *person == self.user,
                    Assignee::Unit(unit) => is_of(*unit),
                };
                parties.mates.contains(&self.user) || parties.assist.iter().any(helps)
            }
            Reach::Claimable => {
                let hears =
                    parties.hear.contains(grant.role) && parties.call.is_some_and(|area| lies_in(&area));
                parties.claim.contains(grant.role) && (covers(&parties.place) || hears)
            }
            Reach::Called => parties.called.iter().any(|whistle| is_of(whistle.unit)),
            Reach::Raised => parties.requester_unit.is_some_and(is_of),
            Reach::Dispatched => parties.dispatched_by == Some(self.user),
            Reach::Area => covers(&parties.place),
            Reach::Desk => covers(&parties.desk),
        })
    }

    /// The places whose tickets they may see; the rest they see by taking part, through a unit, or to be claimed.
    pub fn area(&self) -> impl Iterator<Item = PlaceCode> {
        self.places_of(|role| reaches(role, Action::TicketView).contains(&Reach::Area))
            .map(|(_, place)| place)
    }

    /// The roles and places in which they may see what is open to be claimed.
    pub fn claims(&self) -> impl Iterator<Item = (Role, PlaceCode)> {
        self.places_of(|role| !reaches(role, Action::TicketClaim).is_empty())
    }

    fn places_of(&self, wanted: impl Fn(Role) -> bool) -> impl Iterator<Item = (Role, PlaceCode)> {
        self.grants.iter().filter(move |grant| wanted(grant.role)).flat_map(|grant| {
            let places = match &grant.scope {
                Scope::Places(places) => places.as_slice(),
                Scope::Unit(_) => &[],
            };
            places.iter().map(|place| (grant.role, *place))
        })
    }

    /// Whether they see what is assigned to themselves.
    pub fn sees_assigned(&self) -> bool {
        self.grants.iter().any(|grant| reaches(grant.role, Action::TicketView).contains(&Reach::Assigned))
    }

    /// The units whose tickets they may see.
    pub fn units(&self) -> impl Iterator<Item = UnitId> {
        self.grants.iter().filter_map(|grant| match grant.scope {
            Scope::Unit(unit) if reaches(grant.role, Action::TicketView).contains(&Reach::Assigned) => {
                Some(unit)
            }
            _ => None,
        })
    }

    /// The units for which they see what these were called to.
    pub fn called_units(&self) -> impl Iterator<Item = UnitId> {
        self.units_by(Reach::Called)
    }

    /// The units for which others raised what they may see.
    pub fn raising_units(&self) -> impl Iterator<Item = UnitId> {
        self.units_by(Reach::Raised)
    }

    fn units_by(&self, reach: Reach) -> impl Iterator<Item = UnitId> {
        self.grants.iter().filter_map(move |grant| match grant.scope {
            Scope::Unit(unit) if reaches(grant.role, Action::TicketView).contains(&reach) => Some(unit),
            _ => None,
        })
    }

    /// Whether a ticket at `place` can be assigned to them: a role that accepts, granted there, or for a unit of that
    /// county. `units` are the counties of their units.
    pub fn can_handle_at(&self, place: &PlaceCode, units: &[(UnitId, PlaceCode)]) -> bool {
        self.grants.iter().any(|grant| {
            let there = match &grant.scope {
                Scope::Places(places) => places.iter().any(|p| p.covers(place)),
                Scope::Unit(unit) => units.iter().any(|(id, county)| id == unit && county.covers(place)),
            };
            there && !reaches(grant.role, Action::TicketAccept).is_empty()
        })
    }

    /// Whether they handle the tickets of a unit.
    pub fn handles_for(&self, unit: UnitId) -> bool {
        let of_unit = self.grants.iter().filter(|grant| grant.scope == Scope::Unit(unit));
        of_unit.into_iter().any(|grant| !reaches(grant.role, Action::TicketAccept).is_empty())
    }

    /// Whether they report in for a unit that was called.
    pub fn reports_for(&self, unit: UnitId) -> bool {
        let of_unit = self.grants.iter().filter(|grant| grant.scope == Scope::Unit(unit));
        of_unit.into_iter().any(|grant| reaches(grant.role, Action::TicketReportIn).contains(&Reach::Called))
    }

    /// Whether they hold a role for a place that covers this one.
    pub fn holds_at(&self, role: Role, at: &PlaceCode) -> bool {
        self.places_of(|held| held == role).any(|(_, place)| place.covers(at))
    }

    /// Whether they see a ticket through a role, and not only because they raised it: what staff write to each other is
    /// for them.
    pub fn sees_by_role(&self, parties: &Parties<'_>) -> bool {
        // Whose unit raised it sees no more of it than whoever did.
        let parties = Parties { requester_unit: None, ..*parties };
        let staff = self.grants.iter().filter(|grant| grant.role != Role::Resident);
        staff.into_iter().any(|grant| self.reaches(Action::TicketView, grant, &parties))
    }
}
