//! What clients get.

use super::card::ContactCard;
use super::delegate::PlanText;
use super::excluded::Left;
use super::ladder::{Rung, Topic};
use super::ledger::{Assessment, Discussion};
use super::names::TicketNames;
use super::refer::{FirstAsked, Referral};
use super::shown::{Clock, TicketService};
use super::whistle::Called;
use crate::label::{optional_words, words};
use crate::words::Spoken;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ticket::{
    Affair, Assignee, Channel, ClockKind, Handling, Outcome, Satisfaction, Severity, State, Status,
};
use domain::time::Timestamp;
use domain::view::{self, Sees, Sight};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 工单。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "version": 1,
    "status": "submitted", "content": "温泉社区北门的路灯坏了三天。",
    "place": {"code": "532504001007", "name": "温泉社区"}, "address": "北门公交站旁", "desk": "532504001007",
    "rung": {"key": "community", "name": "社区", "meets": "week"}, "category": "facilities", "severity": "small",
    "channel": "mini_program", "confidential": false,
    "requester": {"id": "01990000-0000-7000-8000-000000000001"},
    "contact": {"name": "王*", "phone": "138****1234", "masked": true}, "joined": 0,
    "assist": [], "claimable": false, "call": false,
    "clocks": [{"kind": "arrive", "round": 1, "started_at": "2026-11-21T01:00:00Z", "due_at": "2026-11-21T01:05:00Z",
        "warn_at": "2026-11-21T01:04:00Z", "paused_seconds": 0, "state": "running"}],
    "round": 1, "whistles": [], "urged": 0,
    "occurred_at": "2026-11-21T01:00:00Z", "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T01:00:00Z",
    "status_name": "待派单", "category_name": "公共设施", "severity_name": "小问题"
}))]
pub struct Ticket<'a> {
    /// 工单标识
    pub id: Uuid,
    /// 工单编号，供人使用
    pub number: &'a str,
    /// 版本，与 `ETag` 相同
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 诉求内容；已删除时为 null
    pub content: Option<&'a str>,
    /// 地点
    pub place: Place<'a>,
    /// 具体地址
    pub address: Option<&'a str>,
    /// 提出诉求的单位；个人提出的为 null
    pub requester_unit: Option<Uuid>,
    /// 首问负责人；规程没有规定或还没有时为 null
    pub first_asked: Option<FirstAsked>,
    /// 引导去处；没有时为 null
    pub referral: Option<Referral<'a>>,
    /// 由哪一级处置：其地点编码；超时或上报则上一级
    pub desk: &'a str,
    /// 该级在逐级会商中的层级；规程没有此层级时为 null
    pub rung: Option<Rung>,
    /// 自何时上报、等待会商决定；没有时为 null
    pub escalated_at: Option<DateTime<Utc>>,
    /// 等待该级下次例会（没有会商层级时为当地的工作例会）研究的议题；没有时为 null
    pub topic: Option<Topic<'a>>,
    /// 来源活动
    pub origin: Option<Origin<'a>>,
    /// 类别键
    pub category: Option<&'a str>,
    /// 轻重；未评定时为 null
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 三事；未分流时为 null
    #[schema(schema_with = optional_words::<Affair>)]
    pub affair: Option<Affair>,
    /// 办理方式
    #[schema(schema_with = optional_words::<Handling>)]
    pub handling: Option<Handling>,
    /// 渠道
    #[schema(schema_with = words::<Channel>)]
    pub channel: Channel,
    /// 是否保密
    pub confidential: bool,
    /// 诉求人；保密而您无权知道时为 null
    pub requester: Option<Person>,
    /// 联系人；无权知道时为 null
    pub contact: Option<ContactCard>,
    /// 并入本单的其他诉求人数
    pub joined: usize,
    /// 责任人或责任单位；未派单时为 null
    pub lead: Option<Lead>,
    /// 协办的人员和单位
    pub assist: Vec<Lead>,
    /// 居民代表：监督办理的人
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<Uuid>,
    /// 承办人：派给个人的即为其人，派给单位的为接单人；此前为 null
    pub handler: Option<Uuid>,
    /// 是否开放认领
    pub claimable: bool,
    /// 是否呼叫
    pub call: bool,
    /// 呼叫多少秒后有人应答；不是呼叫、尚无人应答的为 null
    pub answered_after_seconds: Option<i64>,
    /// 所涉的服务事项
    pub service: Option<TicketService<'a>>,
    /// 各轮的时限
    pub clocks: Vec<Clock>,
    /// 第几轮，从 1 起；不满意重办或重新打开加 1
    pub round: u16,
    /// 计时自何时暂停
    pub paused_at: Option<DateTime<Utc>>,
    /// 自何时督办
    pub supervised_at: Option<DateTime<Utc>>,
    /// 被呼叫的单位（吹哨报到），先呼叫的在前
    pub whistles: Vec<Called>,
    /// 最近一次会商；没有为 null
    pub discussion: Option<Discussion>,
    /// 台账；未列入为 null
    pub ledger: Option<Assessment>,
    /// 从统计中剔除的，只有工作人员可见
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Left>,
    /// 待审批的延期申请
    pub extension: Option<Extension>,
    /// 催办次数
    pub urged: u16,
    /// 本轮到场时间
    pub arrived_at: Option<DateTime<Utc>>,
    /// 本轮最近的方案
    pub plan: Option<PlanText<'a>>,
    /// 本轮最近的阶段答复
    pub progress: Option<Progress<'a>>,
    /// 本轮答复
    pub resolution: Option<Resolution<'a>>,
    /// 最近一次评价
    pub rating: Option<Rating<'a>>,
    /// 撤单、不予受理或并单
    pub end: Option<End<'a>>,
    /// 发生时间；线下收集的早于提出时间
    pub occurred_at: DateTime<Utc>,
    /// 提出时间
    pub created_at: DateTime<Utc>,
    /// 最近变动时间
    pub updated_at: DateTime<Utc>,
    /// 按规程的哪个版本办理；按现行版本的为 null
    pub playbook_version: Option<u32>,
    /// 各取值在本县的叫法
    #[serde(flatten)]
    pub names: TicketNames<'a>,
}

