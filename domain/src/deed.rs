//! Deeds (纪实): what a person or a unit did for a place, and when: leaders' visits (practices M06), what teams did (M11),
//! what social organisations and enterprises gave (Z11), what members did where they checked in (F06).

use crate::actor::Actor;
use crate::id::{DeedId, PlaceId, TieId};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::refusal::Args;
use crate::text::TextRef;
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which events of deeds are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest account of a deed, in characters.
pub const MAX_ACCOUNT: usize = 2_000;
/// The most people whom one deed served.
pub const MAX_SERVED: u32 = 100_000;
/// For how many days a deed may be written down afterwards.
const AFTERWARDS: Days = Days::new(366);

/// What was done.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeedKind {
    /// 走访: a linked leader came.
    Visit,
    /// 服务: something was given or done for residents.
    Service,
    /// 活动: something was held.
    Activity,
}

impl DeedKind {
    /// The word in the `kind` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What people call it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Visit => "走访",
            Self::Service => "服务",
            Self::Activity => "活动",
        }
    }
}

/// A deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Identity.
    pub id: DeedId,
    /// What it was.
    pub kind: DeedKind,
    /// Who did it.
    pub by: Holder,
    /// For which place.
    pub place: PlaceId,
    /// On which day.
    pub on: NaiveDate,
    /// The tie that it belongs to: of a visit, that by which the leader is linked.
    pub tie: Option<TieId>,
    /// What was done, in words.
    pub account: TextRef,
    /// How many people were served.
    pub served: Option<u32>,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
    /// When it was written down.
    pub created_at: Timestamp,
    /// Since when it does not count.
    pub retracted_at: Option<Timestamp>,
}

/// What happened to a deed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Written down (纪实).
    DeedRecorded {
        /// What it was.
        what: DeedKind,
        /// Who did it.
        by: Holder,
        /// For which place.
        place: PlaceId,
        /// On which day.
        on: NaiveDate,
        /// What was done, in words.
        account: TextRef,
    },
    /// Does not count any more (撤回纪实).
    DeedRetracted {
        /// Why.
        reason: TextRef,
    },
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

/// Why a deed is not written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeedRefusal {
    /// None of that id, or out of sight.
    #[error("no such deed")]
    NotFound,
    /// Neither their own, nor of a place that they administer.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// It lies in the future, or too far back.
    #[error("not between {earliest} and {latest}")]
    Day {
        /// The first day.
        earliest: NaiveDate,
        /// The last one.
        latest: NaiveDate,
    },
    /// Only who is linked to a place visits it.
    #[error("not linked to the place on that day")]
    NotLinked,
    /// More than can be.
    #[error("too many served")]
    Served,
    /// It does not count already.
    #[error("retracted already")]
    Retracted,
}

impl DeedRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "deed.not_found",
            Self::BeyondScope => "deed.beyond_scope",
            Self::Day { .. } => "deed.day",
            Self::NotLinked => "deed.not_linked",
            Self::Served => "deed.served",
            Self::Retracted => "deed.retracted",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Day { earliest, latest } => {
                vec![("earliest", earliest.to_string()), ("latest", latest.to_string())]
            }
            Self::Served => vec![("max", MAX_SERVED.to_string())],
            Self::NotFound | Self::BeyondScope | Self::NotLinked | Self::Retracted => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Day { .. } => Some("/on"),
            Self::NotLinked => Some("/kind"),
            Self::Served => Some("/served"),
            Self::NotFound | Self::BeyondScope | Self::Retracted => None,
        }
    }
}

/// Whether a deed may be written down. `at` is the place's code, `linked` whether a visit is that of a linked leader.
///
/// # Errors
/// [`DeedRefusal`].
pub fn check(
    deed: &Deed,
    actor: &Actor,
    at: &PlaceCode,
    linked: bool,
    today: NaiveDate,
) -> Result<(), DeedRefusal> {
    if !actor.may_tell_of(deed.by, at) {
        return Err(DeedRefusal::BeyondScope);
    }
    let earliest = today.checked_sub_days(AFTERWARDS).unwrap_or(NaiveDate::MIN);
    if deed.on > today || deed.on < earliest {
        return Err(DeedRefusal::Day { earliest, latest: today });
    }
    if deed.served.is_some_and(|served| served > MAX_SERVED) {
        return Err(DeedRefusal::Served);
    }
    if deed.kind == DeedKind::Visit && !linked { Err(DeedRefusal::NotLinked) } else { Ok(()) }
}

