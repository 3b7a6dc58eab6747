//! Parts of what clients get: the clocks, the service.

use crate::label::words;
use chrono::{DateTime, Utc};
use domain::ticket::{Clock as DomainClock, ClockKind, ClockState};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// 时限（53522）。
#[derive(Debug, Serialize, ToSchema)]
pub struct Clock {
    /// accept 接单，arrive 到场，solve 办结，plan 出方案，answer 答复
    #[schema(schema_with = words::<ClockKind>)]
    pub kind: ClockKind,
    /// 属于第几轮
    pub round: u16,
    /// 起算时间
    pub started_at: DateTime<Utc>,
    /// 到期时间，恰好到期仍算按时
    pub due_at: DateTime<Utc>,
    /// 预警时间
    pub warn_at: DateTime<Utc>,
    /// 何时已预警
    pub warned_at: Option<DateTime<Utc>>,
    /// 是否只计工作时间
    pub working_time: bool,
    /// 办到时间，迟到也记
    pub met_at: Option<DateTime<Utc>>,
    /// 超时时间；按时办到而补报的，补报后消除
    pub breached_at: Option<DateTime<Utc>>,
    /// 暂停的秒数
    pub paused_seconds: i64,
    /// 当前状态
    #[schema(schema_with = words::<ClockState>)]
    pub state: ClockState,
}

impl Clock {
    pub(super) fn at(clock: &DomainClock, now: Timestamp) -> Self {
        let state = clock.state(now);
        let breached_at = clock.breached_at.or((state == ClockState::Breached).then_some(clock.due_at));
        Self {
            kind: clock.kind,
            round: clock.round,
            started_at: clock.started_at,
            due_at: clock.due_at,
            warn_at: clock.warn_at,
            warned_at: clock.warned_at,
            working_time: !clock.time.is_natural(),
            met_at: clock.met_at,
            breached_at,
            paused_seconds: clock.paused_ms / 1000,
            state,
        }
    }
}

/// 服务事项。
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketService<'a> {
    /// 编码
    pub code: &'a str,
    /// 名称；目录中已没有的为 null
    pub name: Option<&'a str>,
}
