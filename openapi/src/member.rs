//! Points of in-service members, on the wire.

use crate::tie::TiedTo;
use domain::member::MemberTally;
use domain::playbook::MemberPoints as Rules;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 哪个月的积分。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PointsOf {
    /// 月份，默认本月
    #[param(example = "2026-11")]
    pub month: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 积分的一部分：做了几次，计几分。
#[derive(Debug, Serialize, ToSchema)]
pub struct PointsPart {
    /// 几次
    pub count: i64,
    /// 计几分
    pub points: i64,
}

/// 一名党员一个月的积分。
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberScore {
    /// 名次；同分的并列
    pub rank: i64,
    /// 谁
    pub member: TiedTo,
    /// 共几分
    pub points: i64,
    /// 按期践诺
    pub promises: PointsPart,
    /// 逾期践诺
    pub late_promises: PointsPart,
    /// 办结的工单（持有的红旗）
    pub tickets: PointsPart,
    /// 月末在岗的岗位
    pub posts: PointsPart,
}

/// 一个社区一个月的在职党员积分，高的在前；由各项记录当场算出。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"month": "2026-11", "items": [{
    "rank": 1, "member": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"}, "points": 4,
    "promises": {"count": 1, "points": 2}, "late_promises": {"count": 0, "points": 0},
    "tickets": {"count": 1, "points": 1}, "posts": {"count": 1, "points": 1}
}], "next_cursor": null}))]
pub struct MemberScores {
    /// 月份
    pub month: String,
    /// 本页
    pub items: Vec<MemberScore>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl MemberScore {
    /// A member's points with what they are made of.
    pub fn new(
        (id, name): (Uuid, String),
        (rank, points): (i64, i64),
        tally: MemberTally,
        rules: Rules,
    ) -> Self {
        let part = |count: i64, each: u16| PointsPart { count, points: count * i64::from(each) };
        let MemberTally { promises, late, tickets, posts } = tally;
        Self {
            rank,
            member: TiedTo { id, name },
            points,
            promises: part(promises, rules.promise_kept),
            late_promises: part(late, rules.promise_late),
            tickets: part(tickets, rules.ticket_done),
            posts: part(posts, rules.post_month),
        }
    }
}
