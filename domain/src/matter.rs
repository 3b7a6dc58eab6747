//! Matters (事项): what is promised, planned, done and reported beside tickets: key tasks, posts, duties, errands and others.
//!
//! Each kind is a value with its whole state in a module of its own, which says what may happen to it as a [`Change`]: what it
//! is then, the fact for the history, the texts that were written, and who is told. How it is stored, listed, settled and
//! audited is the same for all. A matter is not the fold of its events.
//!
//! To add a kind: a module with its state (`impl Matter`), its facts, its refusals and the functions that make changes;
//! its line in `infra/src/store/matter/kinds.rs`; wire types and calls.

use crate::actor::Actor;
use crate::id::TicketId;
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::{PlaceCode, PlaceRef};
use crate::refusal::Args;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use uuid::Uuid;

/// A kind of matters.
pub trait Matter: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// Its word: in the `kind` column, and as the aggregate of its events.
    const KIND: &'static str;
    /// The version in which its state and its facts are stored.
    const VERSION: i16;
    /// What lets one look at those of an area, beside those that concern oneself; everybody may look with `None`.
    const VIEW: Option<Action>;
    /// Whether what is written of it is for those alone whom it concerns: the audit trail shows none of it.
    const CONFIDENTIAL: bool = false;
    /// What happens to it.
    type Fact: Fact;

    /// What lists look at.
    fn columns(&self) -> Columns;

    /// Whether somebody sees it: whom it concerns, and whoever looks at such things where it lies.
    fn is_seen_by(&self, actor: &Actor, at: &PlaceCode) -> bool {
        Self::VIEW.is_none_or(|view| actor.does_at(view, at)) || actor.takes_part_in(&self.columns())
    }

    /// What time alone has done to it by `now`; nothing unless said. Called when [`Columns::next_at`] has passed.
    fn settle(&self, _now: Timestamp) -> Option<Change<Self>> {
        None
    }
}

/// What happened to a matter, for its history and the audit trail.
pub trait Fact: Serialize + Send + Sync {
    /// The word in the `kind` column of events; unique among all aggregates.
    fn word(&self) -> &'static str;
}

/// What lists look at, beside place and times of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Its status.
    pub status: &'static str,
    /// Whether something is still to come.
    pub open: bool,
    /// What it is within its kind, such as the key of a duty of the playbook.
    pub topic: Option<String>,
    /// The matter that it belongs to.
    pub parent: Option<Uuid>,
    /// The ticket that it belongs to.
    pub ticket: Option<TicketId>,
    /// By what lists are sorted, the latest first. Never changes.
    pub sorted_at: Timestamp,
    /// Until when it is to be done.
    pub due_at: Option<Timestamp>,
    /// When [`Matter::settle`] is asked next.
    pub next_at: Option<Timestamp>,
    /// Whom it concerns, and as what: the lists of each are made of them, and their names are shown.
    pub parties: Vec<(&'static str, Holder)>,
    /// What only one matter may have at a time, of all kinds: whoever comes second decides anew.
    pub slots: Vec<String>,
}

impl Columns {
    /// Those of a matter that concerns nobody in particular and has no limit.
    pub fn new(status: &'static str, open: bool, sorted_at: Timestamp) -> Self {
        Self {
            status,
            open,
            topic: None,
            parent: None,
            ticket: None,
            sorted_at,
            due_at: None,
            next_at: None,
            parties: vec![],
            slots: vec![],
        }
    }
}

/// What a matter becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<M: Matter> {
    /// What it is then.
    pub after: M,
    /// What happened.
    pub fact: M::Fact,
    /// What was written; the first goes with the event, unless the matter is confidential.
    pub texts: Vec<Text>,
    /// Who is told, and what.
    pub tell: Vec<(Recipient, Notice)>,
}

impl<M: Matter> Change<M> {
    /// A change that nobody wrote anything about and nobody is told of.
    pub fn new(after: M, fact: M::Fact) -> Self {
        Self { after, fact, texts: vec![], tell: vec![] }
    }

    /// With what was written.
    #[must_use]
    pub fn with(mut self, texts: impl IntoIterator<Item = Text>) -> Self {
        self.texts.extend(texts);
        self
    }

    /// With who is told.
    #[must_use]
    pub fn telling(mut self, to: Recipient, notice: Notice) -> Self {
        self.tell.push((to, notice));
        self
    }
}

/// A matter as a query yields it.
#[derive(Debug, Clone, PartialEq)]
pub struct MatterView<M> {
    /// Identity.
    pub id: Uuid,
    /// Its state.
    pub matter: M,
    /// Where it belongs.
    pub place: PlaceRef,
    /// What that is called.
    pub place_name: String,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// What was written, by text; an erased one is left out.
    pub texts: HashMap<Uuid, String>,
    /// What those whom it concerns are called, people and units.
    pub names: HashMap<Uuid, String>,
}

impl<M> MatterView<M> {
    /// What was written; `None` once it was erased.
    pub fn text(&self, text: TextRef) -> Option<&str> {
        self.texts.get(&text.id.0).map(String::as_str)
    }

