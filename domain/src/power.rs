//! The street's five powers (五项权力), recorded when it uses one, with what came of it (practices M05).

#[cfg(test)]
mod tests;

use crate::actor::Actor;
use crate::id::{UnitId, UserId};
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Which of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PowerKind {
    /// 人事考核权和征得同意权: opinions on who heads a unit's branch office.
    Appointments,
    /// 规划参与权.
    Planning,
    /// 综合管理权.
    Management,
    /// 重大决策建议权.
    Decisions,
    /// 重大项目建议权.
    Projects,
}

impl PowerKind {
    /// The word in the `topic` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PowerStatus {
    /// 已行使: nothing has come of it yet.
    Used,
    /// 已采纳.
    Adopted,
    /// 未采纳.
    Rejected,
}

impl PowerStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// That a power was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Which.
    pub which: PowerKind,
    /// What was said or asked for.
    pub text: TextRef,
    /// Towards which unit.
    pub unit: Option<UnitId>,
    /// When.
    pub used_at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Where it stands.
    pub status: PowerStatus,
    /// When it was known what came of it.
    pub outcome_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<TextRef>,
}

/// What happened to a use of a power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the use")]
pub enum PowerFact {
    /// 行使权力.
    PowerUsed { which: PowerKind, unit: Option<UnitId>, text: TextRef },
    /// 记录结果.
    PowerOutcome { adopted: bool, text: TextRef },
}

impl Fact for PowerFact {
    fn word(&self) -> &'static str {
        match self {
            Self::PowerUsed { .. } => "power_used",
            Self::PowerOutcome { .. } => "power_outcome",
        }
    }
}

impl Matter for Power {
    const KIND: &'static str = "power";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::PowerView);
    type Fact = PowerFact;

    fn columns(&self) -> Columns {
        Columns {
            topic: Some(self.which.name().to_owned()),
            parties: self.unit.map(|unit| ("unit", Holder::Unit(unit))).into_iter().collect(),
            ..Columns::new(self.status.name(), self.status == PowerStatus::Used, self.used_at)
        }
    }
}

impl Power {
    /// 行使: by a street, or the county, in its area.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn exercise(
        (which, text): (PowerKind, &Text),
        unit: Option<UnitId>,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PowerUse, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        let power = Self {
            which,
            text: text.reference,
            unit,
            used_at: now,
            by: actor.user,
            status: PowerStatus::Used,
            outcome_at: None,
            outcome: None,
        };
        let fact = PowerFact::PowerUsed { which, unit, text: text.reference };
        Ok(Change::new(power, fact).with([text.clone()]))
    }

    /// 记录结果: by whoever may use powers there, once.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn conclude(
        &self,
        adopted: bool,
        text: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::PowerUse, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        if self.status != PowerStatus::Used {
            return Err(MatterRefusal::Over { status: self.status.name() });
        }
        let after = Self {
            status: if adopted { PowerStatus::Adopted } else { PowerStatus::Rejected },
            outcome_at: Some(now),
            outcome: Some(text.reference),
            ..self.clone()
        };
        let fact = PowerFact::PowerOutcome { adopted, text: text.reference };
        Ok(Change::new(after, fact).with([text.clone()]))
    }
}
