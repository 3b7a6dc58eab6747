//! How far a ticket has come, by the steps of its county's playbook.

use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::playbook::{Happened, Moment, Step as Rule};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 一步：规程所定的名称，是否办过，何时、何人。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketStep)]
pub struct Step {
    /// 稳定的名称
    pub key: String,
    /// 给人看的名称
    pub name: String,
    /// 是否办过，不论哪一轮
    pub done: bool,
    /// 首次办到的时间
    pub first_at: Option<DateTime<Utc>>,
    /// 首次由谁办；到时自动发生的、您无权知道的为 null
    pub first_actor: Option<Uuid>,
    /// 最近一次办到的时间
    pub last_at: Option<DateTime<Utc>>,
    /// 最近一次由谁办
    pub last_actor: Option<Uuid>,
    /// 最近一次在第几轮；早于工单本轮的，本轮还未办
    pub round: Option<u16>,
}

/// 工单的各步，依规程的顺序。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"round": 1, "items": [{
    "key": "submit", "name": "点单", "done": true,
    "first_at": "2026-11-21T01:00:00Z", "first_actor": "01990000-0000-7000-8000-000000000001",
    "last_at": "2026-11-21T01:00:00Z", "last_actor": "01990000-0000-7000-8000-000000000001", "round": 1
}, {
    "key": "dispatch", "name": "派单", "done": false, "first_at": null, "first_actor": null,
    "last_at": null, "last_actor": null, "round": null
}]}))]
pub struct TicketSteps {
    /// 工单本轮
    pub round: u16,
    /// 各步
    pub items: Vec<Step>,
}

impl TicketSteps {
    /// The steps of a playbook as far as they have happened; without who did it when that is one of `hidden`.
    pub fn new(rules: &[Rule], happened: &[Happened], round: u16, hidden: &[UserId]) -> Self {
        let actor =
            |moment: Moment| moment.actor.filter(|actor| !hidden.contains(actor)).map(|actor| actor.0);
        let step = |rule: &Rule| {
            let (first, last) = rule.done(happened).unzip();
            Step {
                key: rule.key.clone(),
                name: rule.name.clone(),
                done: last.is_some(),
                first_at: first.map(|moment| moment.at),
                first_actor: first.and_then(actor),
                last_at: last.map(|moment| moment.at),
                last_actor: last.and_then(actor),
                round: last.map(|moment| moment.round),
            }
        };
        Self { round, items: rules.iter().map(step).collect() }
    }
}
