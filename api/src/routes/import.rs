//! Sheets over the API: templates, imports as jobs, exports.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Conditions, ImportPath, Query, Upload};
use crate::import::{self, Report};
use crate::routes::ticket::deliver;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, get, post, web};
use domain::import::{ImportRefusal, Subject};
use domain::permission::Action;
use domain::place::{NetRefusal, PlaceCode, PlaceRefusal};
use domain::text::FreeText;
use infra::entropy;
use infra::store::{Answer, ImportAsked, ImportJob as Job, ImportStatus, Request};
use openapi::import::{AskExport, AskImport, ImportFault, ImportJob, ImportTally, TemplateOf};
use openapi::problem::{Fault, Problem};
use strum::IntoEnumIterator;

/// The longest reason, in characters.
const MAX_REASON: usize = 200;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv; charset=utf-8";

fn subject(word: &str) -> Result<Subject, Fault> {
    word.parse().map_err(|_| {
        let allowed: Vec<&str> = Subject::iter().map(Subject::name).collect();
        let args = vec![("got", word.to_owned()), ("allowed", allowed.join(", "))];
        Fault::of("?subject", "request.unknown_value", args)
    })
}

fn place(state: &State, code: &str) -> Result<PlaceCode, Fault> {
    state.store.place_code(code).map_err(|refusal| fault(refusal, Some("?place".into())))
}

fn reason(given: &str) -> Result<FreeText, Fault> {
    let at = |refusal| fault(refusal, Some("?reason".into()));
    FreeText::check(given, MAX_REASON).map_err(at)?;
    FreeText::parse(given.to_owned()).map_err(at)
}

/// A file to be saved.
fn file(bytes: Vec<u8>, media_type: &str, name: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes)
}

fn on_the_wire(job: &Job) -> ImportJob {
    let report: Report =
        job.report.as_deref().and_then(|report| serde_json::from_slice(report).ok()).unwrap_or_default();
    let status: &str = job.status.into();
    let faults = report.faults.into_iter().map(|one| ImportFault {
        row: one.row,
        column: one.column,
        code: one.code,
        message: one.message,
    });
    ImportJob {
        id: job.id,
        subject: job.subject.name().to_owned(),
        place: job.county.to_string(),
        dry_run: job.dry_run,
        status: status.to_owned(),
        step: job.step.clone(),
        tally: job.tally.as_ref().map(ImportTally::from),
        problem: report.problem.map(|(_, sentence)| sentence),
        fault_count: (report.count > 0).then_some(report.count),
        faults: faults.collect(),
        unknown_columns: report.unknown,
        marked: job.is_marked,
        created_at: job.created_at,
        finished_at: job.finished_at,
    }
}

/// An empty sheet.
#[utoipa::path(
    tag = "导入导出",
    operation_id = "import_template",
    summary = "下载模板",
    description = "xlsx 模板：中文表头、下拉选项、填写示例和说明。",
    params(TemplateOf),
    responses((status = 200, description = "xlsx 文件", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    extensions(("x-permission" = json!("import.run")))
)]
#[get("/imports/template")]
pub(crate) async fn import_template(
    state: web::Data<State>,
    _permit: Permit<may::ImportRun>,
    query: Query<TemplateOf>,
) -> ApiResult<HttpResponse> {
    let subject = subject(&query.0.subject)?;
    let county = query.0.place.map(|code| place(&state, &code)).transpose()?;
    let county = county.as_ref().map(PlaceCode::county);
    let bytes = import::template(&state.store, subject, county).await.map_err(ApiError::internal)?;
    Ok(file(bytes, XLSX, &format!("{}.xlsx", subject.name())))
}

/// Takes a sheet to be worked off.
#[utoipa::path(
    tag = "导入导出",
    operation_id = "create_import",
    summary = "导入表格",
    description = "上传 xlsx 或 csv（至多 20 MB、10 万行），随即答复，后台办理；用 `GET /imports/{id}` 看进度和结果。\
        全部写入或全不写入；有问题时逐处列出，并有标注副本。按编码、手机号认定是否已有，重复导入不会重复建立。",
    params(AskImport),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "文件内容"),
    responses((status = 202, description = "已收下", body = ImportJob, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("import.run")))
)]
#[post("/imports")]
pub(crate) async fn create_import(
    state: web::Data<State>,
    permit: Permit<may::ImportRun>,
    conditions: Conditions,
    query: Query<AskImport>,
    upload: Upload,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let AskImport { subject: word, place: code, dry_run, reason: given } = query.0;
    let (subject, county) = (subject(&word)?, place(&state, &code)?);
    if county.as_str() != county.county() {
        return Err(fault(NetRefusal::NotACounty { code: county }, Some("?place".into())).into());
    }
    let theirs = actor.area_of(Action::ImportRun).any(|area| area.county() == county.as_str());
    if !theirs || state.store.playbook(county.county()).is_err() {
        return Err(fault(NetRefusal::BeyondScope { code: county }, Some("?place".into())).into());
    }
    let reason = reason(given.as_deref().unwrap_or("表格导入"))?;
    let now = state.clock.now();
    // The same sheet with the same key is the same import, whatever else was asked.
    let asked = format!("{word} {code} {dry_run}");
    let key = conditions.key(&state, actor.user, &[asked.as_bytes(), &upload.0].concat());
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let id = entropy::id(now);
    let asked = ImportAsked { id, county, subject, dry_run, reason: reason.as_str(), file: &upload.0 };
    let render = |job: &Job| {
        let body = serde_json::to_vec(&on_the_wire(job)).unwrap_or_default();
        Answer { status: 202, version: 1, body }
    };
    Ok(deliver(state.store.ask_import(&request, &asked, render).await?))
}

