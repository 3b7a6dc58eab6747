//! How mediations are shown.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::matter::MatterView;
use domain::mediation::{self, HowEnded, MediationStatus, Side, Way};
use domain::place::PlaceCode;
use domain::playbook::{MediationLevel, Playbook};
use domain::tie::Holder;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 一个当事人。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationParty {
    /// 编号，从 1 起
    pub number: u8,
    /// 哪一方
    #[schema(schema_with = words::<Side>)]
    pub side: Side,
    /// 本系统的人员
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedTo>,
    /// 姓名或称呼；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// 一级调解：何时起、何时止、由谁、怎样结束。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationStep {
    /// 哪一级
    #[schema(schema_with = words::<MediationLevel>)]
    pub level: MediationLevel,
    /// 名称
    pub level_name: String,
    /// 调解员；尚无人接手时没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mediator: Option<TiedTo>,
    /// 何时接到；尚未轮到时没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// 期满时间
    pub until: DateTime<Utc>,
    /// 何时结束
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// 怎样结束：`handed_up` 移交上级，`days_over` 期满上移，`settled` 达成协议，`guided` 引导诉讼，`ticket_over` 工单已办结
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<HowEnded>)]
    pub how: Option<HowEnded>,
    /// 移交的原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// 一次调解会。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationSession {
    /// 何时记录
    pub at: DateTime<Utc>,
    /// 谁主持
    pub by: TiedTo,
    /// 在哪一级
    #[schema(schema_with = words::<MediationLevel>)]
    pub level: MediationLevel,
    /// 情理法
    #[schema(schema_with = words::<Way>)]
    pub way: Way,
    /// 经过；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 到场的当事人
    pub came: Vec<u8>,
}

/// 一个当事人的签字。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationSignature {
    /// 哪个当事人
    pub party: u8,
    /// 何时
    pub at: DateTime<Utc>,
    /// 是否纸面签字、由调解员确认
    pub on_paper: bool,
    /// 谁见证
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
}

/// 调解协议。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationAgreement {
    /// 第几份
    pub number: u16,
    /// 内容；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 何时拟定
    pub at: DateTime<Utc>,
    /// 谁拟定
    pub by: TiedTo,
    /// 已有的签字
    pub signed: Vec<MediationSignature>,
}

/// 怎样引导的记录。
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationGuidance {
    /// 何时记录
    pub at: DateTime<Utc>,
    /// 谁记录
    pub by: TiedTo,
    /// 怎样告知；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// 一件调解。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000911", "version": 1, "status": "open", "status_name": "调解中",
    "ticket": "01990000-0000-7000-8000-000000000501", "round": 1, "place": {"code": "532504001007", "name": "温泉社区"},
    "begun_at": "2026-11-21T01:00:00Z", "begun_by": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "parties": [{"number": 1, "side": "first", "name": "二楼住户"}, {"number": 2, "side": "second", "name": "三楼住户"}],
    "level": "grid", "due_at": "2026-11-28T01:00:00Z",
    "levels": [{"level": "grid", "level_name": "网格", "from": "2026-11-21T01:00:00Z", "until": "2026-11-23T01:00:00Z"}],
    "sessions": []
}))]
pub struct Mediation {
    /// 调解标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<MediationStatus>)]
    pub status: MediationStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 工单
    pub ticket: Uuid,
    /// 工单的第几轮
    pub round: u16,
    /// 地点
    pub place: TiedPlace,
    /// 何时开始
    pub begun_at: DateTime<Utc>,
    /// 谁开始的
    pub begun_by: TiedTo,
    /// 当事人
    pub parties: Vec<MediationParty>,
    /// 现在（或最后）由哪一级调解
    #[schema(schema_with = words::<MediationLevel>)]
    pub level: MediationLevel,
    /// 全部期满的时间
    pub due_at: DateTime<Utc>,
    /// 各级，由低到高
    pub levels: Vec<MediationStep>,
    /// 历次调解会，先开的在前
    pub sessions: Vec<MediationSession>,
    /// 协议
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<MediationAgreement>,
    /// 期满后告知当事人的话
    #[serde(skip_serializing_if = "Option::is_none")]
    pub court: Option<String>,
    /// 怎样引导的
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<MediationGuidance>,
}

/// 一页调解，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct MediationPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Mediation>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

type View = MatterView<mediation::Mediation>;

