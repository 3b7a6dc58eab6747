//! 值班: who is on duty for a place, and when. Whoever is hears the bell (值班铃) of what is new and of what is late there.

use crate::actor::{Actor, Scope};
use crate::id::{ShiftId, UnitId, UserId};
use crate::permission::{Action, Reach, reaches};
use crate::place::PlaceCode;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which events of shifts are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest shift.
pub const MAX_DAYS: i64 = 31;

/// A shift (值班).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Identity.
    pub id: ShiftId,
    /// For which place, and all below it.
    pub place: PlaceCode,
    /// Who.
    pub person: UserId,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; at this very moment no more.
    pub ends_at: Timestamp,
    /// Who entered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// What happened to a shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
#[expect(missing_docs, reason = "the fields are those of the shift")]
pub enum Fact {
    /// 排班.
    Rostered { place: PlaceCode, person: UserId, starts_at: Timestamp, ends_at: Timestamp },
    /// 撤班.
    Unrostered { place: PlaceCode, person: UserId },
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

/// Why a shift was not entered or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShiftRefusal {
    /// None of that id, or out of sight.
    #[error("no such shift")]
    NotFound,
    /// Not at a place for which the actor makes the roster.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// It ends before it starts, or as it starts.
    #[error("it ends before it starts")]
    EndsBeforeStart,
    /// Longer than [`MAX_DAYS`].
    #[error("it is too long")]
    TooLong,
    /// It has ended already.
    #[error("it has ended already")]
    Over,
    /// There is nobody of that id, or they neither handle nor dispatch tickets there.
    #[error("they neither handle nor dispatch tickets there")]
    PersonCannot,
    /// They are on duty at that place at some of that time already.
    #[error("they are on duty there then already")]
    Overlaps,
}

impl ShiftRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "shift.not_found",
            Self::BeyondScope => "shift.beyond_scope",
            Self::EndsBeforeStart => "shift.ends_before_start",
            Self::TooLong => "shift.too_long",
            Self::Over => "shift.over",
            Self::PersonCannot => "shift.person_cannot",
            Self::Overlaps => "shift.overlaps",
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
            | Self::PersonCannot
            | Self::Overlaps => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::EndsBeforeStart | Self::TooLong | Self::Over => Some("/ends_at"),
            Self::PersonCannot => Some("/person"),
            Self::NotFound | Self::BeyondScope | Self::Overlaps => None,
        }
    }
}

impl Shift {
    /// Whether it may be entered. `person` is what whoever is to be on duty was granted, with the counties of their units;
    /// `None` when there is nobody of that id.
    ///
    /// # Errors
    /// [`ShiftRefusal`].
    pub fn check(
        &self,
        actor: &Actor,
        person: Option<(&Actor, &[(UnitId, PlaceCode)])>,
        now: Timestamp,
    ) -> Result<(), ShiftRefusal> {
        actor.may_edit_shifts(&self.place)?;
        if self.ends_at <= self.starts_at {
            return Err(ShiftRefusal::EndsBeforeStart);
        }
        // Not their difference: between any two times that a client may send there may be more than it holds.
        if self
            .starts_at
            .checked_add_signed(TimeDelta::days(MAX_DAYS))
            .is_some_and(|most| self.ends_at > most)
        {
            return Err(ShiftRefusal::TooLong);
        }
        if self.ends_at <= now {
            return Err(ShiftRefusal::Over);
        }
        let can = person.is_some_and(|(person, units)| person.can_be_on_duty_at(&self.place, units));
        if can { Ok(()) } else { Err(ShiftRefusal::PersonCannot) }
    }
}

impl Actor {
    /// Whether they make the roster of a place.
    ///
    /// # Errors
    /// [`ShiftRefusal::BeyondScope`].
    pub fn may_edit_shifts(&self, place: &PlaceCode) -> Result<(), ShiftRefusal> {
        let theirs = self.area_of(Action::ShiftEdit).any(|area| area.covers(place));
        if theirs { Ok(()) } else { Err(ShiftRefusal::BeyondScope) }
    }

    /// Whether they can be on duty for a place: they handle or dispatch its tickets. `units` are the counties of their
    /// units.
    pub fn can_be_on_duty_at(&self, place: &PlaceCode, units: &[(UnitId, PlaceCode)]) -> bool {
        self.dispatches_at(place) || self.can_handle_at(place, units)
    }

