//! What the calls of matters of all kinds share: who asks, through which lens, pages, and answers.

use crate::app::State;
use crate::auth::Session;
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Conditions, limit};
use crate::routes::person::within;
use crate::routes::ticket::{deliver, etag};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use domain::id::UnitId;
use domain::matter::{Change, Matter, MatterRefusal, MatterView};
use domain::permission::Action;
use domain::place::PlaceCode;
use domain::refusal::Refusal;
use domain::tie::Holder;
use infra::entropy;
use infra::store::{Answer, ChangeError, MatterLens, MatterQuery, NewMatter, PlaceRow, Request};
use openapi::problem::Fault;
use serde::Serialize;
use uuid::Uuid;

/// A change of a matter that failed.
pub(super) fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("matter.version_mismatch"),
        error => error.into(),
    }
}

/// Who asks for a change of a matter, and how.
pub(super) fn request<'a>(
    state: &State,
    session: &'a Session,
    conditions: &Conditions,
    bytes: &[u8],
) -> Request<'a> {
    let Session { actor, grants_version, .. } = session;
    let key = conditions.key(state, actor.user, bytes);
    let (now, if_match) = (state.clock.now(), conditions.if_match);
    Request { actor, grants_version: *grants_version, now, if_match, key }
}

/// A matter that is to begin at a place.
pub(super) fn at(place: PlaceRow, request: &Request<'_>) -> NewMatter {
    NewMatter { id: entropy::id(request.now), place: place.place, place_name: place.name }
}

/// An answer.
pub(super) fn answer<M>(status: StatusCode, view: &MatterView<M>, body: impl Serialize) -> Answer {
    let body = serde_json::to_vec(&body).unwrap_or_default();
    Answer { status: status.as_u16(), version: view.version, body }
}

/// A person or a unit of the county: whoever a body names as one who is to do something.
pub(super) async fn must_be_known(
    state: &State,
    session: &Session,
    who: Holder,
    at: &PlaceCode,
    field: &'static str,
) -> ApiResult<()> {
    let known = match who {
        Holder::Person(person) => state.store.is_known(person, at, session.actor.user).await?,
        Holder::Unit(UnitId(unit)) => {
            let county = state.store.unit_county(UnitId(unit)).await?;
            county.is_some_and(|county| county.county() == at.county())
        }
    };
    if known { Ok(()) } else { Err(fault(MatterRefusal::Who { field }, None).into()) }
}

/// Through what a list of matters looks: one's own and one's units', or an area in which one sees such things.
pub(super) fn lens(
    state: &State,
    session: &Session,
    action: Action,
    place: Option<&str>,
    mine: bool,
) -> ApiResult<MatterQuery> {
    lens_over(state, session, session.actor.area_of(action), place, mine)
}

