//! Mediations (调解) of disputes, by 三级七天调解法 (practices Z03): level after level mediates in its days, the file goes up with
//! them, and an agreement holds once each party has signed for it. When all days are over the parties are shown the court's
//! door. Whatever is said stays among the parties and those who mediate.

mod act;
mod begin;
mod fact;
mod refusal;

pub use act::Signing;
pub use begin::{Named, NewMediation, NewParty};
pub use fact::MediationFact;
pub use refusal::MediationRefusal;

use crate::actor::{Actor, Scope};
use crate::id::{TicketId, UserId};
use crate::matter::{Change, Columns, Matter};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::playbook::MediationLevel;
use crate::text::TextRef;
use crate::ticket::Status;
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The fewest parties.
pub const MIN_PARTIES: usize = 2;
/// The most parties.
pub const MAX_PARTIES: usize = 10;
/// The most sessions that a mediation keeps.
pub const MAX_SESSIONS: usize = 100;

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MediationStatus {
    /// 调解中.
    Open,
    /// 待签字: there is an agreement, and somebody has not signed yet.
    Agreed,
    /// 已达成协议.
    Settled,
    /// 已引导诉讼: the days were over.
    Guided,
    /// 已随工单结束.
    Ended,
}

impl MediationStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How the round of the ticket stands that a mediation is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundStands {
    /// It is worked on.
    Open,
    /// It was answered; nobody has sent it back.
    Answered,
    /// The ticket was withdrawn, declined or merged, or is in a later round.
    Gone,
}

impl RoundStands {
    /// How a round stands of a ticket that is in this round and status now, where there is one.
    pub fn of(round: u16, ticket: Option<(u16, Status)>) -> Self {
        let Some((_, status)) = ticket.filter(|(now, _)| *now == round) else { return Self::Gone };
        match status {
            Status::Submitted | Status::Dispatched | Status::Accepted => Self::Open,
            Status::Resolved | Status::Closed => Self::Answered,
            Status::Withdrawn | Status::Declined | Status::Merged => Self::Gone,
        }
    }
}

/// On which side of a dispute a party stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Side {
    /// 甲方.
    First,
    /// 乙方.
    Second,
}

/// By what a session sought to move the parties (情理法).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Way {
    /// 情.
    Feeling,
    /// 理.
    Reason,
    /// 法.
    Law,
}

/// How a level ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HowEnded {
    /// 移交上级: its mediator handed up.
    HandedUp,
    /// 期满上移: its days were over.
    DaysOver,
    /// 达成协议.
    Settled,
    /// 引导诉讼.
    Guided,
    /// 工单已办结.
    TicketOver,
}

/// A party to a dispute: a user, or a name that can be erased. Others call it by its number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// On which side.
    pub side: Side,
    /// Who, where that is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// What they are called otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TextRef>,
}

/// A level with its days, its mediator, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which.
    pub level: MediationLevel,
    /// Its place when the mediation began: who is told there that the file came up.
    pub desk: PlaceCode,
    /// Since when it has the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When its days are over.
    pub until: Timestamp,
    /// Who took it on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediator: Option<UserId>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// When and how a level ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: HowEnded,
    /// Why, where somebody handed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<TextRef>,
}

/// A session (调解会).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// When it was recorded.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// At which level.
    pub level: MediationLevel,
    /// By what.
    pub way: Way,
    /// How it went.
    pub text: TextRef,
    /// The numbers of the parties who came.
    pub came: Vec<u8>,
}

/// What the parties agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// 1, and one more for each that was written anew: whoever signs says which.
    pub number: u16,
    /// On what.
    pub text: TextRef,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Who signed for it.
    pub signed: Vec<Signature>,
}

/// That a party signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Which, by its number.
    pub party: u8,
    /// When.
    pub at: Timestamp,
    /// The party, or the mediator to whom they signed on paper.
    pub by: UserId,
    /// On paper: who witnessed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<TextRef>,
}

/// How the parties were shown the court's door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    /// When it was recorded.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// What was said, and what the parties said.
    pub text: TextRef,
}

/// A mediation of a ticket, of one of its rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mediation {
    /// The dispute.
    pub ticket: TicketId,
    /// The round of the ticket: each is mediated once.
    pub round: u16,
    /// Who began it, having accepted the ticket.
    pub begun_by: UserId,
    /// When.
    pub begun_at: Timestamp,
    /// Who quarrels.
    pub parties: Vec<Party>,
    /// The levels from that on which had days left, the lowest first; never empty.
    pub steps: Vec<Step>,
    /// Which of them has it.
    pub current: u8,
    /// What the parties are told when the days are over, as the playbook had it.
    pub court: String,
    /// Oldest first.
    pub sessions: Vec<Session>,
    /// What is to be signed, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// How many agreements were written.
    pub drafts: u16,
    /// Once the mediator told the parties of the court.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Guidance>,
    /// Where it stands.
    pub status: MediationStatus,
}

