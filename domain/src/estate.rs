//! Estates (小区) and the mode in which each is looked after (一小区一策): who deals with problems of property there (practices
//! F10).

#[cfg(test)]
mod tests;

use crate::actor::Actor;
use crate::id::{PlaceId, UnitId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::permission::Action;
use crate::place::PlaceRef;
use crate::playbook::{EstateTo, Playbook};
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use crate::unit::UnitKind;
use serde::{Deserialize, Serialize};

/// The only status: there is one mode at a time, and a change of it is an event.
const SET: &str = "set";

/// How an estate is looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// The estate.
    pub place: PlaceId,
    /// Key of the playbook's mode.
    pub mode: String,
    /// Its property company, or its owners' committee, by the mode; none where the community looks after it.
    pub unit: Option<UnitId>,
    /// When a mode was first set.
    pub set_at: Timestamp,
    /// When it was set to the one that it has.
    pub changed_at: Timestamp,
    /// Why.
    pub reason: TextRef,
}

/// What happened to an estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the estate")]
pub enum EstateFact {
    /// 确定小区管理方式.
    EstateSet { mode: String, unit: Option<UnitId>, reason: TextRef },
}

impl Fact for EstateFact {
    fn word(&self) -> &'static str {
        match self {
            Self::EstateSet { .. } => "estate_set",
        }
    }
}

impl Matter for Estate {
    const KIND: &'static str = "estate";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::EstateView);
    type Fact = EstateFact;

    fn columns(&self) -> Columns {
        Columns {
            topic: Some(self.mode.clone()),
            parties: self.unit.map(|unit| ("unit", Holder::Unit(unit))).into_iter().collect(),
            slots: vec![Self::slot(self.place)],
            ..Columns::new(SET, true, self.set_at)
        }
    }
}

/// How an estate is to be looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMode {
    /// Key of the playbook's mode.
    pub mode: String,
    /// Who is to deal with problems of property, and what that unit is.
    pub unit: Option<(UnitId, UnitKind)>,
    /// Why.
    pub reason: Text,
}

impl Estate {
    /// What only one estate of a place may have, so that it has one mode.
    pub fn slot(place: PlaceId) -> String {
        format!("estate:{}", place.0)
    }

    /// 确定管理方式, by whoever keeps the estates there: for the first time, or in the place of the one `before`.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn set(
        before: Option<&Self>,
        new: &NewMode,
        (playbook, place): (&Playbook, &PlaceRef),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::EstateEdit, &place.code) {
            return Err(MatterRefusal::BeyondScope);
        }
        if !playbook.can_be_estate(&place.code) {
            return Err(MatterRefusal::Place { field: "/place" });
        }
        let mode = playbook.estate_mode(&new.mode).ok_or_else(|| {
            let keys: Vec<_> = playbook.estate_modes.iter().map(|mode| mode.key.as_str()).collect();
            MatterRefusal::Unknown { field: "/mode", allowed: keys.join(", ") }
        })?;
        let fits = match (mode.to, new.unit) {
            (EstateTo::Property, Some((_, kind))) => kind == UnitKind::PropertyCompany,
            (EstateTo::Owners, Some((_, kind))) => kind == UnitKind::OwnersCommittee,
            // Owners may look after it before they have elected a committee.
            (EstateTo::Owners | EstateTo::Community, None) => true,
            (EstateTo::Property, None) | (EstateTo::Community, Some(_)) => false,
        };
        if !fits {
            return Err(MatterRefusal::Who { field: "/unit" });
        }
        let unit = new.unit.map(|(unit, _)| unit);
        let estate = Self {
            place: place.id,
            mode: new.mode.clone(),
            unit,
            set_at: before.map_or(now, |before| before.set_at),
            changed_at: now,
            reason: new.reason.reference,
        };
        let fact = EstateFact::EstateSet { mode: new.mode.clone(), unit, reason: new.reason.reference };
        Ok(Change::new(estate, fact).with([new.reason.clone()]))
    }
}
