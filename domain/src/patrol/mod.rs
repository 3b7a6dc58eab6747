//! Patrol logs (巡查日志) of grid workers: where they went, and what they found (practices M09).

mod refusal;
#[cfg(test)]
mod tests;
mod track;

pub use refusal::PatrolRefusal;
pub use track::{FASTEST, Fix, Track};

use crate::actor::Actor;
use crate::duty::DutyRefusal;
use crate::id::{PhotoId, TicketId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::playbook::duty::MOST_PHOTOS;
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most positions that are told at a time.
pub const MOST_AT_ONCE: usize = 500;
/// The most positions of a patrol.
pub const MOST_FIXES: usize = 5_000;
/// The most findings of a patrol.
pub const MOST_FINDINGS: usize = 100;
/// How long a patrol lasts at most: it ends by itself.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How far the clock of a phone may be out.
const OUT: TimeDelta = TimeDelta::minutes(2);

/// Where a patrol stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PatrolStatus {
    /// 巡查中.
    UnderWay,
    /// 已结束.
    Ended,
}

impl PatrolStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A patrol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patrol {
    /// Whose.
    pub by: UserId,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The way.
    pub track: Track,
    /// What was found, the first first.
    pub findings: Vec<Finding>,
    /// What was said at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<TextRef>,
}

/// What somebody found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: TextRef,
    /// The ticket that it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// Photos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PhotoId>,
}

/// What happened to a patrol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the patrol")]
pub enum PatrolFact {
    /// 开始巡查.
    PatrolBegun,
    /// 上传轨迹.
    PatrolTracked { fixes: usize },
    /// 巡查发现.
    PatrolFound { text: TextRef, ticket: Option<TicketId> },
    /// 结束巡查.
    PatrolEnded { metres: u32, findings: usize, doubtful: bool },
}

impl Fact for PatrolFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PatrolBegun => "patrol_begun",
            Self::PatrolTracked { .. } => "patrol_tracked",
            Self::PatrolFound { .. } => "patrol_found",
            Self::PatrolEnded { .. } => "patrol_ended",
        }
    }
}

impl Matter for Patrol {
    const KIND: &'static str = "patrol";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::PatrolView);
    type Fact = PatrolFact;

    fn columns(&self) -> Columns {
        let open = self.ended_at.is_none();
        let photos = self.findings.iter().flat_map(|finding| &finding.photos).map(|photo| photo.slot());
        Columns {
            next_at: open.then(|| self.began_at + LONGEST),
            parties: vec![("worker", Holder::Person(self.by))],
            slots: open.then(|| Self::slot(self.by)).into_iter().chain(photos).collect(),
            ..Columns::new(self.status().name(), open, self.began_at)
        }
    }

    /// Whoever forgot to end it has ended it after a day.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        let last = self.began_at + LONGEST;
        let over = self.ended_at.is_none() && last <= now;
        over.then(|| self.ended(last, None))
    }
}

impl Patrol {
    /// By which somebody is on one patrol at a time.
    pub fn slot(by: UserId) -> String {
        format!("patrol:{by}")
    }

    /// Where it stands.
    pub fn status(&self) -> PatrolStatus {
        if self.ended_at.is_some() { PatrolStatus::Ended } else { PatrolStatus::UnderWay }
    }

    /// 开始巡查: where one works.
    ///
    /// # Errors
    /// [`MatterRefusal::BeyondScope`].
    pub fn begin(actor: &Actor, at: &PlaceCode, now: Timestamp) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PatrolRecord, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        let (track, findings) = (Track::default(), vec![]);
        let patrol = Self { by: actor.user, began_at: now, ended_at: None, track, findings, closing: None };
        Ok(Change::new(patrol, PatrolFact::PatrolBegun))
    }

    /// 上传轨迹: positions in the order of their times, behind those that are there.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn tracked(&self, fixes: &[Fix], actor: &Actor, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_theirs(actor)?;
        MatterRefusal::unless_full(self.track.0.len(), MOST_FIXES)?;
        let left = MOST_AT_ONCE.min(MOST_FIXES - self.track.0.len());
        if fixes.is_empty() || fixes.len() > left {
            return Err(range("/points", 1, left));
        }
        let mut last = self.track.0.last().map(Fix::at);
        for fix in fixes {
            let at = fix.at();
            MatterRefusal::unless_between("/points", at, self.began_at - OUT, now + OUT)?;
            if last.is_some_and(|last| at < last) {
                return Err(PatrolRefusal::Order.into());
            }
            last = Some(at);
        }
        let mut after = self.clone();
        after.track.0.extend(fixes);
        Ok(Change::new(after, PatrolFact::PatrolTracked { fixes: fixes.len() }))
    }

    /// 巡查发现.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn found(
        &self,
        text: &Text,
        ticket: Option<TicketId>,
        photos: &[PhotoId],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.must_be_theirs(actor)?;
        MatterRefusal::unless_full(self.findings.len(), MOST_FINDINGS)?;
        if photos.len() > usize::from(MOST_PHOTOS) {
            return Err(range("/photos", 0, MOST_PHOTOS.into()));
        }
        let twice = (1..photos.len()).any(|n| photos[..n].contains(&photos[n]))
            || self.findings.iter().any(|finding| finding.photos.iter().any(|photo| photos.contains(photo)));
        if twice {
            return Err(DutyRefusal::PhotoUsed.into());
        }
        let mut after = self.clone();
        let finding = Finding { at: now, text: text.reference, ticket, photos: photos.to_vec() };
        after.findings.push(finding);
        let fact = PatrolFact::PatrolFound { text: text.reference, ticket };
        Ok(Change::new(after, fact).with([text.clone()]))
    }

    /// 结束巡查.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn end(&self, text: Option<&Text>, actor: &Actor, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_be_theirs(actor)?;
        Ok(self.ended(now, text))
    }

    fn ended(&self, at: Timestamp, text: Option<&Text>) -> Change<Self> {
        let mut after = self.clone();
        (after.ended_at, after.closing) = (Some(at), text.map(|text| text.reference));
        let (metres, doubtful) = (self.track.metres(), self.track.is_doubtful());
        let fact = PatrolFact::PatrolEnded { metres, findings: self.findings.len(), doubtful };
        Change::new(after, fact).with(text.cloned())
    }

    fn must_be_theirs(&self, actor: &Actor) -> Result<(), MatterRefusal> {
        if actor.user != self.by {
            return Err(MatterRefusal::BeyondScope);
        }
        match self.status() {
            PatrolStatus::UnderWay => Ok(()),
            status @ PatrolStatus::Ended => Err(MatterRefusal::Over { status: status.name() }),
        }
    }
}

fn range(field: &'static str, min: u32, max: usize) -> Refusal {
    MatterRefusal::Range { field, min, max: u32::try_from(max).unwrap_or(u32::MAX) }.into()
}
