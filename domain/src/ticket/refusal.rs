//! How tickets say no.

use super::Status;
use crate::number::TicketNumber;
use crate::permission::Role;
use crate::refusal::Args;
use crate::time::Timestamp;
use strum::{EnumIter, IntoStaticStr};

/// Why a command on a ticket was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefusal {
    /// Not there, or out of the actor's sight: nobody learns which.
    #[error("no such ticket")]
    NotFound,
    /// Not in this state.
    #[error("{why:?} while {status:?}")]
    WrongState {
        /// What is in the way.
        why: WrongState,
        /// Where the ticket stands.
        status: Status,
    },
    /// Something about a field.
    #[error("{code} at {field}")]
    Field {
        /// The stable code.
        code: FieldFault,
        /// JSON Pointer below the body.
        field: String,
    },
    /// The playbook lets others do it.
    #[error("{why} is for others")]
    NotYours {
        /// What.
        why: NotYours,
        /// Who may.
        roles: Vec<Role>,
    },
    /// Not a category of the county's playbook.
    #[error("no such category")]
    CategoryUnknown {
        /// Those that there are.
        allowed: String,
    },
    /// Not a service of the county's catalogue.
    #[error("no such service")]
    ServiceUnknown {
        /// Those that are most like it, with their names.
        alike: String,
    },
    /// The message of the chat was filed before.
    #[error("filed before as {number}")]
    MessageFiled {
        /// The ticket's number.
        number: TicketNumber,
    },
    /// The order of the platform was filed before.
    #[error("filed before as {number}")]
    OrderFiled {
        /// The ticket's number.
        number: TicketNumber,
    },
    /// Earlier or later than may be.
    #[error("{code} at {field}")]
    Time {
        /// The stable code.
        code: TimeFault,
        /// JSON Pointer below the body.
        field: &'static str,
        /// The limit.
        limit: Timestamp,
    },
}

/// What is in the way of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[expect(missing_docs, reason = "the codes say it")]
pub enum WrongState {
    #[strum(serialize = "ticket.not_dispatched")]
    NotDispatched,
    #[strum(serialize = "ticket.already_dispatched")]
    AlreadyDispatched,
    #[strum(serialize = "ticket.not_accepted")]
    NotAccepted,
    #[strum(serialize = "ticket.already_accepted")]
    AlreadyAccepted,
    #[strum(serialize = "ticket.already_arrived")]
    AlreadyArrived,
    #[strum(serialize = "ticket.not_resolved")]
    NotResolved,
    #[strum(serialize = "ticket.already_resolved")]
    AlreadyResolved,
    #[strum(serialize = "ticket.not_closed")]
    NotClosed,
    #[strum(serialize = "ticket.already_closed")]
    AlreadyClosed,
    /// Withdrawn, declined or merged.
    #[strum(serialize = "ticket.ended")]
    Ended,
    #[strum(serialize = "ticket.not_claimable")]
    NotClaimable,
    #[strum(serialize = "ticket.already_paused")]
    AlreadyPaused,
    #[strum(serialize = "ticket.not_paused")]
    NotPaused,
    #[strum(serialize = "ticket.already_supervised")]
    AlreadySupervised,
    /// Every unit of theirs that was called has come.
    #[strum(serialize = "ticket.already_reported_in")]
    AlreadyReportedIn,
    /// The unit may still come in time.
    #[strum(serialize = "ticket.report_in_pending")]
    ReportInPending,
    /// The playbook has such things talked over before a unit takes them.
    #[strum(serialize = "ticket.not_discussed")]
    NotDiscussed,
    /// What was promised was not kept; that stands.
    #[strum(serialize = "ticket.promise_broken")]
    PromiseBroken,
    #[strum(serialize = "ticket.at_the_top")]
    AtTheTop,
    /// The playbook has no such affair referred to others.
    #[strum(serialize = "ticket.not_referable")]
    NotReferable,
    /// Nobody handed it up, and it is before no meeting.
    #[strum(serialize = "ticket.not_escalated")]
    NotEscalated,
    /// Nobody but those who handle it is to read what is confidential.
    #[strum(serialize = "ticket.confidential")]
    Confidential,
    #[strum(serialize = "ticket.already_a_topic")]
    AlreadyATopic,
    #[strum(serialize = "ticket.urged_recently")]
    UrgedRecently,
    #[strum(serialize = "ticket.extension_pending")]
    ExtensionPending,
    #[strum(serialize = "ticket.no_extension")]
    NoExtension,
    /// No clock of this round that is still in time.
    #[strum(serialize = "ticket.nothing_to_extend")]
    NothingToExtend,
    /// It is no longer later than the limit, or the limit has passed.
    #[strum(serialize = "ticket.extension_lapsed")]
    ExtensionLapsed,
    #[strum(serialize = "ticket.others_joined")]
    OthersJoined,
    #[strum(serialize = "ticket.reopen_window_over")]
    ReopenWindowOver,
    /// Of the ticket that it was to be merged into.
    #[strum(serialize = "ticket.merge_target_not_open")]
    MergeTargetNotOpen,
}

