//! How a county does it, as data that its administrators change.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Conditions, CountyPath, Query, VersionPath, limit};
use crate::routes::ticket::{deliver, etag, text};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get, post, put, web};
use domain::playbook::{self, Playbook, Version};
use infra::store::{Answer, ChangeError, Request};
use openapi::playbook::{
    EditPlaybook, ListVersions, PlaybookEntry, PlaybookList, PlaybookPreview, PlaybookVersions,
    PreviewPlaybook, WholePlaybook,
};
use openapi::problem::{Fault, Problem};

fn answer(about: &Version, playbook: &Playbook) -> Answer {
    let body = serde_json::to_vec(&WholePlaybook::new(about.clone(), playbook)).unwrap_or_default();
    Answer { status: StatusCode::OK.as_u16(), version: number(about.version), body }
}

fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("playbook.version_mismatch"),
        error => error.into(),
    }
}

/// What is wrong with a playbook of a body.
fn fault(fault: &playbook::Fault) -> Fault {
    let at = format!("/playbook{}", fault.pointer());
    Fault::of(at, "playbook.fault", vec![("reason", fault.reason.clone())])
}

/// The playbooks of the counties where one works.
#[utoipa::path(
    tag = "规程",
    operation_id = "list_playbooks",
    summary = "各县的规程",
    description = "本人任职的各县的规程，系统管理员为所有县的。",
    responses((status = 200, description = "各县的规程", body = PlaybookList)),
    extensions(("x-permission" = json!("playbook.view")))
)]
#[get("/playbooks")]
pub(crate) async fn list_playbooks(
    state: web::Data<State>,
    permit: Permit<may::PlaybookView>,
) -> ApiResult<web::Json<PlaybookList>> {
    let books = state.store.playbooks(&permit.actor, permit.grants_version).await?;
    Ok(web::Json(PlaybookList { items: books.iter().map(|book| PlaybookEntry::from(&**book)).collect() }))
}

/// The current playbook of a county.
#[utoipa::path(
    tag = "规程",
    operation_id = "get_playbook",
    summary = "查看规程",
    description = "一个县现行的规程全文。`ETag` 是版本，修改时填入 `If-Match`。",
    params(("county" = String, Path, description = "县级代码，6 位", example = "532504")),
    responses((status = 200, description = "规程", body = WholePlaybook, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("playbook.view")))
)]
#[get("/playbooks/{county}")]
pub(crate) async fn get_playbook(
    state: web::Data<State>,
    permit: Permit<may::PlaybookView>,
    path: CountyPath,
) -> ApiResult<HttpResponse> {
    show(&state, &permit, &path.0, None).await
}

/// What a playbook said in a version.
#[utoipa::path(
    tag = "规程",
    operation_id = "get_playbook_version",
    summary = "查看规程的一个版本",
    description = "每个版本都保留；工单始终按其起始的版本办理。",
    params(
        ("county" = String, Path, description = "县级代码，6 位", example = "532504"),
        ("version" = u32, Path, description = "版本", example = 4)
    ),
    responses((status = 200, description = "规程", body = WholePlaybook, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("playbook.view")))
)]
#[get("/playbooks/{county}/versions/{version}")]
pub(crate) async fn get_playbook_version(
    state: web::Data<State>,
    permit: Permit<may::PlaybookView>,
    path: VersionPath,
) -> ApiResult<HttpResponse> {
    show(&state, &permit, &path.county, Some(path.version)).await
}

async fn show(
    state: &State,
    session: &Session,
    county: &str,
    version: Option<u32>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = session;
    let (about, playbook) = state.store.playbook_version(county, version, actor, *grants_version).await?;
    let etag = etag(number(about.version));
    Ok(HttpResponse::Ok().insert_header((ETAG, etag)).json(WholePlaybook::new(about, &playbook)))
}

