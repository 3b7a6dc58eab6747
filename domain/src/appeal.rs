//! Appeals (考核申诉): whoever handled a ticket, or their unit, or the community for itself, asks that a breach, a rating or the whole
//! ticket be left out of the figures (剔除). The level above decides, never who appeals.

use crate::actor::Actor;
use crate::id::{TicketId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::{Action, Role};
use crate::place::PlaceCode;
use crate::playbook::Level;
use crate::refusal::{Args, Refusal};
use crate::text::{Text, TextRef};
use crate::ticket::{Assignee, Excludable, Exclusion, Status, Ticket};
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AppealStatus {
    /// 待决定.
    Open,
    /// 准予剔除.
    Upheld,
    /// 不予剔除.
    Refused,
}

impl AppealStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// Of which ticket.
    pub ticket: TicketId,
    /// What is to be left out.
    pub what: Excludable,
    /// Why.
    pub reason: TextRef,
    /// Who asks.
    pub by: UserId,
    /// For whom: themselves, or the unit that leads.
    pub party: Holder,
    /// When: what is left out is what had happened by then.
    pub at: Timestamp,
    /// Who decides.
    pub level: Level,
    /// Where it stands.
    pub status: AppealStatus,
    /// Once it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// When the ticket said what was left out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_out: Option<Timestamp>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Why.
    pub reason: TextRef,
}

/// What happened to an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the appeal")]
pub enum AppealFact {
    /// 提出申诉.
    AppealMade { ticket: TicketId, what: Excludable, party: Holder, reason: TextRef },
    /// 准予剔除.
    AppealUpheld { reason: TextRef },
    /// 不予剔除.
    AppealRefused { reason: TextRef },
    /// 已剔除: the ticket says so.
    AppealCarriedOut { what: Excludable, until: Timestamp },
}

impl Fact for AppealFact {
    fn word(&self) -> &'static str {
        match self {
            Self::AppealMade { .. } => "appeal_made",
            Self::AppealUpheld { .. } => "appeal_upheld",
            Self::AppealRefused { .. } => "appeal_refused",
            Self::AppealCarriedOut { .. } => "appeal_carried_out",
        }
    }
}

impl Matter for Appeal {
    const KIND: &'static str = "appeal";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::AppealView);
    type Fact = AppealFact;

    fn columns(&self) -> Columns {
        let open = self.status == AppealStatus::Open;
        let mut parties = vec![("by", Holder::Person(self.by)), ("party", self.party)];
        parties.extend(self.decision.iter().map(|decision| ("decider", Holder::Person(decision.by))));
        let taken = format!("appeal:{}:{}", self.ticket.0, <&str>::from(self.what));
        Columns {
            topic: Some(<&str>::from(self.what).to_owned()),
            ticket: Some(self.ticket),
            next_at: self.owes().and(self.decision.as_ref().map(|decision| decision.at)),
            parties,
            slots: if open { vec![taken] } else { vec![] },
            ..Columns::new(self.status.name(), open, self.at)
        }
    }

    /// Asked once the ticket was told what [`Appeal::owes`] says.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        let Exclusion { what, until } = self.owes()?;
        let mut after = self.clone();
        after.carried_out = Some(now);
        Some(Change::new(after, AppealFact::AppealCarriedOut { what, until }))
    }
}

impl Appeal {
    /// What only one open appeal may have.
    pub fn slot(ticket: TicketId, what: Excludable) -> String {
        format!("appeal:{}:{}", ticket.0, <&str>::from(what))
    }

    /// What the ticket is still to say: of one that was upheld, until it was carried out.
    pub fn owes(&self) -> Option<Exclusion> {
        let upheld = self.status == AppealStatus::Upheld && self.carried_out.is_none();
        upheld.then_some(Exclusion { what: self.what, until: self.at })
    }

    /// 申诉: by whoever handled the ticket, for the unit that leads where one does, or by the community or street for itself.
    ///
    /// # Errors
    /// [`Refusal::Permission`], and [`AppealRefusal::Nothing`] where nothing of that kind counts.
    pub fn make(
        ticket: &Ticket,
        what: Excludable,
        reason: &Text,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        actor.may(Action::AppealMake, &ticket.parties())?;
        let ended = matches!(ticket.status(), Status::Withdrawn | Status::Declined | Status::Merged);
        if ended || !ticket.counts(what) {
            return Err(AppealRefusal::Nothing.into());
        }
        let place = &ticket.place.code;
        let party = match ticket.lead() {
            Some(Assignee::Unit(unit)) if actor.stands_for(Holder::Unit(unit)) => Holder::Unit(unit),
            Some(Assignee::Unit(_) | Assignee::Person(_)) | None => Holder::Person(actor.user),
        };
        let of_the_street = actor.holds_at(Role::StreetDispatcher, place);
        let level = match party {
            Holder::Person(_) if !of_the_street => Level::Street,
            Holder::Person(_) | Holder::Unit(_) => Level::County,
        };
        let appeal = Self {
            ticket: ticket.id,
            what,
            reason: reason.reference,
            by: actor.user,
            party,
            at: now,
            level,
            status: AppealStatus::Open,
            decision: None,
            carried_out: None,
        };
        let desk = level.of(place).unwrap_or(*place);
        let fact = AppealFact::AppealMade { ticket: ticket.id, what, party, reason: reason.reference };
        let change = Change::new(appeal, fact).with([reason.clone()]);
        Ok(change.telling(Recipient::Desk(desk), Notice::MatterToDecide))
    }

    /// 决定: by the level above whoever appeals, or by the county.
    ///
    /// # Errors
    /// [`MatterRefusal`], and [`AppealRefusal::Own`].
    pub fn decide(
        &self,
        uphold: bool,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        let county = [Role::CountyAdmin, Role::Supervisor];
        let by_street = self.level == Level::Street && actor.holds_at(Role::StreetDispatcher, at);
        if !by_street && !county.into_iter().any(|role| actor.holds_at(role, at)) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        if actor.user == self.by || actor.stands_for(self.party) {
            return Err(AppealRefusal::Own.into());
        }
        if self.status != AppealStatus::Open {
            return Err(MatterRefusal::Over { status: self.status.name() }.into());
        }
        let reason_of = reason.reference;
        let mut after = self.clone();
        after.decision = Some(Decision { at: now, by: actor.user, reason: reason_of });
        let fact = if uphold {
            after.status = AppealStatus::Upheld;
            AppealFact::AppealUpheld { reason: reason_of }
        } else {
            after.status = AppealStatus::Refused;
            AppealFact::AppealRefused { reason: reason_of }
        };
        let change = Change::new(after, fact).with([reason.clone()]);
        Ok(change.telling(Recipient::Person(self.by), Notice::MatterDecided))
    }
}

/// Why an appeal is not made, or not decided on by somebody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppealRefusal {
    /// Nothing of that kind counts: there is none, or it is left out already.
    #[error("nothing of that kind counts")]
    Nothing,
    /// Another one waits for a decision.
    #[error("one is open")]
    Pending,
    /// Nobody decides on their own.
    #[error("their own appeal")]
    Own,
}

impl AppealRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "appeal.nothing",
            Self::Pending => "appeal.pending",
            Self::Own => "appeal.own",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Nothing | Self::Pending | Self::Own => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("/what"),
            Self::Pending | Self::Own => None,
        }
    }
}