    /// Whether they dispatch the tickets of a place.
    pub fn dispatches_at(&self, place: &PlaceCode) -> bool {
        self.grants.iter().any(|grant| {
            let there =
                matches!(&grant.scope, Scope::Places(places) if places.iter().any(|own| own.covers(place)));
            there && reaches(grant.role, Action::TicketDispatch).contains(&Reach::Area)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Grant;
    use crate::permission::Role;
    use crate::place::Levels;
    use chrono::DateTime;
    use rstest::rstest;
    use uuid::Uuid;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn holder(n: u128, role: Role, code: &str) -> Actor {
        let scope = Scope::Places(vec![place(code)]);
        Actor { user: UserId(Uuid::from_u128(n)), grants: vec![Grant { role, scope }] }
    }

    const DAY: i64 = 86_400;

    fn shift(starts: i64, ends: i64) -> Shift {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        Shift {
            id: ShiftId(Uuid::nil()),
            place: place("532504001007"),
            person: UserId(Uuid::from_u128(2)),
            starts_at: at(starts),
            ends_at: at(ends),
            created_by: UserId(Uuid::from_u128(1)),
            created_at: at(0),
        }
    }

    /// At the tenth second.
    #[rstest]
    #[case::now(10, 20, Ok(()))]
    #[case::has_begun(0, 11, Ok(()))]
    #[case::later(DAY, 2 * DAY, Ok(()))]
    #[case::as_long_as_may_be(10, 10 + 31 * DAY, Ok(()))]
    #[case::longer(10, 11 + 31 * DAY, Err(ShiftRefusal::TooLong))]
    #[case::backwards(20, 19, Err(ShiftRefusal::EndsBeforeStart))]
    #[case::empty(20, 20, Err(ShiftRefusal::EndsBeforeStart))]
    #[case::over(0, 10, Err(ShiftRefusal::Over))]
    fn when_a_shift_may_be(
        #[case] starts: i64,
        #[case] ends: i64,
        #[case] expected: Result<(), ShiftRefusal>,
    ) {
        let clerk = holder(1, Role::CommunityClerk, "532504001007");
        let worker = holder(2, Role::GridWorker, "532504001007");
        let now = DateTime::from_timestamp(10, 0).unwrap();
        assert_eq!(shift(starts, ends).check(&clerk, Some((&worker, &[])), now), expected);
    }

    #[rstest]
    #[case::worker_there(Role::GridWorker, "532504001007", true)]
    #[case::dispatcher_above(Role::StreetDispatcher, "532504001", true)]
    #[case::county(Role::CountyAdmin, "532504", true)]
    #[case::next_door(Role::GridWorker, "532504001008", false)]
    #[case::below(Role::GridWorker, "532504001007003", false)]
    #[case::watches_only(Role::Supervisor, "532504", false)]
    fn who_can_be_on_duty(#[case] role: Role, #[case] code: &str, #[case] can: bool) {
        let clerk = holder(1, Role::CommunityClerk, "532504001007");
        let there = holder(2, role, code);
        let now = DateTime::UNIX_EPOCH;
        let expected = if can { Ok(()) } else { Err(ShiftRefusal::PersonCannot) };
        assert_eq!(shift(10, 20).check(&clerk, Some((&there, &[])), now), expected);
        assert_eq!(shift(10, 20).check(&clerk, None, now), Err(ShiftRefusal::PersonCannot));
    }

    #[rstest]
    #[case(Role::CommunityClerk, "532504001007", true)]
    #[case(Role::StreetDispatcher, "532504001", true)]
    #[case(Role::CountyAdmin, "532504", true)]
    #[case(Role::CommunityClerk, "532504001008", false)]
    #[case(Role::GridWorker, "532504001007", false)]
    #[case(Role::Supervisor, "532504", false)]
    fn who_makes_the_roster(#[case] role: Role, #[case] code: &str, #[case] may: bool) {
        let there = holder(2, Role::GridWorker, "532504001007");
        let checked = shift(10, 20).check(&holder(1, role, code), Some((&there, &[])), DateTime::UNIX_EPOCH);
        assert_eq!(checked, if may { Ok(()) } else { Err(ShiftRefusal::BeyondScope) });
    }

    #[test]
    fn units_count_by_their_county() {
        let unit = UnitId(Uuid::from_u128(90));
        let grants = vec![Grant { role: Role::DepartmentHandler, scope: Scope::Unit(unit) }];
        let handler = Actor { user: UserId(Uuid::from_u128(2)), grants };
        assert!(handler.can_be_on_duty_at(&place("532504001007"), &[(unit, place("532504"))]));
        assert!(!handler.can_be_on_duty_at(&place("532504001007"), &[(unit, place("140226"))]));
    }
}
