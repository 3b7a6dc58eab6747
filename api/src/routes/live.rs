//! The live feed (实时推送): a one-time ticket, and the WebSocket that takes it. A browser cannot send a token with a
//! WebSocket, and what stands in a URL stands in the logs of proxies: a ticket that is good once is worth nothing there.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Query};
use crate::live::{self, Live, Mark};
use crate::rates::Renewal;
use crate::wire::Open;
use actix_web::{HttpRequest, HttpResponse, get, post, rt, web};
use domain::id::UnitId;
use domain::live::Wants;
use domain::refusal::Refusal;
use infra::store::TICKET_LIFETIME;
use openapi::live::{Listen, LiveMessage, LiveTicket, OpenLive};
use openapi::problem::Problem;

/// The longest message of a client, in bytes; it has nothing to say.
const MAX_MESSAGE: usize = 1024;

/// A ticket to the feed.
#[utoipa::path(
    tag = "实时",
    operation_id = "open_live",
    summary = "领取实时推送的票据",
    description = "票据 60 秒内有效，只能用一次，凭它建立 `GET /api/v1/live` 的 WebSocket 连接；每次连接前重新领取。\
        `place` 须在可以查单的地点范围内，`unit` 须是本人所在的承办单位，`inbox` 人人可用；至少填写一项。",
    request_body = OpenLive,
    responses((status = 201, description = "票据", body = LiveTicket)),
    extensions(("x-permission" = json!("live.open")), ("x-answers-secrets" = json!(true)))
)]
#[post("/live/tickets")]
pub(crate) async fn open_live(
    state: web::Data<State>,
    permit: Permit<may::LiveOpen>,
    body: Body<OpenLive>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let OpenLive { place, unit, inbox } = body.value;
    let code = |code: String| state.store.place_code(&code);
    let place = place.map(code).transpose().map_err(|refusal| fault(refusal, Some("/place".into())))?;
    let wants = Wants { place, unit: unit.map(UnitId), inbox: inbox == Some(true) };
    wants.check(actor).map_err(Refusal::from)?;
    let ticket = state.store.open_live(actor.user, *grants_version, &wants, state.clock.now()).await?;
    let url = format!("/api/v1/live?ticket={ticket}");
    Ok(HttpResponse::Created().json(LiveTicket { ticket, expires_in: TICKET_LIFETIME.num_seconds(), url }))
}

/// The feed.
#[utoipa::path(
    tag = "实时",
    operation_id = "listen_live",
    summary = "接收实时推送（WebSocket）",
    description = "凭票据升级为 WebSocket（101），此后服务器推送 JSON 文本（见 `LiveMessage`），客户端不必发送任何消息。\n\n\
        第一条是 `ready`；`event` 是订阅范围内的工单发生了一件事，不含个人信息和文字内容，详情请另行查单；\
        `inbox` 是本人收件箱的新消息。每条都有 `cursor`：断线后领取新票据，把最后收到的 `cursor` 填入 `after`，\
        其间的消息会先补发，不重不漏。断开超过 24 小时、其间的事件超过 10000 件，或服务器从备份恢复过时收到 `reset`：请重新读取列表，此后照常推送。\n\n\
        服务器每 30 秒 ping 一次，75 秒没有应答即断开（浏览器和小程序会自动应答）。关闭代码：`1001` 服务即将停止，`1011` 暂时无法读取，\
        `1013` 接收太慢，`4408` 没有心跳应答，以上都请带 `after` 重连；`4401` 权限已变更或已退出，请重新登录。\
        每人至多 20 个连接（429），服务器连接已满时 503。",
    params(Listen),
    responses(
        (status = 101, description = "已升级为 WebSocket；此后每条消息", body = LiveMessage),
        (status = 401, description = "票据无效、已用过或已过期，或权限已变更", body = Problem, content_type = "application/problem+json"),
        (status = 426, description = "须用 WebSocket", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "本人的连接过多，或同一地址连接过于频繁", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("public")))
)]
#[get("/live")]
pub(crate) async fn listen_live(
    _renewal: Renewal,
    state: web::Data<State>,
    query: Query<Listen>,
    request: HttpRequest,
    payload: web::Payload,
) -> ApiResult<HttpResponse> {
    let Listen { ticket, after } = query.0;
    // Whatever else is wrong is said before the ticket is used up.
    let upgraded = actix_ws::handle(&request, payload);
    let (response, session, messages) = upgraded.map_err(|_| ApiError::new("live.upgrade_required"))?;
    let after = after.map(|after| Mark::open(&state.store, &after)).transpose()?;
    state.live.has_room()?;
    let admission = state.store.admit_live(&ticket, state.clock.now()).await?;
    let admission = admission.ok_or_else(|| ApiError::new("live.ticket_invalid"))?;
    let joined = Live::join(&state, admission, after).await?;
    if let Some(open) = request.conn_data::<Open>() {
        open.is_upgraded();
    }
    let messages = messages.max_frame_size(MAX_MESSAGE);
    rt::spawn(live::attend(state, joined, session, messages, language(&request)));
    Ok(response)
}
