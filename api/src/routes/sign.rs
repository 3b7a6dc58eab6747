//! Signs (点位码): the QR code of a place for its wall, and the page that it opens.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{PlacePath, Query};
use crate::qr;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::place::NetRefusal;
use infra::store::PlaceRow;
use openapi::place::PlaceSign;
use openapi::problem::Fault;

/// The longest name of a host.
const MAX_HOST: usize = 255;

/// With what links to places begin: as set, or as whoever asks has called this server.
fn prefix(request: &HttpRequest, state: &State) -> Result<String, Fault> {
    if let Some(prefix) = &state.link_prefix {
        return Ok(prefix.clone());
    }
    let connection = request.connection_info();
    let host = connection.host();
    let scheme = if connection.scheme() == "https" { "https" } else { "http" };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if host.is_empty() || host.len() > MAX_HOST || !host.bytes().all(is_host) {
        return Err(Fault::new("request.header").with("name", "Host").with("allowed", "example.cn:443"));
    }
    Ok(format!("{scheme}://{host}/p/"))
}

/// The QR code of a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "place_qr",
    summary = "地点二维码",
    description = "供张贴的二维码（SVG，可任意放大）：内容为 `wechat.link_prefix` 加地点现在的编码，用于“扫普通链接二维码打开小程序”；\
        没有设置的，为本服务自己的 `/p/`。地点编码变更后，贴出的旧码仍然有效。",
    params(PlaceSign),
    responses((status = 200, description = "二维码", body = String, content_type = "image/svg+xml")),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/{id}/qr")]
pub(crate) async fn place_qr(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    path: PlacePath,
    query: Query<PlaceSign>,
) -> ApiResult<HttpResponse> {
    let found = state.store.place(path.0, &permit.actor, permit.grants_version).await?;
    let (found, _) = found.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let place = found.place;
    if place.retired_at.is_some() {
        return Err(fault(NetRefusal::Retired { code: place.code }, None).into());
    }
    let link = format!("{}{}", prefix(&request, &state)?, place.code);
    let label = query.0.label.unwrap_or_default().then_some([place.name.as_str(), place.code.as_str()]);
    let drawn = qr::svg(&link, label).ok_or_else(|| ApiError::internal("a link longer than a code holds"))?;
    Ok(HttpResponse::Ok().content_type("image/svg+xml").body(drawn))
}

/// The page of a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "place_page",
    summary = "地点页面",
    description = "没有小程序时，地点二维码打开的网页：只有地点的名称和编码。旧编码得到现在的地点。",
    params(("code" = String, Path, description = "地点编码，旧的也可以", example = "532504001007")),
    responses(
        (status = 200, description = "网页", body = String, content_type = "text/html"),
        (status = 404, description = "没有这个地点（网页）", body = String, content_type = "text/html"),
    ),
    extensions(("x-permission" = json!("public")))
)]
#[get("/p/{code}")]
pub(crate) async fn place_page(state: web::Data<State>, path: web::Path<String>) -> ApiResult<HttpResponse> {
    let place = match state.store.place_code(&path) {
        Ok(code) => state.store.place_of_sign(&code).await?,
        Err(_) => None,
    };
    Ok(match place {
        Some(PlaceRow { place, name, retired_at: None }) => {
            page(StatusCode::OK, &name, &format!("地点编码：{}", place.code))
        }
        Some(PlaceRow { place, name, retired_at: Some(_) }) => {
            page(StatusCode::OK, &name, &format!("地点编码：{}（已撤销）", place.code))
        }
        None => page(StatusCode::NOT_FOUND, "没有这个地点", "请核对二维码，或联系所在社区。"),
    })
}

fn page(status: StatusCode, title: &str, text: &str) -> HttpResponse {
    let (title, text) = (qr::escaped(title), qr::escaped(text));
    HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
             <body><h1>{title}</h1><p>{text}</p></body></html>\n"
        ))
}
