//! Ties (关系): who is responsible for which place, linked to it, paired with it, or member of which unit, each with dates
//! (practices L03, F01, F06, M04, M06, M11, Z07).

mod kind;
mod refusal;
#[cfg(test)]
mod tests;

pub use kind::TieKind;
pub use refusal::TieRefusal;

use crate::actor::Actor;
use crate::id::{PlaceId, TieId, UnitId, UserId};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::playbook::Playbook;
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which tie events are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest name of a post, in characters.
pub const MAX_POST: usize = 30;
/// To how many communities a member may have checked in at a time: where they work, and where they live.
pub const MAX_CHECK_INS: i64 = 2;
/// For how many months a tie may lie ahead.
const AHEAD: Months = Months::new(12);

/// Who is tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A person.
    Person(UserId),
    /// A unit.
    Unit(UnitId),
}

/// To what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A place.
    Place(PlaceId),
    /// A unit.
    Unit(UnitId),
}

/// A tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// Identity.
    pub id: TieId,
    /// What it is.
    pub kind: TieKind,
    /// Who is tied.
    pub holder: Holder,
    /// To what.
    pub target: Target,
    /// For which line (条线) of work, where several nets lie on one (practices Z07): a key of the playbook.
    pub line: Option<String>,
    /// As what: 党员楼栋长, 包保领导.
    pub post: Option<String>,
    /// From which day on.
    pub since: NaiveDate,
    /// The last day; without one it goes on.
    pub until: Option<NaiveDate>,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
}

impl Tie {
    /// Whether it holds on a day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// What happened to a tie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Tied (建立关系).
    Tied {
        /// What it is.
        what: TieKind,
        /// Who is tied.
        holder: Holder,
        /// To what.
        target: Target,
        /// For which line.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<String>,
        /// As what.
        #[serde(skip_serializing_if = "Option::is_none")]
        post: Option<String>,
        /// From which day on.
        since: NaiveDate,
        /// The last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    },
    /// Ended (解除关系).
    Untied {
        /// The last day.
        until: NaiveDate,
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

    /// That it was made.
    pub fn tied(tie: &Tie) -> Self {
        let Tie { id: _, kind, holder, target, line, post, since, until, version: _ } = tie.clone();
        Self::Tied { what: kind, holder, target, line, post, since, until }
    }
}

/// What a new tie needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Of the county.
    pub playbook: &'a Playbook,
    /// Who asks.
    pub actor: &'a Actor,
    /// Today.
    pub today: NaiveDate,
    /// Where it counts: the place, the seat of the unit, or its county.
    pub at: PlaceCode,
    /// The county of the unit that is tied.
    pub holder_county: Option<PlaceCode>,
    /// How many other ties of the kind the holder has that go on.
    pub others: i64,
    /// Whether the unit that is tied lies above the other already, or is it.
    pub circle: bool,
}

/// Whether a tie may be made.
///
/// # Errors
/// [`TieRefusal`].
pub fn check(tie: &Tie, setting: &Setting<'_>) -> Result<(), TieRefusal> {
    let Setting { playbook, actor, today, at, holder_county, others, circle } = *setting;
    if tie.kind == TieKind::CheckedIn {
        actor.may_check_in(tie.holder)?;
    } else if !actor.area_of(Action::TieEdit).any(|area| area.covers(&at)) {
        return Err(TieRefusal::BeyondScope);
    }
    if !tie.kind.fits(tie.holder, tie.target) {
        return Err(TieRefusal::Sides { kind: tie.kind });
    }
    if holder_county.is_some_and(|county| county.county() != at.county()) {
        return Err(TieRefusal::OtherCounty);
    }
    let latest = today.checked_add_months(AHEAD).unwrap_or(NaiveDate::MAX);
    if tie.until.is_some_and(|until| until < tie.since) || tie.since > latest {
        return Err(TieRefusal::Dates { latest });
    }
    match &tie.line {
        Some(_) if tie.kind != TieKind::Responsible => return Err(TieRefusal::LineMisplaced),
        Some(line) if !playbook.lines.iter().any(|known| known.key == *line) => {
            let keys: Vec<_> = playbook.lines.iter().map(|line| line.key.as_str()).collect();
            return Err(TieRefusal::LineUnknown { allowed: keys.join(", ") });
        }
        Some(_) | None => {}
    }
    if circle {
        return Err(TieRefusal::Circle);
    }
    match tie.kind {
        TieKind::Under if others > 0 => Err(TieRefusal::OneAbove),
        TieKind::CheckedIn if others >= MAX_CHECK_INS => {
            Err(TieRefusal::TooManyCheckIns { max: MAX_CHECK_INS })
        }
        TieKind::CheckedIn if at.community() != Some(at.as_str()) => Err(TieRefusal::NotACommunity),
        _ => Ok(()),
    }
}

/// Whether a tie may be ended on a day.
///
/// # Errors
/// [`TieRefusal::Ended`], [`TieRefusal::BeyondScope`], [`TieRefusal::EndsBefore`].
pub fn check_end(tie: &Tie, at: &PlaceCode, actor: &Actor, on: NaiveDate) -> Result<(), TieRefusal> {
    let own = tie.kind == TieKind::CheckedIn && tie.holder == Holder::Person(actor.user);
    if !own && !actor.area_of(Action::TieEdit).any(|area| area.covers(at)) {
        return Err(TieRefusal::BeyondScope);
    }
    if tie.until.is_some_and(|until| until <= on) {
        return Err(TieRefusal::Ended);
    }
    if on < tie.since { Err(TieRefusal::EndsBefore { since: tie.since }) } else { Ok(()) }
}

impl Actor {
    /// Whether they may check in to a community (认门报到): members do, for themselves.
    fn may_check_in(&self, holder: Holder) -> Result<(), TieRefusal> {
        let member = self.has(Action::MeCheckIn).is_ok();
        if member && holder == Holder::Person(self.user) { Ok(()) } else { Err(TieRefusal::BeyondScope) }
    }
}
