//! Promises (承诺践诺) of members to the community that they reported to: stated until when, kept with evidence, on a list
//! that everybody may read (practices L08, F06).

use crate::actor::Actor;
use crate::id::{DeedId, TicketId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::{Action, Role};
use crate::place::PlaceCode;
use crate::post::must_be_a_community;
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::{Timestamp, china_day};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// How far ahead a promise may reach.
const AHEAD: TimeDelta = TimeDelta::days(366);
/// How often one promise may be sent back.
pub const MOST_QUESTIONS: usize = 20;

/// Where a promise stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PromiseStatus {
    /// 践诺中.
    Open,
    /// 逾期未践诺.
    Late,
    /// 已践诺.
    Kept,
    /// 逾期践诺: kept, and late.
    KeptLate,
    /// 已撤回.
    Withdrawn,
}

impl PromiseStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it is still to be kept.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Late)
    }
}

/// A promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Who promised.
    pub member: UserId,
    /// What they will do.
    pub what: TextRef,
    /// When they said so.
    pub stated_at: Timestamp,
    /// Until when.
    pub due_at: Timestamp,
    /// That it was kept, as the member last said.
    pub kept: Option<Keeping>,
    /// Why the community sent it back, oldest first.
    pub questions: Vec<Question>,
    /// Where it stands.
    pub status: PromiseStatus,
    /// Why it was withdrawn.
    pub closing: Option<TextRef>,
}

/// How a promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keeping {
    /// When that was said.
    pub at: Timestamp,
    /// The evidence, in words.
    pub evidence: TextRef,
    /// The deed (纪实) that shows it.
    pub deed: Option<DeedId>,
    /// The ticket that shows it.
    pub ticket: Option<TicketId>,
}

/// Why a promise was sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Why.
    pub reason: TextRef,
}

/// What happened to a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the promise")]
pub enum PromiseFact {
    /// 承诺.
    PromiseStated { member: UserId, what: TextRef, due_at: Timestamp },
    /// 践诺.
    PromiseKept { keeping: Keeping },
    /// 退回: the community asks for more.
    PromiseQuestioned { reason: TextRef },
    /// 撤回承诺.
    PromiseWithdrawn { reason: TextRef },
    /// 逾期未践诺.
    PromiseLate { due_at: Timestamp },
}

impl Fact for PromiseFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PromiseStated { .. } => "promise_stated",
            Self::PromiseKept { .. } => "promise_kept",
            Self::PromiseQuestioned { .. } => "promise_questioned",
            Self::PromiseWithdrawn { .. } => "promise_withdrawn",
            Self::PromiseLate { .. } => "promise_late",
        }
    }
}

impl Matter for Promise {
    const KIND: &'static str = "promise";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = None;
    type Fact = PromiseFact;

    /// Its topic is the month in which it was kept: by it points are counted.
    fn columns(&self) -> Columns {
        let kept = self.kept.filter(|_| matches!(self.status, PromiseStatus::Kept | PromiseStatus::KeptLate));
        Columns {
            topic: kept.map(|kept| month_of(kept.at)),
            ticket: kept.and_then(|kept| kept.ticket),
            due_at: Some(self.due_at),
            next_at: (self.status == PromiseStatus::Open).then_some(self.due_at),
            parties: vec![("member", Holder::Person(self.member))],
            ..Columns::new(self.status.name(), self.status.is_open(), self.stated_at)
        }
    }

    /// What is not kept by then is late, once.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        if self.status != PromiseStatus::Open || now < self.due_at {
            return None;
        }
        let after = Self { status: PromiseStatus::Late, ..self.clone() };
        let change = Change::new(after, PromiseFact::PromiseLate { due_at: self.due_at });
        Some(change.telling(Recipient::Person(self.member), Notice::MatterOverdue))
    }
}

/// The month of a moment in China, `2026-11`.
pub fn month_of(at: Timestamp) -> String {
    china_day(at).format("%Y-%m").to_string()
}

