//! Refusals are values: one enum a concept, with a stable code. The wire contract turns them into problem details in
//! one table, so a refusal says what was wrong in parts (`args`) and never in a sentence.

use crate::absence::AbsenceRefusal;
use crate::appeal::AppealRefusal;
use crate::booking::BookingRefusal;
use crate::calendar::CalendarRefusal;
use crate::deed::DeedRefusal;
use crate::duty::DutyRefusal;
use crate::errand::ErrandRefusal;
use crate::geo::PositionRefusal;
use crate::import::ImportRefusal;
use crate::live::LiveRefusal;
use crate::matter::MatterRefusal;
use crate::mediation::MediationRefusal;
use crate::notice::InboxRefusal;
use crate::password::{self, PasswordRefusal};
use crate::patrol::PatrolRefusal;
use crate::permission::PermissionRefusal;
use crate::person::{GrantRefusal, PersonRefusal, ProfileRefusal};
use crate::phone::PhoneRefusal;
use crate::photo::PhotoRefusal;
use crate::place::{BoundaryRefusal, NetRefusal, PlaceRefusal};
use crate::playbook::PlaybookRefusal;
use crate::point::PointRefusal;
use crate::post::PostRefusal;
use crate::shift::ShiftRefusal;
use crate::text::TextRefusal;
use crate::ticket::TicketRefusal;
use crate::tie::TieRefusal;
use crate::unit::UnitRefusal;

