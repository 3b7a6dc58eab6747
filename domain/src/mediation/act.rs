//! What is done with a mediation that has begun.

use super::{
    Agreement, Ended, Guidance, HowEnded, MAX_SESSIONS, Mediation, MediationFact, MediationRefusal,
    MediationStatus, RoundStands, Session, Signature, Way,
};
use crate::actor::Actor;
use crate::matter::{Change, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::place::PlaceCode;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::ticket::Status;
use crate::time::Timestamp;

/// What somebody signs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signing<'a> {
    /// Which agreement they read.
    pub agreement: u16,
    /// On paper: for which party.
    pub party: Option<u8>,
    /// On paper: who witnessed it.
    pub witness: Option<&'a Text>,
}

impl Mediation {
    /// 调解会: by a mediator of the level that has it.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn hold(
        &self,
        (way, text, came): (Way, &Text, &[u8]),
        actor: &Actor,
        at: &PlaceCode,
        (round, now): (RoundStands, Timestamp),
    ) -> Result<Change<Self>, Refusal> {
        self.in_time(round, now, |due| {
            let mut after = due.taken_on(actor, at, round)?;
            let max = due.parties.len();
            let known = came.iter().all(|number| (1..=max).contains(&usize::from(*number)));
            if !known || (1..came.len()).any(|i| came[..i].contains(&came[i])) {
                let max = u32::try_from(max).unwrap_or_default();
                return Err(MatterRefusal::Range { field: "/came", min: 1, max }.into());
            }
            MatterRefusal::unless_full(due.sessions.len(), MAX_SESSIONS)?;
            let level = due.step().level;
            let (by, text_of) = (actor.user, text.reference);
            after.sessions.push(Session { at: now, by, level, way, text: text_of, came: came.to_vec() });
            let fact = MediationFact::MediationSession { level, way, text: text_of };
            Ok(Change::new(after, fact).with([text.clone()]))
        })
    }

    /// 移交上级: the file goes up before the days of the level are over. What was written to be signed is off the table.
    ///
    /// # Errors
    /// [`MatterRefusal`] and [`MediationRefusal::TopLevel`].
    pub fn hand_up(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        (round, now): (RoundStands, Timestamp),
    ) -> Result<Change<Self>, Refusal> {
        self.in_time(round, now, |due| {
            let mut after = due.taken_on(actor, at, round)?;
            if !after.rise(now, HowEnded::HandedUp, Some(reason.reference)) {
                return Err(MediationRefusal::TopLevel.into());
            }
            (after.agreement, after.status) = (None, MediationStatus::Open);
            let (to, desk) = (after.step().level, after.step().desk);
            let fact = MediationFact::MediationHandedUp { to, reason: Some(reason.reference) };
            let change = Change::new(after, fact).with([reason.clone()]);
            Ok(change.telling(Recipient::Desk(desk), Notice::MatterAssigned))
        })
    }

    /// 拟定协议: what the parties agreed on; each of them must sign for it. Another one takes its place, unsigned.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn agree(
        &self,
        text: &Text,
        actor: &Actor,
        at: &PlaceCode,
        (round, now): (RoundStands, Timestamp),
    ) -> Result<Change<Self>, Refusal> {
        self.in_time(round, now, |due| {
            let mut after = due.taken_on(actor, at, round)?;
            after.drafts = after.drafts.saturating_add(1);
            let number = after.drafts;
            let agreement =
                Agreement { number, text: text.reference, at: now, by: actor.user, signed: Vec::new() };
            (after.agreement, after.status) = (Some(agreement), MediationStatus::Agreed);
            let fact = MediationFact::MediationAgreed { number, text: text.reference };
            let change = Change::new(after, fact).with([text.clone()]);
            Ok(due.telling_people(change, Notice::MatterToDecide))
        })
    }

    /// 签字: a party for themselves, or a mediator for a party who signed on paper before a witness. It is settled once all
    /// have signed.
    ///
    /// # Errors
    /// [`MatterRefusal`] and [`MediationRefusal`].
    pub fn sign(
        &self,
        signing: Signing<'_>,
        actor: &Actor,
        at: &PlaceCode,
        (round, now): (RoundStands, Timestamp),
    ) -> Result<Change<Self>, Refusal> {
        self.in_time(round, now, |due| {
            due.must_be_open()?;
            let waits = MatterRefusal::NotYet { status: due.status.name() };
            let current = due.agreement.as_ref().ok_or(waits)?.number;
            let party = due.who_signs(signing, actor, at)?;
            let mut after = due.clone();
            let Some(agreement) = after.agreement.as_mut().filter(|one| one.number == signing.agreement)
            else {
                return Err(MediationRefusal::OtherAgreement { current }.into());
            };
            if agreement.signed.iter().any(|signature| signature.party == party) {
                return Err(MediationRefusal::Signed.into());
            }
            let witness = signing.witness.map(|text| text.reference);
            agreement.signed.push(Signature { party, at: now, by: actor.user, witness });
            let settled = agreement.signed.len() == due.parties.len();
            let fact = MediationFact::MediationSigned {
                number: current,
                party,
                on_paper: witness.is_some(),
                settled,
            };
            if !settled {
                return Ok(Change::new(after, fact).with(signing.witness.cloned()));
            }
            after.status = MediationStatus::Settled;
            after.step_mut().ended = Some(Ended { at: now, how: HowEnded::Settled, reason: None });
            let mediator = after.step().mediator;
            let change = Change::new(after, fact).with(signing.witness.cloned());
            let change = due.telling_people(change, Notice::MatterDone);
            Ok(mediator.into_iter().fold(change, |change, mediator| {
                change.telling(Recipient::Person(mediator), Notice::MatterDone)
            }))
        })
    }

    /// 记录引导: how the parties were told of the court, once the days are over.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn record_guidance(
        &self,
        text: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.must_mediate(actor, at)?;
        let status = self.status.name();
        match (self.status, &self.guidance) {
            (MediationStatus::Guided, None) => {}
            (MediationStatus::Guided, Some(_)) | (MediationStatus::Settled | MediationStatus::Ended, _) => {
                return Err(MatterRefusal::Over { status }.into());
            }
            (MediationStatus::Open | MediationStatus::Agreed, _) => {
                return Err(MatterRefusal::NotYet { status }.into());
            }
        }
        let mut after = self.clone();
        after.guidance = Some(Guidance { at: now, by: actor.user, text: text.reference });
        let fact = MediationFact::MediationGuidanceRecorded { text: text.reference };
        Ok(Change::new(after, fact).with([text.clone()]))
    }

    /// What time, and the round of its ticket, have made of it by `now`; nothing when it goes on as it is.
    pub fn move_on(&self, round: RoundStands, now: Timestamp) -> Option<Change<Self>> {
        match round {
            RoundStands::Open => self.settle(now),
            // What the parties agreed on goes up to be signed, although the ticket was answered with it.
            RoundStands::Answered if self.waits_to_be_signed() => self.settle(now),
            RoundStands::Answered if now < self.step().until => None,
            RoundStands::Answered | RoundStands::Gone => self.end_with_its_ticket(now),
        }
    }

    /// 随工单结束: the file goes up to nobody, and nobody is shown the court's door. It ended with the days of its level at the
    /// latest, whoever sees that later.
    fn end_with_its_ticket(&self, now: Timestamp) -> Option<Change<Self>> {
        if !self.is_open() {
            return None;
        }
        let at = now.min(self.step().until);
        let mut after = self.clone();
        after.status = MediationStatus::Ended;
        after.step_mut().ended = Some(Ended { at, how: HowEnded::TicketOver, reason: None });
        let change = Change::new(after, MediationFact::MediationEnded { at });
        let change = self.telling_people(change, Notice::MatterDone);
        Some(
            self.step().mediator.into_iter().fold(change, |change, mediator| {
                change.telling(Recipient::Person(mediator), Notice::MatterDone)
            }),
        )
    }

    /// Decides on what time and its ticket have made of it by `now`, whether that was written down yet or not.
    fn in_time(
        &self,
        round: RoundStands,
        now: Timestamp,
        decide: impl FnOnce(&Self) -> Result<Change<Self>, Refusal>,
    ) -> Result<Change<Self>, Refusal> {
        let (mut due, mut told) = (self.clone(), vec![]);
        while let Some(settled) = due.move_on(round, now) {
            due = settled.after;
            told.extend(settled.tell);
        }
        let mut change = decide(&due)?;
        told.append(&mut change.tell);
        change.tell = told;
        Ok(change)
    }

    /// For which party somebody signs, by its number.
    fn who_signs(&self, signing: Signing<'_>, actor: &Actor, at: &PlaceCode) -> Result<u8, Refusal> {
        let own = self.parties.iter().position(|party| party.person == Some(actor.user));
        match (signing.party, signing.witness, own) {
            (None, None, Some(own)) => Ok(u8::try_from(own + 1).unwrap_or_default()),
            (None, None, None) => {
                self.must_mediate(actor, at)?;
                Err(MediationRefusal::Paper.into())
            }
            (party, witness, _) => {
                self.must_mediate(actor, at)?;
                let (Some(party), Some(_)) = (party, witness) else {
                    return Err(MediationRefusal::Paper.into());
                };
                let there = (1..=self.parties.len()).contains(&usize::from(party));
                if there { Ok(party) } else { Err(MatterRefusal::Who { field: "/party" }.into()) }
            }
        }
    }

    /// The mediation as whoever may mediate now goes on with it: the first to do so is the mediator of the level. Once the
    /// ticket was answered nobody does: what was agreed on before is signed, and nothing takes its place.
    fn taken_on(&self, actor: &Actor, at: &PlaceCode, round: RoundStands) -> Result<Self, MatterRefusal> {
        self.must_mediate(actor, at)?;
        self.must_be_open()?;
        if round == RoundStands::Answered {
            return Err(MatterRefusal::Over { status: Status::Resolved.name() });
        }
        let mut after = self.clone();
        after.step_mut().mediator.get_or_insert(actor.user);
        Ok(after)
    }

    /// Nobody mediates in what is their own.
    fn must_mediate(&self, actor: &Actor, at: &PlaceCode) -> Result<(), MatterRefusal> {
        let step = self.step();
        let mediates = step.mediator == Some(actor.user) || actor.mediates_at(step.level, at);
        let party = self.people().any(|person| person == actor.user);
        if mediates && !party { Ok(()) } else { Err(MatterRefusal::BeyondScope) }
    }

    fn must_be_open(&self) -> Result<(), MatterRefusal> {
        if self.is_open() { Ok(()) } else { Err(MatterRefusal::Over { status: self.status.name() }) }
    }

    fn telling_people(&self, change: Change<Self>, notice: Notice) -> Change<Self> {
        self.people().fold(change, |change, person| change.telling(Recipient::Person(person), notice))
    }
}
