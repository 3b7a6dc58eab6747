//! A ticket (工单): `submitted → dispatched → accepted → resolved → closed`, with rework and reopening back to dispatched,
//! return back to submitted, and the ends withdrawn, declined and merged. `docs/tickets.md` has the whole table.
//!
//! [`submit`], [`decide`], [`merge`], [`settle`], [`hand_over`], [`identify`] and [`recode`] say what happens, as events;
//! [`Ticket::begin`] and [`Ticket::apply`] say what an event makes of the ticket. Nothing else changes one. To add a rule: a row in a table test
//! of `decide`, the arm in `decide/`, the fact in `event.rs`, its effect on the state in `transition.rs`, on all else
//! in `apply.rs`.

mod apply;
mod clock;
mod command;
mod decide;
mod event;
mod exclusion;
mod known;
mod ledger;
mod refusal;
mod state;
mod submission;
#[cfg(test)]
mod tests;
mod transition;
mod upcast;
mod vocabulary;
mod whistle;

pub use apply::BrokenHistory;
pub use clock::{Clock, ClockKind, ClockState};
pub use command::Command;
pub(crate) use decide::MAX_REPORT_IN_MINUTES;
pub use decide::{
    Departure, When, decide, dispatch_by_route, exclude, hand_over, identify, merge, recode, settle, submit,
};
pub use event::{EVENT_VERSION, Event, Fact, Headline};
pub use exclusion::{Excludable, Exclusion};
pub use known::{AssigneeFacts, Assignment, Delegate, Guide, Team, UnitFacts};
pub use ledger::{Assessment, Discussion};
pub use refusal::{FieldFault, NotYours, TicketRefusal, TimeFault, WrongState};
pub use state::{
    Arrival, Done, Escalation, Extension, Origin, Plan, Rating, Referral, Reply, Resolution, Rest, State,
    Steps, Supervision, Topic, Work,
};
pub use submission::{MAX_SOURCE, Source, Submission};
pub use upcast::{Unreadable, fact_from_json, ticket_from_json};
pub use vocabulary::{
    Affair, Appraiser, Audience, Channel, Commonality, Handling, Means, Outcome, ReferTo, Satisfaction,
    Severity, Status,
};
pub use whistle::{Opinion, ReportIn, Whistle, WhistleState};

use crate::id::{TicketId, UnitId, UserId};
use crate::number::TicketNumber;
use crate::permission::{Parties, Roles};
use crate::place::{PlaceCode, PlaceRef};
use crate::policy::Sorting;
use crate::text::TextRef;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The version in which [`Ticket`] is stored as JSON; `upcast.rs` reads older ones.
pub const STATE_VERSION: i16 = 5;
/// The first version whose state is the fold of its events: those before kept less.
pub const WHOLE_STATE: i16 = 4;
/// The most residents' delegates that watch one ticket.
pub const MAX_DELEGATES: usize = 5;
/// The most that may assist with one ticket.
pub const MAX_ASSIST: usize = 20;
/// The most members of a team that a ticket names.
pub const MAX_MATES: usize = 200;
/// The most units that one whistle calls.
pub const MAX_CALLED: usize = 20;
/// The most whistles of a ticket, counted by unit.
pub const MAX_WHISTLES: usize = 200;

/// Whom it is assigned to (责任人或责任单位).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// A person, who alone may accept it.
    Person(UserId),
    /// A unit, any of whose handlers may accept it.
    Unit(UnitId),
}

impl Assignee {
    /// The same, or `to` where it was `from`.
    fn identified(self, from: UserId, to: UserId) -> Self {
        if self == Self::Person(from) { Self::Person(to) } else { self }
    }
}

