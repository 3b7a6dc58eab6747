//! Guiding requesters, and who is asked first, on the wire (引导, 首问负责).

use crate::label::words;
use crate::strict::Word;
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::ticket::{ReferTo, Ticket};
use domain::view::Sight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// 引导：把自家事引导到互助、市场，或由其自己解决。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "to": "market", "point": "01990000-0000-7000-8000-000000000201", "text": "小区东门的家电维修铺可上门，每次 30 元起。"
}))]
pub struct Refer {
    /// self_help 自己解决、mutual_help 互助、market 市场
    #[schema(schema_with = words::<ReferTo>)]
    pub to: Word<ReferTo>,
    /// 点位，如互助站、商铺；至多与 `unit` 填其一，自己解决时不填
    pub point: Option<Uuid>,
    /// 单位，如志愿者队、企业
    pub unit: Option<Uuid>,
    /// 给诉求人的话，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 引导去处。
#[derive(Debug, Serialize, ToSchema)]
pub struct Referral<'a> {
    /// 引导到哪里
    #[schema(schema_with = words::<ReferTo>)]
    pub to: ReferTo,
    /// 点位标识
    pub point: Option<Uuid>,
    /// 单位标识
    pub unit: Option<Uuid>,
    /// 给诉求人的话；已删除时为 null
    pub text: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
}

/// 首问负责人。
#[derive(Debug, Serialize, ToSchema)]
pub struct FirstAsked {
    /// 人员标识
    pub person: Uuid,
    /// 是否仍由其负责：有人接单前、退回后为 true
    pub responsible: bool,
}

impl<'a> Referral<'a> {
    pub(super) fn of(ticket: &Ticket, text: Option<&'a str>) -> Option<Self> {
        ticket.referral.map(|referral| Self {
            to: referral.to,
            point: referral.point.map(|point| point.0),
            unit: referral.unit.map(|unit| unit.0),
            text,
            at: referral.at,
        })
    }
}

impl FirstAsked {
    /// Not to whom may not know who raised it, where that is the same.
    pub(super) fn of(ticket: &Ticket, sight: Sight) -> Option<Self> {
        let responsible = ticket.answers_first().is_some();
        let known = |person: &UserId| sight != Sight::Hidden || *person != ticket.requester;
        ticket.first_asked.filter(known).map(|person| Self { person: person.0, responsible })
    }
}