    /// What somebody or some unit is called; empty for whoever it does not concern.
    pub fn name(&self, who: Holder) -> &str {
        let (Holder::Person(crate::id::UserId(id)) | Holder::Unit(crate::id::UnitId(id))) = who;
        self.names.get(&id).map_or("", String::as_str)
    }
}

/// Why nothing is done with a matter, of whatever kind. What a kind alone knows is a refusal of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatterRefusal {
    /// None of that id and kind, or out of sight.
    #[error("no such matter")]
    NotFound,
    /// Neither theirs, nor of a place where they may do such things.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// It is over.
    #[error("it is {status} already")]
    Over {
        /// Its status.
        status: &'static str,
    },
    /// It is not in the status for that yet.
    #[error("it is {status}")]
    NotYet {
        /// Its status.
        status: &'static str,
    },
    /// A time is too early or too late.
    #[error("{field} not between {earliest} and {latest}")]
    Time {
        /// Of which field.
        field: &'static str,
        /// The first moment.
        earliest: Timestamp,
        /// The last one.
        latest: Timestamp,
    },
    /// A number, or a count of things, is too small or too large.
    #[error("{field} not between {min} and {max}")]
    Range {
        /// Of which field.
        field: &'static str,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// It has as many of something as it may have.
    #[error("no more than {most}")]
    Full {
        /// The most.
        most: usize,
    },
    /// It names somebody or some unit that cannot be it there.
    #[error("{field} is nobody who can be that there")]
    Who {
        /// Which field.
        field: &'static str,
    },
    /// It cannot be at that place.
    #[error("{field} is no place for it")]
    Place {
        /// Which field.
        field: &'static str,
    },
    /// It names a key that the playbook does not have.
    #[error("{field} has no such key")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// Those that there are.
        allowed: String,
    },
}

impl MatterRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "matter.not_found",
            Self::BeyondScope => "matter.beyond_scope",
            Self::Over { .. } => "matter.over",
            Self::NotYet { .. } => "matter.not_yet",
            Self::Time { .. } => "matter.time",
            Self::Range { .. } => "matter.range",
            Self::Full { .. } => "matter.full",
            Self::Who { .. } => "matter.who",
            Self::Place { .. } => "matter.place",
            Self::Unknown { .. } => "matter.unknown",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::NotFound | Self::BeyondScope | Self::Who { .. } | Self::Place { .. } => vec![],
            Self::Over { status } | Self::NotYet { status } => vec![("status", (*status).to_owned())],
            Self::Time { field: _, earliest, latest } => {
                vec![("earliest", earliest.to_rfc3339()), ("latest", latest.to_rfc3339())]
            }
            Self::Range { field: _, min, max } => vec![("min", min.to_string()), ("max", max.to_string())],
            Self::Full { most } => vec![("most", most.to_string())],
            Self::Unknown { field: _, allowed } => vec![("allowed", allowed.clone())],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Time { field, .. }
            | Self::Range { field, .. }
            | Self::Who { field }
            | Self::Place { field }
            | Self::Unknown { field, .. } => Some(field),
            Self::NotFound
            | Self::BeyondScope
            | Self::Over { .. }
            | Self::NotYet { .. }
            | Self::Full { .. } => None,
        }
    }

    /// Whether there is room for one more.
    ///
    /// # Errors
    /// [`Self::Full`].
    pub fn unless_full(count: usize, most: usize) -> Result<(), Self> {
        if count < most { Ok(()) } else { Err(Self::Full { most }) }
    }

    /// Whether there are neither fewer nor more of something than there may be.
    ///
    /// # Errors
    /// [`Self::Range`].
    pub fn unless_so_many(field: &'static str, count: usize, (min, max): (usize, usize)) -> Result<(), Self> {
        let bound = |n| u32::try_from(n).unwrap_or(u32::MAX);
        if (min..=max).contains(&count) {
            Ok(())
        } else {
            Err(Self::Range { field, min: bound(min), max: bound(max) })
        }
    }

    /// Whether a time is neither earlier nor later than it may be.
    ///
    /// # Errors
    /// [`Self::Time`].
    pub fn unless_between(
        field: &'static str,
        at: Timestamp,
        earliest: Timestamp,
        latest: Timestamp,
    ) -> Result<(), Self> {
        if (earliest..=latest).contains(&at) { Ok(()) } else { Err(Self::Time { field, earliest, latest }) }
    }
}

impl Actor {
    /// Whether they do such things at a place.
    pub fn does_at(&self, action: Action, place: &PlaceCode) -> bool {
        self.area_of(action).any(|area| area.covers(place))
    }

    /// Whether they are somebody, or hold a role of a unit.
    pub fn stands_for(&self, who: Holder) -> bool {
        match who {
            Holder::Person(person) => person == self.user,
            Holder::Unit(unit) => self.units().any(|own| own == unit),
        }
    }

    /// Whether a matter concerns them.
    pub fn takes_part_in(&self, columns: &Columns) -> bool {
        columns.parties.iter().any(|(_, who)| self.stands_for(*who))
    }
}

/// The inbox of whoever it is.
pub fn inbox_of(who: Holder) -> Recipient {
    match who {
        Holder::Person(person) => Recipient::Person(person),
        Holder::Unit(unit) => Recipient::Unit(unit),
    }
}