/// The same where something else than an action says in which area.
pub(super) fn lens_over(
    state: &State,
    session: &Session,
    area: impl Iterator<Item = PlaceCode>,
    place: Option<&str>,
    mine: bool,
) -> ApiResult<MatterQuery> {
    let actor = &session.actor;
    let place = place
        .map(|code| state.store.place_code(code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    if mine {
        let own = std::iter::once(actor.user.0).chain(actor.units().map(|unit| unit.0)).collect();
        let mut query = MatterQuery::through(MatterLens::Party(own, vec![]), 1);
        query.within = place.map(|place| vec![place]);
        return Ok(query);
    }
    let places = within(area, place);
    if places.iter().any(|other| other.county() != places[0].county()) {
        return Err(ApiError::from(Fault::of("?place", "shift.place_required", vec![])));
    }
    Ok(MatterQuery::through(MatterLens::Area(places), 1))
}

/// A page of matters. `list` is equal for equal lists, whatever page.
pub(super) async fn page<M: Matter, W>(
    state: &State,
    session: &Session,
    list: &str,
    mut query: MatterQuery,
    (after, size): (Option<String>, Option<i64>),
    item: impl Fn(&MatterView<M>) -> W,
) -> ApiResult<(Vec<W>, Option<String>)> {
    let Session { actor, grants_version, .. } = session;
    let (keys, list) = (state.store.keys(), format!("{} {} {list}", M::KIND, actor.user));
    query.limit = limit(size)?;
    query.after = after.map(|after| cursor::open_at(keys, &list, &after)).transpose()?;
    let page = state.store.matters::<M>(&query, actor, *grants_version).await?;
    let next = page.next.map(|(at, id)| cursor::seal_at(keys, &list, at, id));
    Ok((page.items.iter().map(item).collect(), next))
}

/// Through what a list looks: where a unit is named, what concerns it; all of it for whoever handles for it, for others what
/// lies in the area in which they see such things.
pub(super) fn lens_of(
    state: &State,
    session: &Session,
    action: Action,
    (place, unit): (Option<&str>, Option<Uuid>),
) -> ApiResult<MatterQuery> {
    let Some(unit) = unit else { return lens(state, session, action, place, false) };
    let own = session.actor.stands_for(Holder::Unit(UnitId(unit)));
    let mut query = lens(state, session, action, place, own)?;
    if let MatterLens::Area(places) = query.lens {
        query.within = Some(places);
    }
    query.lens = MatterLens::Party(vec![unit], vec![]);
    Ok(query)
}

/// A matter that begins: `begin` says what it is, `show` what the answer is.
pub(super) async fn begin<M: Matter, W: Serialize, F>(
    state: &State,
    request: &Request<'_>,
    new: NewMatter,
    begin: impl Fn() -> F,
    show: impl Fn(&MatterView<M>) -> W,
) -> ApiResult<HttpResponse>
where
    F: Future<Output = Result<Change<M>, ChangeError>>,
{
    let render = |view: &MatterView<M>| answer(StatusCode::CREATED, view, show(view));
    let done = state.store.begin_matter(request, &new, begin, render).await;
    done.map(deliver).map_err(failed)
}

/// A change of a matter that the asker sees: `decide` says what becomes of it, `show` what the answer is.
pub(super) async fn change<M: Matter, W: Serialize>(
    state: &State,
    request: &Request<'_>,
    id: Uuid,
    decide: impl Fn(&MatterView<M>) -> Result<Change<M>, Refusal>,
    show: impl Fn(&MatterView<M>) -> W,
) -> ApiResult<HttpResponse> {
    let decide = |view: &MatterView<M>, (): ()| decide(view);
    change_knowing(state, request, id, || async { Ok(()) }, decide, show).await
}

/// The same where `decide` needs to know something else: `know` finds it out, anew when somebody else was faster.
pub(super) async fn change_knowing<M: Matter, K, F, W: Serialize>(
    state: &State,
    request: &Request<'_>,
    id: Uuid,
    know: impl Fn() -> F,
    decide: impl Fn(&MatterView<M>, K) -> Result<Change<M>, Refusal>,
    show: impl Fn(&MatterView<M>) -> W,
) -> ApiResult<HttpResponse>
where
    F: Future<Output = Result<K, ChangeError>>,
{
    let missing = || MatterRefusal::NotFound.into();
    let decide = |view: &MatterView<M>, known: K| {
        let sees = view.matter.is_seen_by(request.actor, &view.place.code);
        if sees { decide(view, known) } else { Err(missing()) }
    };
    let render = |view: &MatterView<M>| answer(StatusCode::OK, view, show(view));
    let done = state.store.change_matter_knowing(request, id, missing, know, decide, render).await;
    done.map(deliver).map_err(failed)
}

/// A matter that the asker sees.
pub(super) async fn seen<M: Matter>(state: &State, session: &Session, id: Uuid) -> ApiResult<MatterView<M>> {
    let found = state.store.matter::<M>(id, &session.actor, session.grants_version).await?;
    let seen = found.filter(|view| view.matter.is_seen_by(&session.actor, &view.place.code));
    Ok(seen.ok_or_else(|| fault(MatterRefusal::NotFound, None))?)
}

/// A matter as an answer.
pub(super) fn shown<M>(view: &MatterView<M>, body: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((ETAG, etag(view.version))).json(body)
}

/// The place that a query names.
pub(super) fn place_asked(state: &State, code: &str) -> ApiResult<PlaceCode> {
    Ok(state.store.place_code(code).map_err(|refusal| fault(refusal, Some("?place".into())))?)
}

/// Through what a list that everybody may read looks: one's own and one's units', or a place and all below it.
pub(super) fn public_lens(
    state: &State,
    session: &Session,
    place: Option<&str>,
    mine: bool,
) -> ApiResult<MatterQuery> {
    let place = place.map(|code| place_asked(state, code)).transpose()?;
    if mine {
        let actor = &session.actor;
        let own = std::iter::once(actor.user.0).chain(actor.units().map(|unit| unit.0)).collect();
        let mut query = MatterQuery::through(MatterLens::Party(own, vec![]), 1);
        query.within = place.map(|place| vec![place]);
        return Ok(query);
    }
    let place = place.ok_or_else(|| {
        ApiError::from(Fault::of("?place", "request.missing_field", vec![("name", "place".to_owned())]))
    })?;
    Ok(MatterQuery::through(MatterLens::Area(vec![place]), 1))
}