/// What a playbook leaves to others than a role that may do it elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr, strum::Display)]
#[expect(missing_docs, reason = "the codes say it")]
pub enum NotYours {
    #[strum(serialize = "ticket.whistle_not_yours")]
    Whistle,
    #[strum(serialize = "ticket.opinion_not_yours")]
    Opinion,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr, strum::Display)]
#[expect(missing_docs, reason = "the codes say it")]
pub enum FieldFault {
    #[strum(serialize = "ticket.lead_unknown")]
    LeadUnknown,
    #[strum(serialize = "ticket.lead_cannot_handle")]
    LeadCannotHandle,
    #[strum(serialize = "ticket.assist_twice")]
    AssistTwice,
    #[strum(serialize = "ticket.assist_too_many")]
    AssistTooMany,
    #[strum(serialize = "ticket.stars_out_of_range")]
    StarsOutOfRange,
    #[strum(serialize = "ticket.channel_for_staff")]
    ChannelForStaff,
    #[strum(serialize = "ticket.occurred_at_for_staff")]
    OccurredAtForStaff,
    #[strum(serialize = "ticket.merge_into_itself")]
    MergeIntoItself,
    #[strum(serialize = "ticket.merge_target_unknown")]
    MergeTargetUnknown,
    #[strum(serialize = "ticket.nothing_to_grade")]
    NothingToGrade,
    /// The county takes no calls.
    #[strum(serialize = "ticket.call_off")]
    CallOff,
    #[strum(serialize = "ticket.not_a_team")]
    NotATeam,
    #[strum(serialize = "ticket.not_in_team")]
    NotInTeam,
    /// None, or more than a call names.
    #[strum(serialize = "ticket.units_count")]
    UnitsCount,
    #[strum(serialize = "ticket.unit_unknown")]
    UnitUnknown,
    /// Of another county.
    #[strum(serialize = "ticket.unit_elsewhere")]
    UnitElsewhere,
    #[strum(serialize = "ticket.unit_twice")]
    UnitTwice,
    /// It was called in this round and has not come yet.
    #[strum(serialize = "ticket.unit_waited_for")]
    UnitWaitedFor,
    #[strum(serialize = "ticket.unit_not_called")]
    UnitNotCalled,
    /// Several of theirs were called.
    #[strum(serialize = "ticket.unit_unclear")]
    UnitUnclear,
    #[strum(serialize = "ticket.whistles_too_many")]
    WhistlesTooMany,
    #[strum(serialize = "ticket.due_out_of_range")]
    DueOutOfRange,
    #[strum(serialize = "ticket.score_out_of_range")]
    ScoreOutOfRange,
    #[strum(serialize = "ticket.refer_one_of")]
    ReferOneOf,
    #[strum(serialize = "ticket.refer_to_nobody")]
    ReferToNobody,
    #[strum(serialize = "ticket.refer_point_unknown")]
    ReferPointUnknown,
    #[strum(serialize = "ticket.refer_unit_unknown")]
    ReferUnitUnknown,
    #[strum(serialize = "ticket.refer_unfit")]
    ReferUnfit,
    #[strum(serialize = "ticket.not_referred")]
    NotReferred,
    /// Jointly is with somebody.
    #[strum(serialize = "ticket.nobody_assists")]
    NobodyAssists,
    #[strum(serialize = "ticket.delegates_too_many")]
    DelegatesTooMany,
    /// Nobody whom the county knows: of anybody else it is not told that they are there.
    #[strum(serialize = "ticket.delegate_unknown")]
    DelegateUnknown,
    #[strum(serialize = "ticket.delegate_twice")]
    DelegateTwice,
    /// Nobody watches their own work.
    #[strum(serialize = "ticket.delegate_handles")]
    DelegateHandles,
    /// It was not handed up, so it can go back to nobody.
    #[strum(serialize = "ticket.nowhere_back")]
    NowhereBack,
    #[strum(serialize = "ticket.for_unit_for_staff")]
    ForUnitForStaff,
    #[strum(serialize = "ticket.for_unit_unknown")]
    ForUnitUnknown,
    #[strum(serialize = "ticket.for_unit_not_theirs")]
    ForUnitNotTheirs,
    #[strum(serialize = "ticket.message_needs_chat")]
    MessageNeedsChat,
    /// An order of a platform through another channel than the hotline.
    #[strum(serialize = "ticket.order_needs_hotline")]
    OrderNeedsHotline,
}

