//! The catalogue of services.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::cursor;
use crate::error::{ApiResult, fault};
use crate::extract::{Query, limit};
use actix_web::{get, web};
use domain::playbook::{MAX_CODE, Playbook};
use domain::text::{FreeText, MAX_CATEGORY, MAX_NAME};
use openapi::problem::Fault;
use openapi::service::{CatalogueService, ListServices, ServicePage};
use std::sync::Arc;

/// What a county does for its people.
#[utoipa::path(
    tag = "服务",
    operation_id = "list_services",
    summary = "服务目录",
    description = "县里能办的服务事项，按编码排列：名称中有 `q` 的或编码以其开头的，以及某一类别的。提单、研判时填写编码，类别随之而定。",
    params(ListServices),
    responses((status = 200, description = "一页服务事项", body = ServicePage)),
    extensions(("x-permission" = json!("service.view")))
)]
#[get("/services")]
pub(crate) async fn list_services(
    state: web::Data<State>,
    _permit: Permit<may::ServiceView>,
    query: Query<ListServices>,
) -> ApiResult<web::Json<ServicePage>> {
    let ListServices { county, q, category, cursor: after, limit: size } = query.0;
    let size = usize::from(limit(size)?);
    for (word, max, field) in [(&q, MAX_NAME, "?q"), (&category, MAX_CATEGORY, "?category")] {
        let check = word.as_ref().map_or(Ok(()), |word| FreeText::check(word, max));
        check.map_err(|refusal| fault(refusal, Some(field.into())))?;
    }
    let playbook = playbook(&state, county.as_deref())?;
    let (keys, list) = (state.store.keys(), format!("services {} {q:?} {category:?}", playbook.county));
    let after = after.map(|after| cursor::open::<MAX_CODE>(keys, &list, &after)).transpose()?;
    let after = after.map(|code| String::from_utf8_lossy(&code).trim_end().to_owned());
    let found = playbook.find_services(q.as_deref(), category.as_deref());
    let from = after.map_or(0, |after| found.partition_point(|service| service.code <= after));
    let page = &found[from..found.len().min(from + size)];
    let end = page.last().filter(|_| from + size < found.len());
    // A code is ASCII, and as long as a cursor at most.
    let end = end.map(|last| format!("{:<1$}", last.code, MAX_CODE));
    Ok(web::Json(ServicePage {
        items: page.iter().map(|service| CatalogueService::of(service, &playbook)).collect(),
        next_cursor: end.map(|end| cursor::seal(keys, &list, end.as_bytes())),
    }))
}

/// The county that is asked about; the only one, unless there are several.
fn playbook(state: &State, county: Option<&str>) -> Result<Arc<Playbook>, Fault> {
    let named =
        |county: &str| state.store.playbook(county).map_err(|refusal| fault(refusal, Some("?county".into())));
    let unsaid = || Fault::of("?county", "request.missing_field", vec![("name", "county".to_owned())]);
    county.map_or_else(|| state.store.only_county().ok_or_else(unsaid), named)
}
