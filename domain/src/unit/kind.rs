//! What a unit is (单位类别).

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a unit is. Five levels of party organisations (practices F01), three teams of members (F01), five red teams (M11),
/// and who else takes part (F03, F10, Z11).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
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
pub enum UnitKind {
    /// 部门.
    #[default]
    Department,
    /// 事业单位.
    Institution,
    /// 街道（乡镇）.
    StreetOffice,
    /// 社区（村）.
    CommunityOffice,
    /// 大工委, of a street.
    PartyWorkingCommittee,
    /// 大党委, of a community.
    PartyCommittee,
    /// 党总支, of a grid.
    PartyGeneralBranch,
    /// 党支部, of an estate.
    PartyBranch,
    /// 党小组, of a building.
    PartyGroup,
    /// 联盟: community, stationed units, estate branch and property company.
    Alliance,
    /// 在职党员队.
    InServiceTeam,
    /// 小区党员队.
    EstateTeam,
    /// 驻区单位党员队.
    StationedTeam,
    /// 党员红色队.
    MemberTeam,
    /// 志愿者红色队.
    VolunteerTeam,
    /// 居民代表红色队.
    DelegateTeam,
    /// 安全员红色队.
    WardenTeam,
    /// 顾问红色队.
    AdviserTeam,
    /// 物业公司.
    PropertyCompany,
    /// 业主委员会.
    OwnersCommittee,
    /// 企业.
    Enterprise,
    /// 社会组织.
    SocialOrganisation,
}

impl UnitKind {
    /// The word in the `kind` column.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it is a team (队伍) of people who do things together.
    pub fn is_team(self) -> bool {
        matches!(
            self,
            Self::InServiceTeam
                | Self::EstateTeam
                | Self::StationedTeam
                | Self::MemberTeam
                | Self::VolunteerTeam
                | Self::DelegateTeam
                | Self::WardenTeam
                | Self::AdviserTeam
        )
    }

    /// What people call it; also what a spreadsheet says.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Department => "部门",
            Self::Institution => "事业单位",
            Self::StreetOffice => "街道（乡镇）",
            Self::CommunityOffice => "社区（村）",
            Self::PartyWorkingCommittee => "大工委",
            Self::PartyCommittee => "大党委",
            Self::PartyGeneralBranch => "党总支",
            Self::PartyBranch => "党支部",
            Self::PartyGroup => "党小组",
            Self::Alliance => "联盟",
            Self::InServiceTeam => "在职党员队",
            Self::EstateTeam => "小区党员队",
            Self::StationedTeam => "驻区单位党员队",
            Self::MemberTeam => "党员红色队",
            Self::VolunteerTeam => "志愿者红色队",
            Self::DelegateTeam => "居民代表红色队",
            Self::WardenTeam => "安全员红色队",
            Self::AdviserTeam => "顾问红色队",
            Self::PropertyCompany => "物业公司",
            Self::OwnersCommittee => "业主委员会",
            Self::Enterprise => "企业",
            Self::SocialOrganisation => "社会组织",
        }
    }
}
