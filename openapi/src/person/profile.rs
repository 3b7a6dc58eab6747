//! What somebody can do, wants to do, and when they are free.

use crate::strict::Object;
use domain::person::{self, GivenSpan, ProfileRefusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 完善档案：以此替换技能、服务意愿与空闲时段；不填的即清空。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "skills": ["电工", "水管维修"], "wishes": ["陪诊", "看护"],
    "free": [{"weekday": 6, "from": "08:30", "to": "12:00"}, {"weekday": 7, "from": "14:00", "to": "24:00"}]
}))]
pub struct EditProfile {
    /// 技能，至多 20 项，每项 1 至 20 字，不得重复
    #[schema(max_items = 20)]
    pub skills: Option<Vec<String>>,
    /// 服务意愿，至多 20 项，每项 1 至 20 字，不得重复
    #[schema(max_items = 20)]
    pub wishes: Option<Vec<String>>,
    /// 每周的空闲时段，至多 21 个，同一天的不得重叠
    #[schema(value_type = Option<Vec<FreeSpan>>, max_items = 21)]
    pub free: Option<Vec<Object<FreeSpan>>>,
}

/// 资料：技能、服务意愿与空闲时段。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "skills": ["电工", "水管维修"], "wishes": ["陪诊", "看护"], "free": [{"weekday": 6, "from": "08:30", "to": "12:00"}]
}))]
pub struct PersonProfile {
    /// 技能
    pub skills: Vec<String>,
    /// 服务意愿
    pub wishes: Vec<String>,
    /// 每周的空闲时段，按先后排列
    pub free: Vec<FreeSpan>,
}

/// 每周某天的一个时段，北京时间。
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"weekday": 6, "from": "08:30", "to": "12:00"}))]
pub struct FreeSpan {
    /// 星期，1（周一）至 7（周日）
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: i64,
    /// 开始，如 08:30
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    pub from: String,
    /// 结束，晚于开始，至多 24:00
    #[schema(pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
    pub to: String,
}

impl EditProfile {
    /// The profile as the rules know it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn parse(self) -> Result<person::Profile, Vec<ProfileRefusal>> {
        let Self { skills, wishes, free } = self;
        let span = |Object(FreeSpan { weekday, from, to })| GivenSpan { weekday, from, to };
        let free: Vec<_> = free.into_iter().flatten().map(span).collect();
        person::Profile::parse(&skills.unwrap_or_default(), &wishes.unwrap_or_default(), &free)
    }
}

impl From<&person::Profile> for PersonProfile {
    fn from(profile: &person::Profile) -> Self {
        let person::Profile { skills, wishes, free } = profile;
        let span = |free: &person::FreeSpan| {
            let (from, to) = free.times();
            FreeSpan { weekday: free.weekday.into(), from, to }
        };
        Self { skills: skills.clone(), wishes: wishes.clone(), free: free.iter().map(span).collect() }
    }
}