fn person(view: &View, person: UserId) -> TiedTo {
    named(view, Holder::Person(person))
}

impl Mediation {
    /// The mediation in the words of its county, or of a language.
    pub fn new(view: &View, playbook: Option<&Playbook>, lang: Lang) -> Self {
        let one = &view.matter;
        let parties = (1..).zip(&one.parties).map(|(number, party)| MediationParty {
            number,
            side: party.side,
            person: party.person.map(|id| person(view, id)),
            name: party.name.and_then(|name| view.text(name).map(str::to_owned)),
        });
        Self {
            id: view.id,
            version: view.version,
            status: one.status,
            status_name: status(one.status, lang),
            ticket: one.ticket.0,
            round: one.round,
            place: place(view),
            begun_at: one.begun_at,
            begun_by: person(view, one.begun_by),
            parties: parties.collect(),
            level: one.step().level,
            due_at: one.steps.last().map_or(one.begun_at, |step| step.until),
            levels: one.steps.iter().map(|of| step(view, of, playbook, lang)).collect(),
            sessions: one.sessions.iter().map(|of| session(view, of)).collect(),
            agreement: one.agreement.as_ref().map(|of| agreement(view, of)),
            court: (one.status == MediationStatus::Guided).then(|| one.court.clone()),
            guidance: one.guidance.as_ref().map(|of| MediationGuidance {
                at: of.at,
                by: person(view, of.by),
                text: view.text(of.text).map(str::to_owned),
            }),
        }
    }
}

fn step(view: &View, step: &mediation::Step, playbook: Option<&Playbook>, lang: Lang) -> MediationStep {
    let ended = step.ended.as_ref();
    let reason = ended.and_then(|ended| ended.reason);
    MediationStep {
        level: step.level,
        level_name: level(step.level, &view.place.code, playbook, lang).to_owned(),
        mediator: step.mediator.map(|id| person(view, id)),
        from: step.from,
        until: step.until,
        ended_at: ended.map(|ended| ended.at),
        how: ended.map(|ended| ended.how),
        reason: reason.and_then(|reason| view.text(reason).map(str::to_owned)),
    }
}

fn session(view: &View, session: &mediation::Session) -> MediationSession {
    MediationSession {
        at: session.at,
        by: person(view, session.by),
        level: session.level,
        way: session.way,
        text: view.text(session.text).map(str::to_owned),
        came: session.came.clone(),
    }
}

fn agreement(view: &View, agreement: &mediation::Agreement) -> MediationAgreement {
    let signed = agreement.signed.iter().map(|signature| MediationSignature {
        party: signature.party,
        at: signature.at,
        on_paper: signature.witness.is_some(),
        witness: signature.witness.and_then(|text| view.text(text).map(str::to_owned)),
    });
    MediationAgreement {
        number: agreement.number,
        text: view.text(agreement.text).map(str::to_owned),
        at: agreement.at,
        by: person(view, agreement.by),
        signed: signed.collect(),
    }
}

fn status(status: MediationStatus, lang: Lang) -> &'static str {
    match status {
        MediationStatus::Open => lang.of("调解中", "open"),
        MediationStatus::Agreed => lang.of("待签字", "to be signed"),
        MediationStatus::Settled => lang.of("已达成协议", "settled"),
        MediationStatus::Guided => lang.of("已引导诉讼", "guided to the court"),
        MediationStatus::Ended => lang.of("已随工单结束", "ended with its ticket"),
    }
}

/// What a county calls a level: of the grid what it calls the place that the mediation is about, below the community.
fn level<'a>(
    level: MediationLevel,
    place: &PlaceCode,
    playbook: Option<&'a Playbook>,
    lang: Lang,
) -> &'a str {
    let own = playbook.filter(|_| lang == Lang::Chinese).and_then(|playbook| match level {
        MediationLevel::Grid => {
            let below = place.level(&playbook.code_levels())?.checked_sub(3)?;
            Some(playbook.levels.get(below)?.name.as_str())
        }
        MediationLevel::Community => playbook.words.level(2),
        MediationLevel::Street => playbook.words.level(1),
    });
    own.unwrap_or_else(|| match level {
        MediationLevel::Grid => lang.of("网格", "grid"),
        MediationLevel::Community => lang.of("社区", "community"),
        MediationLevel::Street => lang.of("街道（乡镇）", "street"),
    })
}
