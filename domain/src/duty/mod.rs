//! Duties (履职): what people and units owe a place regularly, as the playbook says, and whether it was done (practices L02,
//! F09, M06, M07, Q02, Q09). Each period has one for each who owes it at each place; it is planned by the program, recorded
//! by whoever owes it, and missed where its time ends without.

mod fact;
mod period;
mod refusal;
#[cfg(test)]
mod tests;

pub use fact::DutyFact;
pub use period::Period;
pub use refusal::DutyRefusal;

use crate::actor::Actor;
use crate::geo::Position;
use crate::id::{PhotoId, PlaceId, PointId, TicketId, UserId};
use crate::matter::{Change, Columns, Matter, MatterRefusal, inbox_of};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::playbook::duty::{DutyRule, MOST_PHOTOS};
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// For how long after its end a duty may still be made up for.
pub const MADE_UP_FOR: TimeDelta = TimeDelta::days(31);
/// The most tickets that one record raised.
pub const MOST_RAISED: usize = 50;
/// The most people of a meeting.
pub const MOST_ATTENDED: u32 = 100_000;

/// Where a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DutyStatus {
    /// 待履职.
    Planned,
    /// 已履职.
    Done,
    /// 补履职: done, but after its time.
    Late,
    /// 未履职.
    Missed,
    /// 已取消: whoever owed it does not hold the post any more.
    Dropped,
}

impl DutyStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A duty of somebody in a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Its key in the playbook.
    pub key: String,
    /// What it was called when it was planned.
    pub name: String,
    /// The name of its period; none of what was not planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Who owes it, or did it.
    pub who: Holder,
    /// Where.
    pub place: PlaceId,
    /// The code of that when it was planned: its desk is told what is missed.
    pub desk: PlaceCode,
    /// The point there, where it is done at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointAt>,
    /// From when.
    pub from: Timestamp,
    /// Until when; that is no part of it any more.
    pub until: Timestamp,
    /// How often.
    pub times: u8,
    /// How far from the place it may be recorded, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_metres: Option<u32>,
    /// The least number of photos of a record.
    pub photos: u8,
    /// When they are to be reminded; none once they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Timestamp>,
    /// What was recorded, the first first.
    pub records: Vec<Record>,
    /// Where it stands.
    pub status: DutyStatus,
}

/// A point at which a duty is done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointAt {
    /// Which.
    pub id: PointId,
    /// Where it was.
    pub position: Position,
}

/// That a duty was done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When it was done.
    pub at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// What was done.
    pub text: TextRef,
    /// How far from the place, metres; none where no position was given, or nobody knows where the place lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metres: Option<u32>,
    /// Photos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<PhotoId>,
    /// What was raised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raised: Vec<TicketId>,
    /// How many people came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<u32>,
    /// Whether it came after its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

impl Matter for Duty {
    const KIND: &'static str = "duty";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::DutyView);
    type Fact = DutyFact;

    fn columns(&self) -> Columns {
        let open = self.status == DutyStatus::Planned;
        let slot = self.slot().filter(|_| self.status != DutyStatus::Dropped);
        let photos = self.records.iter().flat_map(|record| &record.photos).map(|photo| photo.slot());
        let mut parties = vec![("duty", self.who)];
        for by in self.records.iter().map(|record| Holder::Person(record.by)) {
            if by != self.who && !parties.contains(&("recorder", by)) {
                parties.push(("recorder", by));
            }
        }
        Columns {
            topic: Some(self.key.clone()),
            due_at: Some(self.until),
            next_at: open.then(|| self.remind_at.map_or(self.until, |remind| remind.min(self.until))),
            parties,
            slots: slot.into_iter().chain(photos).collect(),
            ..Columns::new(self.status.name(), open, self.from)
        }
    }

    /// They are reminded once; what is not done at its end is missed, and the desk of the place knows.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        if self.status != DutyStatus::Planned {
            return None;
        }
        let mut after = self.clone();
        after.remind_at = None;
        if self.until <= now {
            after.status = DutyStatus::Missed;
            let fact = DutyFact::DutyMissed { done: self.records.len(), times: self.times };
            let change = Change::new(after, fact).telling(inbox_of(self.who), Notice::MatterOverdue);
            return Some(change.telling(Recipient::Desk(self.desk), Notice::MatterOverdue));
        }
        self.remind_at.filter(|remind| *remind <= now)?;
        Some(Change::new(after, DutyFact::DutyReminded).telling(inbox_of(self.who), Notice::MatterDue))
    }
}

/// Somebody who owes a duty at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Owed {
    /// Who.
    pub who: Holder,
    /// Where.
    pub place: PlaceId,
    /// Its code.
    pub code: PlaceCode,
    /// The point there, for what is done at one.
    pub point: Option<PointAt>,
}

/// That a duty was done, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What was done.
    pub text: Text,
    /// When, for whoever was out of reach; now without.
    pub occurred_at: Option<Timestamp>,
    /// Whether a position was given.
    pub located: bool,
    /// How far from the place, metres, where that can be measured.
    pub metres: Option<u32>,
    /// Photos.
    pub photos: Vec<PhotoId>,
    /// What was raised.
    pub raised: Vec<TicketId>,
    /// How many people came.
    pub attendance: Option<u32>,
    /// Whether it comes after its time, and they know.
    pub late: bool,
}

impl Duty {
    /// 排定: what somebody owes in a period.
    pub fn plan(rule: &DutyRule, period: &Period, owed: &Owed) -> Change<Self> {
        let (from, until) = period.window(rule.on);
        let remind_at = (rule.remind_days > 0).then(|| until - TimeDelta::days(rule.remind_days.into()));
        let mut duty = Self::of(rule, owed, from, until);
        (duty.period, duty.remind_at) = (Some(period.to_string()), remind_at);
        let (key, period) = (rule.key.clone(), period.to_string());
        Change::new(duty, DutyFact::DutyPlanned { key, period, who: owed.who, from, until })
    }

