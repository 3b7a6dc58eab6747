//! Who was called to a ticket (吹哨), who came (报到), and what was thought of it (评价意见): practices M04, Z10.

use super::{Appraiser, Ticket};
use crate::geo::Position;
use crate::id::{UnitId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// A unit that was called (吹哨) and must report in. A unit is called again once it came, or in a later round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whistle {
    /// The unit.
    pub unit: UnitId,
    /// In which round of the ticket.
    pub round: u16,
    /// Who blew.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Until when it must have reported in; at this very moment is still in time.
    pub due_at: Timestamp,
    /// Once it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportIn>,
    /// When the round was answered or the ticket ended, where that was before the unit came and before it was due: nobody lets
    /// it come then, so that it owes nothing. It stays so in later rounds, in which it can be called anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
}

/// Somebody came for a unit that was called (报到).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportIn {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Where they said they were.
    pub position: Position,
}

/// What a level thinks of how a unit answered (评价意见): the newest of each level counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// The unit.
    pub unit: UnitId,
    /// For which level.
    pub appraiser: Appraiser,
    /// Who said so.
    pub by: UserId,
    /// 0 to 100.
    pub score: u8,
    /// When.
    pub at: Timestamp,
}

/// How a whistle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WhistleState {
    /// 待报到: nobody has come yet, and there is time.
    Waiting,
    /// 按时报到.
    InTime,
    /// 迟到.
    Late,
    /// 未报到: nobody came, and the time is over.
    Missing,
    /// 不再需要: the round was answered or the ticket ended while there was time.
    NotNeeded,
}

impl Whistle {
    /// How it stands: nothing rings when its time is over, so that this is asked.
    pub fn state(&self, now: Timestamp) -> WhistleState {
        match &self.report {
            Some(report) if report.at <= self.due_at => WhistleState::InTime,
            // Whoever comes in a later round all the same is not late.
            _ if self.released_at.is_some() => WhistleState::NotNeeded,
            Some(_) => WhistleState::Late,
            None if now <= self.due_at => WhistleState::Waiting,
            None => WhistleState::Missing,
        }
    }

    /// How long it took to come, in seconds; `None` while nobody has.
    pub fn seconds(&self) -> Option<i64> {
        self.report.map(|report| (report.at - self.at).num_seconds())
    }
}

impl Ticket {
    /// The last whistle for a unit.
    pub fn last_whistle(&self, unit: UnitId) -> Option<&Whistle> {
        self.whistles.iter().rev().find(|whistle| whistle.unit == unit)
    }

    /// What a level thinks of a unit.
    pub fn opinion(&self, unit: UnitId, appraiser: Appraiser) -> Option<&Opinion> {
        self.opinions.iter().find(|one| one.unit == unit && one.appraiser == appraiser)
    }

    /// The units that were called, each once, in the order in which they were first.
    pub fn called(&self) -> Vec<UnitId> {
        let mut units = Vec::with_capacity(self.whistles.len());
        for whistle in &self.whistles {
            if !units.contains(&whistle.unit) {
                units.push(whistle.unit);
            }
        }
        units
    }

    /// Notes that units were called.
    pub(super) fn note_whistle(&mut self, units: &[UnitId], by: UserId, at: Timestamp, due_at: Timestamp) {
        let round = self.round;
        self.whistles.extend(units.iter().map(|unit| Whistle {
            unit: *unit,
            round,
            by,
            at,
            due_at,
            report: None,
            released_at: None,
        }));
    }

    /// Notes that nobody waits any more for the units that still had time to come.
    pub(super) fn release_called(&mut self, at: Timestamp) {
        let had_time = |whistle: &&mut Whistle| whistle.report.is_none() && at <= whistle.due_at;
        for whistle in self.whistles.iter_mut().filter(had_time) {
            whistle.released_at.get_or_insert(at);
        }
    }

    /// Notes that a unit came.
    pub(super) fn note_report(&mut self, unit: UnitId, report: ReportIn) {
        let waiting = |whistle: &&mut Whistle| whistle.unit == unit && whistle.report.is_none();
        if let Some(whistle) = self.whistles.iter_mut().rev().find(waiting) {
            whistle.report = Some(report);
        }
    }

    /// Notes what a level thinks, instead of what it thought before.
    pub(super) fn note_opinion(&mut self, opinion: Opinion) {
        let same = |one: &&mut Opinion| one.unit == opinion.unit && one.appraiser == opinion.appraiser;
        match self.opinions.iter_mut().find(same) {
            Some(there) => *there = opinion,
            None => self.opinions.push(opinion),
        }
    }

    /// Puts one person in another's place.
    pub(super) fn identify_called(&mut self, now: impl Fn(UserId) -> UserId) {
        for whistle in &mut self.whistles {
            whistle.by = now(whistle.by);
            if let Some(report) = &mut whistle.report {
                report.by = now(report.by);
            }
        }
        for opinion in &mut self.opinions {
            opinion.by = now(opinion.by);
        }
    }
}
