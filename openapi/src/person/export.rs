//! A copy of all that is held on somebody (PIPL 第四十五条).

use super::answer::Grant;
use super::profile::PersonProfile;
use crate::Lang;
use crate::absence::Absence;
use crate::audit::AuditEntry;
use crate::inbox::InboxEntry;
use crate::label::words;
use crate::shift::Shift;
use crate::ticket::Position;
use crate::words::Spoken;
use chrono::{DateTime, Utc};
use domain::person;
use domain::ticket::{Satisfaction, Status};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 本人的全部数据。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000001", "name": "居民王芳", "phone": "13812345678",
    "created_at": "2026-11-21T01:00:00Z", "grants": [],
    "identities": [{"provider": "wechat", "subject": "oABCD1234"}],
    "sessions": [{"created_at": "2026-11-21T01:00:00Z", "used_at": "2026-11-21T02:00:00Z",
        "expires_at": "2026-12-21T02:00:00Z", "ended_at": null}],
    "tickets": [{
        "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "status": "submitted",
        "place": "532504001007", "place_name": "温泉社区", "category": "facilities", "address": "北门公交站旁", "origin": null,
        "contact": {"name": "王芳", "phone": "13812345678", "household": null}, "created_at": "2026-11-21T01:00:00Z",
        "steps": [{"ticket": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001",
            "at": "2026-11-21T01:00:00Z", "kind": "submitted", "own": true, "text": "温泉社区北门的路灯坏了三天。"}]
    }],
    "acts": [], "audit": [], "inbox": [], "shifts": [], "absences": [],
    "matters": [{
        "id": "01990000-0000-7000-8000-000000000201", "kind": "errand", "topic": "social_card", "status": "asked",
        "place": "532504001007", "place_name": "温泉社区", "created_at": "2026-11-21T01:00:00Z",
        "updated_at": "2026-11-21T01:00:00Z", "due_at": null, "texts": ["代办社保卡补领"]
    }],
    "photos": ["01990000-0000-7000-8000-000000000301"]
}))]
pub struct Export {
    /// 用户标识
    pub id: Uuid,
    /// 姓名
    pub name: String,
    /// 电话
    pub phone: Option<String>,
    /// 建档或首次登录时间
    pub created_at: DateTime<Utc>,
    /// 授权
    pub grants: Vec<Grant>,
    /// 技能、服务意愿与空闲时段；没有填写的没有此项
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<PersonProfile>,
    /// 登录方式
    pub identities: Vec<ExportedIdentity>,
    /// 登录会话
    pub sessions: Vec<ExportedSession>,
    /// 本人提出的工单及其全部文字
    pub tickets: Vec<ExportedTicket>,
    /// 在他人工单上所做的
    pub acts: Vec<ExportedStep>,
    /// 关于本人的审计记录
    pub audit: Vec<AuditEntry>,
    /// 发给本人的消息，先到的在前
    pub inbox: Vec<InboxEntry>,
    /// 本人的班次
    pub shifts: Vec<Shift>,
    /// 本人的请假，以及本人的代班（不含他人请假的事由）
    pub absences: Vec<Absence>,
    /// 本人参与或写过文字的事项（承诺、认岗、代办、调解、规定动作、巡查等），先发生的在前
    pub matters: Vec<ExportedMatter>,
    /// 本人上传的照片的标识，可用 `GET /photos/{id}` 取得
    pub photos: Vec<Uuid>,
}

/// 本人的一个事项。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedMatter {
    /// 事项标识
    pub id: Uuid,
    /// 事项种类，如 `errand`（代办）、`mediation`（调解）、`duty`（规定动作）
    pub kind: String,
    /// 种类之下的细类，如代办的服务、规定动作的键；没有则为 null
    pub topic: Option<String>,
    /// 状态
    pub status: String,
    /// 地点编码
    pub place: String,
    /// 地点名称
    pub place_name: String,
    /// 登记时间
    pub created_at: DateTime<Utc>,
    /// 最近变化
    pub updated_at: DateTime<Utc>,
    /// 期限；没有则为 null
    pub due_at: Option<DateTime<Utc>>,
    /// 本人写下的文字，先写的在前
    pub texts: Vec<String>,
}

/// 一种登录方式。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedIdentity {
    /// 提供方
    pub provider: String,
    /// 在提供方的标识
    pub subject: Option<String>,
}

/// 一个登录会话。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedSession {
    /// 登录时间
    pub created_at: DateTime<Utc>,
    /// 最近使用
    pub used_at: DateTime<Utc>,
    /// 到期
    pub expires_at: DateTime<Utc>,
    /// 结束；未结束为 null
    pub ended_at: Option<DateTime<Utc>>,
}

