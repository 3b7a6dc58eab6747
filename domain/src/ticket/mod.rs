//! A ticket (工单): `submitted → dispatched → accepted → resolved → closed`, with rework back to dispatched.
//!
//! [`submit`] and [`decide`] say what a command leads to, as events; [`Ticket::begin`] and [`Ticket::apply`] say what
//! an event makes of the ticket. Nothing else changes one. To add a rule: a row in a table test of `decide`, the arm
//! in `decide.rs`, the fact in `event.rs`, its effect in `apply.rs`.

mod apply;
mod clock;
mod command;
mod decide;
mod event;
mod refusal;
#[cfg(test)]
mod tests;

pub use apply::BrokenHistory;
pub use clock::{Clock, ClockKind, ClockState};
pub use command::{Command, LeadFacts, Submission};
pub use decide::{decide, submit};
pub use event::{EVENT_VERSION, Event, Fact, Headline};
pub use refusal::{TicketRefusal, WrongState};

use crate::geo::Position;
use crate::id::{TicketId, UnitId, UserId};
use crate::number::TicketNumber;
use crate::permission::Parties;
use crate::place::PlaceRef;
use crate::text::TextRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The version in which [`Ticket`] is stored as JSON; a reader of older ones upcasts.
pub const STATE_VERSION: i16 = 1;

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The word on the wire and in columns.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )*};
}

vocabulary! {
    /// How far a ticket has come (状态).
    Status {
        /// 待派单.
        Submitted,
        /// 待接单.
        Dispatched,
        /// 办理中.
        Accepted,
        /// 待评价.
        Resolved,
        /// 已结单.
        Closed,
    }
    /// How fast it must go (轻重), graded by whoever dispatches.
    Severity {
        /// 小问题.
        Small,
        /// 大问题.
        Large,
        /// 特殊复杂问题.
        Complex,
    }
    /// Who is to deal with it (三事): practices L04, M02.
    Affair {
        /// 公家事、大事.
        Public,
        /// 大家事、小事.
        Shared,
        /// 自家事、私事.
        Private,
    }
    /// The way it came in (渠道): practices L01.
    Channel {
        /// 小程序.
        MiniProgram,
        /// 热线.
        Hotline,
        /// 群聊.
        Chat,
        /// 入户.
        HomeVisit,
        /// 群众会、居民代表大会.
        Meeting,
        /// 征集日.
        CollectionDay,
        /// 意见箱.
        SuggestionBox,
    }
    /// What the handling came to (办理结果).
    Outcome {
        /// 已解决.
        Solved,
        /// 已解释.
        Explained,
        /// 暂无法解决.
        Unsolvable,
    }
    /// What the requester thinks of it (满意度).
    Satisfaction {
        /// 满意.
        Satisfied,
        /// 基本满意.
        FairlySatisfied,
        /// 不满意: it is done again.
        Dissatisfied,
    }
}

/// Whom it is assigned to (责任人或责任单位).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// A person, who alone may accept it.
    Person(UserId),
    /// A unit, any of whose handlers may accept it.
    Unit(UnitId),
}

/// How it was answered; without one no ticket closes (practices L07, 件件有回音).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What it came to.
    pub outcome: Outcome,
    /// What the requester was told.
    pub reply: TextRef,
    /// When.
    pub at: Timestamp,
}

/// What the requester said of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Satisfied or not.
    pub satisfaction: Satisfaction,
    /// 1 to 5, where given.
    pub stars: Option<u8>,
    /// In their words, where given.
    pub comment: Option<TextRef>,
    /// When.
    pub at: Timestamp,
}

/// On the scene (到场).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// Where the handler said they were.
    pub position: Position,
}