/// What is wrong with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr, strum::Display)]
#[expect(missing_docs, reason = "the codes say it")]
pub enum TimeFault {
    #[strum(serialize = "ticket.time_too_early")]
    TooEarly,
    #[strum(serialize = "ticket.time_too_late")]
    TooLate,
}

impl TicketRefusal {
    pub(super) fn field_fault(code: FieldFault, field: impl Into<String>) -> Self {
        Self::Field { code, field: field.into() }
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "ticket.not_found",
            Self::WrongState { why, .. } => why.into(),
            Self::NotYours { why, .. } => why.into(),
            Self::Field { code, .. } => code.into(),
            Self::CategoryUnknown { .. } => "ticket.category_unknown",
            Self::ServiceUnknown { .. } => "ticket.service_unknown",
            Self::MessageFiled { .. } => "ticket.message_filed",
            Self::OrderFiled { .. } => "ticket.order_filed",
            Self::Time { code, .. } => code.into(),
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::WrongState { status, .. } => vec![("status", status.name().to_owned())],
            Self::MessageFiled { number } | Self::OrderFiled { number } => {
                vec![("number", number.to_string())]
            }
            Self::CategoryUnknown { allowed } => vec![("allowed", allowed.clone())],
            Self::ServiceUnknown { alike } => vec![("alike", alike.clone())],
            Self::NotYours { roles, .. } => {
                let words: Vec<&str> = roles.iter().map(Into::into).collect();
                vec![("roles", words.join(" "))]
            }
            Self::Time { limit, .. } => {
                vec![("limit", limit.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))]
            }
            Self::NotFound | Self::Field { .. } => vec![],
        }
    }

    /// The field that was wrong, where it was one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::NotFound | Self::WrongState { .. } | Self::NotYours { .. } => None,
            Self::Field { field, .. } => Some(field),
            Self::CategoryUnknown { .. } => Some("/category"),
            Self::ServiceUnknown { .. } => Some("/service"),
            Self::MessageFiled { .. } => Some("/origin/message"),
            Self::OrderFiled { .. } => Some("/origin/order"),
            Self::Time { field, .. } => Some(field),
        }
    }
}
