//! Who may do what: one table, role by action, with how far it reaches.

use crate::actor::{Actor, Scope};
use crate::id::{UnitId, UserId};
use crate::place::PlaceCode;
use crate::refusal::Args;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// A role (角色). Everyone who signed in is a resident; the others are granted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the glossary's")]
pub enum Role {
    Resident,
    Volunteer,
    PartyMember,
    GridWorker,
    GridLeader,
    CommunityClerk,
    StreetDispatcher,
    DepartmentHandler,
    Supervisor,
    CountyAdmin,
    SystemAdmin,
    Hotline,
}

/// What a call does, as its `x-permission` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
pub enum Action {
    /// See who one is.
    #[strum(serialize = "me.view")]
    MeView,
    /// 点单.
    #[strum(serialize = "ticket.submit")]
    TicketSubmit,
    /// Read tickets, one, many, or the timeline of one (查单).
    #[strum(serialize = "ticket.view")]
    TicketView,
    /// 派单.
    #[strum(serialize = "ticket.dispatch")]
    TicketDispatch,
    /// 接单.
    #[strum(serialize = "ticket.accept")]
    TicketAccept,
    /// 到场.
    #[strum(serialize = "ticket.arrive")]
    TicketArrive,
    /// 办结.
    #[strum(serialize = "ticket.resolve")]
    TicketResolve,
    /// 评单.
    #[strum(serialize = "ticket.rate")]
    TicketRate,
}

impl Action {
    /// The name in `x-permission`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How far an action of a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Needs nothing to reach to.
    Anywhere,
    /// What one requested oneself.
    Own,
    /// What is assigned to oneself or to a unit that the role is granted for.
    Assigned,
    /// What lies in the places that the role is granted for.
    Area,
}

/// How far `role` reaches with `action`; empty when it may not at all. This is the table.
pub fn reaches(role: Role, action: Action) -> &'static [Reach] {
    use Action as A;
    use Reach::{Anywhere, Area, Assigned, Own};
    use Role as R;
    match (role, action) {
        (R::Resident, A::MeView | A::TicketSubmit) => &[Anywhere],
        (R::Resident, A::TicketView | A::TicketRate) => &[Own],
        (R::Volunteer | R::PartyMember, A::TicketView) => &[Assigned],
        (R::GridWorker | R::GridLeader | R::CommunityClerk | R::StreetDispatcher, A::TicketView) => {
            &[Area, Assigned]
        }
        (R::DepartmentHandler, A::TicketView) => &[Assigned],
        (R::Supervisor | R::CountyAdmin, A::TicketView) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::TicketDispatch) => &[Area],
        (
            R::Volunteer
            | R::PartyMember
            | R::GridWorker
            | R::GridLeader
            | R::CommunityClerk
            | R::StreetDispatcher
            | R::DepartmentHandler,
            A::TicketAccept | A::TicketArrive | A::TicketResolve,
        ) => &[Assigned],
        _ => &[],
    }
}

/// Those whom a ticket concerns: all that "may this person see that ticket" depends on, in Rust as in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties {
    /// Who raised it.
    pub requester: UserId,
    /// Where it lies.
    pub place: PlaceCode,
    /// The unit that leads.
    pub unit: Option<UnitId>,
    /// The person who leads, or who accepted it for the unit.
    pub handler: Option<UserId>,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionRefusal {
    /// No role of theirs has the action anywhere.
    #[error("no role allows {}", action.name())]
    Role {
        /// What they wanted.
        action: Action,
    },
    /// A role has it, but not for this ticket.
    #[error("{} does not reach this far", action.name())]
    Reach {
        /// What they wanted.
        action: Action,
    },
}

