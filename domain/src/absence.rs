//! 请假: who is away, and who stands in for them (代班人). While somebody is away the bell rings their stand-in, or passes
//! them over, and what presses is told to both.
//!
//! Chains are not followed: somebody who stands in for others may be away too, and then nobody is rung in their place.

#[cfg(test)]
mod tests;

use crate::actor::Actor;
use crate::id::{AbsenceId, UnitId, UserId};
use crate::permission::{Action, Reach, reaches};
use crate::person::{Held, PlacedGrant, Whereabouts, can_succeed};
use crate::place::PlaceCode;
use crate::text::TextRef;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which events of absences are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest absence, in days.
pub const MAX_DAYS: i64 = 366;

/// An absence (请假).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Identity.
    pub id: AbsenceId,
    /// Who is away.
    pub person: UserId,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; at this very moment no more. One that was ended before it began ends as it starts.
    pub ends_at: Timestamp,
    /// Who stands in.
    pub stand_in: Option<UserId>,
    /// Why, as it was written; `None` too once that was erased.
    pub reason: Option<String>,
    /// Who entered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
}

/// What happened to an absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
#[expect(missing_docs, reason = "the fields are those of the absence")]
pub enum Fact {
    /// 请假.
    AbsenceEntered {
        person: UserId,
        starts_at: Timestamp,
        ends_at: Timestamp,
        stand_in: Option<UserId>,
        reason: Option<TextRef>,
    },
    /// 销假: it ends earlier, or never was.
    AbsenceEnded { person: UserId, ends_at: Timestamp },
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }
}

/// Why an absence was not entered or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsenceRefusal {
    /// None of that id, or out of sight.
    #[error("no such absence")]
    NotFound,
    /// They see the person, and not all of that person's posts lie where they enter absences.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// It ends before it starts, or as it starts.
    #[error("it ends before it starts")]
    EndsBeforeStart,
    /// Longer than [`MAX_DAYS`].
    #[error("it is too long")]
    TooLong,
    /// It would have ended already.
    #[error("it would have ended already")]
    Over,
    /// It has ended.
    #[error("it has ended")]
    Ended,
    /// There is nobody of that id in sight, or they hold no post.
    #[error("nobody in a post")]
    PersonCannot,
    /// They are away at some of that time already.
    #[error("they are away then already")]
    Overlaps,
    /// The stand-in is nobody, is the same person, is away too, or has not the rights.
    #[error("the stand-in cannot")]
    StandInCannot,
}

impl AbsenceRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "absence.not_found",
            Self::BeyondScope => "absence.beyond_scope",
            Self::EndsBeforeStart => "absence.ends_before_start",
            Self::TooLong => "absence.too_long",
            Self::Over => "absence.over",
            Self::Ended => "absence.ended",
            Self::PersonCannot => "absence.person_cannot",
            Self::Overlaps => "absence.overlaps",
            Self::StandInCannot => "absence.stand_in_cannot",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> crate::refusal::Args {
        match self {
            Self::TooLong => vec![("days", MAX_DAYS.to_string())],
            Self::NotFound
            | Self::BeyondScope
            | Self::EndsBeforeStart
            | Self::Over
            | Self::Ended
            | Self::PersonCannot
            | Self::Overlaps
            | Self::StandInCannot => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::EndsBeforeStart | Self::TooLong | Self::Over => Some("/ends_at"),
            Self::PersonCannot => Some("/person"),
            Self::StandInCannot => Some("/stand_in"),
            Self::NotFound | Self::BeyondScope | Self::Ended | Self::Overlaps => None,
        }
    }
}

/// Who is to stand in, as far as there is such a person.
#[derive(Debug, Clone, Copy)]
pub struct StandIn<'a> {
    /// What they may.
    pub actor: &'a Actor,
    /// The counties of their units.
    pub units: &'a [(UnitId, PlaceCode)],
    /// Whether they are away themselves at some of that time.
    pub away: bool,
}

