//! 引导: residents with affairs of their own are shown who helps them (practices M02).

use super::super::{Fact, FieldFault, Guide, ReferTo, TicketRefusal, UnitFacts, WrongState};
use super::Decision;
use crate::place::PlaceCode;
use crate::point::Kind;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::unit::UnitKind;

impl Decision<'_> {
    /// The ticket goes on, and is resolved with a reply like any other.
    pub(super) fn refer(&mut self, to: ReferTo, guide: &Guide, text: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if !self.ticket.affair.is_some_and(|affair| self.policy.refer.contains(&affair)) {
            return Err(self.wrong(WrongState::NotReferable));
        }
        check(to, guide, &self.ticket.place.code)?;
        let (point, unit) = (guide.point.map(|(point, _)| point), guide.unit.map(|(unit, _)| unit));
        self.happen(Fact::Referred { to, point, unit, text: text.reference }, vec![]);
        Ok(())
    }
}

/// Whether there is such a point or unit in the county, and whether it can help in this way.
fn check(to: ReferTo, guide: &Guide, place: &PlaceCode) -> Result<(), TicketRefusal> {
    let fault = |fault, field: &str| Err(TicketRefusal::field_fault(fault, field));
    let here = |other: &PlaceCode| other.county() == place.county();
    match (guide.point, guide.unit) {
        (Some(_), Some(_)) => fault(FieldFault::ReferOneOf, "/unit"),
        (Some(_), None) if to == ReferTo::SelfHelp => fault(FieldFault::ReferToNobody, "/point"),
        (None, Some(_)) if to == ReferTo::SelfHelp => fault(FieldFault::ReferToNobody, "/unit"),
        (Some((_, facts)), None) => match facts.filter(|(_, at)| here(at)) {
            None => fault(FieldFault::ReferPointUnknown, "/point"),
            Some((kind, _)) if !point_helps(kind, to) => fault(FieldFault::ReferUnfit, "/point"),
            Some(_) => Ok(()),
        },
        (None, Some((_, facts))) => match facts.filter(|facts| here(&facts.county)) {
            None => fault(FieldFault::ReferUnitUnknown, "/unit"),
            Some(UnitFacts { kind, .. }) if !unit_helps(kind, to) => fault(FieldFault::ReferUnfit, "/unit"),
            Some(_) => Ok(()),
        },
        (None, None) => Ok(()),
    }
}

/// 互助站, 公益站 and 联络站 are service points, talking points or venues; the market has shops, venues and paid services.
fn point_helps(kind: Kind, to: ReferTo) -> bool {
    match kind {
        Kind::ServicePoint | Kind::Venue => to != ReferTo::SelfHelp,
        Kind::TalkingPoint => to == ReferTo::MutualHelp,
        Kind::Shop => to == ReferTo::Market,
        Kind::SuggestionBox | Kind::Camera => false,
    }
}

/// Companies sell, and those who are there for each other help; a department answers for itself and refers nobody to itself.
fn unit_helps(kind: UnitKind, to: ReferTo) -> bool {
    match kind {
        UnitKind::Department | UnitKind::Institution | UnitKind::StreetOffice => false,
        UnitKind::Enterprise | UnitKind::PropertyCompany => to == ReferTo::Market,
        UnitKind::SocialOrganisation => to != ReferTo::SelfHelp,
        UnitKind::CommunityOffice
        | UnitKind::PartyWorkingCommittee
        | UnitKind::PartyCommittee
        | UnitKind::PartyGeneralBranch
        | UnitKind::PartyBranch
        | UnitKind::PartyGroup
        | UnitKind::Alliance
        | UnitKind::InServiceTeam
        | UnitKind::EstateTeam
        | UnitKind::StationedTeam
        | UnitKind::MemberTeam
        | UnitKind::VolunteerTeam
        | UnitKind::DelegateTeam
        | UnitKind::WardenTeam
        | UnitKind::AdviserTeam
        | UnitKind::OwnersCommittee => to == ReferTo::MutualHelp,
    }
}