/// Where a ticket stands, with what is true only there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// Waits to be dispatched.
    Submitted,
    /// Waits to be accepted.
    Dispatched {
        /// By whom.
        lead: Assignee,
        /// Since.
        at: Timestamp,
    },
    /// Is being handled.
    Accepted {
        /// Assigned to.
        lead: Assignee,
        /// Who took it.
        handler: UserId,
        /// Since.
        at: Timestamp,
        /// Set once on the scene.
        arrival: Option<Arrival>,
    },
    /// Waits for the requester's rating.
    Resolved {
        /// Assigned to.
        lead: Assignee,
        /// Who handled it.
        handler: UserId,
        /// Where they had been on the scene.
        arrival: Option<Arrival>,
        /// The answer.
        resolution: Resolution,
    },
    /// Done.
    Closed {
        /// Assigned to.
        lead: Assignee,
        /// Who handled it.
        handler: UserId,
        /// Where they had been on the scene.
        arrival: Option<Arrival>,
        /// The answer.
        resolution: Resolution,
        /// Since.
        at: Timestamp,
    },
}

/// A ticket as the fold of its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// Identity.
    pub id: TicketId,
    /// For people.
    pub number: TicketNumber,
    /// Who raised it.
    pub requester: UserId,
    /// Where.
    pub place: PlaceRef,
    /// What troubles them, in their words.
    pub content: TextRef,
    /// Where exactly, in their words.
    pub address: Option<TextRef>,
    /// Key of the playbook's category.
    pub category: Option<String>,
    /// Once graded.
    pub severity: Option<Severity>,
    /// Once sorted.
    pub affair: Option<Affair>,
    /// How it came in.
    pub channel: Channel,
    /// When it was raised.
    pub submitted_at: Timestamp,
    /// 1, and one more for each rework.
    pub round: u16,
    /// Of all rounds.
    pub clocks: Vec<Clock>,
    /// The latest.
    pub rating: Option<Rating>,
    /// Where it stands.
    pub state: State,
}

impl Ticket {
    /// The word for its state.
    pub fn status(&self) -> Status {
        match self.state {
            State::Submitted => Status::Submitted,
            State::Dispatched { .. } => Status::Dispatched,
            State::Accepted { .. } => Status::Accepted,
            State::Resolved { .. } => Status::Resolved,
            State::Closed { .. } => Status::Closed,
        }
    }

    /// Whom it is assigned to, once dispatched.
    pub fn lead(&self) -> Option<Assignee> {
        match self.state {
            State::Submitted => None,
            State::Dispatched { lead, .. }
            | State::Accepted { lead, .. }
            | State::Resolved { lead, .. }
            | State::Closed { lead, .. } => Some(lead),
        }
    }

    /// Who handles or handled it; before acceptance, the person it is assigned to.
    pub fn handler(&self) -> Option<UserId> {
        match self.state {
            State::Dispatched { lead: Assignee::Person(person), .. } => Some(person),
            State::Submitted | State::Dispatched { .. } => None,
            State::Accepted { handler, .. }
            | State::Resolved { handler, .. }
            | State::Closed { handler, .. } => Some(handler),
        }
    }

    /// The answer of the current round.
    pub fn resolution(&self) -> Option<Resolution> {
        match self.state {
            State::Submitted | State::Dispatched { .. } | State::Accepted { .. } => None,
            State::Resolved { resolution, .. } | State::Closed { resolution, .. } => Some(resolution),
        }
    }

    /// On the scene in the current round.
    pub fn arrival(&self) -> Option<Arrival> {
        match self.state {
            State::Submitted | State::Dispatched { .. } => None,
            State::Accepted { arrival, .. }
            | State::Resolved { arrival, .. }
            | State::Closed { arrival, .. } => arrival,
        }
    }

    /// Whom it concerns: what permissions look at.
    pub fn parties(&self) -> Parties {
        let unit = match self.lead() {
            Some(Assignee::Unit(unit)) => Some(unit),
            Some(Assignee::Person(_)) | None => None,
        };
        Parties { requester: self.requester, place: self.place.code, unit, handler: self.handler() }
    }

    /// When the next running clock is due: what the sweep looks at.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.clocks.iter().filter(|clock| clock.is_running()).map(|clock| clock.due_at).min()
    }

    /// Since when something is owed, or will be: the earliest limit that nobody has met, breached or not. The ticket is
    /// overdue when this has passed.
    pub fn owed_since(&self) -> Option<Timestamp> {
        self.clocks.iter().filter(|clock| clock.is_owed()).map(|clock| clock.due_at).min()
    }
}
