//! Words for people, in Chinese and in English.

use domain::permission::Action;
use domain::ticket::{Headline, Status};
use strum::IntoEnumIterator;
use utoipa::openapi::{Object, ObjectBuilder, Type};

/// The language of titles, details and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, unless asked otherwise.
    #[default]
    Chinese,
    /// `Accept-Language: en`.
    English,
}

impl Lang {
    /// The one of two texts.
    pub fn of<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

/// What the timeline calls an event.
pub fn headline(headline: Headline, lang: Lang) -> &'static str {
    let (chinese, english) = match headline {
        Headline::Submitted => ("点单", "Submitted"),
        Headline::Breached => ("超时", "Limit breached"),
        Headline::Dispatched => ("派单", "Dispatched"),
        Headline::Accepted => ("接单", "Accepted"),
        Headline::Arrived => ("到场", "On the scene"),
        Headline::Resolved => ("办结", "Resolved"),
        Headline::Rated => ("评单", "Rated"),
        Headline::Reworked => ("重办", "Back for rework"),
        Headline::Closed => ("结单", "Closed"),
    };
    lang.of(chinese, english)
}

/// What people call a state.
pub fn status(status: Status, lang: Lang) -> &'static str {
    let (chinese, english) = match status {
        Status::Submitted => ("待派单", "submitted"),
        Status::Dispatched => ("待接单", "dispatched"),
        Status::Accepted => ("办理中", "accepted"),
        Status::Resolved => ("待评价", "resolved"),
        Status::Closed => ("已结单", "closed"),
    };
    lang.of(chinese, english)
}

/// What people call an action.
pub fn action(action: Action, lang: Lang) -> &'static str {
    let (chinese, english) = match action {
        Action::MeView => ("查看本人资料", "view yourself"),
        Action::TicketSubmit => ("点单", "submit"),
        Action::TicketView => ("查单", "view"),
        Action::TicketDispatch => ("派单", "dispatch"),
        Action::TicketAccept => ("接单", "accept"),
        Action::TicketArrive => ("报到场", "arrive at"),
        Action::TicketResolve => ("办结", "resolve"),
        Action::TicketRate => ("评单", "rate"),
    };
    lang.of(chinese, english)
}

/// The schema of a word that the domain lists.
pub(crate) fn words<T: IntoEnumIterator + Into<&'static str>>() -> Object {
    let words: Vec<&'static str> = T::iter().map(Into::into).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}
