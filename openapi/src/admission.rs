//! Admission of tasks on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Moment;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::admission::{self, AdmissionStatus};
use domain::matter::MatterView;
use domain::playbook::{AdmittedTask, Playbook};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 申请社区事务准入。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "what": "协助开展养犬登记", "reason": "全市集中登记", "until": "2027-02-21T10:00:00Z",
    "recurring": false
}))]
pub struct AskAdmission {
    /// 哪个社区：地点编码
    pub place: String,
    /// 以哪个单位的名义；本人只为一个单位办理的可不写
    pub unit: Option<Uuid>,
    /// 准入清单中的哪一项；不在清单中的不写
    pub key: Option<String>,
    /// 要社区做什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub what: String,
    /// 理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 到何时为止
    #[schema(value_type = DateTime<Utc>)]
    pub until: Moment,
    /// 是否反复要做；不写为否
    #[serde(default)]
    pub recurring: bool,
}

/// 社区上报未经准入的事务。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "unit": "01990000-0000-7000-8000-000000000091", "what": "代收危房排查台账",
    "reason": "电话要求，未见准入批复"
}))]
pub struct ReportAdmission {
    /// 哪个社区：地点编码
    pub place: String,
    /// 哪个单位交办的
    pub unit: Uuid,
    /// 要社区做什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub what: String,
    /// 怎样交办的，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 审批社区事务准入。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"admit": false, "reason": "属部门自身职责，不得转嫁社区"}))]
pub struct DecideAdmission {
    /// 是否准入
    pub admit: bool,
    /// 理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 准入申请列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAdmissions {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看本单位的
    pub mine: Option<bool>,
    /// 只看这个单位的
    pub unit: Option<Uuid>,
    /// 状态
    #[param(schema_with = words::<AdmissionStatus>)]
    pub status: Option<AdmissionStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListAdmissions {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, unit, status, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {unit:?} {status:?}")
    }
}

/// 一项准入申请，或未经准入的上报。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000911", "version": 1, "status": "pending", "status_name": "待审批",
    "may_be_done": false, "unadmitted": false, "place": {"code": "532504001007", "name": "温泉社区"},
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"},
    "what": "协助开展养犬登记", "reason": "全市集中登记", "recurring": false,
    "asked_at": "2026-11-21T01:00:00Z", "until": "2027-02-21T10:00:00Z"
}))]
pub struct Admission {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<AdmissionStatus>)]
    pub status: AdmissionStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 社区现在是否可以做；未批、不予准入、到期的不可以
    pub may_be_done: bool,
    /// 是否由社区作为未经准入的事务上报
    pub unadmitted: bool,
    /// 哪个社区
    pub place: TiedPlace,
    /// 哪个单位
    pub unit: TiedTo,
    /// 准入清单中的哪一项
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// 要社区做什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// 理由，或怎样交办的；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 是否反复要做
    pub recurring: bool,
    /// 申请或上报的时间
    pub asked_at: DateTime<Utc>,
    /// 到何时为止；上报的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// 审批时间
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// 审批理由
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// 一页准入申请，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct AdmissionPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Admission>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Admission {
    /// What is asked as it is at `now`, in the words of a language.
    pub fn new(view: &MatterView<admission::Admission>, lang: Lang, now: DateTime<Utc>) -> Self {
        let asked = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        Self {
            id: view.id,
            version: view.version,
            status: asked.status,
            status_name: status(asked.status, lang),
            may_be_done: asked.may_be_done(now),
            unadmitted: asked.unadmitted,
            place: place(view),
            unit: named(view, Holder::Unit(asked.unit)),
            key: asked.key.clone(),
            what: words(asked.what),
            reason: words(asked.reason),
            recurring: asked.recurring,
            asked_at: asked.asked_at,
            until: asked.until,
            decided_at: asked.decided_at,
            decision: asked.decision.and_then(words),
        }
    }
}

fn status(status: AdmissionStatus, lang: Lang) -> &'static str {
    match status {
        AdmissionStatus::Pending => lang.of("待审批", "pending"),
        AdmissionStatus::Reported => lang.of("未经准入，已上报", "reported"),
        AdmissionStatus::Admitted => lang.of("已准入", "admitted"),
        AdmissionStatus::Refused => lang.of("不予准入", "refused"),
        AdmissionStatus::Ended => lang.of("已到期", "ended"),
        AdmissionStatus::Lapsed => lang.of("逾期未批", "lapsed"),
    }
}

/// 哪个县的准入清单。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAdmitted {
    /// 地点编码：该地所在县的清单
    #[param(example = "532504001007")]
    pub place: String,
}

/// 准入清单的一项：部门无需审批即可要社区做的事。
#[derive(Debug, Serialize, ToSchema)]
pub struct Admitted {
    /// 键，申请时填写
    pub key: String,
    /// 名称
    pub name: String,
    /// 只有这个部门可以申请；不限部门的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

/// 一县的准入清单。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"county": "532504", "items": [{"key": "census", "name": "人口普查"}]}))]
pub struct AdmittedList {
    /// 县级代码
    pub county: String,
    /// 各项；清单为空则一律须经审批
    pub items: Vec<Admitted>,
}

impl AdmittedList {
    /// The list of a county.
    pub fn new(playbook: &Playbook) -> Self {
        let item = |task: &AdmittedTask| {
            let AdmittedTask { key, name, department } = task.clone();
            Admitted { key, name, department }
        };
        Self { county: playbook.county.clone(), items: playbook.admitted.iter().map(item).collect() }
    }
}