/// 本人提出的一张工单。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedTicket {
    /// 工单标识
    pub id: Uuid,
    /// 编号
    pub number: String,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 地点编码
    pub place: String,
    /// 地点名称
    pub place_name: String,
    /// 类别键
    pub category: Option<String>,
    /// 具体地址
    pub address: Option<String>,
    /// 来源活动的名称
    pub origin: Option<String>,
    /// 联系人
    pub contact: ExportedContact,
    /// 提出时间
    pub created_at: DateTime<Utc>,
    /// 办理过程，先发生的在前
    pub steps: Vec<ExportedStep>,
}

/// 联系人；没有填写的为 null。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedContact {
    /// 姓名
    pub name: Option<String>,
    /// 电话
    pub phone: Option<String>,
    /// 户
    pub household: Option<String>,
}

/// 工单的一步。
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedStep {
    /// 工单标识
    pub ticket: Uuid,
    /// 工单编号
    pub number: String,
    /// 时间
    pub at: DateTime<Utc>,
    /// 发生了什么，见办理过程的 `kind`
    pub kind: String,
    /// 是否本人所做
    pub own: bool,
    /// 当时写下的文字；工作人员之间的不在此列
    pub text: Option<String>,
    /// 本人到场时上报的位置
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Position>)]
    pub position: Option<domain::geo::Position>,
    /// 满意度
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Satisfaction>)]
    pub satisfaction: Option<Satisfaction>,
    /// 星级
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
}

impl Export {
    /// In words of a language.
    pub fn new(export: person::Export, lang: Lang) -> Self {
        let person::Export {
            person,
            identities,
            sessions,
            tickets,
            acts,
            audit,
            inbox,
            shifts,
            absences,
            matters,
            photos,
        } = export;
        let usual = Spoken::new(None, lang);
        Self {
            id: person.id.0,
            phone: person.phone.map(|phone| phone.as_str().to_owned()),
            created_at: person.created_at,
            grants: person.place.grants.iter().map(Grant::from).collect(),
            profile: person.profile.as_ref().map(PersonProfile::from),
            name: person.name,
            identities: identities
                .into_iter()
                .map(|(provider, subject)| ExportedIdentity { provider, subject })
                .collect(),
            sessions: sessions.into_iter().map(ExportedSession::from).collect(),
            tickets: tickets.into_iter().map(ExportedTicket::from).collect(),
            acts: acts.into_iter().map(ExportedStep::from).collect(),
            audit: audit.into_iter().map(|entry| AuditEntry::new(entry, lang)).collect(),
            // A copy of one's own speaks the usual words: the messages may be of several counties.
            inbox: inbox.into_iter().map(|entry| InboxEntry::new(entry, &usual)).collect(),
            shifts: shifts.iter().map(Shift::from).collect(),
            absences: absences.iter().map(Absence::from).collect(),
            matters: matters.into_iter().map(ExportedMatter::from).collect(),
            photos,
        }
    }
}

impl From<person::ExportedSession> for ExportedSession {
    fn from(session: person::ExportedSession) -> Self {
        let person::ExportedSession { created_at, used_at, expires_at, ended_at } = session;
        Self { created_at, used_at, expires_at, ended_at }
    }
}

impl From<person::ExportedTicket> for ExportedTicket {
    fn from(ticket: person::ExportedTicket) -> Self {
        let person::ExportedTicket {
            id,
            number,
            status,
            place,
            place_name,
            category,
            address,
            origin,
            contact: [name, phone, household],
            created_at,
            steps,
        } = ticket;
        Self {
            id: id.0,
            number,
            status,
            place: place.to_string(),
            place_name,
            category,
            address,
            origin,
            contact: ExportedContact { name, phone, household },
            created_at,
            steps: steps.into_iter().map(ExportedStep::from).collect(),
        }
    }
}

impl From<person::ExportedMatter> for ExportedMatter {
    fn from(matter: person::ExportedMatter) -> Self {
        let person::ExportedMatter {
            id,
            kind,
            topic,
            status,
            place,
            place_name,
            created_at,
            updated_at,
            due_at,
            texts,
        } = matter;
        let place = place.to_string();
        Self { id, kind, topic, status, place, place_name, created_at, updated_at, due_at, texts }
    }
}

impl From<person::ExportedStep> for ExportedStep {
    fn from(step: person::ExportedStep) -> Self {
        let person::ExportedStep { ticket, number, at, kind, own, text, position, satisfaction, stars } =
            step;
        Self { ticket: ticket.0, number, at, kind, own, text, position, satisfaction, stars }
    }
}
