//! Errands on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{masked_unless, named, place};
use crate::strict::Object;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::errand::{self, ErrandStatus};
use domain::id::UserId;
use domain::matter::MatterView;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 申请代办。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "532504001007", "text": "代办社保卡补领", "service": "social_card"}))]
pub struct AskErrand {
    /// 在哪里：地点编码
    pub place: String,
    /// 要办什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 服务事项的代码，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub service: Option<String>,
    /// 为谁：工作人员替居民申请时填写；不填为本人
    pub person: Option<Uuid>,
}

/// 接办，或接替他人。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct TakeErrand {
    /// 接替他人已接的代办时必填：原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: Option<String>,
}

/// 交接材料。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"papers": ["户口簿", "身份证"]}))]
pub struct HandOverPapers {
    /// 材料的名称，各 1 至 50 字；一次代办共至多 50 份
    #[schema(min_items = 1, max_items = 50)]
    pub papers: Vec<String>,
}

/// 代办进展。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "已交窗口，三个工作日后领取"}))]
pub struct ReportErrand {
    /// 进展，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 归还材料。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"papers": [{"number": 1}, {"number": 2, "kept": "窗口留存"}]}))]
pub struct ReturnPapers {
    /// 逐份
    #[schema(value_type = Vec<ReturnedPaper>, min_items = 1, max_items = 50)]
    pub papers: Vec<Object<ReturnedPaper>>,
}

/// 归还或不归还的一份材料。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnedPaper {
    /// 第几份，从 1 起
    #[schema(minimum = 1)]
    pub number: u32,
    /// 不归还的原因，1 至 10000 字；不填为已归还
    #[schema(min_length = 1, max_length = 10000)]
    pub kept: Option<String>,
}

/// 代办完成。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "新卡已领到并交给本人"}))]
pub struct FinishErrand {
    /// 答复，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 取消代办。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "已自行办理"}))]
pub struct CancelErrand {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 确认代办；没有内容。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct ConfirmErrand {}

/// 代办列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListErrands {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看与本人有关的：本人申请的、代为申请的、接办的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<ErrandStatus>)]
    pub status: Option<ErrandStatus>,
    /// 服务事项的代码
    pub service: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListErrands {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, status, service, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {status:?} {service:?}")
    }
}

/// 代办。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000921", "version": 2, "status": "taken", "status_name": "代办中",
    "place": {"code": "532504001007", "name": "温泉社区"}, "requester": {"id": "01990000-0000-7000-8000-000000000001", "name": "王芳"},
    "taker": {"id": "01990000-0000-7000-8000-000000000003", "name": "李强"}, "text": "代办社保卡补领", "asked_at": "2026-11-21T01:00:00Z",
    "taken_at": "2026-11-21T01:10:00Z", "papers": [], "steps": [], "confirmed": false
}))]
pub struct Errand {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<ErrandStatus>)]
    pub status: ErrandStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 地点
    pub place: TiedPlace,
    /// 为谁
    pub requester: TiedTo,
    /// 谁代为申请的；本人申请的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<TiedTo>,
    /// 谁接办
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taker: Option<TiedTo>,
    /// 要办什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 服务事项的代码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// 何时申请
    pub asked_at: DateTime<Utc>,
    /// 何时接办
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<DateTime<Utc>>,
    /// 何时完成
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<DateTime<Utc>>,
    /// 材料
    pub papers: Vec<ErrandPaper>,
    /// 进展，先说的在前
    pub steps: Vec<ErrandStep>,
    /// 答复，或取消的原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// 申请人是否确认
    pub confirmed: bool,
}

/// 一份材料。
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrandPaper {
    /// 第几份，从 1 起
    pub number: usize,
    /// 名称；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 何时交给
    pub handed_at: DateTime<Utc>,
    /// 交给谁
    pub handed_to: TiedTo,
    /// 何时归还，或说明不归还
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_at: Option<DateTime<Utc>>,
    /// 谁归还
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_by: Option<TiedTo>,
    /// 不归还的原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// 一步进展。
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrandStep {
    /// 何时
    pub at: DateTime<Utc>,
    /// 进展；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// 一页代办，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct ErrandPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Errand>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Errand {
    /// The errand in the words of a language.
    ///
    /// Who asked is named to whom the errand names them; to others as `王**`.
    pub fn new(view: &MatterView<errand::Errand>, viewer: UserId, lang: Lang) -> Self {
        let errand = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        let person = |person: UserId| named(view, Holder::Person(person));
        let paper = |(at, paper): (usize, &errand::Paper)| ErrandPaper {
            number: at + 1,
            name: words(paper.name),
            handed_at: paper.handed_at,
            handed_to: person(paper.handed_to),
            returned_at: paper.returned_at,
            returned_by: paper.returned_by.map(person),
            kept: paper.kept.and_then(words),
        };
        Self {
            id: view.id,
            version: view.version,
            status: errand.status,
            status_name: status(errand.status, lang),
            place: place(view),
            requester: masked_unless(errand.names_requester_to(viewer), person(errand.requester)),
            asked_by: Some(errand.asked_by).filter(|by| *by != errand.requester).map(person),
            taker: errand.taker.map(person),
            text: words(errand.text),
            service: errand.service.clone(),
            asked_at: errand.asked_at,
            taken_at: errand.taken_at,
            done_at: errand.done_at,
            papers: errand.papers.iter().enumerate().map(paper).collect(),
            steps: errand
                .steps
                .iter()
                .map(|step| ErrandStep { at: step.at, text: words(step.text) })
                .collect(),
            reply: errand.reply.and_then(words),
            confirmed: errand.confirmed,
        }
    }
}

fn status(status: ErrandStatus, lang: Lang) -> &'static str {
    match status {
        ErrandStatus::Asked => lang.of("待接办", "asked for"),
        ErrandStatus::Taken => lang.of("代办中", "taken"),
        ErrandStatus::Done => lang.of("待确认", "done"),
        ErrandStatus::Closed => lang.of("已办结", "closed"),
        ErrandStatus::Cancelled => lang.of("已取消", "cancelled"),
    }
}