/// 来源活动。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketOrigin)]
pub struct Origin<'a> {
    /// 活动名称；已删除时为 null
    pub title: Option<&'a str>,
    /// 举办日期
    pub held_on: Option<NaiveDate>,
}

/// 延期申请。
#[derive(Debug, Serialize, ToSchema)]
pub struct Extension {
    /// 哪一个时限
    #[schema(schema_with = words::<ClockKind>)]
    pub clock: ClockKind,
    /// 延至何时
    pub until: DateTime<Utc>,
    /// 申请时间
    pub asked_at: DateTime<Utc>,
}

/// 阶段答复。
#[derive(Debug, Serialize, ToSchema)]
pub struct Progress<'a> {
    /// 内容；已删除时为 null
    pub text: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
}

/// 未经办理的终止。
#[derive(Debug, Serialize, ToSchema)]
pub struct End<'a> {
    /// 说明；已删除时为 null
    pub reason: Option<&'a str>,
    /// 并入的工单；不是并单时为 null
    pub into: Option<Uuid>,
    /// 时间
    pub at: DateTime<Utc>,
}

/// 地点。
#[derive(Debug, Serialize, ToSchema)]
pub struct Place<'a> {
    /// 地点编码
    pub code: &'a str,
    /// 名称
    pub name: &'a str,
}

/// 人员。
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// 用户标识
    pub id: Uuid,
}

/// 责任人或责任单位。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lead {
    /// 人员标识
    pub person: Option<Uuid>,
    /// 单位标识
    pub unit: Option<Uuid>,
}

/// 答复。
#[derive(Debug, Serialize, ToSchema)]
pub struct Resolution<'a> {
    /// 办理结果
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// 给诉求人的答复；已删除时为 null
    pub reply: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
    /// 评价截止时间，届时自动结单
    pub rating_ends_at: Option<DateTime<Utc>>,
}

/// 评价。
#[derive(Debug, Serialize, ToSchema)]
pub struct Rating<'a> {
    /// 满意度
    #[schema(schema_with = words::<Satisfaction>)]
    pub satisfaction: Satisfaction,
    /// 星级
    pub stars: Option<u8>,
    /// 评语
    pub comment: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
}

impl From<Assignee> for Lead {
    fn from(lead: Assignee) -> Self {
        match lead {
            Assignee::Person(person) => Self { person: Some(person.0), unit: None },
            Assignee::Unit(unit) => Self { person: None, unit: Some(unit.0) },
        }
    }
}

