//! Admission of tasks (社区事务准入): what departments ask of a community. What is on the playbook's list is admitted at once,
//! anything else waits for a decision from above; a community reports what is pushed on it without (practices M05).

#[cfg(test)]
mod tests;

use crate::actor::{Actor, Scope};
use crate::id::UnitId;
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::{Action, Reach, reaches};
use crate::place::PlaceCode;
use crate::playbook::AdmittedTask;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// How far ahead a task may end.
const AHEAD: TimeDelta = TimeDelta::days(1_100);

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AdmissionStatus {
    /// 待审批: not on the list, and waits for a decision.
    Pending,
    /// 未经准入: pushed on the community, which reported it; waits for a decision.
    Reported,
    /// 已准入.
    Admitted,
    /// 不予准入.
    Refused,
    /// 已到期: was admitted until then.
    Ended,
    /// 逾期未批: nobody decided before it was to be over.
    Lapsed,
}

impl AdmissionStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it waits for a decision.
    fn waits(self) -> bool {
        matches!(self, Self::Pending | Self::Reported)
    }
}

/// What a unit asks of a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// Which unit asks.
    pub unit: UnitId,
    /// What it is on the playbook's list; none when it is not there.
    pub key: Option<String>,
    /// What the community is to do.
    pub what: TextRef,
    /// Why; of a report how it was pushed.
    pub reason: TextRef,
    /// When it was asked or reported.
    pub asked_at: Timestamp,
    /// Until when it is to be done; none of a report.
    pub until: Option<Timestamp>,
    /// Whether it is to be done again and again.
    pub recurring: bool,
    /// Whether the community reported that it was pushed on it without admission.
    pub unadmitted: bool,
    /// Where it stands.
    pub status: AdmissionStatus,
    /// When it was decided on; none of what is on the list, and of what waits.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so.
    pub decision: Option<TextRef>,
}

/// What happened to what a unit asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the admission")]
pub enum AdmissionFact {
    /// 申请准入.
    AdmissionAsked { unit: UnitId, admitted: bool, until: Timestamp, what: TextRef },
    /// 上报未经准入的事务.
    AdmissionReported { unit: UnitId, what: TextRef },
    /// 审批准入.
    AdmissionDecided { admit: bool, text: TextRef },
    /// 准入到期.
    AdmissionEnded { status: AdmissionStatus },
}

impl Fact for AdmissionFact {
    fn word(&self) -> &'static str {
        match self {
            Self::AdmissionAsked { .. } => "admission_asked",
            Self::AdmissionReported { .. } => "admission_reported",
            Self::AdmissionDecided { .. } => "admission_decided",
            Self::AdmissionEnded { .. } => "admission_ended",
        }
    }
}

impl Matter for Admission {
    const KIND: &'static str = "admission";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::AdmissionView);
    type Fact = AdmissionFact;

    fn columns(&self) -> Columns {
        let lasts = self.status == AdmissionStatus::Admitted || self.status.waits();
        Columns {
            topic: self.key.clone(),
            due_at: self.until,
            next_at: self.until.filter(|_| lasts),
            parties: vec![("unit", Holder::Unit(self.unit))],
            ..Columns::new(self.status.name(), lasts, self.asked_at)
        }
    }

    /// What was admitted until then is over; what nobody decided on is no longer asked.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        self.until.filter(|until| *until <= now)?;
        let status = match self.status {
            AdmissionStatus::Admitted => AdmissionStatus::Ended,
            AdmissionStatus::Pending | AdmissionStatus::Reported => AdmissionStatus::Lapsed,
            AdmissionStatus::Refused | AdmissionStatus::Ended | AdmissionStatus::Lapsed => return None,
        };
        let change = Change::new(Self { status, ..self.clone() }, AdmissionFact::AdmissionEnded { status });
        Some(change.telling(Recipient::Unit(self.unit), Notice::MatterDone))
    }
}

/// What is asked of a community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdmission {
    /// Which unit asks.
    pub unit: UnitId,
    /// What that is called: an entry of the list may be one department's alone.
    pub unit_name: String,
    /// Which entry of the playbook's list.
    pub key: Option<String>,
    /// What the community is to do.
    pub what: Text,
    /// Why.
    pub reason: Text,
    /// Until when it is to be done.
    pub until: Timestamp,
    /// Whether it is to be done again and again.
    pub recurring: bool,
}

