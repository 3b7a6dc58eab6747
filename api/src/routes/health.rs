//! Whether the server is alive and ready.

use crate::app::State;
use actix_web::{HttpResponse, get, web};
use infra::cache::CacheHealth;
use openapi::health::{Health, Readiness};
use std::sync::atomic::Ordering;

/// Alive: the process answers.
#[utoipa::path(
    tag = "运行",
    operation_id = "health",
    summary = "存活",
    description = "进程能应答即为存活，不检查数据库。",
    responses((status = 200, description = "存活", body = Health)),
    extensions(("x-permission" = json!("public")))
)]
#[get("/health")]
pub(crate) async fn alive() -> web::Json<Health> {
    web::Json(Health { status: "alive", version: env!("CARGO_PKG_VERSION") })
}

/// Numbers for whoever watches the server.
#[utoipa::path(
    tag = "运行",
    operation_id = "metrics",
    summary = "指标",
    description = "OpenMetrics 文本，供 Prometheus 抓取：请求、拒绝、登录、写入、连接、缓存、外部调用、后台任务和进程的计数与耗时；时限到期后多久仍未处理；各后台任务跟到事件日志的哪里、落后多少、搁置多少。不含任何个人信息，但仅供内部：反向代理不应对外公开此地址。",
    responses((status = 200, description = "指标", body = String, content_type = "application/openmetrics-text")),
    extensions(("x-permission" = json!("public")))
)]
#[get("/metrics")]
pub(crate) async fn metrics(state: web::Data<State>) -> HttpResponse {
    let text = state.metrics.text(&state).await;
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text)
}

/// Ready: the database answers, and the server was not told to end. Without the cache everything works, more slowly.
#[utoipa::path(
    tag = "运行",
    operation_id = "ready",
    summary = "就绪",
    description = "数据库可用即为就绪；缓存不可用时仍可服务。收到停止信号后为 `ending`：仍会应答，但请改问别的实例。",
    responses(
        (status = 200, description = "就绪", body = Readiness),
        (status = 503, description = "数据库不可用，或即将停止", body = Readiness)
    ),
    extensions(("x-permission" = json!("public")))
)]
#[get("/ready")]
pub(crate) async fn ready(state: web::Data<State>) -> HttpResponse {
    let cache = match state.cache.health().await {
        CacheHealth::Memory => "memory",
        CacheHealth::Up => "up",
        CacheHealth::Down => "down",
    };
    let body = match state.store.ping().await {
        Ok(()) if !state.ending.load(Ordering::Relaxed) => {
            return HttpResponse::Ok().json(Readiness { status: "ready", database: "up", cache });
        }
        Ok(()) => Readiness { status: "ending", database: "up", cache },
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Readiness { status: "not_ready", database: "down", cache }
        }
    };
    HttpResponse::ServiceUnavailable().insert_header(("retry-after", "1")).json(body)
}
