//! How points are entered, changed and retired.

use super::given::about;
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Conditions, PointPath};
use crate::routes::ticket::{deliver, text};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, put, web};
use domain::geo::Datum;
use domain::id::PointId;
use domain::point::View;
use infra::entropy;
use infra::store::{Answer, ChangeError, PointCommand, Request};
use openapi::point::{Point, RetirePoint, WritePoint};

/// Who asks for a change, and how it came.
struct Asked<'a> {
    request: &'a HttpRequest,
    state: &'a State,
    session: &'a Session,
    conditions: &'a Conditions,
    bytes: &'a [u8],
}

impl Asked<'_> {
    /// Carries it out, and answers in a datum.
    async fn carry_out(
        &self,
        status: StatusCode,
        id: PointId,
        command: &PointCommand,
        datum: Datum,
    ) -> ApiResult<HttpResponse> {
        let Self { request, state, session, conditions, bytes } = *self;
        let (now, lang) = (state.clock.now(), language(request));
        let asked = Request {
            actor: &session.actor,
            grants_version: session.grants_version,
            now,
            if_match: conditions.if_match,
            key: conditions.key(state, session.actor.user, bytes),
        };
        let render = |view: &View| {
            let body = serde_json::to_vec(&Point::new(view, datum, now, lang)).unwrap_or_default();
            Answer { status: status.as_u16(), version: view.point.version, body }
        };
        state.store.change_point(&asked, id, command, render).await.map(deliver).map_err(failed)
    }
}

fn failed(error: ChangeError) -> ApiError {
    if matches!(error, ChangeError::OtherVersion) {
        return ApiError::new("point.version_mismatch");
    }
    let mut error = ApiError::from(error);
    for fault in &mut error.faults {
        // The rules know a place by its code alone, and not where it stands in a body.
        if matches!(fault.code, "place.unknown" | "place.retired") && fault.field.is_none() {
            fault.field = Some("/place".to_owned());
        }
    }
    error
}

/// Enters a point.
#[utoipa::path(
    tag = "点位",
    operation_id = "create_point",
    summary = "设立点位",
    description = "登记服务点、说事点、意见箱、监控、商铺或活动场所，归属街道（乡镇）或以下的一个地点。四公开：开放时间 `hours`、\
        活动计划 `activities`、便民服务 `conveniences`、服务事项 `services`。监控只登记位置，居民看不到。",
    request_body = WritePoint,
    responses((status = 201, description = "已设立", body = Point, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("point.edit")))
)]
#[post("/points")]
pub(crate) async fn create_point(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointEdit>,
    conditions: Conditions,
    body: Body<WritePoint>,
) -> ApiResult<HttpResponse> {
    let datum = body.value.position.0.datum.0;
    let (code, about) = about(&state, body.value)?;
    let id = PointId(entropy::id(state.clock.now()));
    let asked = Asked {
        request: &request,
        state: &state,
        session: &permit,
        conditions: &conditions,
        bytes: &body.bytes,
    };
    asked.carry_out(StatusCode::CREATED, id, &PointCommand::Found(code, about), datum).await
}

/// Says something else of a point.
#[utoipa::path(
    tag = "点位",
    operation_id = "edit_point",
    summary = "修改点位",
    description = "以所给内容整体替换；没有填写的即为没有。可改到本县的另一个地点，两处都须在本人管理范围内。",
    request_body = WritePoint,
    responses((status = 200, description = "已修改", body = Point, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("point.edit")))
)]
#[put("/points/{id}")]
pub(crate) async fn edit_point(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointEdit>,
    path: PointPath,
    conditions: Conditions,
    body: Body<WritePoint>,
) -> ApiResult<HttpResponse> {
    let datum = body.value.position.0.datum.0;
    let (code, about) = about(&state, body.value)?;
    let asked = Asked {
        request: &request,
        state: &state,
        session: &permit,
        conditions: &conditions,
        bytes: &body.bytes,
    };
    asked.carry_out(StatusCode::OK, path.0, &PointCommand::Change(code, about), datum).await
}

/// Ends a point.
#[utoipa::path(
    tag = "点位",
    operation_id = "retire_point",
    summary = "撤销点位",
    description = "撤销后不再列出，也不能再更改；按标识仍可查看。",
    request_body = RetirePoint,
    responses((status = 200, description = "已撤销", body = Point, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("point.edit")))
)]
#[post("/points/{id}/retire")]
pub(crate) async fn retire_point(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointEdit>,
    path: PointPath,
    conditions: Conditions,
    body: Body<RetirePoint>,
) -> ApiResult<HttpResponse> {
    let RetirePoint { reason } = body.value;
    let reason = text(&state, "/reason", reason, state.clock.now())?;
    let asked = Asked {
        request: &request,
        state: &state,
        session: &permit,
        conditions: &conditions,
        bytes: &body.bytes,
    };
    asked.carry_out(StatusCode::OK, path.0, &PointCommand::Retire(reason), Datum::Gcj02).await
}
