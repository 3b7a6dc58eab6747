//! The work: 到场, 出方案, 答复, 办结, 申请延期.

use super::super::{Clock, ClockKind, Fact, FieldFault, Means, Outcome, State, TicketRefusal, WrongState};
use super::Decision;
use crate::geo::Position;
use crate::policy::{Act, Unmet};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::{Timestamp, seconds};

impl Decision<'_> {
    pub(super) fn arrive(&mut self, position: Position) -> Result<(), Refusal> {
        if self.must_be_accepted()?.arrival.is_some() {
            return Err(self.wrong(WrongState::AlreadyArrived));
        }
        let met = self.met(Act::Arrive);
        self.happen(Fact::Arrived { position }, met);
        Ok(())
    }

    /// A plan may be made again; the first one stops the clock, and starts that of the answer.
    pub(super) fn plan(
        &mut self,
        text: &Text,
        due: Option<Timestamp>,
        means: Option<Means>,
    ) -> Result<(), Refusal> {
        self.must_be_accepted()?;
        let alone = self.ticket.assist.is_empty() && self.ticket.mates.is_empty();
        if means == Some(Means::Joint) && alone {
            return Err(TicketRefusal::field_fault(FieldFault::NobodyAssists, "/means").into());
        }
        if let Some(due) = due {
            self.ahead("/due", due, self.now)?;
        }
        let mut clocks = self.met(Act::Plan);
        let met = clocks.iter().any(|clock| clock.kind == ClockKind::Plan);
        if met || self.of_this_round(ClockKind::Plan).is_none() {
            clocks.extend(self.answer_clock(&self.ticket.sorting(), self.at));
        }
        self.happen(Fact::Planned { text: text.reference, due, means }, clocks);
        Ok(())
    }

    pub(super) fn reply(&mut self, text: &Text) -> Result<(), Refusal> {
        self.must_be_accepted()?;
        let met = self.met(Act::Reply);
        self.happen(Fact::Replied { text: text.reference }, met);
        Ok(())
    }

    pub(super) fn resolve(&mut self, outcome: Outcome, reply: &Text) -> Result<(), Refusal> {
        self.must_be_accepted()?;
        if outcome == Outcome::Guided && self.ticket.referral.is_none() {
            return Err(TicketRefusal::field_fault(FieldFault::NotReferred, "/outcome").into());
        }
        // Whether a step that was not taken is a broken promise is the playbook's to say.
        let skipped = |clock: &&Clock| clock.is_owed() && !clock.stops_on(Act::Resolve);
        let calendar = &self.policy.calendar;
        if self.policy.arrive_unmet_at_resolve == Unmet::Breach {
            let unmet = self.ticket.clocks.iter().filter(skipped).filter(|clock| clock.is_in_time());
            let breached =
                |clock: &Clock| Clock { breached_at: Some(self.at), ..clock.resume(self.at, calendar) };
            for clock in unmet.map(breached).collect::<Vec<_>>() {
                self.push(Fact::Breached { tell: self.told(&clock) }, vec![clock], None, self.at);
            }
        }
        let mut clocks = self.met(Act::Resolve);
        let skipped = self.ticket.clocks.iter().filter(skipped);
        clocks.extend(skipped.map(|clock| clock.cancel(self.at, calendar)));
        let closes_at = Some(self.at + seconds(self.policy.rating_window_seconds));
        self.happen(Fact::Resolved { outcome, reply: reply.reference, closes_at }, clocks);
        Ok(())
    }

    /// More time for the clock that the work runs against; it runs on until somebody decides.
    pub(super) fn extend(&mut self, until: Timestamp, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.state == State::Submitted {
            return Err(self.wrong(WrongState::NotDispatched));
        }
        if self.ticket.extension.is_some() {
            return Err(self.wrong(WrongState::ExtensionPending));
        }
        let clock = self.running_work().min_by_key(|clock| clock.due_at);
        let clock = clock.ok_or_else(|| self.wrong(WrongState::NothingToExtend))?;
        self.ahead("/until", until, clock.resume(self.at, &self.policy.calendar).due_at.max(self.now))?;
        let fact = Fact::ExtensionAsked { clock: clock.kind, until, reason: reason.reference };
        self.happen(fact, vec![]);
        Ok(())
    }

    pub(super) fn approve_extension(&mut self, note: Option<&Text>) -> Result<(), Refusal> {
        self.must_be_open()?;
        let asked = self.ticket.extension.ok_or_else(|| self.wrong(WrongState::NoExtension))?;
        let until = asked.until;
        // A breach is never taken back, so one that came while nobody decided stands.
        let fits = |clock: &&Clock| {
            clock.kind == asked.clock
                && until > clock.resume(self.at, &self.policy.calendar).due_at
                && until > self.now
        };
        let clock = self.running_work().find(fits);
        let clock = clock.ok_or_else(|| self.wrong(WrongState::ExtensionLapsed))?.extend(
            until,
            self.at,
            &self.policy.calendar,
        );
        let fact = Fact::ExtensionApproved { until, note: note.map(|text| text.reference) };
        self.happen(fact, vec![clock]);
        Ok(())
    }

    pub(super) fn refuse_extension(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.extension.is_none() {
            return Err(self.wrong(WrongState::NoExtension));
        }
        self.happen(Fact::ExtensionRefused { reason: reason.reference }, vec![]);
        Ok(())
    }

    /// The clocks of this round that the work runs against, while they are in time.
    fn running_work(&self) -> impl Iterator<Item = &Clock> {
        let round = self.ticket.round;
        let work = move |clock: &&Clock| {
            let way_there = matches!(clock.kind, ClockKind::Accept | ClockKind::Arrive);
            clock.round == round && !way_there && clock.is_in_time()
        };
        self.ticket.clocks.iter().filter(work)
    }
}