impl Promise {
    /// 承诺: by a member who is granted that in the community, or checked in to it.
    ///
    /// # Errors
    /// [`MatterRefusal`], [`crate::tie::TieRefusal::NotACommunity`].
    pub fn state(
        what: &Text,
        due_at: Timestamp,
        actor: &Actor,
        (at, checked_in): (&PlaceCode, bool),
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        must_be_a_community(at)?;
        if !checked_in && !actor.is_granted_at(&[Role::PartyMember], at) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        MatterRefusal::unless_between("/due_at", due_at, now, now + AHEAD)?;
        let promise = Self {
            member: actor.user,
            what: what.reference,
            stated_at: now,
            due_at,
            kept: None,
            questions: vec![],
            status: PromiseStatus::Open,
            closing: None,
        };
        let fact = PromiseFact::PromiseStated { member: actor.user, what: what.reference, due_at };
        Ok(Change::new(promise, fact).with([what.clone()]))
    }

    /// 践诺: by the member, with evidence. The community hears of it.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn keep(
        &self,
        evidence: &Text,
        (deed, ticket): (Option<DeedId>, Option<TicketId>),
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        self.must_be_own_and_open(actor)?;
        let keeping = Keeping { at: now, evidence: evidence.reference, deed, ticket };
        let late = self.status == PromiseStatus::Late || self.due_at <= now;
        let status = if late { PromiseStatus::KeptLate } else { PromiseStatus::Kept };
        let after = Self { kept: Some(keeping), status, ..self.clone() };
        let change = Change::new(after, PromiseFact::PromiseKept { keeping }).with([evidence.clone()]);
        Ok(change.telling(Recipient::Desk(*at), Notice::MatterReported))
    }

    /// 退回: the community is not satisfied with the evidence, and the member has to keep it anew.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn question(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PromiseQuestion, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        match self.status {
            PromiseStatus::Kept | PromiseStatus::KeptLate if self.questions.len() < MOST_QUESTIONS => {}
            PromiseStatus::Open | PromiseStatus::Late => {
                return Err(MatterRefusal::NotYet { status: self.status.name() });
            }
            status => return Err(MatterRefusal::Over { status: status.name() }),
        }
        let mut after = self.clone();
        after.status = if self.due_at <= now { PromiseStatus::Late } else { PromiseStatus::Open };
        after.questions.push(Question { at: now, by: actor.user, reason: reason.reference });
        let fact = PromiseFact::PromiseQuestioned { reason: reason.reference };
        let member = Recipient::Person(self.member);
        Ok(Change::new(after, fact).with([reason.clone()]).telling(member, Notice::MatterDecided))
    }

    /// 撤回承诺: by the member, with a reason that everybody reads.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn withdraw(&self, reason: &Text, actor: &Actor) -> Result<Change<Self>, MatterRefusal> {
        self.must_be_own_and_open(actor)?;
        let closing = Some(reason.reference);
        let after = Self { status: PromiseStatus::Withdrawn, closing, ..self.clone() };
        let fact = PromiseFact::PromiseWithdrawn { reason: reason.reference };
        Ok(Change::new(after, fact).with([reason.clone()]))
    }

    fn must_be_own_and_open(&self, actor: &Actor) -> Result<(), MatterRefusal> {
        if actor.user != self.member {
            return Err(MatterRefusal::BeyondScope);
        }
        let status = self.status;
        if status.is_open() { Ok(()) } else { Err(MatterRefusal::Over { status: status.name() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::TextId;
    use crate::place::Levels;
    use crate::text::FreeText;
    use rstest::rstest;
    use uuid::Uuid;

    const DUE: i64 = 10;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn here() -> PlaceCode {
        place("532504001007")
    }

    fn actor(id: u128, role: Role, at: &str) -> Actor {
        let scope = Scope::Places(vec![place(at)]);
        Actor { user: UserId(Uuid::from_u128(id)), grants: vec![Grant { role, scope }] }
    }

    fn member() -> Actor {
        actor(1, Role::PartyMember, "532504001007")
    }

    fn clerk() -> Actor {
        actor(2, Role::CommunityClerk, "532504001007")
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::days(n)
    }

    fn text() -> Text {
        let reference = TextRef { id: TextId(Uuid::from_u128(7)), hash: [0; 32] };
        Text { reference, body: FreeText::parse("每周陪诊".to_owned()).unwrap() }
    }

    fn stated() -> Promise {
        Promise::state(&text(), day(DUE), &member(), (&here(), false), day(0)).unwrap().after
    }

    fn keep(promise: &Promise, n: i64) -> Result<Promise, &'static str> {
        let kept = promise.keep(&text(), (None, None), &member(), &here(), day(n));
        kept.map(|change| change.after).map_err(|refusal| refusal.code())
    }

    #[rstest]
    #[case::granted(member(), "532504001007", false, DUE, None)]
    #[case::checked_in(actor(1, Role::PartyMember, "532504002"), "532504001007", true, DUE, None)]
    #[case::elsewhere(
        actor(1, Role::PartyMember, "532504002"),
        "532504001007",
        false,
        DUE,
        Some("matter.beyond_scope")
    )]
    #[case::no_member(clerk(), "532504001007", false, DUE, Some("matter.beyond_scope"))]
    #[case::street(
        actor(1, Role::PartyMember, "532504001"),
        "532504001",
        false,
        DUE,
        Some("tie.not_a_community")
    )]
    #[case::past(member(), "532504001007", false, -1, Some("matter.time"))]
    #[case::far(member(), "532504001007", false, 367, Some("matter.time"))]
    fn members_promise_where_they_belong(
        #[case] actor: Actor,
        #[case] at: &str,
        #[case] checked_in: bool,
        #[case] due: i64,
        #[case] refused: Option<&str>,
    ) {
        let stated = Promise::state(&text(), day(due), &actor, (&place(at), checked_in), day(0));
        assert_eq!(stated.err().as_ref().map(Refusal::code), refused);
    }

    #[test]
    fn what_is_not_kept_by_then_is_late_once_and_stays_so() {
        let promise = stated();
        assert_eq!((promise.columns().next_at, promise.settle(day(DUE - 1))), (Some(day(DUE)), None));
        let late = promise.settle(day(DUE)).unwrap().after;
        assert_eq!(
            (late.status, late.columns().next_at, late.columns().open),
            (PromiseStatus::Late, None, true)
        );
        assert_eq!(late.settle(day(DUE + 1)), None);
        assert_eq!(keep(&late, DUE + 1).unwrap().status, PromiseStatus::KeptLate);
        // Whether or not anybody noticed.
        assert_eq!(keep(&promise, DUE).unwrap().status, PromiseStatus::KeptLate);
    }

    #[test]
    fn the_community_sends_back_what_was_not_shown() {
        let kept = keep(&stated(), 3).unwrap();
        assert_eq!((kept.status, kept.columns().topic.as_deref()), (PromiseStatus::Kept, Some("1970-01")));
        assert_eq!(keep(&kept, 4), Err("matter.over"));
        let question = |promise: &Promise, by: &Actor, n| {
            let asked = promise.question(&text(), by, &here(), day(n));
            asked.map(|change| change.after).map_err(|refusal| refusal.code())
        };
        assert_eq!(question(&kept, &member(), 4), Err("matter.beyond_scope"));
        assert_eq!(question(&stated(), &clerk(), 4), Err("matter.not_yet"));
        let back = question(&kept, &clerk(), 4).unwrap();
        assert_eq!((back.status, back.columns().topic), (PromiseStatus::Open, None));
        assert_eq!(keep(&back, 5).unwrap().status, PromiseStatus::Kept);
        assert_eq!(question(&kept, &clerk(), DUE).unwrap().status, PromiseStatus::Late);
    }

    #[test]
    fn only_the_member_keeps_or_withdraws_it() {
        let promise = stated();
        let kept = promise.keep(&text(), (None, None), &clerk(), &here(), day(1));
        assert_eq!(kept.unwrap_err().code(), "matter.beyond_scope");
        assert_eq!(promise.withdraw(&text(), &clerk()).unwrap_err().code(), "matter.beyond_scope");
        let gone = promise.withdraw(&text(), &member()).unwrap().after;
        assert_eq!((gone.status, gone.columns().next_at), (PromiseStatus::Withdrawn, None));
        assert_eq!(keep(&gone, 1), Err("matter.over"));
        assert_eq!(gone.settle(day(DUE)), None);
    }
}
