//! The burden register on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Word;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::burden::{self, BurdenKind, BurdenStatus};
use domain::matter::MatterView;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 登记一项负担。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "kind": "plate", "name": "流动人口服务站", "unit": "01990000-0000-7000-8000-000000000091"
}))]
pub struct EnterBurden {
    /// 在哪里：地点编码
    pub place: String,
    /// `body` 机构，`plate` 牌子，`meeting` 会议，`ledger` 台账
    #[schema(schema_with = words::<BurdenKind>)]
    pub kind: Word<BurdenKind>,
    /// 名称，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub name: String,
    /// 哪个单位设的
    pub unit: Option<Uuid>,
}

/// 精简一项负担。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "无文件依据，予以摘牌"}))]
pub struct ReduceBurden {
    /// 依据或理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 负担清单的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListBurdens {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 种类
    #[param(schema_with = words::<BurdenKind>)]
    pub kind: Option<BurdenKind>,
    /// `true` 只看在册的，`false` 只看已精简的
    pub open: Option<bool>,
    /// 只看这个单位设的
    pub unit: Option<Uuid>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListBurdens {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, kind, open, unit, cursor: _, limit: _ } = self;
        format!("{place:?} {kind:?} {open:?} {unit:?}")
    }
}

/// 清点哪里的负担。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountBurdens {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504")]
    pub place: Option<String>,
}

/// 一项负担。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000912", "version": 1, "kind": "plate", "kind_name": "牌子", "status": "there",
    "status_name": "在册", "place": {"code": "532504001007", "name": "温泉社区"}, "name": "流动人口服务站",
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"},
    "entered_at": "2026-11-21T01:00:00Z"
}))]
pub struct Burden {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 种类
    #[schema(schema_with = words::<BurdenKind>)]
    pub kind: BurdenKind,
    /// 种类名称
    pub kind_name: &'static str,
    /// 状态
    #[schema(schema_with = words::<BurdenStatus>)]
    pub status: BurdenStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 在哪里
    pub place: TiedPlace,
    /// 名称；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 哪个单位设的
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 登记时间
    pub entered_at: DateTime<Utc>,
    /// 精简时间
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduced_at: Option<DateTime<Utc>>,
    /// 精简的依据或理由
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// 一页负担清单，新登记的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct BurdenPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Burden>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Burden {
    /// The burden in the words of a language.
    pub fn new(view: &MatterView<burden::Burden>, lang: Lang) -> Self {
        let burden = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        Self {
            id: view.id,
            version: view.version,
            kind: burden.what,
            kind_name: kind(burden.what, lang),
            status: burden.status,
            status_name: match burden.status {
                BurdenStatus::There => lang.of("在册", "there"),
                BurdenStatus::Reduced => lang.of("已精简", "reduced"),
            },
            place: place(view),
            name: words(burden.name),
            unit: burden.unit.map(|unit| named(view, Holder::Unit(unit))),
            entered_at: burden.entered_at,
            reduced_at: burden.reduction.map(|reduction| reduction.at),
            reason: burden.reduction.and_then(|reduction| words(reduction.reason)),
        }
    }
}

/// 一类负担的数目。
#[derive(Debug, Serialize, ToSchema)]
pub struct BurdenCount {
    /// 种类
    #[schema(schema_with = words::<BurdenKind>)]
    pub kind: BurdenKind,
    /// 种类名称
    pub kind_name: &'static str,
    /// 在册
    pub there: i64,
    /// 已精简
    pub reduced: i64,
}

/// 各类负担的数目。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [
    {"kind": "body", "kind_name": "机构", "there": 3, "reduced": 9},
    {"kind": "plate", "kind_name": "牌子", "there": 2, "reduced": 67},
    {"kind": "meeting", "kind_name": "会议", "there": 12, "reduced": 42},
    {"kind": "ledger", "kind_name": "台账", "there": 6, "reduced": 14}
]}))]
pub struct BurdenCounts {
    /// 每类一行，没有的也列出
    pub items: Vec<BurdenCount>,
}

impl BurdenCounts {
    /// A line for each kind; `count` knows how many there are, and how many were taken away.
    pub fn new(lang: Lang, count: impl Fn(&'static str) -> (i64, i64)) -> Self {
        let line = |of: BurdenKind| {
            let (there, reduced) = count(of.name());
            BurdenCount { kind: of, kind_name: kind(of, lang), there, reduced }
        };
        Self { items: BurdenKind::iter().map(line).collect() }
    }
}

fn kind(kind: BurdenKind, lang: Lang) -> &'static str {
    match kind {
        BurdenKind::Body => lang.of("机构", "body"),
        BurdenKind::Plate => lang.of("牌子", "plate"),
        BurdenKind::Meeting => lang.of("会议", "meeting"),
        BurdenKind::Ledger => lang.of("台账", "ledger"),
    }
}
