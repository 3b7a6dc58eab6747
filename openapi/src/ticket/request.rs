//! What clients send.

use super::asked::{Contact, Origin, PlaceRef, Position};
use crate::label::words;
use crate::strict::{Moment, Object, Word};
use domain::ticket::{Affair, Channel, Handling, Means, Outcome, Satisfaction, Severity};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 点单：反映一件事。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "content": "温泉社区北门的路灯坏了三天，晚上老人出行不方便。",
    "place": {"code": "532504001007"}, "address": "北门公交站旁", "category": "facilities", "severity": "small"
}))]
pub struct CreateTicket {
    /// 诉求内容，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub content: String,
    /// 地点：编码，或位置
    #[schema(value_type = PlaceRef)]
    pub place: Object<PlaceRef>,
    /// 具体地址，1 至 200 字
    #[schema(min_length = 1, max_length = 200)]
    pub address: Option<String>,
    /// 类别键，见 `GET /me` 的规程
    pub category: Option<String>,
    /// 轻重，派单时可改
    #[schema(schema_with = words::<Severity>)]
    pub severity: Option<Word<Severity>>,
    /// 三事，派单时可改
    #[schema(schema_with = words::<Affair>)]
    pub affair: Option<Word<Affair>>,
    /// 渠道；居民只能为 mini_program（默认）
    #[schema(schema_with = words::<Channel>)]
    pub channel: Option<Word<Channel>>,
    /// 来源活动，如哪一次群众会、征集日
    #[schema(value_type = Option<Origin>)]
    pub origin: Option<Object<Origin>>,
    /// 代哪个单位提出（社区点单）：本人所属的单位，或本人范围内的社区；仅工作人员可填
    pub for_unit: Option<Uuid>,
    /// 联系人；不填则为诉求人本人
    #[schema(value_type = Option<Contact>)]
    pub contact: Option<Object<Contact>>,
    /// 是否保密：对承办人也隐去诉求人和联系人
    pub confidential: Option<bool>,
    /// 发生时间，工作人员补录线下诉求时填写，至多早 31 天；时限自录入起算
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
    /// 服务事项编码，见 `GET /services`：类别（和三事）随之而定，另填的以所填为准
    pub service: Option<String>,
    /// 呼叫：附近的党员、网格员等即刻收到，先应答的承办；规程未开通的会被拒绝
    pub call: Option<bool>,
    /// 求助于谁：在岗者的认岗标识，见 `GET /posts`；工单随即派给他
    pub ask: Option<Uuid>,
}

/// 派单。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lead": {"person": "01990000-0000-7000-8000-000000000003"}, "severity": "small", "note": "请带上梯子"}))]
pub struct Dispatch {
    /// 责任人或责任单位
    #[schema(value_type = LeadRef)]
    pub lead: Object<LeadRef>,
    /// 轻重：由派单人评定
    #[schema(schema_with = words::<Severity>)]
    pub severity: Option<Word<Severity>>,
    /// 三事：由派单人分流
    #[schema(schema_with = words::<Affair>)]
    pub affair: Option<Word<Affair>>,
    /// 协办的人员或单位，至多 20 个
    #[schema(value_type = Option<Vec<LeadRef>>, max_items = 20)]
    pub assist: Option<Vec<Object<LeadRef>>>,
    /// 办理方式：即办、待办、上报、建议、重办
    #[schema(schema_with = words::<Handling>)]
    pub handling: Option<Word<Handling>>,
    /// 给承办人的话，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub note: Option<String>,
}

/// 责任人或责任单位，填写且只填写一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadRef {
    /// 人员标识
    pub person: Option<Uuid>,
    /// 单位标识
    pub unit: Option<Uuid>,
}

/// 无内容。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Empty {}

/// 接单。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Accept {
    /// 实际时间：离线办理、事后上传时填写
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 研判：至少填写一项，不填的不变。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"severity": "large", "affair": "public"}))]
pub struct Grade {
    /// 类别键，见 `GET /me` 的规程
    pub category: Option<String>,
    /// 轻重；时限随之重算，起点和已超时不变
    #[schema(schema_with = words::<Severity>)]
    pub severity: Option<Word<Severity>>,
    /// 三事分流；规程可据此开放认领
    #[schema(schema_with = words::<Affair>)]
    pub affair: Option<Word<Affair>>,
    /// 服务事项编码，见 `GET /services`：类别（和三事）随之而定，另填的以所填为准
    pub service: Option<String>,
}

/// 说明。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "需要供电部门配合，已联系。"}))]
pub struct Reason {
    /// 说明，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 办理方案。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "先查管网，周四前开挖更换。", "due": "2027-11-27T10:00:00Z", "means": "own"}))]
pub struct Plan {
    /// 方案，1 至 10000 字；诉求人可见
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 计划完成时间：此刻之后，至多两年
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub due: Option<Moment>,
    /// 办理途径：own 自办、tender 招标、joint 联办（须有协办）
    #[schema(schema_with = words::<Means>)]
    pub means: Option<Word<Means>>,
    /// 实际时间：离线办理、事后上传时填写
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 阶段答复。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "管网已查清，明天开挖。"}))]
pub struct ReplyText {
    /// 给诉求人的话，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 实际时间：离线办理、事后上传时填写
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 申请延期。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2027-11-22T10:00:00Z", "reason": "配件明天到货"}))]
pub struct Extend {
    /// 延至何时：须晚于现有时限，至多两年
    #[schema(value_type = DateTime<Utc>)]
    pub until: Moment,
    /// 理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 批准延期。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "抓紧"}))]
pub struct ApproveExtension {
    /// 给申请人的话，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub note: Option<String>,
}

/// 补充。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"content": "旁边的一盏也不亮了。"}))]
pub struct Supplement {
    /// 补充内容，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub content: String,
}

/// 并单。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"into": "01990000-0000-7000-8000-000000000101", "reason": "同一盏路灯"}))]
pub struct Merge {
    /// 并入哪个工单
    pub into: Uuid,
    /// 说明，1 至 10000 字；诉求人可见
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 到场。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}}))]
pub struct Arrive {
    /// 到场位置
    #[schema(value_type = Position)]
    pub position: Object<Position>,
    /// 实际时间：离线办理、事后上传时填写
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 办结。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "solved", "reply": "已更换灯泡，今晚正常亮灯。"}))]
pub struct Resolve {
    /// 办理结果
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Word<Outcome>,
    /// 给诉求人的答复，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reply: String,
    /// 实际时间：离线办理、事后上传时填写
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 评单。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"satisfaction": "satisfied", "stars": 5, "comment": "来得很快，谢谢！"}))]
pub struct Rate {
    /// 满意度；不满意则重办
    #[schema(schema_with = words::<Satisfaction>)]
    pub satisfaction: Word<Satisfaction>,
    /// 星级，1 至 5
    #[schema(minimum = 1, maximum = 5)]
    pub stars: Option<u8>,
    /// 评语，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub comment: Option<String>,
}
