//! Ties (关系), check-ins (认门报到), and who answers for a place (责任链条).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, PlacePath, Query, TiePath, comparable_day, limit};
use crate::routes::person::within;
use crate::routes::ticket::deliver;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::actor::Actor;
use domain::id::{TieId, UnitId, UserId};
use domain::permission::Action;
use domain::place::{NetRefusal, PlaceCode, PlaceRefusal};
use domain::text::FreeText;
use domain::tie::{self, Holder, MAX_POST, Target, TieKind, TieRefusal};
use domain::time::china_day;
use domain::view::TieView;
use infra::entropy;
use infra::store::{Answer, ChangeError, NewTie, PlaceRow, Request, TieEnd, TieLens, TieQuery};
use openapi::problem::Fault;
use openapi::tie::{Chain, ChainLink, CheckIn, CreateTie, EndTie, ListTies, Shown, Tie, TieDone, TiePage};

/// The bytes of a cursor: the code of a place, and a tie.
const CURSOR: usize = CODE + 16;
const CODE: usize = 24;

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("tie.version_mismatch"),
        error => error.into(),
    }
}

pub(super) fn shown(actor: &Actor, at: &PlaceCode) -> Shown {
    if actor.area_of(Action::PersonView).any(|area| area.covers(at)) {
        Shown::Roster
    } else if actor.is_staff() {
        Shown::Staff
    } else {
        Shown::Public
    }
}

fn done(tie: &tie::Tie) -> Answer {
    let body = serde_json::to_vec(&TieDone::from(tie)).unwrap_or_default();
    Answer { status: StatusCode::CREATED.as_u16(), version: tie.version, body }
}

/// The place of a code that a body names, if it is one still.
pub(super) async fn place_named(state: &State, session: &Session, given: &str) -> ApiResult<PlaceRow> {
    let at = |refusal: PlaceRefusal| fault(refusal, Some("/place".into()));
    let code = state.store.place_code(given).map_err(at)?;
    let place = state.store.place_by_code(&code, session.actor.user, session.grants_version).await?;
    let place = place.ok_or_else(|| at(PlaceRefusal::Unknown { code }))?;
    match place.retired_at {
        Some(_) => Err(fault(NetRefusal::Retired { code }, Some("/place".into())).into()),
        None => Ok(place),
    }
}

/// Ties.
#[utoipa::path(
    tag = "关系",
    operation_id = "create_tie",
    summary = "建立关系",
    description = "人员或单位与地点或另一单位的关系：包保、挂联、结对、成员、管理、隶属。在所管地点或单位属地的范围内建立；\
        双方之间同类关系只有一个在有效期内（409）。",
    request_body = CreateTie,
    responses((status = 201, description = "已建立", body = TieDone, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("tie.edit")))
)]
#[post("/ties")]
pub(crate) async fn create_tie(
    state: web::Data<State>,
    permit: Permit<may::TieEdit>,
    conditions: Conditions,
    body: Body<CreateTie>,
) -> ApiResult<HttpResponse> {
    let CreateTie { kind, person, unit, place, of, line, post, since, until } = body.value;
    let holder = match (person, unit) {
        (Some(person), None) => Holder::Person(UserId(person)),
        (None, Some(unit)) => Holder::Unit(UnitId(unit)),
        _ => return Err(fault(TieRefusal::HolderOneOf, None).into()),
    };
    let (target, code) = match (place, of) {
        (Some(place), None) => {
            let place = place_named(&state, &permit, &place).await?.place;
            (Target::Place(place.id), Some(place.code))
        }
        (None, Some(of)) => (Target::Unit(UnitId(of)), None),
        _ => return Err(fault(TieRefusal::TargetOneOf, None).into()),
    };
    if let Some(post) = &post {
        FreeText::check(post, MAX_POST).map_err(|refusal| fault(refusal, Some("/post".into())))?;
    }
    comparable_day("/since", since)?;
    comparable_day("/until", until)?;
    // Members check in themselves, by a call of its own.
    if kind.0 == TieKind::CheckedIn {
        return Err(fault(TieRefusal::Sides { kind: kind.0 }, None).into());
    }
    let now = state.clock.now();
    let tie = tie::Tie {
        id: TieId(entropy::id(now)),
        kind: kind.0,
        holder,
        target,
        line,
        post: post.map(|post| post.trim().to_owned()),
        since: since.unwrap_or_else(|| china_day(now)),
        until,
        version: 1,
    };
    make(&state, &permit, &conditions, &body.bytes, NewTie { tie, place: code }).await
}

