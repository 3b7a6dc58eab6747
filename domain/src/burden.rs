//! The burden register (负担清单) of communities: the bodies, plates, meetings and ledgers that departments have set up there, and
//! what of it was taken away (practices M05).

#[cfg(test)]
mod tests;

use crate::actor::Actor;
use crate::admission::of_a_community;
use crate::id::{UnitId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a burden is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BurdenKind {
    /// 工作机构.
    Body,
    /// 挂牌.
    Plate,
    /// 会议.
    Meeting,
    /// 工作台账.
    Ledger,
}

impl BurdenKind {
    /// The word in the `topic` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BurdenStatus {
    /// 在册.
    There,
    /// 已精简.
    Reduced,
}

impl BurdenStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A burden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burden {
    /// What it is.
    pub what: BurdenKind,
    /// What it is called.
    pub name: TextRef,
    /// Which unit set it up.
    pub unit: Option<UnitId>,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Where it stands.
    pub status: BurdenStatus,
    /// How it was taken away.
    pub reduction: Option<Reduction>,
}

/// How a burden was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reduction {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Why.
    pub reason: TextRef,
}

/// What happened to a burden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the burden")]
pub enum BurdenFact {
    /// 登记负担.
    BurdenEntered { what: BurdenKind, unit: Option<UnitId>, name: TextRef },
    /// 精简负担.
    BurdenReduced { reason: TextRef },
}

impl Fact for BurdenFact {
    fn word(&self) -> &'static str {
        match self {
            Self::BurdenEntered { .. } => "burden_entered",
            Self::BurdenReduced { .. } => "burden_reduced",
        }
    }
}

impl Matter for Burden {
    const KIND: &'static str = "burden";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::BurdenView);
    type Fact = BurdenFact;

    fn columns(&self) -> Columns {
        Columns {
            topic: Some(self.what.name().to_owned()),
            parties: self.unit.map(|unit| ("unit", Holder::Unit(unit))).into_iter().collect(),
            ..Columns::new(self.status.name(), self.status == BurdenStatus::There, self.entered_at)
        }
    }
}

impl Burden {
    /// 登记: by whoever keeps the register there.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn enter(
        (what, name): (BurdenKind, &Text),
        unit: Option<UnitId>,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::BurdenEdit, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        of_a_community(at)?;
        let (status, name_ref) = (BurdenStatus::There, name.reference);
        let burden = Self { what, name: name_ref, unit, entered_at: now, status, reduction: None };
        let fact = BurdenFact::BurdenEntered { what, unit, name: name_ref };
        Ok(Change::new(burden, fact).with([name.clone()]))
    }

    /// 精简: by whoever keeps the register there, once.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn reduce(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::BurdenEdit, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        if self.status == BurdenStatus::Reduced {
            return Err(MatterRefusal::Over { status: self.status.name() });
        }
        let reduction = Reduction { at: now, by: actor.user, reason: reason.reference };
        let status = BurdenStatus::Reduced;
        let after = Self { status, reduction: Some(reduction), ..self.clone() };
        let fact = BurdenFact::BurdenReduced { reason: reason.reference };
        Ok(Change::new(after, fact).with([reason.clone()]))
    }
}
