//! Whether the server is alive and ready.

use serde::Serialize;
use utoipa::ToSchema;

/// 进程存活。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "alive", "version": "0.1.0"}))]
pub struct Health {
    /// 总是 `alive`
    pub status: &'static str,
    /// 程序版本
    pub version: &'static str,
}

/// 就绪状态。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ready", "database": "up", "cache": "memory"}))]
pub struct Readiness {
    /// `ready`、`not_ready`，或 `ending`（收到停止信号，即将停止）
    pub status: &'static str,
    /// 数据库：`up` 或 `down`
    pub database: &'static str,
    /// 缓存：`memory`（进程内）、`up` 或 `down`（不可用时仍可服务，只是较慢）
    pub cache: &'static str,
}
