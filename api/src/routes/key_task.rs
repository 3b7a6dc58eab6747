//! Key tasks (重点任务) that leaders look after.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{self, at, lens, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::id::{UnitId, UserId};
use domain::key_task::{self, NewTask};
use domain::matter::MatterView;
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::tie::{Holder, TieRefusal};
use openapi::key_task::{EndKeyTask, KeyTask, KeyTaskPage, ListKeyTasks, ReportKeyTask, SetKeyTask};

/// Sets a key task.
#[utoipa::path(
    tag = "重点任务",
    operation_id = "set_key_task",
    summary = "设立重点任务",
    description = "领导包抓一地的重点任务：谁推进、何时完成、每隔几天报告一次；逾期未报的会计次并告知领导。",
    request_body = SetKeyTask,
    responses((status = 201, description = "已设立", body = KeyTask, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("key_task.set")))
)]
#[post("/key-tasks")]
pub(crate) async fn set_key_task(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::KeyTaskSet>,
    conditions: Conditions,
    body: Body<SetKeyTask>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let SetKeyTask { place, goal, leader, person, unit, due_at, every_days } = body.value;
    let (lead, field) = match (person, unit) {
        (Some(person), None) => (Holder::Person(UserId(person)), "/person"),
        (None, Some(unit)) => (Holder::Unit(UnitId(unit)), "/unit"),
        _ => return Err(fault(TieRefusal::HolderOneOf, None).into()),
    };
    let (lang, now) = (language(&http), request.now);
    let goal = text(&state, "/goal", goal, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let code = place.place.code;
    let leader = UserId(leader);
    must_be_known(&state, &permit, Holder::Person(leader), &code, "/leader").await?;
    must_be_known(&state, &permit, lead, &code, field).await?;
    let new = NewTask { goal, leader, lead, due_at: due_at.0, every_days };
    let begin =
        || async { Ok(key_task::KeyTask::set(&new, request.actor, &code, now).map_err(Refusal::from)?) };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        KeyTask::new(view, lang, now)
    })
    .await
}

/// Key tasks, the latest first.
#[utoipa::path(
    tag = "重点任务",
    operation_id = "list_key_tasks",
    summary = "重点任务列表",
    description = "本人范围内的，或与本人、本单位有关的（`mine=true`），新的在前。",
    params(ListKeyTasks),
    responses((status = 200, description = "一页重点任务", body = KeyTaskPage)),
    extensions(("x-permission" = json!("key_task.view")))
)]
#[get("/key-tasks")]
pub(crate) async fn list_key_tasks(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::KeyTaskView>,
    query: Query<ListKeyTasks>,
) -> ApiResult<web::Json<KeyTaskPage>> {
    let list = query.0.identity();
    let ListKeyTasks { place, mine, status, overdue, cursor, limit } = query.0;
    let (lang, now) = (language(&http), state.clock.now());
    let mut query = lens(&state, &permit, Action::KeyTaskView, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    query.overdue = overdue.unwrap_or(false).then_some(now);
    let item = |view: &MatterView<_>| KeyTask::new(view, lang, now);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(KeyTaskPage { items, next_cursor }))
}

/// One key task.
#[utoipa::path(
    tag = "重点任务",
    operation_id = "get_key_task",
    summary = "查看重点任务",
    description = "目标、进展报告、逾期未报次数。",
    responses((status = 200, description = "重点任务", body = KeyTask, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("key_task.view")))
)]
#[get("/key-tasks/{id}")]
pub(crate) async fn get_key_task(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::KeyTaskView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, KeyTask::new(&view, language(&http), state.clock.now())))
}

/// Reports on a key task.
#[utoipa::path(
    tag = "重点任务",
    operation_id = "report_key_task",
    summary = "报告重点任务进展",
    description = "推进的人、推进单位的经办人或包抓领导报告；下次报告的期限从现在算起。",
    request_body = ReportKeyTask,
    responses((status = 200, description = "已报告", body = KeyTask, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("key_task.report")))
)]
#[post("/key-tasks/{id}/report")]
pub(crate) async fn report_key_task(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::KeyTaskReport>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ReportKeyTask>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let ReportKeyTask { text: said, percent } = body.value;
    let said = text(&state, "/text", said, now)?;
    let decide =
        |view: &MatterView<key_task::KeyTask>| Ok(view.matter.report(&said, percent, request.actor, now)?);
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| KeyTask::new(view, lang, now))
        .await
}

/// Ends a key task.
#[utoipa::path(
    tag = "重点任务",
    operation_id = "end_key_task",
    summary = "销号或撤销重点任务",
    description = "包抓领导或设立任务的一级确认完成（销号）或撤销；此后不再报告。",
    request_body = EndKeyTask,
    responses((status = 200, description = "已结束", body = KeyTask, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("key_task.report")))
)]
#[post("/key-tasks/{id}/end")]
pub(crate) async fn end_key_task(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::KeyTaskReport>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<EndKeyTask>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let EndKeyTask { status, text: said } = body.value;
    let said = text(&state, "/text", said, now)?;
    let decide = |view: &MatterView<key_task::KeyTask>| {
        Ok(view.matter.end(status, &said, request.actor, &view.place.code)?)
    };
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| KeyTask::new(view, lang, now))
        .await
}