/// A ticket as the fold of its events. What there is not is not stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// Identity.
    pub id: TicketId,
    /// For people.
    pub number: TicketNumber,
    /// Who raised it.
    pub requester: UserId,
    /// Who raised what was merged into it.
    pub joined: Vec<UserId>,
    /// Where; a household is not part of it.
    pub place: PlaceRef,
    /// The place whose people decide next: its community, and a level up with each escalation.
    pub desk: PlaceCode,
    /// What troubles them, in their words.
    pub content: TextRef,
    /// Where exactly, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<TextRef>,
    /// The event that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Key of the playbook's category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Once graded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Once sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// Once dispatched so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// How it came in.
    pub channel: Channel,
    /// Whether who raised it is hidden from whoever handles it.
    pub confidential: bool,
    /// When it was raised; earlier than the submission when it was taken down on paper.
    pub occurred_at: Timestamp,
    /// When it was submitted; its clocks count from then.
    pub submitted_at: Timestamp,
    /// Version of the playbook that it began under, and is decided by for as long as it lives; tickets of before version 5
    /// do not say, and are decided by the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<u32>,
    /// 1, and one more for each rework or reopening.
    pub round: u16,
    /// When the round began.
    pub round_at: Timestamp,
    /// When it was first accepted, in whichever round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// How far the round has come, for clocks that begin later.
    pub steps: Steps,
    /// Of all rounds.
    pub clocks: Vec<Clock>,
    /// Since when its clocks rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Timestamp>,
    /// When they rested before, oldest first.
    pub rests: Vec<Rest>,
    /// What whoever handles it has done so far of what clocks ask for, oldest first.
    pub done: Vec<Done>,
    /// The roles that may claim it while it waits to be dispatched.
    pub claim: Roles,
    /// Who dispatched it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatched_by: Option<UserId>,
    /// Who helps the lead.
    pub assist: Vec<Assignee>,
    /// While it is supervised: until it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supervision: Option<Supervision>,
    /// Who was called to it (吹哨), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whistles: Vec<Whistle>,
    /// What was thought of those who were called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<Opinion>,
    /// The newest joint discussion (会商), of whichever round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discussion: Option<Discussion>,
    /// What the party branch made of it, once it stands on the ledger (台账).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
    /// More time that was asked for and not decided on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// How often it was urged.
    pub urged: u16,
    /// When it was urged last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urged_at: Option<Timestamp>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Code of the catalogue's service that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of a call (群众呼叫), the area in which it is heard (practices Q09).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<PlaceCode>,
    /// Of a call, the roles that hear it anywhere in that area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hear: Option<Roles>,
    /// Who was in the team that took it, besides whoever leads (practices L07).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mates: Vec<UserId>,
    /// The residents' delegates who watch the work (practices Q06).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<UserId>,
    /// While it waits for the decision of those to whom it was handed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// While it waits for the next meeting of its desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// Who was the first to take it up, where the playbook has such people answer for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_asked: Option<UserId>,
    /// To whom its requester was guided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// The unit for which it was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_unit: Option<UnitId>,
    /// What of it is left out of the figures, since appeals against it were upheld (剔除).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Exclusion>,
    /// Where it stands.
    pub state: State,
}

impl Ticket {
    /// The word for its state.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// The version of the playbook that it began under, and is decided by for as long as it lives: where that is not said
    /// its first clock says it. `None` for one that has neither: the current one holds.
    pub fn begun_under(&self) -> Option<u32> {
        self.playbook.or_else(|| self.clocks.first().map(|clock| clock.policy_version))
    }

    /// The version that it is stored in: the first that knew of all it says, so that programs of before read it.
    pub fn stored_version(&self) -> i16 {
        let says_less = self.playbook.is_none()
            && self.service.is_none()
            && self.call.is_none()
            && self.mates.is_empty()
            && self.whistles.is_empty()
            && self.opinions.is_empty()
            && self.discussion.is_none()
            && self.first_asked.is_none()
            && self.referral.is_none()
            && self.requester_unit.is_none()
            && self.excluded.is_empty()
            && self.assessment.is_none()
            && self.clocks.iter().all(|clock| clock.kind != ClockKind::Promise)
            && self.escalation.is_none()
            && self.topic.is_none()
            && self.delegates.is_empty()
            && self.state.work().and_then(|work| work.plan).is_none_or(|plan| plan.means.is_none());
        if says_less { WHOLE_STATE } else { STATE_VERSION }
    }

    /// Whom it is assigned to, once dispatched.
    pub fn lead(&self) -> Option<Assignee> {
        match &self.state {
            State::Dispatched { lead, .. } => Some(*lead),
            state => state.work().map(|work| work.lead),
        }
    }

