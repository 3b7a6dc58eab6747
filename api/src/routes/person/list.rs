//! The roster: one person, or many.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{PersonPath, Query, limit};
use crate::routes::ticket::etag;
use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::actor::{Actor, Scope};
use domain::id::{UnitId, UserId};
use domain::permission::{Action, Role};
use domain::person::{self, MAX_WORD, PersonRefusal, reduced};
use domain::place::PlaceCode;
use domain::text::FreeText;
use infra::store::{PeopleLens, PeopleQuery};
use openapi::person::{ListPeople, PeoplePage, RosterEntry};
use openapi::problem::Fault;
use uuid::Uuid;

/// Many people, newest first.
#[utoipa::path(
    tag = "人员",
    operation_id = "list_people",
    summary = "名册",
    description = "在本人范围内有授权的人员，新的在前，电话隐去中间几位。`unit` 按单位看（须管到其所在县），否则按地点看；\
        `q` 为完整电话，县管理员以此也可找到在其范围内提过工单的居民；`q` 也可为姓名的开头或姓名拼音首字母的开头（单姓等多音字各读音均可），\
        居民不能以此找到。按角色、技能筛选，或按姓名查找，每次至多查 5000 人，以 `next_cursor` 为准。",
    params(ListPeople),
    responses((status = 200, description = "一页人员", body = PeoplePage)),
    extensions(("x-permission" = json!("person.view")))
)]
#[get("/users")]
pub(crate) async fn list_people(
    state: web::Data<State>,
    permit: Permit<may::PersonView>,
    query: Query<ListPeople>,
) -> ApiResult<web::Json<PeoplePage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("users {} {}", actor.user, query.0.identity());
    let ListPeople { place, unit, role, q, skill, cursor, limit: size } = query.0;
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open::<16>(keys, &list, &cursor)).transpose()?;
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let skill = skill.map(|skill| word(&skill)).transpose()?;
    let q = q.map(|q| person::Asked::parse(&q)).transpose();
    let q = q.map_err(|refusal| fault(refusal, Some("?q".into())))?;
    let asked = Asked { place, unit: unit.map(UnitId), role, skill };
    if let Some(person::Asked::Phone(phone)) = q {
        let person = state.store.person_by_phone(&phone, actor, *grants_version).await?;
        let person = person.filter(|person| {
            !actor.reaches_person(Action::PersonView, &person.place).is_empty() && asked.fits(person)
        });
        let items = person.iter().map(RosterEntry::from).collect();
        return Ok(web::Json(PeoplePage { items, next_cursor: None }));
    }
    let places = within(actor.area_of(Action::PersonView), place);
    let lens = match asked.unit {
        Some(unit) => PeopleLens::Unit(unit, places),
        None => PeopleLens::Area(places),
    };
    let after = after.map(|id| UserId(Uuid::from_bytes(id)));
    let name = match q {
        Some(person::Asked::Name(name)) => Some(name),
        Some(person::Asked::Phone(_)) | None => None,
    };
    let query = PeopleQuery { lens, role, skill: asked.skill, name, limit, after };
    let page = state.store.people(&query, actor, *grants_version).await?;
    Ok(web::Json(PeoplePage {
        items: page.items.iter().map(RosterEntry::from).collect(),
        next_cursor: page.next.map(|id| cursor::seal(keys, &list, id.0.as_bytes())),
    }))
}

/// A skill as it is kept.
fn word(skill: &str) -> Result<String, Fault> {
    let skill = skill.trim();
    FreeText::check(skill, MAX_WORD).map_err(|refusal| fault(refusal, Some("?skill".into())))?;
    Ok(skill.to_owned())
}

/// The parts of an area that lie in a place, each once.
pub(in crate::routes) fn within(
    area: impl Iterator<Item = PlaceCode>,
    place: Option<PlaceCode>,
) -> Vec<PlaceCode> {
    let part = |own: PlaceCode| match place {
        None => Some(own),
        Some(place) if own.covers(&place) => Some(place),
        Some(place) => place.covers(&own).then_some(own),
    };
    reduced(&area.filter_map(part).collect::<Vec<_>>())
}

/// What one person is tried on, who was found by their phone.
struct Asked {
    place: Option<PlaceCode>,
    unit: Option<UnitId>,
    role: Option<Role>,
    skill: Option<String>,
}

impl Asked {
    fn fits(&self, person: &person::Person) -> bool {
        let Self { place, unit, role, skill } = self;
        let skills = || person.profile.iter().flat_map(|profile| &profile.skills);
        if skill.as_ref().is_some_and(|skill| !skills().any(|own| own == skill)) {
            return false;
        }
        let nothing = place.is_none() && unit.is_none() && role.is_none();
        nothing
            || person.place.grants.iter().any(|held| {
                let grant = &held.placed.grant;
                role.is_none_or(|role| grant.role == role)
                    && unit.is_none_or(|unit| grant.scope == Scope::Unit(unit))
                    && place.is_none_or(|place| held.placed.places().iter().any(|own| place.covers(own)))
            })
    }
}

/// One person.
#[utoipa::path(
    tag = "人员",
    operation_id = "get_person",
    summary = "查看人员",
    description = "本人范围内的人员。没有授权的居民，只有在其范围内提过工单的县管理员可以查看，姓名只显示首字。",
    responses(
        (status = 200, description = "人员", body = RosterEntry, headers(("ETag" = String, description = "版本"))),
        (status = 304, description = "未变动")
    ),
    extensions(("x-permission" = json!("person.view")))
)]
#[get("/users/{id}")]
pub(crate) async fn get_person(
    state: web::Data<State>,
    permit: Permit<may::PersonView>,
    path: PersonPath,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let actor: &Actor = &permit.actor;
    let person = state.store.person(path.0, actor, permit.grants_version).await?;
    let seen = |person: &person::Person| !actor.reaches_person(Action::PersonView, &person.place).is_empty();
    let person = person.filter(seen);
    let person = person.ok_or_else(|| ApiError::from(fault(PersonRefusal::NotFound, None)))?;
    let etag = etag(person.version);
    if request.headers().get(IF_NONE_MATCH) == Some(&etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, etag)).json(RosterEntry::from(&person)))
}
