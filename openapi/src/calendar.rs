//! Calendars on the wire.

use crate::label::words;
use crate::strict::Object;
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::{self, DayKind, EffectiveYear, EnteredYear, YearDays};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// 录入一年的节假日和调休。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "holidays": [{"date": "2027-01-01", "name": "元旦"}, {"date": "2027-02-05", "name": "春节"}],
    "workdays": [{"date": "2027-01-31", "name": "春节"}]
}))]
pub struct EditCalendar {
    /// 所在县的代码，6 位；不填为全国
    pub place: Option<String>,
    /// 放假的日子；与 `workdays` 合计至多 366 天
    #[schema(value_type = Vec<NamedDay>, max_items = 366)]
    pub holidays: Vec<Object<NamedDay>>,
    /// 调休上班的日子，作息与平日相同
    #[schema(value_type = Vec<NamedDay>, max_items = 366)]
    pub workdays: Vec<Object<NamedDay>>,
}

/// 一个有名称的日子。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"date": "2027-01-01", "name": "元旦"}))]
pub struct NamedDay {
    /// 日期，须在当年
    pub date: NaiveDate,
    /// 名称，1 至 20 字
    #[schema(min_length = 1, max_length = 20)]
    pub name: String,
}

impl EditCalendar {
    /// The place, and the days as the rules know them.
    pub fn into_days(self) -> (Option<String>, YearDays) {
        let days = |list: Vec<Object<NamedDay>>| {
            let day =
                |Object(NamedDay { date, name })| calendar::NamedDay { date, name: name.trim().to_owned() };
            list.into_iter().map(day).collect()
        };
        (self.place, YearDays { holidays: days(self.holidays), workdays: days(self.workdays) })
    }
}

/// 哪里的日历。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskCalendar {
    /// 地点编码：所在县的日历；不填为全国
    #[param(example = "532504")]
    pub place: Option<String>,
}

/// 一年的日历：全国的，叠加县里自有的。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "year": 2026, "place": "532504", "version": 1, "known": true, "working_days": 247,
    "utc_offset": "+08:00", "weekdays": [1, 2, 3, 4, 5], "hours": ["08:30-12:00", "14:00-17:30"],
    "days": [
        {"date": "2026-10-01", "kind": "holiday", "name": "国庆节", "from": "country"},
        {"date": "2026-10-10", "kind": "workday", "name": "国庆节", "from": "country"},
        {"date": "2026-11-16", "kind": "holiday", "name": "州庆", "from": "county"}
    ]
}))]
pub struct CalendarYear {
    /// 年份
    pub year: i32,
    /// 县的代码；全国为 null
    pub place: Option<String>,
    /// 此处所录内容的版本；县里没有自有内容、或全国尚未录入时为 null
    pub version: Option<i32>,
    /// 全国的节假日是否已知；未知时只按星期计算
    pub known: bool,
    /// 全年工作日数
    pub working_days: i64,
    /// 与 UTC 的时差
    pub utc_offset: String,
    /// 每周工作日，1（周一）至 7（周日）
    pub weekdays: Vec<u8>,
    /// 工作时段；全国为通行作息，县为规程所定
    pub hours: Vec<String>,
    /// 与星期不同的日子，按日期
    pub days: Vec<CalendarDay>,
}

/// 与星期不同的一天。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"date": "2026-10-01", "kind": "holiday", "name": "国庆节", "from": "country"}))]
pub struct CalendarDay {
    /// 日期
    pub date: NaiveDate,
    /// 放假，还是调休上班
    #[schema(schema_with = words::<DayKind>)]
    pub kind: DayKind,
    /// 名称
    pub name: String,
    /// 出自全国，还是县里自有
    pub from: Source,
}

/// 出自哪里。
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// 全国
    Country,
    /// 县
    County,
}

impl From<&EffectiveYear> for CalendarYear {
    fn from(effective: &EffectiveYear) -> Self {
        let EffectiveYear { year, county, version, known, days, calendar } = effective;
        let days = days.iter().map(|calendar::EffectiveDay { date, kind, name, own }| CalendarDay {
            date: *date,
            kind: *kind,
            name: name.clone(),
            from: if *own { Source::County } else { Source::Country },
        });
        Self {
            year: *year,
            place: county.map(|county| county.to_string()),
            version: *version,
            known: *known,
            working_days: effective.workdays(),
            utc_offset: calendar.utc_offset.to_string(),
            weekdays: calendar.weekdays.clone(),
            hours: calendar.spans.iter().map(ToString::to_string).collect(),
            days: days.collect(),
        }
    }
}

/// 已录入的各年日历。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [
    {"year": 2026, "place": null, "version": 1, "holidays": 33, "workdays": 6, "updated_at": "2026-11-21T01:00:00Z"}
], "missing": [2027]}))]
pub struct CalendarList {
    /// 已录入的，年份新的在前，先全国后县
    pub items: Vec<CalendarEntry>,
    /// 全国尚缺、应尽快录入的年份：当年，以及 10 月 1 日起的下一年
    pub missing: Vec<i32>,
}

/// 已录入的一年。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!(
    {"year": 2026, "place": null, "version": 1, "holidays": 33, "workdays": 6, "updated_at": "2026-11-21T01:00:00Z"}
))]
pub struct CalendarEntry {
    /// 年份
    pub year: i32,
    /// 县的代码；全国为 null
    pub place: Option<String>,
    /// 版本
    pub version: i32,
    /// 放假天数
    pub holidays: usize,
    /// 调休上班天数
    pub workdays: usize,
    /// 最近录入的时间
    pub updated_at: DateTime<Utc>,
}

impl From<EnteredYear> for CalendarEntry {
    fn from(entered: EnteredYear) -> Self {
        let EnteredYear { year, county, version, holidays, workdays, updated_at } = entered;
        let place = county.map(|county| county.to_string());
        Self { year, place, version, holidays, workdays, updated_at }
    }
}