/// What a refusal tells besides its code, to be put into its sentence.
pub type Args = Vec<(&'static str, String)>;

/// Every way in which the rules say no.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The actor may not.
    #[error(transparent)]
    Permission(#[from] PermissionRefusal),
    /// The password or the user name is not taken.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The place is none.
    #[error(transparent)]
    Place(#[from] PlaceRefusal),
    /// The net of places stays as it is.
    #[error(transparent)]
    Net(#[from] NetRefusal),
    /// The boundary is none.
    #[error(transparent)]
    Boundary(#[from] BoundaryRefusal),
    /// The point cannot be, or not be changed like this.
    #[error(transparent)]
    Point(#[from] PointRefusal),
    /// The position is none.
    #[error(transparent)]
    Position(#[from] PositionRefusal),
    /// The phone number is none.
    #[error(transparent)]
    Phone(#[from] PhoneRefusal),
    /// The text may not be stored.
    #[error(transparent)]
    Text(#[from] TextRefusal),
    /// The ticket is not in the state, or the command does not fit it.
    #[error(transparent)]
    Ticket(#[from] TicketRefusal),
    /// The person cannot be changed like this.
    #[error(transparent)]
    Person(#[from] PersonRefusal),
    /// The profile is none.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
    /// The grant cannot be given or taken.
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
    /// The unit cannot be changed like this.
    #[error(transparent)]
    Unit(#[from] UnitRefusal),
    /// The deed is not written down.
    #[error(transparent)]
    Deed(#[from] DeedRefusal),
    /// The matter cannot be, or not be changed like this.
    #[error(transparent)]
    Matter(#[from] MatterRefusal),
    /// The post is not claimed, or whoever holds it not asked.
    #[error(transparent)]
    Post(#[from] PostRefusal),
    /// The duty is not recorded.
    #[error(transparent)]
    Duty(#[from] DutyRefusal),
    /// The patrol does not begin, or go on.
    #[error(transparent)]
    Patrol(#[from] PatrolRefusal),
    /// The errand stays as it is.
    #[error(transparent)]
    Errand(#[from] ErrandRefusal),
    /// Nothing is booked, or the booking stays as it is.
    #[error(transparent)]
    Booking(#[from] BookingRefusal),
    /// The photo is not taken.
    #[error(transparent)]
    Photo(#[from] PhotoRefusal),
    /// The appeal is not made, or not decided on by them.
    #[error(transparent)]
    Appeal(#[from] AppealRefusal),
    /// The mediation does not begin, or not go on like this.
    #[error(transparent)]
    Mediation(#[from] MediationRefusal),
    /// The tie cannot be.
    #[error(transparent)]
    Tie(#[from] TieRefusal),
    /// A row of a sheet, or the sheet, is not taken.
    #[error(transparent)]
    Import(#[from] ImportRefusal),
    /// The calendar cannot be changed like this.
    #[error(transparent)]
    Calendar(#[from] CalendarRefusal),
    /// The playbook cannot be changed like this.
    #[error(transparent)]
    Playbook(#[from] PlaybookRefusal),
    /// The live feed is not theirs to listen to like this.
    #[error(transparent)]
    Live(#[from] LiveRefusal),
    /// The shift cannot be.
    #[error(transparent)]
    Shift(#[from] ShiftRefusal),
    /// The absence cannot be.
    #[error(transparent)]
    Absence(#[from] AbsenceRefusal),
    /// The message is none of theirs.
    #[error(transparent)]
    Inbox(#[from] InboxRefusal),
}

impl Refusal {
    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Permission(refusal) => refusal.code(),
            Self::Password(refusal) => match refusal {
                PasswordRefusal::Length { .. } => "password.length",
                PasswordRefusal::IsUsername => "password.is_username",
                PasswordRefusal::Common => "password.common",
                PasswordRefusal::Username => "username.invalid",
            },
            Self::Place(refusal) => match refusal {
                PlaceRefusal::NotDigits => "place.not_digits",
                PlaceRefusal::NoLevel { .. } => "place.no_level",
                PlaceRefusal::NoProvince => "place.no_province",
                PlaceRefusal::Unknown { .. } => "place.unknown",
                PlaceRefusal::NoGridAtPosition => "place.no_grid_at_position",
                PlaceRefusal::CodeOrPosition => "place.code_or_position",
                PlaceRefusal::TooWide { .. } => "place.too_wide",
            },
            Self::Net(refusal) => refusal.code(),
            Self::Boundary(refusal) => refusal.code(),
            Self::Point(refusal) => refusal.code(),
            Self::Position(PositionRefusal::OutsideChina { .. }) => "position.outside_china",
            Self::Phone(PhoneRefusal::Invalid) => "phone.invalid",
            Self::Text(refusal) => match refusal {
                TextRefusal::Empty => "text.empty",
                TextRefusal::TooLong { .. } => "text.too_long",
                TextRefusal::ControlCharacter { .. } => "text.control_character",
            },
            Self::Ticket(refusal) => refusal.code(),
            Self::Person(refusal) => refusal.code(),
            Self::Profile(refusal) => refusal.code(),
            Self::Grant(refusal) => refusal.code(),
            Self::Unit(refusal) => refusal.code(),
            Self::Deed(refusal) => refusal.code(),
            Self::Matter(refusal) => refusal.code(),
            Self::Post(refusal) => refusal.code(),
            Self::Duty(refusal) => refusal.code(),
            Self::Photo(refusal) => refusal.code(),
            Self::Patrol(refusal) => refusal.code(),
            Self::Errand(refusal) => refusal.code(),
            Self::Booking(refusal) => refusal.code(),
            Self::Mediation(refusal) => refusal.code(),
            Self::Appeal(refusal) => refusal.code(),
            Self::Tie(refusal) => refusal.code(),
            Self::Import(refusal) => refusal.code(),
            Self::Calendar(refusal) => refusal.code(),
            Self::Playbook(refusal) => refusal.code(),
            Self::Live(refusal) => refusal.code(),
            Self::Shift(refusal) => refusal.code(),
            Self::Absence(refusal) => refusal.code(),
            Self::Inbox(refusal) => refusal.code(),
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Permission(refusal) => refusal.args(),
            Self::Password(refusal) => match refusal {
                PasswordRefusal::Length { length } => vec![
                    ("length", length.to_string()),
                    ("min", password::MIN.to_string()),
                    ("max", password::MAX.to_string()),
                ],
                PasswordRefusal::IsUsername | PasswordRefusal::Common | PasswordRefusal::Username => vec![],
            },
            Self::Place(refusal) => match refusal {
                PlaceRefusal::NoLevel { length, allowed } => {
                    vec![("length", length.to_string()), ("allowed", allowed.clone())]
                }
                PlaceRefusal::Unknown { code } | PlaceRefusal::TooWide { code } => {
                    vec![("code", code.to_string())]
                }
                PlaceRefusal::NotDigits
                | PlaceRefusal::NoProvince
                | PlaceRefusal::NoGridAtPosition
                | PlaceRefusal::CodeOrPosition => vec![],
            },
            Self::Net(refusal) => refusal.args(),
            Self::Boundary(refusal) => refusal.args(),
            Self::Point(refusal) => refusal.args(),
            Self::Position(PositionRefusal::OutsideChina { .. }) | Self::Phone(PhoneRefusal::Invalid) => {
                vec![]
            }
            Self::Text(refusal) => match refusal {
                TextRefusal::Empty => vec![],
                TextRefusal::TooLong { length, max } => {
                    vec![("length", length.to_string()), ("max", max.to_string())]
                }
                TextRefusal::ControlCharacter { code, at } => {
                    vec![("code", format!("U+{code:04X}")), ("at", at.to_string())]
                }
            },
            Self::Ticket(refusal) => refusal.args(),
            Self::Person(_) | Self::Unit(_) | Self::Live(_) => vec![],
            Self::Profile(refusal) => refusal.args(),
            Self::Grant(refusal) => refusal.args(),
            Self::Deed(refusal) => refusal.args(),
            Self::Matter(refusal) => refusal.args(),
            Self::Post(refusal) => refusal.args(),
            Self::Duty(refusal) => refusal.args(),
            Self::Photo(refusal) => refusal.args(),
            Self::Patrol(refusal) => refusal.args(),
            Self::Errand(refusal) => refusal.args(),
            Self::Booking(refusal) => refusal.args(),
            Self::Mediation(refusal) => refusal.args(),
            Self::Appeal(refusal) => refusal.args(),
            Self::Tie(refusal) => refusal.args(),
            Self::Import(refusal) => refusal.args(),
            Self::Calendar(refusal) => refusal.args(),
            Self::Playbook(refusal) => refusal.args(),
            Self::Shift(refusal) => refusal.args(),
            Self::Absence(refusal) => refusal.args(),
            Self::Inbox(refusal) => refusal.args(),
        }
    }

    /// The field of the request that a rule looked at, as a JSON Pointer below the body; `None` when it is the state or
    /// the actor. Values that are parsed before they reach a rule get their field from who parsed them.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Ticket(refusal) => refusal.field(),
            Self::Person(refusal) => refusal.field(),
            Self::Profile(refusal) => Some(&refusal.field),
            Self::Grant(refusal) => refusal.field(),
            Self::Unit(refusal) => refusal.field(),
            Self::Net(refusal) => refusal.field(),
            Self::Boundary(_) => Some("/geometry"),
            Self::Deed(refusal) => refusal.field(),
            Self::Matter(refusal) => refusal.field(),
            Self::Post(refusal) => refusal.field(),
            Self::Duty(refusal) => refusal.field(),
            Self::Photo(refusal) => refusal.field(),
            Self::Patrol(refusal) => refusal.field(),
            Self::Errand(refusal) => refusal.field(),
            Self::Booking(refusal) => refusal.field(),
            Self::Mediation(refusal) => refusal.field(),
            Self::Appeal(refusal) => refusal.field(),
            Self::Tie(refusal) => refusal.field(),
            Self::Point(refusal) => refusal.field(),
            Self::Calendar(refusal) => refusal.field(),
            Self::Playbook(refusal) => refusal.field(),
            Self::Live(refusal) => Some(refusal.field()),
            Self::Shift(refusal) => refusal.field(),
            Self::Absence(refusal) => refusal.field(),
            Self::Inbox(refusal) => refusal.field(),
            Self::Permission(_)
            | Self::Password(_)
            | Self::Place(_)
            | Self::Position(_)
            | Self::Phone(_)
            | Self::Text(_)
            | Self::Import(_) => None,
        }
    }
}