impl PermissionRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Role { .. } => "permission.role",
            Self::Reach { .. } => "permission.reach",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        let (Self::Role { action } | Self::Reach { action }) = self;
        vec![("action", action.name().to_owned())]
    }
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
    pub fn may(&self, action: Action, parties: &Parties) -> Result<(), PermissionRefusal> {
        self.has(action)?;
        let as_resident =
            reaches(Role::Resident, action).iter().any(|reach| self.reach(*reach, None, parties));
        let granted = self.grants.iter().any(|grant| {
            reaches(grant.role, action).iter().any(|r| self.reach(*r, Some(&grant.scope), parties))
        });
        if as_resident || granted { Ok(()) } else { Err(PermissionRefusal::Reach { action }) }
    }

    fn reach(&self, reach: Reach, scope: Option<&Scope>, parties: &Parties) -> bool {
        match reach {
            Reach::Anywhere => true,
            Reach::Own => parties.requester == self.user,
            Reach::Assigned => {
                parties.handler == Some(self.user)
                    || matches!(scope, Some(Scope::Unit(unit)) if parties.unit == Some(*unit))
            }
            Reach::Area => {
                matches!(scope, Some(Scope::Places(places)) if places.iter().any(|p| p.covers(&parties.place)))
            }
        }
    }

    /// The places whose tickets they may see; the rest they see by being requester or handler, or through a unit.
    pub fn area(&self) -> impl Iterator<Item = PlaceCode> {
        self.grants
            .iter()
            .filter(|grant| reaches(grant.role, Action::TicketView).contains(&Reach::Area))
            .flat_map(|grant| {
                match &grant.scope {
                    Scope::Places(places) => places.as_slice(),
                    Scope::Unit(_) => &[],
                }
                .iter()
                .copied()
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

    /// Whether a ticket at `place` can be assigned to them: a role that accepts, granted there. The people of a unit are
    /// reached through their unit, whose county is known.
    pub fn can_handle_at(&self, place: &PlaceCode) -> bool {
        self.grants.iter().any(|grant| {
            let there = match &grant.scope {
                Scope::Places(places) => places.iter().any(|p| p.covers(place)),
                Scope::Unit(_) => false,
            };
            there && !reaches(grant.role, Action::TicketAccept).is_empty()
        })
    }

    /// Whether they see a ticket through a role, and not only because they raised it: what staff write to each other is
    /// for them.
    pub fn sees_by_role(&self, parties: &Parties) -> bool {
        let reach = |scope, role| {
            reaches(role, Action::TicketView).iter().any(|reach| self.reach(*reach, Some(scope), parties))
        };
        self.grants.iter().any(|grant| grant.role != Role::Resident && reach(&grant.scope, grant.role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Grant;
    use crate::place::Levels;
    use rstest::rstest;
    use strum::IntoEnumIterator;
    use uuid::Uuid;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    const UNIT: UnitId = UnitId(Uuid::from_u128(90));

    fn actor(n: u128, grants: &[(Role, Scope)]) -> Actor {
        let grants = grants.iter().map(|(role, scope)| Grant { role: *role, scope: scope.clone() }).collect();
        Actor { user: user(n), grants }
    }

    fn at(code: &str) -> Scope {
        Scope::Places(vec![place(code)])
    }

    /// Requested by 1, led by unit 90, accepted by 2.
    fn parties() -> Parties {
        Parties { requester: user(1), place: place("532504001007"), unit: Some(UNIT), handler: Some(user(2)) }
    }

    #[rstest]
    #[case::requester(actor(1, &[]), &["ticket.view", "ticket.rate"])]
    #[case::stranger(actor(3, &[]), &[])]
    #[case::handler_without_role(actor(2, &[]), &[])]
    #[case::clerk_of_it(actor(3, &[(Role::CommunityClerk, at("532504001007"))]), &["ticket.view", "ticket.dispatch"])]
    #[case::clerk_next_door(actor(3, &[(Role::CommunityClerk, at("532504001008"))]), &[])]
    #[case::street(actor(3, &[(Role::StreetDispatcher, at("532504001"))]), &["ticket.view", "ticket.dispatch"])]
    #[case::grid_worker_there(actor(3, &[(Role::GridWorker, at("532504001007"))]), &["ticket.view"])]
    #[case::its_unit(actor(3, &[(Role::DepartmentHandler, Scope::Unit(UNIT))]),
        &["ticket.view", "ticket.accept", "ticket.arrive", "ticket.resolve"])]
    #[case::handler(actor(2, &[(Role::GridWorker, at("532504001008"))]),
        &["ticket.view", "ticket.accept", "ticket.arrive", "ticket.resolve"])]
    #[case::system_admin(actor(3, &[(Role::SystemAdmin, at("532504"))]), &[])]
    fn who_may_touch_a_ticket(#[case] actor: Actor, #[case] allowed: &[&str]) {
        let on_tickets = Action::iter().filter(|a| !matches!(a, Action::MeView | Action::TicketSubmit));
        let may: Vec<_> =
            on_tickets.filter(|a| actor.may(*a, &parties()).is_ok()).map(Action::name).collect();
        assert_eq!(may, allowed);
    }

    #[test]
    fn everyone_is_a_resident() {
        for role in Role::iter() {
            let actor = actor(1, &[(role, at("532504"))]);
            assert_eq!(actor.has(Action::TicketSubmit), Ok(()), "{role:?}");
            assert_eq!(actor.has(Action::MeView), Ok(()), "{role:?}");
        }
        assert_eq!(
            actor(1, &[]).has(Action::TicketDispatch),
            Err(PermissionRefusal::Role { action: Action::TicketDispatch })
        );
    }
}