async fn make(
    state: &State,
    session: &Session,
    conditions: &Conditions,
    bytes: &[u8],
    new: NewTie,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = session;
    let key = conditions.key(state, actor.user, bytes);
    let now = state.clock.now();
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    state.store.create_tie(&request, &new, done).await.map(deliver).map_err(failed)
}

/// Checks in to a community.
#[utoipa::path(
    tag = "关系",
    operation_id = "check_in",
    summary = "认门报到",
    description = "党员向社区（村）报到（双报到）：至多同时两个，一般为工作地和居住地。解除用 `POST /ties/{id}/end`。",
    request_body = CheckIn,
    responses((status = 201, description = "已报到", body = TieDone, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("me.check_in")))
)]
#[post("/me/check-ins")]
pub(crate) async fn check_in(
    state: web::Data<State>,
    permit: Permit<may::MeCheckIn>,
    conditions: Conditions,
    body: Body<CheckIn>,
) -> ApiResult<HttpResponse> {
    let place = place_named(&state, &permit, &body.value.place).await?.place;
    let now = state.clock.now();
    let tie = tie::Tie {
        id: TieId(entropy::id(now)),
        kind: TieKind::CheckedIn,
        holder: Holder::Person(permit.actor.user),
        target: Target::Place(place.id),
        line: None,
        post: None,
        since: china_day(now),
        until: None,
        version: 1,
    };
    make(&state, &permit, &conditions, &body.bytes, NewTie { tie, place: Some(place.code) }).await
}

/// Ends a tie.
#[utoipa::path(
    tag = "关系",
    operation_id = "end_tie",
    summary = "解除关系",
    description = "某天之后不再有效；记录保留。认门报到可由本人解除。",
    request_body = EndTie,
    responses((status = 200, description = "已解除", body = Tie, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("me.view")))
)]
#[post("/ties/{id}/end")]
pub(crate) async fn end_tie(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MeView>,
    path: TiePath,
    conditions: Conditions,
    body: Body<EndTie>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let (now, if_match, lang) = (state.clock.now(), conditions.if_match, language(&http));
    comparable_day("/on", body.value.on)?;
    let request = Request { actor, grants_version: *grants_version, now, if_match, key };
    let end = TieEnd { on: body.value.on };
    let sees = |view: &TieView| {
        view.tie.holder == Holder::Person(actor.user)
            || actor.area_of(Action::TieView).any(|area| area.covers(&view.at))
    };
    let render = |view: &TieView| {
        let body = on_the_wire(&state, actor, view, lang).ok().and_then(|tie| serde_json::to_vec(&tie).ok());
        Answer { status: 200, version: view.tie.version, body: body.unwrap_or_default() }
    };
    state.store.end_tie(&request, path.0, end, sees, render).await.map(deliver).map_err(failed)
}

fn on_the_wire(state: &State, actor: &Actor, view: &TieView, lang: openapi::Lang) -> ApiResult<Tie> {
    let playbook = state.store.playbook(view.at.county()).map_err(ApiError::from)?;
    Ok(Tie::new(view, &playbook, shown(actor, &view.at), lang))
}