    /// Who handles or handled it; before acceptance, the person it is assigned to.
    pub fn handler(&self) -> Option<UserId> {
        match &self.state {
            State::Dispatched { lead: Assignee::Person(person), .. } => Some(*person),
            state => state.work().map(|work| work.handler),
        }
    }

    /// The answer of the current round.
    pub fn resolution(&self) -> Option<Resolution> {
        match self.state {
            State::Resolved { resolution, .. } | State::Closed { resolution, .. } => Some(resolution),
            State::Submitted
            | State::Dispatched { .. }
            | State::Accepted(_)
            | State::Withdrawn { .. }
            | State::Declined { .. }
            | State::Merged { .. } => None,
        }
    }

    /// Why it ended without being handled.
    pub fn end_reason(&self) -> Option<TextRef> {
        match self.state {
            State::Withdrawn { reason, .. }
            | State::Declined { reason, .. }
            | State::Merged { reason, .. } => Some(reason),
            State::Submitted
            | State::Dispatched { .. }
            | State::Accepted(_)
            | State::Resolved { .. }
            | State::Closed { .. } => None,
        }
    }

    /// Whom it concerns: what permissions look at.
    pub fn parties(&self) -> Parties<'_> {
        let unit = match self.lead() {
            Some(Assignee::Unit(unit)) => Some(unit),
            Some(Assignee::Person(_)) | None => None,
        };
        Parties {
            requester: self.requester,
            requester_unit: self.requester_unit,
            joined: &self.joined,
            place: self.place.code,
            desk: self.desk,
            unit,
            handler: self.handler(),
            dispatched_by: self.dispatched_by,
            assist: &self.assist,
            called: &self.whistles,
            claim: self.claimable(),
            call: self.call,
            hear: self.hear.unwrap_or_default(),
            mates: &self.mates,
            delegates: &self.delegates,
        }
    }

    /// Whether the platform may dispatch it: it waits, nobody has dispatched it yet, and it is no call, which waits for whoever
    /// answers; nor does it wait for those above, for a meeting, or rest.
    pub fn awaits_platform(&self) -> bool {
        let untouched = self.round == 1 && self.steps.dispatched.is_none() && self.call.is_none();
        let is_held = self.escalation.is_some() || self.topic.is_some() || self.paused.is_some();
        self.state == State::Submitted && untouched && !is_held
    }

    /// How long a call waited until somebody took it on (应答用时).
    pub fn answered_after(&self) -> Option<TimeDelta> {
        self.call?;
        Some(self.accepted_at? - self.submitted_at)
    }

    /// Who answers for it while nobody has accepted it (首问负责).
    pub fn answers_first(&self) -> Option<UserId> {
        let waits = matches!(self.state, State::Submitted | State::Dispatched { .. });
        self.first_asked.filter(|_| waits)
    }

    /// The roles that may claim it now.
    pub fn claimable(&self) -> Roles {
        if self.state == State::Submitted { self.claim } else { Roles::default() }
    }

    /// Of these, the roles that may claim it anywhere in the area of its call.
    pub fn heard(&self) -> Roles {
        let hear = self.hear.unwrap_or_default();
        self.claimable().iter().filter(|role| hear.contains(*role)).collect()
    }

    /// When time alone does something to it next, a clock or the end of the rating: what the sweep looks at.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.clocks.iter().filter_map(Clock::next_at).chain(self.closes_at()).min()
    }

    /// What it was sorted as.
    pub fn sorting(&self) -> Sorting<'_> {
        Sorting {
            severity: self.severity,
            affair: self.affair,
            category: self.category.as_deref(),
            handling: self.handling,
        }
    }

    /// When it closes by itself, while it waits to be rated.
    pub fn closes_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Resolved { resolution, .. } => resolution.closes_at,
            _ => None,
        }
    }

    /// Since when something is owed, or will be: the earliest limit that nobody has met, breached or not. The ticket is
    /// overdue when this has passed. A clock that rests does not count.
    pub fn owed_since(&self) -> Option<Timestamp> {
        let owed = self.clocks.iter().filter(|clock| clock.is_owed() && clock.paused_at.is_none());
        owed.map(|clock| clock.due_at).min()
    }
}
