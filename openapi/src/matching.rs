//! Whom a ticket fits, on the wire.

use crate::Lang;
use crate::label;
use crate::tie::TiedTo;
use domain::matching::Reason;
use domain::permission::Role;
use domain::time::{Timestamp, china};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 推荐一个人的一条理由。
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateReason {
    /// 种类：skill 技能，post 岗位，wish 意愿，on_duty 值班，free_now 现在有空，free_soon 即将有空，open 手头工单
    pub kind: &'static str,
    /// 用话说
    pub text: String,
}

/// 推荐的一个人。
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketCandidate {
    /// 谁
    pub person: TiedTo,
    /// 在此地的角色
    pub roles: Vec<&'static str>,
    /// 为什么，分量重的在前
    pub reasons: Vec<CandidateReason>,
}

/// 适合承办一张工单的人，最合适的在前，至多二十人。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"skills": ["电工"], "items": [{
    "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"}, "roles": ["志愿者"],
    "reasons": [{"kind": "skill", "text": "会：电工"}, {"kind": "free_now", "text": "现在有空，到 12:00"},
        {"kind": "open", "text": "手头没有工单"}]
}]}))]
pub struct Candidates {
    /// 按规程，这类工单要找的技能
    pub skills: Vec<String>,
    /// 推荐的人
    pub items: Vec<TicketCandidate>,
}

impl TicketCandidate {
    /// Somebody who is recommended, in the words of a language.
    pub fn new(id: Uuid, name: String, roles: &[Role], reasons: &[Reason], lang: Lang) -> Self {
        Self {
            person: TiedTo { id, name },
            roles: roles.iter().map(|role| label::role(*role, lang)).collect(),
            reasons: reasons.iter().map(|reason| said(reason, lang)).collect(),
        }
    }
}

fn said(reason: &Reason, lang: Lang) -> CandidateReason {
    let time = |at: &Timestamp| at.with_timezone(&china()).format("%H:%M").to_string();
    let put = |chinese: &str, english: &str, what: &str| format!("{}{what}", lang.of(chinese, english));
    let (kind, text) = match reason {
        Reason::Skill(skill) => ("skill", put("会：", "can do: ", skill)),
        Reason::Post(name) => ("post", put("在岗：", "holds the post: ", name)),
        Reason::Wish(wish) => ("wish", put("愿意：", "wants to do: ", wish)),
        Reason::OnDuty => ("on_duty", put("正在值班", "on duty now", "")),
        Reason::FreeUntil(until) => ("free_now", put("现在有空，到 ", "free now, until ", &time(until))),
        Reason::FreeFrom(from) => ("free_soon", put("即将有空，从 ", "free soon, from ", &time(from))),
        Reason::Open(0) => ("open", put("手头没有工单", "no open tickets", "")),
        Reason::Open(open) => ("open", put("手头工单数：", "open tickets: ", &open.to_string())),
    };
    CandidateReason { kind, text }
}
