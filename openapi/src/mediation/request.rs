//! What is asked of mediations.

use crate::label::words;
use domain::mediation::{MediationStatus, Side, Way};
use domain::playbook::MediationLevel;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 一个当事人；`person` 与 `name` 填一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"side": "second", "name": "三楼住户赵某"}))]
pub struct NewParty {
    /// 哪一方：`first` 甲方，`second` 乙方
    #[schema(schema_with = words::<Side>)]
    pub side: Side,
    /// 本系统的人员：可自行查看和签字
    pub person: Option<Uuid>,
    /// 姓名或称呼，1 至 50 字；个人信息，可删除
    #[schema(min_length = 1, max_length = 50)]
    pub name: Option<String>,
}

/// 开始调解。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parties": [
    {"side": "first", "person": "01990000-0000-7000-8000-000000000003"}, {"side": "second", "name": "三楼住户赵某"}
]}))]
pub struct BeginMediation {
    /// 当事人，2 至 10 个，双方都要有
    #[schema(min_items = 2, max_items = 10)]
    pub parties: Vec<NewParty>,
}

/// 记录一次调解会。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"way": "reason", "text": "双方各说了经过，约定先停工两天", "came": [1, 2]}))]
pub struct HoldSession {
    /// 情理法：`feeling` 情，`reason` 理，`law` 法
    #[schema(schema_with = words::<Way>)]
    pub way: Way,
    /// 经过，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 到场的当事人，编号从 1 起
    #[schema(max_items = 10)]
    pub came: Vec<u8>,
}

/// 移交上级调解。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "涉及房屋质量，需社区请物业一起谈"}))]
pub struct HandUpMediation {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 拟定协议；再拟的取代先前的，须重新签字。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "乙方三日内修好漏水处，甲方不再追究"}))]
pub struct AgreeMediation {
    /// 协议内容，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 签字。当事人只填 `agreement`；纸面签字由调解员填 `party` 和 `witness`。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agreement": 1}))]
pub struct SignMediation {
    /// 所签的是第几份协议
    pub agreement: u16,
    /// 纸面签字：哪个当事人，编号从 1 起
    #[schema(minimum = 1, maximum = 10)]
    pub party: Option<u8>,
    /// 纸面签字：谁见证，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub witness: Option<String>,
}

/// 记录怎样引导诉讼。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "已当面告知双方可向人民法院起诉，并给了立案窗口电话"}))]
pub struct RecordGuidance {
    /// 怎样告知的，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 调解列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMediations {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看与本人有关的：当事人、开始调解的人、调解员
    pub mine: Option<bool>,
    /// 由哪一级调解的；默认为本人调解的最高一级
    #[param(schema_with = words::<MediationLevel>)]
    pub level: Option<MediationLevel>,
    /// 状态
    #[param(schema_with = words::<MediationStatus>)]
    pub status: Option<MediationStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListMediations {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, level, status, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {level:?} {status:?}")
    }
}
