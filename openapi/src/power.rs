//! The street's five powers on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Word;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::matter::MatterView;
use domain::power::{self, PowerKind, PowerStatus};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 行使一项权力。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001", "which": "planning", "text": "建议温泉片区控规预留社区用房",
    "unit": "01990000-0000-7000-8000-000000000091"
}))]
pub struct UsePower {
    /// 在哪里：地点编码
    pub place: String,
    /// `appointments` 人事考核和征得同意，`planning` 规划参与，`management` 综合管理，`decisions` 重大决策建议，`projects` 重大项目建议
    #[schema(schema_with = words::<PowerKind>)]
    pub which: Word<PowerKind>,
    /// 提出了什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 向哪个单位
    pub unit: Option<Uuid>,
}

/// 记录结果。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"adopted": true, "text": "已写入控规修编"}))]
pub struct RecordOutcome {
    /// 是否采纳
    pub adopted: bool,
    /// 结果，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 权力行使记录的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPowers {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001")]
    pub place: Option<String>,
    /// 哪一项权力
    #[param(schema_with = words::<PowerKind>)]
    pub which: Option<PowerKind>,
    /// 状态
    #[param(schema_with = words::<PowerStatus>)]
    pub status: Option<PowerStatus>,
    /// 只看向这个单位的
    pub unit: Option<Uuid>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListPowers {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, which, status, unit, cursor: _, limit: _ } = self;
        format!("{place:?} {which:?} {status:?} {unit:?}")
    }
}

/// 一次权力行使。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000913", "version": 1, "which": "planning", "which_name": "规划参与权",
    "status": "used", "status_name": "已行使", "place": {"code": "532504001", "name": "弥阳街道"},
    "text": "建议温泉片区控规预留社区用房",
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"},
    "used_at": "2026-11-21T01:00:00Z"
}))]
pub struct Power {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 哪一项权力
    #[schema(schema_with = words::<PowerKind>)]
    pub which: PowerKind,
    /// 权力名称
    pub which_name: &'static str,
    /// 状态
    #[schema(schema_with = words::<PowerStatus>)]
    pub status: PowerStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 在哪里
    pub place: TiedPlace,
    /// 提出了什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 向哪个单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 行使时间
    pub used_at: DateTime<Utc>,
    /// 得知结果的时间
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_at: Option<DateTime<Utc>>,
    /// 结果
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// 一页权力行使记录，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct PowerPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Power>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Power {
    /// The use of a power in the words of a language.
    pub fn new(view: &MatterView<power::Power>, lang: Lang) -> Self {
        let power = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        Self {
            id: view.id,
            version: view.version,
            which: power.which,
            which_name: which(power.which, lang),
            status: power.status,
            status_name: match power.status {
                PowerStatus::Used => lang.of("已行使", "used"),
                PowerStatus::Adopted => lang.of("已采纳", "adopted"),
                PowerStatus::Rejected => lang.of("未采纳", "rejected"),
            },
            place: place(view),
            text: words(power.text),
            unit: power.unit.map(|unit| named(view, Holder::Unit(unit))),
            used_at: power.used_at,
            outcome_at: power.outcome_at,
            outcome: power.outcome.and_then(words),
        }
    }
}

fn which(which: PowerKind, lang: Lang) -> &'static str {
    match which {
        PowerKind::Appointments => lang.of("人事考核和征得同意权", "appointments"),
        PowerKind::Planning => lang.of("规划参与权", "planning"),
        PowerKind::Management => lang.of("综合管理权", "management"),
        PowerKind::Decisions => lang.of("重大决策建议权", "decisions"),
        PowerKind::Projects => lang.of("重大项目建议权", "projects"),
    }
}
