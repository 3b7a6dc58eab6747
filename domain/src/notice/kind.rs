//! What a message says.

use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a message in somebody's inbox says (消息种类).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    /// New, and waits to be dispatched.
    ToDispatch,
    /// Given back: waits to be dispatched again.
    Returned,
    /// Whoever had it has left: waits to be dispatched again.
    HandedBack,
    /// Dispatched to oneself or one's unit.
    Assigned,
    /// Handed over to oneself from somebody who left.
    HandedOver,
    /// One is to assist.
    AssistAsked,
    /// One's own was dispatched.
    Dispatched,
    /// One's own was accepted or claimed.
    Accepted,
    /// Somebody is on the scene of one's own.
    Arrived,
    /// There is a plan for one's own.
    Planned,
    /// There is a reply while the work goes on.
    Replied,
    /// One's own is resolved: please rate.
    Resolved,
    /// What one supervises is resolved.
    SupervisedResolved,
    /// What one handled was rated.
    Rated,
    /// What one handled is to be done again.
    Reworked,
    /// What one handled was opened again.
    Reopened,
    /// Closed without a rating.
    Closed,
    /// The requester added something.
    Supplemented,
    /// The requester asks to hurry.
    Urged,
    /// More time is asked for.
    ExtensionAsked,
    /// More time was given.
    ExtensionApproved,
    /// More time was not given.
    ExtensionRefused,
    /// Somebody calls: whoever answers first takes it.
    Called,
    /// Its clocks rest.
    Paused,
    /// Its clocks go on.
    Resumed,
    /// It lies on one's desk now.
    Escalated,
    /// It is before the next meeting of its desk.
    TopicRaised,
    /// One watches it for the residents.
    DelegateNamed,
    /// A delegate of the residents said how it goes.
    Observed,
    /// One answers for it until somebody has accepted it.
    FirstAsked,
    /// One's own: who can help.
    Referred,
    /// It was decided on what one handed up, put before a meeting, or handles.
    Decided,
    /// A limit is about to pass.
    Warned,
    /// A limit passed.
    Breached,
    /// It is watched from above.
    Supervised,
    /// One's unit was called, and must report in.
    Whistled,
    /// A unit that was called has come.
    ReportedIn,
    /// It was talked over.
    Discussed,
    /// A deadline was stated for one's own.
    Promised,
    /// The requester took it back.
    Withdrawn,
    /// One's own was not taken on.
    Declined,
    /// It goes on as another.
    Merged,
    /// Another goes on as this one.
    Absorbed,
    /// Staff wrote a note.
    Noted,
    /// While on duty: a new one.
    DutyNew,
    /// While on duty: a limit passed.
    DutyOverdue,
    /// While on duty: a limit is about to pass.
    DutyWarning,
    /// Limits that passed while nobody watched, in one list.
    OverdueList,
    /// The working-time calendar of a year is not there.
    CalendarMissing,
    /// A matter is one's own to do.
    MatterAssigned,
    /// Something was said of a matter that one looks after.
    MatterReported,
    /// A matter waits for one's decision.
    MatterToDecide,
    /// A matter that one raised or does was decided on.
    MatterDecided,
    /// A matter is due soon.
    MatterDue,
    /// A matter was not done in time.
    MatterOverdue,
    /// A matter is over.
    MatterDone,
}

impl Notice {
    /// The word on the wire and in columns.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether somebody must do something while a clock runs: while whoever is told is away, their stand-in (代班人) is told
    /// as well. The bell rings stand-ins by itself.
    pub fn presses(self) -> bool {
        match self {
            Self::ToDispatch
            | Self::Called
            | Self::Returned
            | Self::HandedBack
            | Self::Assigned
            | Self::HandedOver
            | Self::AssistAsked
            | Self::Reworked
            | Self::Reopened
            | Self::Urged
            | Self::ExtensionAsked
            | Self::Escalated
            | Self::Decided
            | Self::FirstAsked
            | Self::Warned
            | Self::Breached
            | Self::Supervised
            | Self::Whistled => true,
            Self::Dispatched
            | Self::Accepted
            | Self::Arrived
            | Self::Planned
            | Self::Replied
            | Self::Referred
            | Self::TopicRaised
            | Self::DelegateNamed
            | Self::Observed
            | Self::Resolved
            | Self::SupervisedResolved
            | Self::Rated
            | Self::Closed
            | Self::Supplemented
            | Self::ExtensionApproved
            | Self::ExtensionRefused
            | Self::Paused
            | Self::Resumed
            | Self::Withdrawn
            | Self::Declined
            | Self::Merged
            | Self::Absorbed
            | Self::Noted
            | Self::ReportedIn
            | Self::Discussed
            | Self::Promised
            | Self::DutyNew
            | Self::DutyOverdue
            | Self::DutyWarning
            | Self::OverdueList
            | Self::CalendarMissing
            | Self::MatterAssigned
            | Self::MatterReported
            | Self::MatterToDecide
            | Self::MatterDecided
            | Self::MatterDue
            | Self::MatterOverdue
            | Self::MatterDone => false,
        }
    }
}
