//! What posts need (按岗位提需求): a town, a street or a community lists it, and a unit takes it from the list (对单接任务) and
//! reports when it is done (practices F06).

use crate::actor::Actor;
use crate::id::{UnitId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The most people whom one need asks for.
pub const MOST_PEOPLE: u16 = 1_000;
/// How far ahead it may reach.
const AHEAD: TimeDelta = TimeDelta::days(366);

/// Where a need stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NeedStatus {
    /// 待认领.
    Open,
    /// 已接单.
    Taken,
    /// 已完成.
    Done,
    /// 已撤回.
    Withdrawn,
}

impl NeedStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostNeed {
    /// What.
    pub what: TextRef,
    /// How many people.
    pub people: u16,
    /// When it was listed.
    pub set_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
    /// For which post.
    pub post: Option<Uuid>,
    /// The unit that took it, and who did so for it.
    pub taken: Option<Taking>,
    /// What came of it.
    pub report: Option<TextRef>,
    /// Where it stands.
    pub status: NeedStatus,
    /// Why it was withdrawn.
    pub closing: Option<TextRef>,
}

/// That a unit took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// The unit.
    pub unit: UnitId,
    /// Who did so.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// What happened to a need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the need")]
pub enum NeedFact {
    /// 提出岗位需求.
    PostNeedSet { what: TextRef, people: u16, due_at: Timestamp },
    /// 对单接任务.
    PostNeedTaken { unit: UnitId },
    /// 完成任务.
    PostNeedDone { report: TextRef },
    /// 撤回岗位需求.
    PostNeedWithdrawn { reason: TextRef },
}

impl Fact for NeedFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PostNeedSet { .. } => "post_need_set",
            Self::PostNeedTaken { .. } => "post_need_taken",
            Self::PostNeedDone { .. } => "post_need_done",
            Self::PostNeedWithdrawn { .. } => "post_need_withdrawn",
        }
    }
}

impl Matter for PostNeed {
    const KIND: &'static str = "post_need";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = None;
    type Fact = NeedFact;

    fn columns(&self) -> Columns {
        let open = matches!(self.status, NeedStatus::Open | NeedStatus::Taken);
        Columns {
            parent: self.post,
            due_at: Some(self.due_at),
            parties: self.taken.iter().map(|taken| ("unit", Holder::Unit(taken.unit))).collect(),
            ..Columns::new(self.status.name(), open, self.set_at)
        }
    }
}

