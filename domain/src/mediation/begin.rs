//! How a mediation begins: whoever accepted the dispute says who quarrels.

use super::{
    MAX_PARTIES, MIN_PARTIES, Mediation, MediationFact, MediationRefusal, MediationStatus, Party, Side, Step,
};
use crate::actor::Actor;
use crate::id::UserId;
use crate::matter::{Change, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::playbook::MediationRule;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::ticket::{Status, Ticket};
use crate::time::Timestamp;
use chrono::TimeDelta;

/// Who a party is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Somebody with an id.
    Person(UserId),
    /// Somebody of whom only a name is known.
    Name(Text),
}

/// A party as it is named at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewParty {
    /// On which side.
    pub side: Side,
    /// Who; none or two is a fault.
    pub who: Option<Named>,
}

/// What is asked for when a mediation begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMediation {
    /// Who quarrels.
    pub parties: Vec<NewParty>,
}

impl NewMediation {
    /// Whether both sides are there and nobody twice.
    ///
    /// # Errors
    /// [`MatterRefusal::Range`] and [`MediationRefusal`].
    fn parties(&self) -> Result<Vec<Party>, Refusal> {
        if !(MIN_PARTIES..=MAX_PARTIES).contains(&self.parties.len()) {
            return Err(MatterRefusal::Range { field: "/parties", min: 2, max: 10 }.into());
        }
        let mut parties: Vec<Party> = Vec::with_capacity(self.parties.len());
        for (number, NewParty { side, who }) in self.parties.iter().enumerate() {
            let (person, name) = match who {
                Some(Named::Person(person)) => (Some(*person), None),
                Some(Named::Name(name)) => (None, Some(name.reference)),
                None => return Err(MediationRefusal::Party { number }.into()),
            };
            if person.is_some() && parties.iter().any(|other| other.person == person) {
                return Err(MediationRefusal::Party { number }.into());
            }
            parties.push(Party { side: *side, person, name });
        }
        let has = |side| parties.iter().any(|party| party.side == side);
        if has(Side::First) && has(Side::Second) { Ok(parties) } else { Err(MediationRefusal::Sides.into()) }
    }

    fn names(&self) -> impl Iterator<Item = Text> {
        self.parties.iter().filter_map(|party| match &party.who {
            Some(Named::Name(name)) => Some(name.clone()),
            Some(Named::Person(_)) | None => None,
        })
    }
}

impl Mediation {
    /// 开始调解: by whoever accepted the ticket, who mediates at the first level. The days count from acceptance; a level whose
    /// days are over is passed by.
    ///
    /// # Errors
    /// [`Refusal::Permission`], [`MatterRefusal`] and [`MediationRefusal`].
    pub fn begin(
        new: &NewMediation,
        ticket: &Ticket,
        rule: Option<&MediationRule>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        actor.may(Action::MediationBegin, &ticket.parties())?;
        let rule = rule.filter(|rule| ticket.category.as_ref() == Some(&rule.category));
        let rule = rule.ok_or(MediationRefusal::NotADispute)?;
        let accepted_at = match (ticket.status(), ticket.steps.accepted) {
            (Status::Accepted, Some(at)) => at,
            (status @ (Status::Submitted | Status::Dispatched), _) => {
                return Err(MatterRefusal::NotYet { status: status.into() }.into());
            }
            (status, _) => return Err(MatterRefusal::Over { status: status.into() }.into()),
        };
        let parties = new.parties()?;
        // Nobody mediates in what is their own.
        if parties.iter().any(|party| party.person == Some(actor.user)) {
            return Err(MatterRefusal::Who { field: "/parties" }.into());
        }
        let mut until = accepted_at;
        let steps = rule.levels.iter().filter_map(|step| {
            until += TimeDelta::days(step.days.into());
            let desk = step.level.desk(&ticket.place.code);
            let step = Step { level: step.level, desk, from: None, until, mediator: None, ended: None };
            (now < step.until).then_some(step)
        });
        let mut steps: Vec<_> = steps.collect();
        let first = steps.first_mut().ok_or(MediationRefusal::DaysOver)?;
        (first.from, first.mediator) = (Some(now), Some(actor.user));
        let (level, count) = (first.level, u8::try_from(parties.len()).unwrap_or_default());
        let mediation = Self {
            ticket: ticket.id,
            round: ticket.round,
            begun_by: actor.user,
            begun_at: now,
            parties,
            steps,
            current: 0,
            court: rule.court.clone(),
            sessions: vec![],
            agreement: None,
            drafts: 0,
            guidance: None,
            status: MediationStatus::Open,
        };
        let told: Vec<_> = mediation.people().collect();
        let fact = MediationFact::MediationBegun { ticket: ticket.id, level, parties: count };
        let change = Change::new(mediation, fact).with(new.names());
        Ok(told
            .into_iter()
            .fold(change, |change, person| change.telling(Recipient::Person(person), Notice::MatterReported)))
    }
}