    fn of(rule: &DutyRule, owed: &Owed, from: Timestamp, until: Timestamp) -> Self {
        Self {
            key: rule.key.clone(),
            name: rule.name.clone(),
            period: None,
            who: owed.who,
            place: owed.place,
            desk: owed.code,
            point: owed.point,
            from,
            until,
            times: rule.times,
            radius_metres: rule.radius_metres,
            photos: rule.photos,
            remind_at: None,
            records: vec![],
            status: DutyStatus::Planned,
        }
    }

    /// One that was done although it was not planned: an extra visit, a meeting.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn extra(
        rule: &DutyRule,
        owed: &Owed,
        told: &Told,
        actor: &Actor,
        (now, offline): (Timestamp, TimeDelta),
    ) -> Result<Change<Self>, Refusal> {
        let at = told_at(told, now, offline)?;
        let duty = Self { times: 1, ..Self::of(rule, owed, at, at) };
        duty.with(told, at, false, actor, now)
    }

    /// 履职: by whoever owes it, or for the unit that does.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn record(
        &self,
        told: &Told,
        actor: &Actor,
        (now, offline): (Timestamp, TimeDelta),
    ) -> Result<Change<Self>, Refusal> {
        if !actor.stands_for(self.who) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        match self.status {
            DutyStatus::Planned | DutyStatus::Missed => {}
            status => return Err(MatterRefusal::Over { status: status.name() }.into()),
        }
        let at = told_at(told, now, offline)?;
        let last = if told.late { self.until + MADE_UP_FOR } else { self.until };
        MatterRefusal::unless_between("/occurred_at", at, self.from, last)?;
        let late = at >= self.until;
        if late && !told.late {
            let (earliest, latest) = (self.from, self.until);
            return Err(MatterRefusal::Time { field: "/occurred_at", earliest, latest }.into());
        }
        self.with(told, at, late, actor, now)
    }

    fn with(
        &self,
        told: &Told,
        at: Timestamp,
        late: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.check(told)?;
        let Told { text, metres, photos, raised, attendance, .. } = told;
        let mut after = self.clone();
        after.records.push(Record {
            at,
            recorded_at: now,
            by: actor.user,
            text: text.reference,
            metres: *metres,
            photos: photos.clone(),
            raised: raised.clone(),
            attendance: *attendance,
            late,
        });
        if after.records.len() >= usize::from(self.times) {
            let any_late = after.records.iter().any(|record| record.late);
            after.status = if any_late { DutyStatus::Late } else { DutyStatus::Done };
            after.remind_at = None;
        }
        let (key, who, raised, text) = (self.key.clone(), self.who, raised.clone(), text.reference);
        let fact = DutyFact::DutyRecorded { key, who, at, late, raised, text };
        Ok(Change::new(after, fact).with([told.text.clone()]))
    }

    fn check(&self, told: &Told) -> Result<(), Refusal> {
        let Told { photos, raised, attendance, .. } = told;
        if photos.len() < usize::from(self.photos) || photos.len() > usize::from(MOST_PHOTOS) {
            let (min, max) = (self.photos.into(), MOST_PHOTOS.into());
            return Err(MatterRefusal::Range { field: "/photos", min, max }.into());
        }
        let twice = (1..photos.len()).any(|n| photos[..n].contains(&photos[n]))
            || self.records.iter().any(|record| record.photos.iter().any(|photo| photos.contains(photo)));
        if twice {
            return Err(DutyRefusal::PhotoUsed.into());
        }
        if raised.len() > MOST_RAISED {
            let max = u32::try_from(MOST_RAISED).unwrap_or(u32::MAX);
            return Err(MatterRefusal::Range { field: "/raised", min: 0, max }.into());
        }
        if attendance.is_some_and(|came| !(1..=MOST_ATTENDED).contains(&came)) {
            return Err(MatterRefusal::Range { field: "/attendance", min: 1, max: MOST_ATTENDED }.into());
        }
        let Some(radius) = self.radius_metres else { return Ok(()) };
        if !told.located {
            return Err(DutyRefusal::PositionRequired { radius }.into());
        }
        match told.metres {
            Some(metres) if metres > radius => Err(DutyRefusal::TooFar { metres, radius }.into()),
            _ => Ok(()),
        }
    }

    /// 取消: whoever owed it does not hold the post any more; `None` where it is over.
    pub fn dropped(&self) -> Option<Change<Self>> {
        let open = self.status == DutyStatus::Planned;
        let after = Self { status: DutyStatus::Dropped, remind_at: None, ..self.clone() };
        open.then(|| Change::new(after, DutyFact::DutyDropped))
    }

    /// By which each is planned once: what, when, who, where. None of what was not planned.
    pub fn slot(&self) -> Option<String> {
        let who = match self.who {
            Holder::Person(person) => person.0,
            Holder::Unit(unit) => unit.0,
        };
        let at = self.point.map_or(self.place.0, |point| point.id.0);
        let period = self.period.as_deref()?;
        Some(format!("duty:{}:{}:{period}:{who}:{at}", self.desk.county(), self.key))
    }
}

/// Whole metres.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half way round the earth is 20,000,000 m"
)]
pub fn whole(metres: f64) -> u32 {
    metres.round() as u32
}

/// When it was done: not in time to come, and not longer ago than offline work may be.
fn told_at(told: &Told, now: Timestamp, offline: TimeDelta) -> Result<Timestamp, MatterRefusal> {
    let at = told.occurred_at.unwrap_or(now);
    MatterRefusal::unless_between("/occurred_at", at, now - offline, now)?;
    Ok(at)
}