impl Absence {
    /// Whether it may be entered. `posts` is where whoever is to be away was granted something, `None` when there is nobody
    /// of that id; `stand_in` is asked for only where one is named, and `None` when there is nobody of that id.
    ///
    /// # Errors
    /// [`AbsenceRefusal`].
    pub fn check(
        &self,
        actor: &Actor,
        posts: Option<&Whereabouts>,
        stand_in: Option<StandIn<'_>>,
        now: Timestamp,
    ) -> Result<(), AbsenceRefusal> {
        let posts = posts.filter(|posts| posts.is_staff() && actor.sees_absences_of(self.person, posts));
        let posts = posts.ok_or(AbsenceRefusal::PersonCannot)?;
        actor.may_edit_absences_of(self.person, posts)?;
        if self.ends_at <= self.starts_at {
            return Err(AbsenceRefusal::EndsBeforeStart);
        }
        // Not their difference: between any two times that a client may send there may be more than it holds.
        let most = self.starts_at.checked_add_signed(TimeDelta::days(MAX_DAYS));
        if most.is_some_and(|most| self.ends_at > most) {
            return Err(AbsenceRefusal::TooLong);
        }
        if self.ends_at <= now {
            return Err(AbsenceRefusal::Over);
        }
        let can =
            |one: StandIn<'_>| !one.away && can_stand_in(one.actor, one.units, self.person, &posts.grants);
        match self.stand_in {
            Some(_) if !stand_in.is_some_and(can) => Err(AbsenceRefusal::StandInCannot),
            Some(_) | None => Ok(()),
        }
    }

    /// The absence once it is ended now; one that has not begun never was. `posts` as for [`Absence::check`]. The version is
    /// left to whoever writes the events.
    ///
    /// # Errors
    /// [`AbsenceRefusal::NotFound`], [`AbsenceRefusal::BeyondScope`], [`AbsenceRefusal::Ended`].
    pub fn ended(
        &self,
        actor: &Actor,
        posts: Option<&Whereabouts>,
        now: Timestamp,
    ) -> Result<Self, AbsenceRefusal> {
        let seen = posts
            .filter(|posts| self.stand_in == Some(actor.user) || actor.sees_absences_of(self.person, posts));
        actor.may_edit_absences_of(self.person, seen.ok_or(AbsenceRefusal::NotFound)?)?;
        if self.ends_at <= now || self.ends_at <= self.starts_at {
            return Err(AbsenceRefusal::Ended);
        }
        Ok(Self { ends_at: now.max(self.starts_at), ..self.clone() })
    }
}

/// Whether somebody can stand in for whoever holds these posts: wherever those handle tickets, they do too, and wherever
/// those dispatch, they do too. `units` are the counties of the stand-in's units.
pub fn can_stand_in(stand_in: &Actor, units: &[(UnitId, PlaceCode)], away: UserId, posts: &[Held]) -> bool {
    let posts: Vec<PlacedGrant> = posts.iter().map(|held| held.placed.clone()).collect();
    let dispatches = |post: &PlacedGrant| {
        !reaches(post.grant.role, Action::TicketDispatch).contains(&Reach::Area)
            || post.places().iter().all(|place| stand_in.dispatches_at(place))
    };
    // Whoever was erased, or turned out to be another, holds none.
    stand_in.is_staff() && can_succeed(stand_in, units, away, &posts) && posts.iter().all(dispatches)
}

impl Actor {
    /// Whether they see when somebody is away: themselves, or somebody with a post in their area.
    pub fn sees_absences_of(&self, person: UserId, posts: &Whereabouts) -> bool {
        self.user == person || !self.reaches_person(Action::AbsenceView, posts).is_empty()
    }

    /// Whether they say when somebody is away: themselves, or somebody all of whose posts lie in their area, for an absence
    /// counts at all of them.
    ///
    /// # Errors
    /// [`AbsenceRefusal::BeyondScope`].
    pub fn may_edit_absences_of(&self, person: UserId, posts: &Whereabouts) -> Result<(), AbsenceRefusal> {
        let within = |place: &PlaceCode| self.area_of(Action::AbsenceEdit).any(|area| area.covers(place));
        let all = || posts.grants.iter().flat_map(|held| held.placed.places()).all(within);
        let somewhere = || self.area_of(Action::AbsenceEdit).next().is_some();
        if self.user == person || (somewhere() && all()) { Ok(()) } else { Err(AbsenceRefusal::BeyondScope) }
    }
}