/// Ties of a place, a unit, or a person.
#[utoipa::path(
    tag = "关系",
    operation_id = "list_ties",
    summary = "关系列表",
    description = "按地点、单位或人员看。只列本人范围内的地点，和属地在本人范围内的单位；筛选每次至多查 5000 条，以 `next_cursor` 为准。",
    params(ListTies),
    responses((status = 200, description = "一页关系", body = TiePage)),
    extensions(("x-permission" = json!("tie.view")))
)]
#[get("/ties")]
pub(crate) async fn list_ties(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::TieView>,
    query: Query<ListTies>,
) -> ApiResult<web::Json<TiePage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("ties {} {}", actor.user, query.0.identity());
    let ListTies { place, unit, person, kind, line, on, cursor: after, limit: size } = query.0;
    let (limit, keys, lang) = (limit(size)?, state.store.keys(), language(&http));
    comparable_day("?on", on)?;
    let after = after.map(|after| cursor::open::<CURSOR>(keys, &list, &after)).transpose()?;
    let after = after.map(|bytes| opened(&state, &bytes)).transpose()?;
    let all = within(actor.area_of(Action::TieView), None);
    let lens = match (place, unit, person) {
        (Some(place), None, None) => {
            let at = |refusal| fault(refusal, Some("?place".into()));
            let place = state.store.place_code(&place).map_err(at)?;
            TieLens::Area(within(actor.area_of(Action::TieView), Some(place)))
        }
        (None, Some(unit), None) => TieLens::Unit(UnitId(unit)),
        (None, None, Some(person)) => TieLens::Person(UserId(person)),
        _ => return Err(Fault::of("?place", "tie.one_lens", vec![]).into()),
    };
    let query = TieQuery { lens, within: all, kind, line, on, limit, after };
    let page = state.store.ties(&query, actor, *grants_version).await?;
    let seal = |(place, id): (Option<PlaceCode>, TieId)| {
        let place = place.map(|place| place.to_string()).unwrap_or_default();
        cursor::seal(keys, &list, &[format!("{place:<CODE$}").as_bytes(), id.0.as_bytes()].concat())
    };
    let items = page.items.iter().map(|view| on_the_wire(&state, actor, view, lang));
    Ok(web::Json(TiePage { items: items.collect::<ApiResult<_>>()?, next_cursor: page.next.map(seal) }))
}

fn opened(state: &State, bytes: &[u8; CURSOR]) -> ApiResult<(Option<PlaceCode>, TieId)> {
    let invalid = || ApiError::new("cursor.invalid");
    let (code, id) = bytes.split_at(CODE);
    let code = std::str::from_utf8(code).map_err(|_| invalid())?.trim_end();
    let code = (!code.is_empty()).then(|| state.store.place_code(code)).transpose().map_err(|_| invalid())?;
    let id = uuid::Uuid::from_slice(id).map_err(|_| invalid())?;
    Ok((code, TieId(id)))
}

/// Everyone who answers for a place.
#[utoipa::path(
    tag = "关系",
    operation_id = "place_chain",
    summary = "责任链条",
    description = "从这个地点逐级到县：谁在这里任职，谁包保、挂联、结对、管理它（双向包保、网格责任单位）。今天有效的才列出。\
        居民看到公开任职和包保人员的姓名，其他人员只见首字；电话只给管理名册的人看。",
    responses((status = 200, description = "责任链条", body = Chain)),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/{id}/chain")]
pub(crate) async fn place_chain(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    path: PlacePath,
) -> ApiResult<web::Json<Chain>> {
    let Session { actor, grants_version, .. } = &*permit;
    let (now, lang) = (state.clock.now(), language(&http));
    let chain = state.store.chain(path.0, now, actor, *grants_version).await?;
    let chain = chain.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let link = |link: &domain::view::ChainLink| {
        let playbook = state.store.playbook(link.place.code.county()).map_err(ApiError::from)?;
        Ok(ChainLink::new(link, &playbook, shown(actor, &link.place.code), lang))
    };
    let items = chain.links.iter().map(link).collect::<ApiResult<_>>()?;
    Ok(web::Json(Chain { items, more: chain.more }))
}