impl Admission {
    /// 申请准入: by whoever handles for the unit, of a community. What the list has for that unit is admitted at once.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn ask(
        new: &NewAdmission,
        list: &[AdmittedTask],
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.asks_for(new.unit) {
            return Err(MatterRefusal::BeyondScope);
        }
        of_a_community(at)?;
        MatterRefusal::unless_between("/until", new.until, now, now + AHEAD)?;
        let listed = new.key.as_deref().map(|key| entry(list, key)).transpose()?;
        let admitted = listed.is_some_and(|task| task.is_for(&new.unit_name));
        let NewAdmission { unit, unit_name: _, key, what, reason, until, recurring } = new;
        let admission = Self {
            unit: *unit,
            key: key.clone(),
            what: what.reference,
            reason: reason.reference,
            asked_at: now,
            until: Some(*until),
            recurring: *recurring,
            unadmitted: false,
            status: if admitted { AdmissionStatus::Admitted } else { AdmissionStatus::Pending },
            decided_at: None,
            decision: None,
        };
        let fact =
            AdmissionFact::AdmissionAsked { unit: *unit, admitted, until: *until, what: what.reference };
        let change = Change::new(admission, fact).with([what.clone(), reason.clone()]);
        Ok(if admitted {
            change.telling(Recipient::Desk(*at), Notice::MatterAssigned)
        } else {
            change.telling(Recipient::Desk(above(at)), Notice::MatterToDecide)
        })
    }

    /// 上报: the community tells of what a unit pushed on it without admission.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn report(
        unit: UnitId,
        (what, reason): (&Text, &Text),
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::AdmissionReport, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        of_a_community(at)?;
        let admission = Self {
            unit,
            key: None,
            what: what.reference,
            reason: reason.reference,
            asked_at: now,
            until: None,
            recurring: false,
            unadmitted: true,
            status: AdmissionStatus::Reported,
            decided_at: None,
            decision: None,
        };
        let fact = AdmissionFact::AdmissionReported { unit, what: what.reference };
        let change = Change::new(admission, fact).with([what.clone(), reason.clone()]);
        let change = change.telling(Recipient::Desk(above(at)), Notice::MatterToDecide);
        Ok(change.telling(Recipient::Unit(unit), Notice::MatterReported))
    }

    /// 审批: by whoever decides there, once.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn decide(
        &self,
        admit: bool,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::AdmissionDecide, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        // Also where nobody has written down yet what time made of it.
        let status = self.settle(now).map_or(self.status, |settled| settled.after.status);
        // What the list let in unseen may turn out to be something else.
        let taken_back = status == AdmissionStatus::Admitted && self.decided_at.is_none() && !admit;
        if !status.waits() && !taken_back {
            return Err(MatterRefusal::Over { status: status.name() });
        }
        let after = Self {
            status: if admit { AdmissionStatus::Admitted } else { AdmissionStatus::Refused },
            decided_at: Some(now),
            decision: Some(reason.reference),
            ..self.clone()
        };
        let fact = AdmissionFact::AdmissionDecided { admit, text: reason.reference };
        let change = Change::new(after, fact).with([reason.clone()]);
        let change = change.telling(Recipient::Unit(self.unit), Notice::MatterDecided);
        Ok(change.telling(Recipient::Desk(*at), Notice::MatterDecided))
    }

    /// Whether the community may do it: neither what was refused nor what nobody has decided on, and nothing that is over.
    pub fn may_be_done(&self, now: Timestamp) -> bool {
        self.status == AdmissionStatus::Admitted && self.until.is_none_or(|until| now < until)
    }
}

impl Actor {
    /// The units for which they ask communities for something.
    pub fn asking_units(&self) -> impl Iterator<Item = UnitId> {
        self.grants.iter().filter_map(|grant| match grant.scope {
            Scope::Unit(unit) if reaches(grant.role, Action::AdmissionAsk).contains(&Reach::Assigned) => {
                Some(unit)
            }
            _ => None,
        })
    }

    fn asks_for(&self, unit: UnitId) -> bool {
        self.asking_units().any(|own| own == unit)
    }
}

fn entry<'a>(list: &'a [AdmittedTask], key: &str) -> Result<&'a AdmittedTask, MatterRefusal> {
    list.iter().find(|task| task.key == key).ok_or_else(|| {
        let keys: Vec<_> = list.iter().map(|task| task.key.as_str()).collect();
        MatterRefusal::Unknown { field: "/key", allowed: keys.join(", ") }
    })
}

/// Whether a place is a community, of which alone such things are kept.
pub(crate) fn of_a_community(at: &PlaceCode) -> Result<(), MatterRefusal> {
    if at.community() == Some(at.as_str()) { Ok(()) } else { Err(MatterRefusal::Place { field: "/place" }) }
}

/// Who decides on what is asked of a community: the street that it is in.
fn above(at: &PlaceCode) -> PlaceCode {
    at.street().and_then(|digits| at.cut(digits.len())).unwrap_or(*at)
}