/// Whether a deed may be taken back: by whom who might have written it down.
///
/// # Errors
/// [`DeedRefusal::BeyondScope`], [`DeedRefusal::Retracted`].
pub fn check_retract(deed: &Deed, actor: &Actor, at: &PlaceCode) -> Result<(), DeedRefusal> {
    if !actor.may_tell_of(deed.by, at) {
        return Err(DeedRefusal::BeyondScope);
    }
    if deed.retracted_at.is_some() { Err(DeedRefusal::Retracted) } else { Ok(()) }
}

impl Actor {
    /// Whether they may say what somebody did at a place: themselves, a unit that they work for, or anybody where they
    /// keep the ties.
    fn may_tell_of(&self, by: Holder, at: &PlaceCode) -> bool {
        let own = match by {
            Holder::Person(person) => person == self.user,
            Holder::Unit(unit) => self.units().any(|own| own == unit),
        };
        own || self.area_of(Action::TieEdit).any(|area| area.covers(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::{TextId, UnitId, UserId};
    use crate::permission::Role;
    use crate::place::Levels;
    use rstest::rstest;
    use uuid::Uuid;

    const UNIT: UnitId = UnitId(Uuid::from_u128(7));

    fn code(text: &str) -> PlaceCode {
        PlaceCode::parse(text, &Levels::default()).unwrap()
    }

    fn deed(by: Holder, on: &str) -> Deed {
        Deed {
            id: DeedId(Uuid::from_u128(1)),
            kind: DeedKind::Service,
            by,
            place: PlaceId(Uuid::from_u128(2)),
            on: on.parse().unwrap(),
            tie: None,
            account: TextRef { id: TextId(Uuid::from_u128(3)), hash: [0; 32] },
            served: None,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            retracted_at: None,
        }
    }

    fn actor(user: u128, role: Role, scope: Scope) -> Actor {
        Actor { user: UserId(Uuid::from_u128(user)), grants: vec![Grant { role, scope }] }
    }

    fn at(text: &str) -> Scope {
        Scope::Places(vec![code(text)])
    }

    fn checked(deed: &Deed, actor: &Actor, linked: bool) -> Result<(), DeedRefusal> {
        check(deed, actor, &code("532504001007"), linked, "2026-11-22".parse().unwrap())
    }

    #[rstest]
    #[case::own(5, Role::Supervisor, at("532504002"), true)]
    #[case::of_another(6, Role::Supervisor, at("532504"), false)]
    #[case::clerk_there(6, Role::CommunityClerk, at("532504001007"), true)]
    #[case::clerk_elsewhere(6, Role::CommunityClerk, at("532504001008"), false)]
    #[case::county(6, Role::CountyAdmin, at("532504"), true)]
    fn m06_who_may_say_what_a_leader_did(
        #[case] user: u128,
        #[case] role: Role,
        #[case] scope: Scope,
        #[case] may: bool,
    ) {
        let by_person = deed(Holder::Person(UserId(Uuid::from_u128(5))), "2026-11-22");
        let expected = if may { Ok(()) } else { Err(DeedRefusal::BeyondScope) };
        assert_eq!(checked(&by_person, &actor(user, role, scope), false), expected);
    }

    #[test]
    fn a_unit_speaks_for_itself_and_days_are_days_that_were() {
        let handler = actor(6, Role::DepartmentHandler, Scope::Unit(UNIT));
        let of = |on| deed(Holder::Unit(UNIT), on);
        assert_eq!(checked(&of("2026-11-22"), &handler, false), Ok(()));
        assert_eq!(checked(&of("2025-11-21"), &handler, false), Ok(()));
        for wrong in ["2026-11-23", "2025-11-20"] {
            assert_eq!(checked(&of(wrong), &handler, false).unwrap_err().code(), "deed.day");
        }
        let visit = Deed { kind: DeedKind::Visit, ..of("2026-11-22") };
        assert_eq!(checked(&visit, &handler, false), Err(DeedRefusal::NotLinked));
        assert_eq!(checked(&visit, &handler, true), Ok(()));
        let crowd = Deed { served: Some(MAX_SERVED + 1), ..of("2026-11-22") };
        assert_eq!(checked(&crowd, &handler, false), Err(DeedRefusal::Served));
        let gone = Deed { retracted_at: Some(Timestamp::UNIX_EPOCH), ..of("2026-11-22") };
        assert_eq!(check_retract(&gone, &handler, &code("532504")), Err(DeedRefusal::Retracted));
    }
}
