//! Errands (代办) that somebody runs for a resident (practices M09, F05): taken by whoever is first, with the papers that were
//! handed over and handed back.

mod fact;
mod refusal;
mod take;
#[cfg(test)]
mod tests;

pub use fact::ErrandFact;
pub use refusal::ErrandRefusal;

use crate::actor::Actor;
use crate::id::UserId;
use crate::matter::{Change, Columns, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most papers of an errand.
pub const MOST_PAPERS: usize = 50;
/// The longest name of a paper, in characters.
pub const MAX_PAPER: usize = 50;
/// The most steps that are told of an errand.
pub const MOST_STEPS: usize = 200;
/// The longest word for a service, in characters.
pub const MAX_SERVICE: usize = 50;
/// How long the requester has to confirm: then it closes by itself.
const CONFIRMED_WITHIN: TimeDelta = TimeDelta::days(7);

/// Where an errand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ErrandStatus {
    /// 待接办.
    Asked,
    /// 代办中.
    Taken,
    /// 待确认.
    Done,
    /// 已办结.
    Closed,
    /// 已取消.
    Cancelled,
}

impl ErrandStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An errand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errand {
    /// For whom.
    pub requester: UserId,
    /// Who asked for it: they, or staff for them.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Timestamp,
    /// The code of the service that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What is to be done.
    pub text: TextRef,
    /// Where, when it was asked for: its desk is told.
    pub desk: PlaceCode,
    /// Who runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker: Option<UserId>,
    /// When they took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// What was handed over, by number.
    pub papers: Vec<Paper>,
    /// How far it has come, the first first.
    pub steps: Vec<Step>,
    /// What came of it, or why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<TextRef>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// Whether the requester said that they have everything back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// Where it stands.
    pub status: ErrandStatus,
}

/// A paper (材料) that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// What it is.
    pub name: TextRef,
    /// When it was handed over.
    pub handed_at: Timestamp,
    /// To whom.
    pub handed_to: UserId,
    /// When it was handed back, or left where it is to stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_at: Option<Timestamp>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_by: Option<UserId>,
    /// Why it was not handed back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<TextRef>,
}

/// How far an errand has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: TextRef,
}

impl Matter for Errand {
    const KIND: &'static str = "errand";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::ErrandView);
    type Fact = ErrandFact;

    fn columns(&self) -> Columns {
        let open = !matches!(self.status, ErrandStatus::Closed | ErrandStatus::Cancelled);
        let mut parties = vec![("requester", Holder::Person(self.requester))];
        if self.asked_by != self.requester {
            parties.push(("asked_by", Holder::Person(self.asked_by)));
        }
        parties.extend(self.taker.map(|taker| ("taker", Holder::Person(taker))));
        // Whoever still has somebody's papers, or gave them back, stays named when another takes over.
        for paper in &self.papers {
            for by in [Some(paper.handed_to), paper.returned_by].into_iter().flatten() {
                let by = ("papers", Holder::Person(by));
                if Some(by.1) != self.taker.map(Holder::Person) && !parties.contains(&by) {
                    parties.push(by);
                }
            }
        }
        Columns {
            topic: self.service.clone(),
            next_at: self.done_at.filter(|_| open).map(|at| at + CONFIRMED_WITHIN),
            parties,
            ..Columns::new(self.status.name(), open, self.asked_at)
        }
    }

    /// What nobody confirmed closes by itself.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        let over = self.done_at.filter(|_| self.status == ErrandStatus::Done)? + CONFIRMED_WITHIN <= now;
        let after = Self { status: ErrandStatus::Closed, ..self.clone() };
        over.then(|| Change::new(after, ErrandFact::ErrandClosed { confirmed: false }))
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewErrand {
    /// For whom.
    pub requester: UserId,
    /// The code of the service that it is about.
    pub service: Option<String>,
    /// What is to be done.
    pub text: Text,
}

/// A paper that goes back, or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Its number, from 1.
    pub number: usize,
    /// Why it does not.
    pub kept: Option<Text>,
}

impl Errand {
    /// 申请代办: for oneself, or by who runs errands there for somebody else.
    ///
    /// # Errors
    /// [`MatterRefusal::BeyondScope`].
    pub fn ask(
        new: &NewErrand,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if new.requester != actor.user && !actor.does_at(Action::ErrandTake, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        // Those who run errands are of a community.
        if at.community().is_none() {
            return Err(MatterRefusal::Place { field: "/place" });
        }
        let NewErrand { requester, service, text } = new;
        let errand = Self {
            requester: *requester,
            asked_by: actor.user,
            asked_at: now,
            service: service.clone(),
            text: text.reference,
            desk: *at,
            taker: None,
            taken_at: None,
            papers: vec![],
            steps: vec![],
            reply: None,
            done_at: None,
            confirmed: false,
            status: ErrandStatus::Asked,
        };
        let fact = ErrandFact::ErrandAsked { requester: *requester, text: text.reference };
        let change = Change::new(errand, fact).with([text.clone()]);
        Ok(change
            .telling(Recipient::Desk(*at), Notice::MatterToDecide)
            .telling(Recipient::Person(*requester), Notice::MatterAssigned))
    }

    /// Whether somebody reads for whom it is: they themselves, and whoever runs it.
    pub fn names_requester_to(&self, user: UserId) -> bool {
        user == self.requester || Some(user) == self.taker
    }

    /// 交接材料.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn hand_over(&self, names: &[Text], actor: &Actor, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_run(actor)?;
        MatterRefusal::unless_full(self.papers.len(), MOST_PAPERS)?;
        let left = MOST_PAPERS - self.papers.len();
        if names.is_empty() || names.len() > left {
            return Err(range("/papers", 1, left));
        }
        let mut after = self.clone();
        after.papers.extend(names.iter().map(|name| Paper {
            name: name.reference,
            handed_at: now,
            handed_to: actor.user,
            returned_at: None,
            returned_by: None,
            kept: None,
        }));
        let change = Change::new(after, ErrandFact::ErrandPapersTaken { papers: names.len() });
        Ok(self.told(change.with(names.to_vec()), Notice::MatterReported))
    }

