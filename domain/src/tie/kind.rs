//! What a tie is (关系类别).

use super::{Holder, Target};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a tie is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TieKind {
    /// 包保: who answers for a place (practices L03), a unit for one line of work there (Z07).
    Responsible,
    /// 挂联: the leader who is linked to a place and visits it (M06).
    Linked,
    /// 结对: a unit with a community, 1+1 or several with one (Z04).
    Paired,
    /// 成员: of an alliance, a 大党委 (M04), a team (M11).
    Member,
    /// 管理: a property company an estate (F10).
    Manages,
    /// 隶属: a party organisation below another (F01).
    Under,
    /// 认门报到: a member who checked in to a community (F06).
    CheckedIn,
}

impl TieKind {
    /// The word in the `kind` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What people call it; also what a spreadsheet says.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Responsible => "包保",
            Self::Linked => "挂联",
            Self::Paired => "结对",
            Self::Member => "成员",
            Self::Manages => "管理",
            Self::Under => "隶属",
            Self::CheckedIn => "认门报到",
        }
    }

    /// Who can be tied like this, and to what.
    pub fn fits(self, holder: Holder, target: Target) -> bool {
        use Holder::{Person, Unit};
        match (self, holder, target) {
            (Self::Responsible, Person(_) | Unit(_), Target::Place(_))
            | (Self::Linked | Self::CheckedIn, Person(_), Target::Place(_))
            | (Self::Manages, Unit(_), Target::Place(_))
            | (Self::Member, Person(_) | Unit(_), Target::Unit(_)) => true,
            (Self::Paired, Unit(_), Target::Place(_)) => true,
            (Self::Paired | Self::Under, Unit(one), Target::Unit(other)) => one != other,
            _ => false,
        }
    }

    /// What it may tie, in words.
    pub fn sides(self) -> &'static str {
        match self {
            Self::Responsible => "人员或单位 → 地点",
            Self::Linked | Self::CheckedIn => "人员 → 地点",
            Self::Paired => "单位 → 地点或另一单位",
            Self::Member => "人员或单位 → 单位",
            Self::Manages => "单位 → 地点",
            Self::Under => "单位 → 另一单位",
        }
    }
}
