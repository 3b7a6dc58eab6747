//! Whistles on the wire (吹哨报到).

use super::asked::Position;
use crate::label::words;
use crate::strict::Object;
use chrono::{DateTime, Utc};
use domain::ticket::{Appraiser, Ticket, Whistle as DomainWhistle, WhistleState};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// 吹哨：呼叫单位到场。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"units": ["01990000-0000-7000-8000-000000000091"], "reason": "占道经营，须多家同时到场。", "due_minutes": 30}))]
pub struct Whistle {
    /// 呼叫的单位，1 至 20 个
    #[schema(min_items = 1, max_items = 20)]
    pub units: Vec<Uuid>,
    /// 说明，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 须在几分钟内报到，1 至 10080；不填则依规程
    #[schema(minimum = 1, maximum = 10080)]
    pub due_minutes: Option<u32>,
}

/// 报到。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}}))]
pub struct ReportIn {
    /// 所在位置
    #[schema(value_type = Position)]
    pub position: Object<Position>,
    /// 代表哪个单位；本人只有一个单位待报到时不必填写
    pub unit: Option<Uuid>,
}

/// 评价被呼叫的单位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit": "01990000-0000-7000-8000-000000000091", "score": 90, "text": "到得快，当场清理。"}))]
pub struct Opine {
    /// 哪个单位
    pub unit: Uuid,
    /// 评分，0 至 100
    #[schema(minimum = 0, maximum = 100)]
    pub score: u8,
    /// 评语，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub text: Option<String>,
}

/// 被呼叫的单位，一次呼叫一项。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalledUnit)]
pub struct Called {
    /// 单位标识
    pub unit: Uuid,
    /// 属于第几轮
    pub round: u16,
    /// 谁呼叫的
    pub by: Uuid,
    /// 何时呼叫
    pub at: DateTime<Utc>,
    /// 报到时限，恰好到期仍算按时
    pub due_at: DateTime<Utc>,
    /// waiting 待报到，in_time 按时，late 迟到，missing 逾期未报到，not_needed 时限未到而工单已办结或终止，不再需要报到
    #[schema(schema_with = words::<WhistleState>)]
    pub state: WhistleState,
    /// 何时报到
    pub reported_at: Option<DateTime<Utc>>,
    /// 谁报到的
    pub reported_by: Option<Uuid>,
    /// 自呼叫至报到的秒数
    pub seconds: Option<i64>,
    /// 对该单位在本单中的评价，记在其首次呼叫之下；只有工作人员可见
    pub opinions: Vec<OpinionOf>,
}

/// 一级的评价。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnitOpinion)]
pub struct OpinionOf {
    /// 哪一级：community 社区，street 街道（乡镇）
    #[schema(schema_with = words::<Appraiser>)]
    pub appraiser: Appraiser,
    /// 评分，0 至 100
    pub score: u8,
    /// 谁评的
    pub by: Uuid,
    /// 时间
    pub at: DateTime<Utc>,
}

impl Called {
    /// The whistles of a ticket as they stand at `now`; opinions for staff only.
    pub(super) fn of(ticket: &Ticket, staff: bool, now: Timestamp) -> Vec<Self> {
        let whistles = ticket.whistles.iter().enumerate();
        whistles
            .map(|(i, whistle)| {
                let first = ticket.whistles[..i].iter().all(|before| before.unit != whistle.unit);
                let opinions = if staff && first { OpinionOf::of(ticket, whistle) } else { Vec::new() };
                let DomainWhistle { unit, round, by, at, due_at, report, released_at: _ } = *whistle;
                Self {
                    unit: unit.0,
                    round,
                    by: by.0,
                    at,
                    due_at,
                    state: whistle.state(now),
                    reported_at: report.map(|report| report.at),
                    reported_by: report.map(|report| report.by.0),
                    seconds: whistle.seconds(),
                    opinions,
                }
            })
            .collect()
    }
}

impl OpinionOf {
    fn of(ticket: &Ticket, whistle: &DomainWhistle) -> Vec<Self> {
        let of_unit = ticket.opinions.iter().filter(|one| one.unit == whistle.unit);
        of_unit
            .map(|one| Self { appraiser: one.appraiser, score: one.score, by: one.by.0, at: one.at })
            .collect()
    }
}