    /// 代办进展.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn report(&self, text: &Text, actor: &Actor, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_run(actor)?;
        MatterRefusal::unless_full(self.steps.len(), MOST_STEPS)?;
        let mut after = self.clone();
        after.steps.push(Step { at: now, text: text.reference });
        let change = Change::new(after, ErrandFact::ErrandReported { text: text.reference });
        Ok(self.told(change.with([text.clone()]), Notice::MatterReported))
    }

    /// 归还材料: each is ticked, or it is said why it stays.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn hand_back(
        &self,
        back: &[Returned],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.must_run(actor)?;
        if back.is_empty() || back.len() > MOST_PAPERS {
            return Err(range("/papers", 1, MOST_PAPERS));
        }
        let mut after = self.clone();
        for Returned { number, kept } in back {
            let paper = number.checked_sub(1).and_then(|at| after.papers.get_mut(at));
            let paper = paper.ok_or(ErrandRefusal::NoSuchPaper { number: *number })?;
            if paper.returned_at.is_some() {
                return Err(ErrandRefusal::ReturnedBefore { number: *number }.into());
            }
            (paper.returned_at, paper.returned_by) = (Some(now), Some(actor.user));
            paper.kept = kept.as_ref().map(|text| text.reference);
        }
        let numbers = back.iter().map(|one| one.number).collect();
        let texts = back.iter().filter_map(|one| one.kept.clone());
        let change = Change::new(after, ErrandFact::ErrandPapersReturned { numbers }).with(texts);
        Ok(self.told(change, Notice::MatterReported))
    }

    /// 代办完成: once all papers are back, or it was said why one is not.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn finish(&self, reply: &Text, actor: &Actor, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_run(actor)?;
        self.must_have_nothing()?;
        let mut after = self.clone();
        (after.status, after.reply, after.done_at) = (ErrandStatus::Done, Some(reply.reference), Some(now));
        let change = Change::new(after, ErrandFact::ErrandDone { text: reply.reference });
        Ok(self.told(change.with([reply.clone()]), Notice::MatterDone))
    }

    /// 确认: the requester has everything back.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn confirm(&self, actor: &Actor) -> Result<Change<Self>, Refusal> {
        if actor.user != self.requester {
            return Err(MatterRefusal::BeyondScope.into());
        }
        match self.status {
            ErrandStatus::Done => {}
            ErrandStatus::Asked | ErrandStatus::Taken => return Err(self.not_yet().into()),
            ErrandStatus::Closed | ErrandStatus::Cancelled => return Err(self.over().into()),
        }
        let after = Self { status: ErrandStatus::Closed, confirmed: true, ..self.clone() };
        let change = Change::new(after, ErrandFact::ErrandClosed { confirmed: true });
        Ok(match self.taker {
            Some(taker) => change.telling(Recipient::Person(taker), Notice::MatterDone),
            None => change,
        })
    }

    /// 取消: by the requester or who asked for them, before it is taken; later by who runs it, once the papers are back.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn cancel(&self, reason: &Text, actor: &Actor) -> Result<Change<Self>, Refusal> {
        let asked = [self.requester, self.asked_by].contains(&actor.user);
        match self.status {
            ErrandStatus::Asked if asked => {}
            ErrandStatus::Taken if self.taker == Some(actor.user) => self.must_have_nothing()?,
            ErrandStatus::Asked => return Err(MatterRefusal::BeyondScope.into()),
            ErrandStatus::Taken if asked => return Err(ErrandRefusal::Taken.into()),
            ErrandStatus::Taken => return Err(MatterRefusal::BeyondScope.into()),
            ErrandStatus::Done | ErrandStatus::Closed | ErrandStatus::Cancelled => {
                return Err(self.over().into());
            }
        }
        let mut after = self.clone();
        (after.status, after.reply) = (ErrandStatus::Cancelled, Some(reason.reference));
        let change = Change::new(after, ErrandFact::ErrandCancelled { text: reason.reference });
        Ok(self.told(change.with([reason.clone()]), Notice::MatterDone))
    }

    /// Tells the requester.
    fn told(&self, change: Change<Self>, notice: Notice) -> Change<Self> {
        change.telling(Recipient::Person(self.requester), notice)
    }

    fn must_run(&self, actor: &Actor) -> Result<(), MatterRefusal> {
        match self.status {
            ErrandStatus::Taken if self.taker == Some(actor.user) => Ok(()),
            ErrandStatus::Asked => Err(self.not_yet()),
            ErrandStatus::Taken => Err(MatterRefusal::BeyondScope),
            ErrandStatus::Done | ErrandStatus::Closed | ErrandStatus::Cancelled => Err(self.over()),
        }
    }

    fn must_have_nothing(&self) -> Result<(), ErrandRefusal> {
        let left = self.papers.iter().filter(|paper| paper.returned_at.is_none()).count();
        if left == 0 { Ok(()) } else { Err(ErrandRefusal::PapersLeft { left }) }
    }

    fn not_yet(&self) -> MatterRefusal {
        MatterRefusal::NotYet { status: self.status.name() }
    }

    fn over(&self) -> MatterRefusal {
        MatterRefusal::Over { status: self.status.name() }
    }
}

fn range(field: &'static str, min: u32, max: usize) -> Refusal {
    MatterRefusal::Range { field, min, max: u32::try_from(max).unwrap_or(u32::MAX) }.into()
}