/// The versions of a playbook, newest first.
#[utoipa::path(
    tag = "规程",
    operation_id = "list_playbook_versions",
    summary = "规程的各版本",
    description = "何时、何人、为何修改，新的在前。",
    params(("county" = String, Path, description = "县级代码，6 位", example = "532504"), ListVersions),
    responses((status = 200, description = "一页版本", body = PlaybookVersions)),
    extensions(("x-permission" = json!("playbook.view")))
)]
#[get("/playbooks/{county}/versions")]
pub(crate) async fn list_playbook_versions(
    state: web::Data<State>,
    permit: Permit<may::PlaybookView>,
    path: CountyPath,
    query: Query<ListVersions>,
) -> ApiResult<web::Json<PlaybookVersions>> {
    let Session { actor, grants_version, .. } = &*permit;
    let ListVersions { cursor, limit: size } = query.0;
    let (limit, keys) = (limit(size)?, state.store.keys());
    let list = format!("playbook {}", path.0);
    let before =
        cursor.map(|cursor| cursor::open(keys, &list, &cursor).map(u32::from_le_bytes)).transpose()?;
    let page = state.store.playbook_versions(&path.0, (before, limit), actor, *grants_version).await?;
    Ok(web::Json(PlaybookVersions {
        items: page.items.into_iter().map(Into::into).collect(),
        next_cursor: page.next.map(|version| cursor::seal(keys, &list, &version.to_le_bytes())),
    }))
}

/// Writes the playbook of a county anew.
#[utoipa::path(
    tag = "规程",
    operation_id = "edit_playbook",
    summary = "修改规程",
    description = "整体替换，成为下一个版本，即刻用于此后的点单；在办的工单始终按其起始的版本办理。必须以 `If-Match` 指明所改的版本（否则 428）。\
        有问题的一次全部列出。社区以下已有地点的，级数和位数不能再改。由管到全县的管理员或系统管理员修改，记入审计。",
    params(("county" = String, Path, description = "县级代码，6 位", example = "532504")),
    request_body = EditPlaybook,
    responses(
        (status = 200, description = "已修改", body = WholePlaybook, headers(("ETag" = String, description = "版本"))),
        (status = 428, description = "没有 `If-Match`", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("playbook.edit")))
)]
#[put("/playbooks/{county}")]
pub(crate) async fn edit_playbook(
    state: web::Data<State>,
    permit: Permit<may::PlaybookEdit>,
    path: CountyPath,
    conditions: Conditions,
    body: Body<EditPlaybook>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    if conditions.if_match.is_none() {
        return Err(ApiError::new("playbook.if_match_required"));
    }
    let EditPlaybook { playbook, note } = body.value;
    let mut faults = Vec::new();
    let playbook = Playbook::read_edit(playbook).map_err(|wrong| faults.extend(wrong.iter().map(fault))).ok();
    let note = text(&state, "/note", note, now).map_err(|fault| faults.push(fault)).ok();
    let (Some(playbook), Some(note)) = (playbook, note) else {
        return Err(ApiError { faults, cause: None });
    };
    let request = Request { actor, grants_version: *grants_version, now, if_match: conditions.if_match, key };
    let written = state.store.replace_playbook(&request, &path.0, playbook, &note, answer).await;
    written.map(deliver).map_err(failed)
}

/// What another playbook would mean.
#[utoipa::path(
    tag = "规程",
    operation_id = "preview_playbook",
    summary = "预览规程",
    description = "换成这份规程会怎样：有哪些问题，与现行版本有何不同，此后的工单哪些时限不同，在办工单的类别有哪些不再有、\
        假如改按这份规程有多少已超时。什么也不改变，在办工单总是沿用各自的版本。",
    params(("county" = String, Path, description = "县级代码，6 位", example = "532504")),
    request_body = PreviewPlaybook,
    responses((status = 200, description = "会怎样", body = PlaybookPreview)),
    extensions(("x-permission" = json!("playbook.edit")))
)]
#[post("/playbooks/{county}/preview")]
pub(crate) async fn preview_playbook(
    state: web::Data<State>,
    permit: Permit<may::PlaybookEdit>,
    path: CountyPath,
    body: Body<PreviewPlaybook>,
) -> ApiResult<web::Json<PlaybookPreview>> {
    let Session { actor, grants_version, .. } = &*permit;
    let read = Playbook::read_edit(body.value.playbook);
    let who = (actor, *grants_version);
    let now = state.clock.now();
    let (current, affected) = state.store.preview_playbook(&path.0, read.as_ref().ok(), who, now).await?;
    let (faults, after) = match read {
        Ok(playbook) => (playbook.faults_after(&current, affected.breaks_levels), Some(playbook)),
        Err(faults) => (faults, None),
    };
    let preview = PlaybookPreview::new(current.policy.version, &faults, affected);
    Ok(web::Json(match after {
        Some(after) => preview.with_changes(current.changes_to(&after)),
        None => preview,
    }))
}
