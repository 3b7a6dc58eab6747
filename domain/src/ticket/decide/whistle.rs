//! 吹哨报到: a place calls units, they report in, and it says what it thought of how they answered (practices M04, Z10).

use super::super::known::{AssigneeFacts, Assignment};
use super::super::{
    Appraiser, Assignee, Fact, FieldFault, MAX_CALLED, MAX_WHISTLES, NotYours, State, TicketRefusal,
    WhistleState, WrongState,
};
use super::Decision;
use crate::actor::Actor;
use crate::geo::Position;
use crate::id::UnitId;
use crate::permission::Role;
use crate::playbook::WhistleRule;
use crate::refusal::Refusal;
use crate::text::Text;
use chrono::TimeDelta;

/// The longest that a unit may take to come, in minutes: a week.
pub(crate) const MAX_REPORT_IN_MINUTES: u32 = 10_080;

impl Decision<'_> {
    /// Calls units: not one that was called in this round and has not come yet.
    pub(super) fn whistle(
        &mut self,
        units: &[Assignment],
        reason: &Text,
        due_minutes: Option<u32>,
        (actor, rule): (&Actor, &WhistleRule),
    ) -> Result<(), Refusal> {
        self.must_be_open()?;
        let place = self.ticket.place.code;
        if !rule.roles.iter().any(|role| actor.holds_at(*role, &place)) {
            return Err(TicketRefusal::NotYours { why: NotYours::Whistle, roles: rule.roles.clone() }.into());
        }
        let minutes = due_minutes.unwrap_or(rule.report_in_minutes);
        if !(1..=MAX_REPORT_IN_MINUTES).contains(&minutes) {
            return Err(TicketRefusal::field_fault(FieldFault::DueOutOfRange, "/due_minutes").into());
        }
        let units = self.units(units)?;
        for (i, unit) in units.iter().enumerate() {
            let waits = self.ticket.last_whistle(*unit);
            if waits.is_some_and(|last| last.round == self.ticket.round && last.report.is_none()) {
                return Err(
                    TicketRefusal::field_fault(FieldFault::UnitWaitedFor, format!("/units/{i}")).into()
                );
            }
        }
        if self.ticket.whistles.len() + units.len() > MAX_WHISTLES {
            return Err(TicketRefusal::field_fault(FieldFault::WhistlesTooMany, "/units").into());
        }
        let due_at = self.at + TimeDelta::minutes(minutes.into());
        self.happen(Fact::Whistled { units, due_at, reason: reason.reference }, vec![]);
        Ok(())
    }

    /// Comes for a unit that was called: for the one that is meant, or the one of theirs that has not come yet.
    pub(super) fn report_in(
        &mut self,
        unit: Option<UnitId>,
        position: Position,
        actor: &Actor,
    ) -> Result<(), Refusal> {
        self.must_be_open()?;
        let fault = |code| Refusal::from(TicketRefusal::field_fault(code, "/unit"));
        let theirs: Vec<_> = self.ticket.called().into_iter().filter(|one| actor.reports_for(*one)).collect();
        let waited_for =
            |one: &UnitId| self.ticket.last_whistle(*one).is_some_and(|last| last.report.is_none());
        let unit = match unit {
            Some(unit) if !theirs.contains(&unit) => return Err(fault(FieldFault::UnitNotCalled)),
            Some(unit) => unit,
            None => {
                let mut open = theirs.iter().copied().filter(waited_for);
                match (open.next(), open.next()) {
                    (Some(unit), None) => unit,
                    (Some(_), Some(_)) => return Err(fault(FieldFault::UnitUnclear)),
                    (None, _) => return Err(self.wrong(WrongState::AlreadyReportedIn)),
                }
            }
        };
        if !waited_for(&unit) {
            return Err(self.wrong(WrongState::AlreadyReportedIn));
        }
        self.happen(Fact::ReportedIn { unit, position }, vec![]);
        Ok(())
    }

    /// What a level thinks of how a unit answered, once it came, or nobody waits for it any more. Until the ticket is closed it
    /// may be said anew; afterwards only what nobody has said yet.
    pub(super) fn opine(
        &mut self,
        unit: UnitId,
        score: u8,
        text: Option<&Text>,
        (actor, rule): (&Actor, &WhistleRule),
    ) -> Result<(), Refusal> {
        if self.ticket.state.is_over() && !matches!(self.ticket.state, State::Closed { .. }) {
            return Err(self.wrong(WrongState::Ended));
        }
        let place = self.ticket.place.code;
        let mut asked = rule.appraisers.iter().copied();
        let Some(appraiser) = asked.find(|level: &Appraiser| actor.holds_at(level.role(), &place)) else {
            let roles: Vec<Role> = rule.appraisers.iter().map(|level| level.role()).collect();
            return Err(TicketRefusal::NotYours { why: NotYours::Opinion, roles }.into());
        };
        if score > 100 {
            return Err(TicketRefusal::field_fault(FieldFault::ScoreOutOfRange, "/score").into());
        }
        let Some(last) = self.ticket.last_whistle(unit) else {
            return Err(TicketRefusal::field_fault(FieldFault::UnitNotCalled, "/unit").into());
        };
        if last.state(self.now) == WhistleState::Waiting {
            return Err(self.wrong(WrongState::ReportInPending));
        }
        let said = self.ticket.opinion(unit, appraiser).is_some();
        if said && self.ticket.state.is_over() {
            return Err(self.wrong(WrongState::AlreadyClosed));
        }
        let text = text.map(|text| text.reference);
        self.happen(Fact::Opined { unit, appraiser, score, text }, vec![]);
        Ok(())
    }

    /// Units of the county that the ticket lies in, each once.
    pub(super) fn units(&self, units: &[Assignment]) -> Result<Vec<UnitId>, Refusal> {
        if units.is_empty() || units.len() > MAX_CALLED {
            return Err(TicketRefusal::field_fault(FieldFault::UnitsCount, "/units").into());
        }
        let mut all = Vec::with_capacity(units.len());
        for (i, one) in units.iter().enumerate() {
            let fault = |code| TicketRefusal::field_fault(code, format!("/units/{i}"));
            let unit = match (one.to, &one.facts) {
                (Assignee::Unit(unit), AssigneeFacts::Unit { county })
                    if county.covers(&self.ticket.place.code) =>
                {
                    unit
                }
                (Assignee::Unit(_), AssigneeFacts::Unit { .. }) => {
                    return Err(fault(FieldFault::UnitElsewhere).into());
                }
                _ => return Err(fault(FieldFault::UnitUnknown).into()),
            };
            if all.contains(&unit) {
                return Err(fault(FieldFault::UnitTwice).into());
            }
            all.push(unit);
        }
        Ok(all)
    }
}
