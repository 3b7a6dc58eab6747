//! Bookings (预约) of services at points.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, PointPath, Query, comparable_day};
use crate::rates;
use crate::routes::matter::{self, lens, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{Days, NaiveDate, NaiveTime};
use domain::booking::{self, AHEAD, NewBooking, bookable, must_be_near, own, seats};
use domain::id::{PointId, UserId};
use domain::matter::{Change, MatterRefusal, MatterView};
use domain::permission::Action;
use domain::point::{self, PointRefusal};
use domain::refusal::Refusal;
use domain::tie::Holder;
use domain::time::{Timestamp, china, china_day};
use infra::entropy;
use infra::store::{ChangeError, MatterLens, NewMatter, Request};
use openapi::Lang;
use openapi::booking::{
    Book, Booking, BookingPage, CancelBooking, ListBookings, ListSlots, MissBooking, ServeBooking, Slot,
    SlotDay,
};
use openapi::problem::{Fault, Problem};
use std::collections::HashSet;
use uuid::Uuid;

/// What of a point can be booked on a day.
#[utoipa::path(
    tag = "预约",
    operation_id = "list_slots",
    summary = "预约时段",
    description = "点位在某一天还没有开始的预约时段，各余几个名额。",
    params(ListSlots),
    responses((status = 200, description = "一天的时段", body = SlotDay)),
    extensions(("x-permission" = json!("point.view")))
)]
#[get("/points/{id}/slots")]
pub(crate) async fn list_slots(
    state: web::Data<State>,
    permit: Permit<may::PointView>,
    path: PointPath,
    query: Query<ListSlots>,
) -> ApiResult<web::Json<SlotDay>> {
    let (day, now) = (query.0.day, state.clock.now());
    must_be_ahead(day, now)?;
    let view = point(&state, &permit, path.0).await?;
    let details = &view.point.about.details;
    let Some(slots) = details.slots.as_ref().filter(|_| view.point.retired_at.is_none()) else {
        return Ok(web::Json(SlotDay { day, services: vec![], items: vec![] }));
    };
    let begins: Vec<_> = slots.on(&details.hours, day).filter(|begin| *begin > now).collect();
    let taken = state.store.seats_taken((view.point.id, &view.place), span(day)?).await?;
    let items = begins.iter().map(|begin| {
        let taken = taken.get(begin).copied().unwrap_or_default();
        let free = (i64::from(slots.seats) - taken).max(0);
        Slot { begins_at: *begin, ends_at: *begin + slots.length(), free }
    });
    let services = bookable(&view.point).into_iter().map(str::to_owned).collect();
    Ok(web::Json(SlotDay { day, services, items: items.collect() }))
}

/// From when until when a day lasts in China.
fn span(day: NaiveDate) -> ApiResult<(Timestamp, Timestamp)> {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_local_timezone(china()).single();
    let bounds = midnight(day).zip(day.checked_add_days(Days::new(1)).and_then(midnight));
    let beyond =
        || Fault::of("?day", "request.invalid_value", vec![]).with("reason", "input is out of range");
    let (from, until) = bounds.ok_or_else(beyond)?;
    Ok((from.to_utc(), until.to_utc()))
}

/// A day on which one books.
fn must_be_ahead(day: NaiveDate, now: Timestamp) -> ApiResult<()> {
    let (first, last) = (china_day(now), china_day(now + AHEAD));
    if (first..=last).contains(&day) {
        return Ok(());
    }
    let fault = Fault::of("?day", "request.out_of_range", vec![]);
    Err(fault.with("min", first).with("max", last).with("value", day).into())
}

/// A point that the asker sees.
async fn point(state: &State, session: &Session, id: PointId) -> ApiResult<point::View> {
    let view = state.store.point(id, &session.actor, session.grants_version).await?;
    view.ok_or_else(|| ApiError::from(fault(PointRefusal::NotFound, None)))
}

/// Books.
#[utoipa::path(
    tag = "预约",
    operation_id = "book",
    summary = "预约",
    description = "居民为自己预约，或在该地接待的人、点位运营单位的人替居民预约（`person`）。一人一天在同一点位只能有一个预约；\
        点位一方得知，时段开始前两小时提醒来的人。",
    request_body = Book,
    responses(
        (status = 201, description = "已预约", body = Booking, headers(("ETag" = String, description = "版本"))),
        (status = 404, description = "没有这个点位", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "约满，当天已有预约，或不接受预约", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("booking.make")))
)]
#[post("/bookings")]
pub(crate) async fn book(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingMake>,
    conditions: Conditions,
    body: Body<Book>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let Book { point: wanted, service, begins_at, text: said, person } = body.value;
    let said = said.map(|said| text(&state, "/text", said, now)).transpose()?;
    let at_first = state.store.point(PointId(wanted), &permit.actor, permit.grants_version).await?;
    let at_first = at_first.ok_or_else(|| fault(PointRefusal::NotFound, Some("/point".into())))?;
    let requester = person.map_or(request.actor.user, UserId);
    if requester != request.actor.user {
        // Whoever may not book for others learns of nobody.
        if !booking::serves_at(request.actor, &at_first.place, at_first.point.about.unit) {
            return Err(fault(MatterRefusal::BeyondScope, None).into());
        }
        must_be_known(&state, &permit, Holder::Person(requester), &at_first.place, "/person").await?;
    }
    rates::ticket(&state, request.actor, request.key.as_ref()).await?;
    let place = place_named(&state, &permit, at_first.place.as_str()).await?;
    let new = NewBooking { requester, service, begins_at: begins_at.0, text: said };
    let begin = || async {
        // Anew each time: meanwhile others book, and the point changes.
        let view = state.store.point(PointId(wanted), &permit.actor, permit.grants_version).await?;
        let view = view.ok_or_else(|| Refusal::from(PointRefusal::NotFound))?;
        // Before its day is looked at: there is none at the end of time.
        must_be_near(new.begins_at, now).map_err(Refusal::from)?;
        let slots = view.point.about.details.slots.as_ref();
        let mut wanted = vec![own(requester, view.point.id, new.begins_at)];
        wanted.extend(slots.into_iter().flat_map(|slots| seats(view.point.id, new.begins_at, slots)));
        let taken: HashSet<_> = state.store.slots_taken(&wanted).await?.into_keys().collect();
        let there = (&view.point, &view.place);
        Ok::<_, ChangeError>(booking::Booking::book(&new, there, &taken, request.actor, now)?)
    };
    let at = NewMatter { id: entropy::id(now), place: place.place, place_name: place.name };
    matter::begin(&state, &request, at, begin, |view: &MatterView<_>| Booking::new(view, request.actor, lang))
        .await
}

