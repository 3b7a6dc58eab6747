//! How the net of places changes.

use super::{Asked, code, name, named};
use crate::app::State;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, PlacePath};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::id::PlaceId;
use domain::place::Part;
use infra::entropy;
use infra::store::PlaceCommand;
use openapi::place::{CreatePlace, MergePlace, MovePlace, PlaceView, RenamePlace, RetirePlace, SplitPlace};
use openapi::problem::Fault;

/// The most parts of one split.
const MAX_PARTS: usize = 20;

fn new_id(state: &State) -> PlaceId {
    PlaceId(entropy::id(state.clock.now()))
}

/// Enters a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "create_place",
    summary = "设立地点",
    description = "在一个地点之下设立下一级地点。编码不填则自动取下一个；用过的编码（包括已撤并地点的）不再使用。住户不是地点。",
    request_body = CreatePlace,
    responses((status = 201, description = "已设立", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places")]
pub(crate) async fn create_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    conditions: Conditions,
    body: Body<CreatePlace>,
) -> ApiResult<HttpResponse> {
    let CreatePlace { parent, name: given, code: wanted, reason, on } = body.value;
    let wanted = wanted.map(|wanted| code(&state, &wanted, "/code")).transpose()?;
    let command = PlaceCommand::Found { id: new_id(&state), name: name(&given, "/name")?, code: wanted };
    let parent = named(&state, &permit, &parent, "/parent").await?;
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::CREATED, parent, &command, (reason, on), None).await
}

/// Calls a place differently.
#[utoipa::path(
    tag = "地点",
    operation_id = "rename_place",
    summary = "地点更名",
    description = "更改名称；编码不变，已有工单显示新名称。",
    request_body = RenamePlace,
    responses((status = 200, description = "已更名", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/rename")]
pub(crate) async fn rename_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<RenamePlace>,
) -> ApiResult<HttpResponse> {
    let RenamePlace { name: given, reason, on } = body.value;
    let command = PlaceCommand::Rename { name: name(&given, "/name")? };
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &command, (reason, on), None).await
}

/// Puts a place elsewhere in the net.
#[utoipa::path(
    tag = "地点",
    operation_id = "move_place",
    summary = "地点划转",
    description = "划入另一个同级的上级，连同其下各级；也可只换编码。在办和已结的工单（连同统计、红旗）、授权和班次随后分批改到新编码，期间不影响办理；\
        旧编码仍可使用，过去的事件保留当时的编码。",
    request_body = MovePlace,
    responses((status = 200, description = "已划转", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/move")]
pub(crate) async fn move_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<MovePlace>,
) -> ApiResult<HttpResponse> {
    let MovePlace { parent, code: wanted, reason, on } = body.value;
    let wanted = wanted.map(|wanted| code(&state, &wanted, "/code")).transpose()?;
    let command = PlaceCommand::Move { parent: code(&state, &parent, "/parent")?, code: wanted };
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &command, (reason, on), Some("/parent")).await
}

/// Makes places of parts of a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "split_place",
    summary = "地点拆分",
    description = "拆出一个或多个同级地点，各带走列出的下一级地点；其余留在原地点。随之划出的地点，其工单、授权和班次随后分批改到新编码。",
    request_body = SplitPlace,
    responses((status = 200, description = "已拆分；答复原地点，新地点见沿革", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/split")]
pub(crate) async fn split_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<SplitPlace>,
) -> ApiResult<HttpResponse> {
    let SplitPlace { parts, reason, on } = body.value;
    if parts.len() > MAX_PARTS {
        let args =
            vec![("min", "1".to_owned()), ("max", MAX_PARTS.to_string()), ("value", parts.len().to_string())];
        return Err(Fault::of("/parts", "request.out_of_range", args).into());
    }
    let part = |(i, part): (usize, openapi::place::PlacePart)| {
        let at = |field: &str| format!("/parts/{i}/{field}");
        let wanted = part.code.map(|wanted| code(&state, &wanted, &at("code"))).transpose()?;
        let places =
            part.places.iter().enumerate().map(|(k, below)| code(&state, below, &at(&format!("places/{k}"))));
        Ok(Part {
            id: new_id(&state),
            name: name(&part.name, &at("name"))?,
            code: wanted,
            places: places.collect::<Result<_, _>>()?,
        })
    };
    let parts = parts.into_iter().enumerate().map(part).collect::<Result<_, Fault>>()?;
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &PlaceCommand::Split { parts }, (reason, on), None).await
}

/// Lets another place go on as this one.
#[utoipa::path(
    tag = "地点",
    operation_id = "merge_place",
    summary = "地点合并",
    description = "由另一个同级地点接续：其下各级并入，工单、授权和班次随后分批改到接续的地点；旧编码从此指向接续的地点。",
    request_body = MergePlace,
    responses((status = 200, description = "已合并；答复被合并的地点", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/merge")]
pub(crate) async fn merge_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<MergePlace>,
) -> ApiResult<HttpResponse> {
    let MergePlace { into, reason, on } = body.value;
    let command = PlaceCommand::Merge { into: code(&state, &into, "/into")? };
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &command, (reason, on), Some("/into")).await
}

/// Ends a place where nothing lies any more.
#[utoipa::path(
    tag = "地点",
    operation_id = "retire_place",
    summary = "地点撤销",
    description = "其下还有地点，或还有在办工单的，不能撤销；有接续的地点请用合并。撤销后不能再在此点单，历史仍可查看。",
    request_body = RetirePlace,
    responses((status = 200, description = "已撤销", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/retire")]
pub(crate) async fn retire_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<RetirePlace>,
) -> ApiResult<HttpResponse> {
    let RetirePlace { reason, on } = body.value;
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &PlaceCommand::Retire, (reason, on), None).await
}
