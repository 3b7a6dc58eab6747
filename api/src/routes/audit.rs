//! The audit trail: who looked at personal data, and who changed what people may.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Query, comparable, limit};
use crate::routes::person::within;
use actix_web::{HttpRequest, get, web};
use domain::id::UserId;
use domain::permission::Action;
use domain::place::PlaceCode;
use domain::text::{FreeText, MAX_CATEGORY};
use infra::store::AuditQuery;
use openapi::audit::{AuditEntry, AuditPage, ListAudit};
use openapi::problem::Fault;

/// The audit trail of a county, newest first.
#[utoipa::path(
    tag = "审计",
    operation_id = "list_audit",
    summary = "审计记录",
    description = "本人范围内：建档、授权、撤权、离岗、查看明文、注销，单位和日历的变更，排班、撤班，以及工单联系人的明文查看，新的在前。一次看一个县，\
        有多个县的范围时 `place` 必填。筛选每次至多查 5000 条，不足一页也可能还有下一页，以 `next_cursor` 为准。",
    params(ListAudit),
    responses((status = 200, description = "一页审计记录", body = AuditPage)),
    extensions(("x-permission" = json!("audit.view")))
)]
#[get("/audit")]
pub(crate) async fn list_audit(
    state: web::Data<State>,
    permit: Permit<may::AuditView>,
    query: Query<ListAudit>,
    request: HttpRequest,
) -> ApiResult<web::Json<AuditPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("audit {} {}", actor.user, query.0.identity());
    let ListAudit { place, person, subject, kind, from, to, cursor, limit: size } = query.0;
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after =
        cursor.map(|cursor| cursor::open(keys, &list, &cursor).map(i64::from_le_bytes)).transpose()?;
    if let Some(kind) = &kind {
        FreeText::check(kind, MAX_CATEGORY).map_err(|refusal| fault(refusal, Some("?kind".into())))?;
    }
    comparable("?from", from)?;
    comparable("?to", to)?;
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let places = within(actor.area_of(Action::AuditView), place);
    let county = |place: &PlaceCode| place.county().to_owned();
    if place.is_none() && places.iter().any(|other| county(other) != county(&places[0])) {
        return Err(ApiError::from(Fault::of("?place", "audit.place_required", vec![])));
    }
    let query = AuditQuery { places, person: person.map(UserId), subject, kind, from, to, limit, after };
    let page = state.store.audit(&query, actor, *grants_version).await?;
    let lang = language(&request);
    Ok(web::Json(AuditPage {
        items: page.items.into_iter().map(|entry| AuditEntry::new(entry, lang)).collect(),
        next_cursor: page.next.map(|position| cursor::seal(keys, &list, &position.to_le_bytes())),
    }))
}