/// Bookings, the latest slot first.
#[utoipa::path(
    tag = "预约",
    operation_id = "list_bookings",
    summary = "预约列表",
    description = "本人范围内的，或与本人、本单位有关的（`mine=true`；居民应当如此），时段晚的在前。",
    params(ListBookings),
    responses((status = 200, description = "一页预约", body = BookingPage)),
    extensions(("x-permission" = json!("booking.view")))
)]
#[get("/bookings")]
pub(crate) async fn list_bookings(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingView>,
    query: Query<ListBookings>,
) -> ApiResult<web::Json<BookingPage>> {
    let list = query.0.identity();
    let ListBookings { place, mine, point, day, status, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = lens(&state, &permit, Action::BookingView, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    query.topic = point.map(|point| point.to_string());
    // Not what one once booked for others.
    if let MatterLens::Party(_, roles) = &mut query.lens {
        *roles = vec!["requester", "unit"];
    }
    comparable_day("?day", day)?;
    if let Some(day) = day {
        let (from, to) = span(day)?;
        (query.from, query.to) = (Some(from), Some(to));
    }
    let item = |view: &MatterView<_>| Booking::new(view, &permit.actor, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(BookingPage { items, next_cursor }))
}

/// One booking.
#[utoipa::path(
    tag = "预约",
    operation_id = "get_booking",
    summary = "查看预约",
    description = "谁来、何时来、办什么，和办得如何。",
    responses((status = 200, description = "预约", body = Booking, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("booking.view")))
)]
#[get("/bookings/{id}")]
pub(crate) async fn get_booking(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Booking::new(&view, &permit.actor, language(&http))))
}

/// Changes a booking that the asker sees.
async fn change(
    state: &State,
    request: &Request<'_>,
    (id, lang): (Uuid, Lang),
    decide: impl Fn(&MatterView<booking::Booking>) -> Result<Change<booking::Booking>, Refusal>,
) -> ApiResult<HttpResponse> {
    matter::change(state, request, id, decide, |view: &MatterView<_>| Booking::new(view, request.actor, lang))
        .await
}

/// They came.
#[utoipa::path(
    tag = "预约",
    operation_id = "serve_booking",
    summary = "办理预约",
    description = "该地接待的人或点位运营单位的人记录：已到、已办理。时段开始前 12 小时起；误记为未到的，时段结束后 7 天以内可改记为已办理。",
    request_body = ServeBooking,
    responses((status = 200, description = "已办理", body = Booking, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("booking.serve")))
)]
#[post("/bookings/{id}/serve")]
pub(crate) async fn serve_booking(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingServe>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ServeBooking>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = body.value.text.map(|said| text(&state, "/text", said, request.now)).transpose()?;
    let decide = |view: &MatterView<booking::Booking>| {
        view.matter.serve(said.as_ref(), request.actor, &view.place.code, request.now)
    };
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// They did not come.
#[utoipa::path(
    tag = "预约",
    operation_id = "miss_booking",
    summary = "预约未到",
    description = "时段结束之后，该地接待的人或点位运营单位的人记录：未到。时段结束一天后没有记录的，自动记为未到。",
    request_body = MissBooking,
    responses((status = 200, description = "未到", body = Booking, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("booking.serve")))
)]
#[post("/bookings/{id}/miss")]
pub(crate) async fn miss_booking(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingServe>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<MissBooking>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let MissBooking {} = body.value;
    let decide =
        |view: &MatterView<booking::Booking>| view.matter.miss(request.actor, &view.place.code, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Gives a booking up.
#[utoipa::path(
    tag = "预约",
    operation_id = "cancel_booking",
    summary = "取消预约",
    description = "时段开始之前由预约的人取消；点位一方因故不能接待的，随时可取消，预约的人得知。名额随即让出。",
    request_body = CancelBooking,
    responses((status = 200, description = "已取消", body = Booking, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("booking.make")))
)]
#[post("/bookings/{id}/cancel")]
pub(crate) async fn cancel_booking(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BookingMake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<CancelBooking>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = text(&state, "/text", body.value.text, request.now)?;
    let decide = |view: &MatterView<booking::Booking>| {
        view.matter.cancel(&said, request.actor, &view.place.code, request.now)
    };
    change(&state, &request, (path.0, language(&http)), decide).await
}