async fn own(state: &State, session: &Session, path: ImportPath) -> ApiResult<Job> {
    let job = state.store.import_job(path.0, session.actor.user).await?;
    Ok(job.ok_or_else(|| fault(ImportRefusal::NotFound, None))?)
}

/// How far an import is.
#[utoipa::path(
    tag = "导入导出",
    operation_id = "get_import",
    summary = "查看导入",
    description = "本人提交的导入：进度、结果、问题。",
    responses((status = 200, description = "导入", body = ImportJob)),
    extensions(("x-permission" = json!("import.run")))
)]
#[get("/imports/{id}")]
pub(crate) async fn get_import(
    state: web::Data<State>,
    permit: Permit<may::ImportRun>,
    path: ImportPath,
) -> ApiResult<web::Json<ImportJob>> {
    Ok(web::Json(on_the_wire(&own(&state, &permit, path).await?)))
}

/// The sheet with its faults marked.
#[utoipa::path(
    tag = "导入导出",
    operation_id = "get_marked",
    summary = "下载标注副本",
    description = "所上传表格的副本（xlsx）：有问题的单元格标红加批注，末列写明整行的问题，另有问题清单。",
    responses(
        (status = 200, description = "xlsx 文件", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 409, description = "还没有办完，或没有问题", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("import.run")))
)]
#[get("/imports/{id}/marked")]
pub(crate) async fn get_marked(
    state: web::Data<State>,
    permit: Permit<may::ImportRun>,
    path: ImportPath,
) -> ApiResult<HttpResponse> {
    let job = own(&state, &permit, path).await?;
    let done = !matches!(job.status, ImportStatus::Waiting | ImportStatus::Running);
    let lacking = if done { ImportRefusal::NothingMarked } else { ImportRefusal::NotDone };
    let marked = state.store.import_marked(job.id).await?.ok_or_else(|| fault(lacking, None))?;
    Ok(file(marked, XLSX, &format!("{}-marked.xlsx", job.subject.name())))
}

/// All that there is, as a sheet.
#[utoipa::path(
    tag = "导入导出",
    operation_id = "export",
    summary = "导出表格",
    description = "导出在用的地点、单位、人员或关系，格式同模板，改后可再导入。人员、关系含手机号明文：须填事由，并记入审计；关系只能按县导出。",
    params(AskExport),
    responses((
        status = 200,
        description = "xlsx 或 csv 文件",
        content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (Vec<u8> = "text/csv"),
        )
    )),
    extensions(("x-permission" = json!("export.run")))
)]
#[get("/exports")]
pub(crate) async fn export(
    state: web::Data<State>,
    permit: Permit<may::ExportRun>,
    query: Query<AskExport>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let AskExport { subject: word, place: code, format, reason: given } = query.0;
    let (subject, given_code) = (subject(&word)?, place(&state, &code)?);
    let csv = match format.as_deref() {
        None | Some("xlsx") => false,
        Some("csv") => true,
        Some(other) => {
            let args = vec![("got", other.to_owned()), ("allowed", "xlsx, csv".to_owned())];
            return Err(Fault::of("?format", "request.unknown_value", args).into());
        }
    };
    let unknown = || fault(PlaceRefusal::Unknown { code: given_code }, Some("?place".into()));
    let found = state.store.place_by_code(&given_code, actor.user, *grants_version).await?;
    let place = found.ok_or_else(unknown)?.place.code;
    if !actor.area_of(Action::ExportRun).any(|area| area.covers(&place)) {
        return Err(fault(NetRefusal::BeyondScope { code: place }, Some("?place".into())).into());
    }
    // Whoever is tied to a place may hold posts anywhere in the county: their numbers are for who may see them all.
    if subject == Subject::Ties && place.as_str() != place.county() {
        return Err(fault(NetRefusal::NotACounty { code: place }, Some("?place".into())).into());
    }
    if matches!(subject, Subject::People | Subject::Ties) {
        let reason = reason(given.as_deref().unwrap_or_default())?;
        let now = state.clock.now();
        let text = state.store.text(reason, now);
        // Written down before anything is given out.
        state.store.record_sheet_export(subject, place, actor.user, &text, now).await?;
    }
    let given = import::give(&state.store, subject, place, csv).await;
    let (_, bytes) = given.map_err(ApiError::internal)?;
    let (media_type, end) = if csv { (CSV, "csv") } else { (XLSX, "xlsx") };
    Ok(file(bytes, media_type, &format!("{}.{end}", subject.name())))
}