impl Matter for Mediation {
    const KIND: &'static str = "mediation";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::MediationView);
    const CONFIDENTIAL: bool = true;
    type Fact = MediationFact;

    fn columns(&self) -> Columns {
        let open = self.is_open();
        let mut parties = vec![("begun_by", Holder::Person(self.begun_by))];
        parties.extend(self.mediators().map(|person| ("mediator", Holder::Person(person))));
        parties.extend(self.people().map(|person| ("party", Holder::Person(person))));
        Columns {
            topic: Some(self.step().level.name().to_owned()),
            ticket: Some(self.ticket),
            due_at: self.steps.last().map(|step| step.until),
            next_at: open.then(|| self.step().until),
            parties,
            slots: vec![slot(self.ticket, self.round)],
            ..Columns::new(self.status.name(), open, self.begun_at)
        }
    }

    /// When the days of a level are over the file goes up by itself, and from the top to the court.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        let at = self.step().until;
        if !self.is_open() || now < at {
            return None;
        }
        let mut after = self.clone();
        let change = if after.rise(at, HowEnded::DaysOver, None) {
            let (to, desk) = (after.step().level, after.step().desk);
            Change::new(after, MediationFact::MediationHandedUp { to, reason: None })
                .telling(Recipient::Desk(desk), Notice::MatterAssigned)
        } else {
            after.status = MediationStatus::Guided;
            let told: Vec<_> = after.people().collect();
            let change = Change::new(after, MediationFact::MediationGuided { at });
            told.into_iter().fold(change, |change, person| {
                change.telling(Recipient::Person(person), Notice::MatterDecided)
            })
        };
        let mediator = self.step().mediator.map(Recipient::Person);
        Some(match mediator {
            Some(mediator) => change.telling(mediator, Notice::MatterOverdue),
            None => change,
        })
    }

    /// The parties, those who began it or mediated, and who mediates at the level that has it.
    fn is_seen_by(&self, actor: &Actor, at: &PlaceCode) -> bool {
        actor.takes_part_in(&self.columns()) || actor.mediates_at(self.step().level, at)
    }
}

/// What only one mediation of a round of a ticket may have.
pub fn slot(ticket: TicketId, round: u16) -> String {
    format!("mediation:{}:{round}", ticket.0)
}

impl Mediation {
    /// Whether the days run.
    pub fn is_open(&self) -> bool {
        matches!(self.status, MediationStatus::Open | MediationStatus::Agreed)
    }

    /// The level that has it.
    pub fn step(&self) -> &Step {
        &self.steps[usize::from(self.current)]
    }

    /// Who is named as one who mediates, or wrote something as such; not each once.
    pub fn mediators(&self) -> impl Iterator<Item = UserId> {
        let steps = self.steps.iter().filter_map(|step| step.mediator);
        let agreement = self.agreement.iter().map(|agreement| agreement.by);
        let guidance = self.guidance.iter().map(|guidance| guidance.by);
        steps.chain(self.sessions.iter().map(|session| session.by)).chain(agreement).chain(guidance)
    }

    /// The parties who are users.
    pub fn people(&self) -> impl Iterator<Item = UserId> {
        self.parties.iter().filter_map(|party| party.person)
    }

    /// Whether there is an agreement to be signed, and a level above that can still take the signatures.
    pub fn waits_to_be_signed(&self) -> bool {
        self.status == MediationStatus::Agreed && usize::from(self.current) + 1 < self.steps.len()
    }

    fn step_mut(&mut self) -> &mut Step {
        &mut self.steps[usize::from(self.current)]
    }

    /// Ends the level that has it, and hands the file to the one above; whether there is one. At the top only time ends it.
    fn rise(&mut self, at: Timestamp, how: HowEnded, reason: Option<TextRef>) -> bool {
        let top = usize::from(self.current) + 1 == self.steps.len();
        let how = if top { HowEnded::Guided } else { how };
        self.step_mut().ended = Some(Ended { at, how, reason });
        if !top {
            self.current += 1;
            self.step_mut().from = Some(at);
        }
        !top
    }
}

impl Actor {
    /// Whether they mediate at a level in a place.
    pub fn mediates_at(&self, level: MediationLevel, at: &PlaceCode) -> bool {
        self.mediates_in(level).any(|area| area.covers(at))
    }

    /// The places in which they mediate at a level.
    pub fn mediates_in(&self, level: MediationLevel) -> impl Iterator<Item = PlaceCode> {
        let grants = self.grants.iter().filter(move |grant| level.roles().contains(&grant.role));
        grants
            .flat_map(|grant| match &grant.scope {
                Scope::Places(places) => places.as_slice(),
                Scope::Unit(_) => &[],
            })
            .copied()
    }
}

#[cfg(test)]
mod tests;