impl PostNeed {
    /// 提出需求: by the community, or whoever stands above it.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn set(
        what: &Text,
        (people, due_at, post): (u16, Timestamp, Option<Uuid>),
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PostSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        MatterRefusal::unless_so_many("/people", people.into(), (1, MOST_PEOPLE.into()))?;
        MatterRefusal::unless_between("/due_at", due_at, now, now + AHEAD)?;
        let need = Self {
            what: what.reference,
            people,
            set_at: now,
            due_at,
            post,
            taken: None,
            report: None,
            status: NeedStatus::Open,
            closing: None,
        };
        let fact = NeedFact::PostNeedSet { what: what.reference, people, due_at };
        Ok(Change::new(need, fact).with([what.clone()]))
    }

    /// 对单接任务: by whoever handles for a unit; the first has it.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn take(
        &self,
        unit: UnitId,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.handles_for(unit) {
            return Err(MatterRefusal::Who { field: "/unit" });
        }
        if self.status != NeedStatus::Open {
            return Err(MatterRefusal::Over { status: self.status.name() });
        }
        let taken = Some(Taking { unit, by: actor.user, at: now });
        let after = Self { taken, status: NeedStatus::Taken, ..self.clone() };
        let change = Change::new(after, NeedFact::PostNeedTaken { unit });
        Ok(change.telling(Recipient::Desk(*at), Notice::MatterReported))
    }

    /// 完成任务: by whoever handles for the unit that took it.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn done(&self, report: &Text, actor: &Actor, at: &PlaceCode) -> Result<Change<Self>, MatterRefusal> {
        match self.status {
            NeedStatus::Open => return Err(MatterRefusal::NotYet { status: self.status.name() }),
            NeedStatus::Taken if self.taken.is_some_and(|taken| actor.handles_for(taken.unit)) => {}
            NeedStatus::Taken => return Err(MatterRefusal::BeyondScope),
            status => return Err(MatterRefusal::Over { status: status.name() }),
        }
        let after = Self { report: Some(report.reference), status: NeedStatus::Done, ..self.clone() };
        let change = Change::new(after, NeedFact::PostNeedDone { report: report.reference });
        Ok(change.with([report.clone()]).telling(Recipient::Desk(*at), Notice::MatterDone))
    }

    /// 撤回需求: by whoever may list it. The unit that took it is told.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn withdraw(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PostSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        if !self.columns().open {
            return Err(MatterRefusal::Over { status: self.status.name() });
        }
        let closing = Some(reason.reference);
        let after = Self { status: NeedStatus::Withdrawn, closing, ..self.clone() };
        let fact = NeedFact::PostNeedWithdrawn { reason: reason.reference };
        let change = Change::new(after, fact).with([reason.clone()]);
        Ok(match self.taken {
            Some(taken) => change.telling(Recipient::Unit(taken.unit), Notice::MatterDone),
            None => change,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::TextId;
    use crate::permission::Role;
    use crate::place::Levels;
    use crate::text::FreeText;
    use rstest::rstest;

    const UNIT: UnitId = UnitId(Uuid::from_u128(90));

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn actor(role: Role, scope: Scope) -> Actor {
        Actor { user: UserId(Uuid::from_u128(1)), grants: vec![Grant { role, scope }] }
    }

    fn street() -> Actor {
        actor(Role::StreetDispatcher, Scope::Places(vec![place("532504001")]))
    }

    fn handler(unit: UnitId) -> Actor {
        actor(Role::DepartmentHandler, Scope::Unit(unit))
    }

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn text() -> Text {
        let reference = TextRef { id: TextId(Uuid::from_u128(7)), hash: [0; 32] };
        Text { reference, body: FreeText::parse("需要电工三名".to_owned()).unwrap() }
    }

    fn need() -> PostNeed {
        let asked = (3, now() + TimeDelta::days(9), None);
        PostNeed::set(&text(), asked, &street(), &place("532504001"), now()).unwrap().after
    }

    #[rstest]
    #[case("532504001", 1, 0, None)]
    #[case("532504001007", 1_000, 366, None)]
    #[case("532504002", 1, 9, Some(("matter.beyond_scope", None)))]
    #[case("532504001", 0, 9, Some(("matter.range", Some("/people"))))]
    #[case("532504001", 1_001, 9, Some(("matter.range", Some("/people"))))]
    #[case("532504001", 1, -1, Some(("matter.time", Some("/due_at"))))]
    #[case("532504001", 1, 367, Some(("matter.time", Some("/due_at"))))]
    fn what_is_needed_is_listed(
        #[case] at: &str,
        #[case] people: u16,
        #[case] days: i64,
        #[case] refused: Option<(&str, Option<&str>)>,
    ) {
        let asked = (people, now() + TimeDelta::days(days), None);
        let set = PostNeed::set(&text(), asked, &street(), &place(at), now());
        assert_eq!(set.err().as_ref().map(|refusal| (refusal.code(), refusal.field())), refused);
    }

    #[test]
    fn one_unit_takes_it_and_reports() {
        let (need, at, other) = (need(), place("532504001"), UnitId(Uuid::from_u128(91)));
        let code = |refusal: MatterRefusal| refusal.code();
        assert_eq!(need.take(UNIT, &handler(other), &at, now()).map_err(code).unwrap_err(), "matter.who");
        assert_eq!(need.done(&text(), &handler(UNIT), &at).map_err(code).unwrap_err(), "matter.not_yet");
        let taken = need.take(UNIT, &handler(UNIT), &at, now()).unwrap().after;
        assert_eq!(taken.take(other, &handler(other), &at, now()).map_err(code).unwrap_err(), "matter.over");
        assert_eq!(
            taken.done(&text(), &handler(other), &at).map_err(code).unwrap_err(),
            "matter.beyond_scope"
        );
        let done = taken.done(&text(), &handler(UNIT), &at).unwrap().after;
        assert_eq!((done.status, done.columns().open), (NeedStatus::Done, false));
        assert_eq!(done.withdraw(&text(), &street(), &at).map_err(code).unwrap_err(), "matter.over");
        let gone = taken.withdraw(&text(), &street(), &at).unwrap();
        assert_eq!((gone.after.status, gone.tell.len()), (NeedStatus::Withdrawn, 1));
        let refused = need.withdraw(&text(), &handler(UNIT), &at);
        assert_eq!(refused.map_err(code).unwrap_err(), "matter.beyond_scope");
    }
}