impl<'a> Ticket<'a> {
    /// The ticket as it stands at `now`: a limit that has passed shows as breached, whoever noticed it.
    pub fn at(
        view: &'a view::TicketView,
        Sees { sight, staff }: Sees,
        now: Timestamp,
        spoken: &'a Spoken,
    ) -> Self {
        let view::TicketView { ticket, version, place_name, texts, contact, updated_at, service_name } = view;
        let view::TicketTexts {
            content,
            address,
            origin,
            plan,
            progress,
            reply,
            comment,
            end_reason,
            referral,
            topic,
        } = texts;
        let work = ticket.state.work();
        Self {
            id: ticket.id.0,
            number: &ticket.number,
            version: *version,
            status: ticket.status(),
            content: content.as_deref(),
            place: Place { code: ticket.place.code.as_str(), name: place_name },
            address: address.as_deref(),
            requester_unit: ticket
                .requester_unit
                .filter(|_| !ticket.confidential || sight != Sight::Hidden)
                .map(|unit| unit.0),
            first_asked: FirstAsked::of(ticket, sight),
            referral: Referral::of(ticket, referral.as_deref()),
            desk: ticket.desk.as_str(),
            rung: spoken.book().and_then(|book| book.rung(&ticket.desk)).map(Rung::from),
            escalated_at: ticket.escalation.map(|asked| asked.at),
            topic: Topic::of(ticket, topic.as_deref().filter(|_| staff), sight),
            origin: ticket.origin.map(|o| Origin { title: origin.as_deref(), held_on: o.held_on }),
            category: ticket.category.as_deref(),
            severity: ticket.severity,
            affair: ticket.affair,
            handling: ticket.handling,
            channel: ticket.channel,
            confidential: ticket.confidential,
            requester: (sight != Sight::Hidden).then_some(Person { id: ticket.requester.0 }),
            contact: ContactCard::seen(contact, sight),
            joined: ticket.joined.len(),
            lead: ticket.lead().map(Lead::from),
            assist: ticket.assist.iter().copied().map(Lead::from).collect(),
            delegates: ticket.delegates.iter().map(|person| person.0).collect(),
            handler: ticket.handler().map(|handler| handler.0),
            claimable: !ticket.claimable().is_empty(),
            call: ticket.call.is_some(),
            answered_after_seconds: ticket.answered_after().map(|time| time.num_seconds()),
            service: ticket
                .service
                .as_deref()
                .map(|code| TicketService { code, name: service_name.as_deref() }),
            clocks: ticket.clocks.iter().map(|clock| Clock::at(clock, now)).collect(),
            round: ticket.round,
            paused_at: ticket.paused,
            supervised_at: ticket.supervision.map(|supervision| supervision.at),
            whistles: Called::of(ticket, staff, now),
            ledger: ticket.assessment.map(Assessment::from),
            excluded: if staff { ticket.excluded.iter().map(Left::from).collect() } else { vec![] },
            discussion: ticket.discussion.as_ref().map(Discussion::from),
            extension: ticket.extension.map(|e| Extension {
                clock: e.clock,
                until: e.until,
                asked_at: e.asked_at,
            }),
            urged: ticket.urged,
            arrived_at: work.and_then(|work| work.arrival).map(|arrival| arrival.at),
            plan: work.and_then(|work| work.plan).map(|made| PlanText::of(made, plan.as_deref())),
            progress: work
                .and_then(|work| work.reply)
                .map(|reply| Progress { text: progress.as_deref(), at: reply.at }),
            resolution: ticket.resolution().map(|r| Resolution {
                outcome: r.outcome,
                reply: reply.as_deref(),
                at: r.at,
                rating_ends_at: r.closes_at,
            }),
            rating: ticket.rating.map(|r| Rating {
                satisfaction: r.satisfaction,
                stars: r.stars,
                comment: comment.as_deref(),
                at: r.at,
            }),
            end: End::of(&ticket.state, end_reason.as_deref()),
            occurred_at: ticket.occurred_at,
            created_at: ticket.submitted_at,
            updated_at: *updated_at,
            playbook_version: ticket.begun_under(),
            names: TicketNames::of(ticket.status(), &ticket.sorting(), spoken),
        }
    }
}

impl<'a> End<'a> {
    fn of(state: &State, reason: Option<&'a str>) -> Option<Self> {
        match *state {
            State::Withdrawn { at, .. } | State::Declined { at, .. } => Some(Self { reason, into: None, at }),
            State::Merged { into, at, .. } => Some(Self { reason, into: Some(into.0), at }),
            State::Submitted
            | State::Dispatched { .. }
            | State::Accepted(_)
            | State::Resolved { .. }
            | State::Closed { .. } => None,
        }
    }
}
