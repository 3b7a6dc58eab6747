//! Duties (履职): what is owed regularly, and whether it was done.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, PlacePath, Query, comparable_day};
use crate::routes::matter::{self, at, lens, page, request, seen, shown};
use crate::routes::ticket::{position, text};
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::duty::{self, DutyRefusal, Owed, Period, Told};
use domain::id::{PhotoId, PlaceId, TicketId, UnitId, UserId};
use domain::matter::{MatterRefusal, MatterView};
use domain::permission::Action;
use domain::place::{NetRefusal, PlaceCode};
use domain::playbook::Playbook;
use domain::playbook::duty::{DutyRule, Every, MOST_PHOTOS};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::tie::Holder;
use domain::time::{Timestamp, china, china_day, seconds};
use infra::store::{ChangeError, OwedBy, Request};
use openapi::duty::{
    CreateDuty, DutiesOf, Duty, DutyPage, ListDuties, PlaceDuties, PlaceDuty, RecordDuty, sides,
};
use openapi::problem::Fault;
use openapi::strict::{Moment, Object};
use openapi::ticket::Position;
use openapi::tie::{TiedPlace, TiedTo};
use uuid::Uuid;

/// What is said of a duty that was done, whether it was planned or not.
struct Said {
    text: Text,
    position: Option<domain::geo::Position>,
    photos: Vec<PhotoId>,
    raised: Vec<TicketId>,
    attendance: Option<u32>,
    late: bool,
    occurred_at: Option<Timestamp>,
}

/// What a body says of a duty: words, where, photos, tickets.
type Wording = (String, Option<Object<Position>>, Option<Vec<Uuid>>, Option<Vec<Uuid>>);

impl Said {
    fn new(
        state: &State,
        now: Timestamp,
        said: Wording,
        (attendance, late, occurred_at): (Option<u32>, bool, Option<Moment>),
    ) -> ApiResult<Self> {
        let (words, there, photos, raised) = said;
        let there = there.map(|Object(there)| position("/position", there.lat, there.lng, there.datum.0));
        let (photos, raised) = (photos.unwrap_or_default(), raised.unwrap_or_default());
        // Counted before any is looked for.
        for (field, count, max) in
            [("/photos", photos.len(), MOST_PHOTOS.into()), ("/raised", raised.len(), duty::MOST_RAISED)]
        {
            if count > max {
                let max = u32::try_from(max).unwrap_or(u32::MAX);
                return Err(fault(MatterRefusal::Range { field, min: 0, max }, None).into());
            }
        }
        Ok(Self {
            text: text(state, "/text", words, now)?,
            position: there.transpose()?,
            photos: photos.into_iter().map(PhotoId).collect(),
            raised: raised.into_iter().map(TicketId).collect(),
            attendance,
            late,
            occurred_at: occurred_at.map(|at| at.0),
        })
    }

    /// The same with how far away it was.
    async fn told(self, state: &State, spot: (PlaceId, Option<duty::PointAt>)) -> ApiResult<Told> {
        let Self { text, position, photos, raised, attendance, late, occurred_at } = self;
        let metres = match position {
            Some(from) => state.store.metres_to(spot.0, spot.1, from).await?,
            None => None,
        };
        let located = position.is_some();
        Ok(Told { text, occurred_at, located, metres, photos, raised, attendance, late })
    }
}

/// What is wrong with photos and tickets. Asked where it is decided, for somebody else may be about to use the same photo; and
/// a call that is made again is answered by what was kept, although its photos are used by now.
async fn wrong(
    state: &State,
    session: &Session,
    told: &Told,
    county: &PlaceCode,
) -> Result<Option<DutyRefusal>, ChangeError> {
    if !state.store.are_tickets_of(&told.raised, county).await? {
        return Ok(Some(DutyRefusal::RaisedUnknown));
    }
    photos_wrong(state, session, &told.photos, county).await
}

/// Whether these are photos that somebody added in a county, and that show nothing else yet.
pub(super) async fn photos_wrong(
    state: &State,
    session: &Session,
    photos: &[PhotoId],
    county: &PlaceCode,
) -> Result<Option<DutyRefusal>, ChangeError> {
    if !state.store.photos_are_theirs(photos, session.actor.user, county.county()).await? {
        return Ok(Some(DutyRefusal::PhotoUnknown));
    }
    let slots: Vec<_> = photos.iter().map(|photo| photo.slot()).collect();
    let taken = state.store.slots_taken(&slots).await?;
    Ok((!taken.is_empty()).then_some(DutyRefusal::PhotoUsed))
}

/// What is wrong, as a refusal.
pub(super) fn unless(wrong: Option<DutyRefusal>) -> Result<(), Refusal> {
    wrong.map_or(Ok(()), |wrong| Err(wrong.into()))
}

pub(super) fn county_of(state: &State, code: &PlaceCode) -> ApiResult<PlaceCode> {
    Ok(state.store.place_code(code.county()).map_err(Refusal::from)?)
}

/// Now, and for how long back something may be told that was done out of reach.
fn times(state: &State, code: &PlaceCode, now: Timestamp) -> ApiResult<(Timestamp, TimeDelta)> {
    let playbook = state.store.playbook(code.county())?;
    Ok((now, seconds(playbook.policy.offline_seconds)))
}

/// Records what was not planned.
#[utoipa::path(
    tag = "履职",
    operation_id = "create_duty",
    summary = "记未排定的履职",
    description = "规程中不定期的（群众会、居民代表大会、现场办公会），或在排定之外多做的一次；须是按规程在该地负有此责的本人或本单位。",
    request_body = CreateDuty,
    responses((status = 201, description = "已记下", body = Duty, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("duty.record")))
)]
#[post("/duties")]
pub(crate) async fn create_duty(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::DutyRecord>,
    conditions: Conditions,
    body: Body<CreateDuty>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let CreateDuty { key, place, point, unit, text, position, photos, raised, attendance, occurred_at } =
        body.value;
    let said = (text, position, photos, raised);
    let said = Said::new(&state, now, said, (attendance, false, occurred_at))?;
    let place = place_named(&state, &permit, &place).await?;
    let code = place.place.code;
    let playbook = state.store.playbook(code.county())?;
    let rule = playbook.duty(&key).ok_or_else(|| {
        fault(MatterRefusal::Unknown { field: "/key", allowed: playbook.duty_keys() }, None)
    })?;
    let owed = owed_here(&state, &request, (&playbook, rule), &code, (unit, point)).await?;
    let county = county_of(&state, &code)?;
    let told = said.told(&state, (owed.place, owed.point)).await?;
    let times = times(&state, &code, now)?;
    let begin = || async {
        unless(wrong(&state, &permit, &told, &county).await?)?;
        Ok(duty::Duty::extra(rule, &owed, &told, request.actor, times)?)
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| Duty::new(view, lang))
        .await
}

/// What somebody, or the unit that they name, owes at a place.
async fn owed_here(
    state: &State,
    request: &Request<'_>,
    (playbook, rule): (&Playbook, &DutyRule),
    code: &PlaceCode,
    (unit, point): (Option<Uuid>, Option<Uuid>),
) -> ApiResult<Owed> {
    let actor = request.actor;
    let who = match unit {
        Some(unit) if actor.units().any(|own| own.0 == unit) => unit,
        Some(_) => return Err(fault(MatterRefusal::Who { field: "/unit" }, None).into()),
        None => actor.user.0,
    };
    let who = [who];
    let by = OwedBy { playbook, rule, day: china_day(request.now), only: Some((who.as_slice(), code)) };
    let owed = state.store.owed(&by).await?;
    let here = |one: &Owed| point.is_none_or(|wanted| one.point.is_some_and(|at| at.id.0 == wanted));
    let found = owed.into_iter().find(here);
    Ok(found.ok_or_else(|| fault(DutyRefusal::NotTheirs, None))?)
}

/// Duties, those that begin last first.
#[utoipa::path(
    tag = "履职",
    operation_id = "list_duties",
    summary = "履职列表",
    description = "本人范围内的，或本人、本单位的（`mine=true`），开始得晚的在前。",
    params(ListDuties),
    responses((status = 200, description = "一页履职", body = DutyPage)),
    extensions(("x-permission" = json!("duty.view")))
)]
#[get("/duties")]
pub(crate) async fn list_duties(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::DutyView>,
    query: Query<ListDuties>,
) -> ApiResult<web::Json<DutyPage>> {
    let list = query.0.identity();
    let ListDuties { place, key, status, mine, from, to, cursor, limit } = query.0;
    comparable_day("?from", from)?;
    comparable_day("?to", to)?;
    let lang = language(&http);
    let mut query = lens(&state, &permit, Action::DutyView, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    query.topic = key;
    query.from = from.map(midnight);
    query.to = to.and_then(|to| to.checked_add_days(Days::new(1))).map(midnight);
    let item = |view: &MatterView<_>| Duty::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(DutyPage { items, next_cursor }))
}

/// The beginning of a day in China.
pub(super) fn midnight(day: NaiveDate) -> Timestamp {
    let there = day.and_time(NaiveTime::MIN).and_local_timezone(china()).earliest();
    there.map_or(Timestamp::MAX_UTC, |at| at.with_timezone(&Utc))
}

/// One duty.
#[utoipa::path(
    tag = "履职",
    operation_id = "get_duty",
    summary = "查看履职",
    description = "谁、何地、何时、应做几次，历次记录、照片和提出的诉求。",
    responses((status = 200, description = "履职", body = Duty, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("duty.view")))
)]
#[get("/duties/{id}")]
pub(crate) async fn get_duty(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::DutyView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen::<duty::Duty>(&state, &permit, path.0).await?;
    Ok(shown(&view, Duty::new(&view, language(&http))))
}

/// Records a duty.
#[utoipa::path(
    tag = "履职",
    operation_id = "record_duty",
    summary = "履职",
    description = "负有此责的本人或单位的人记下做了一次：何地、何时、照片、提出的诉求；规程定了距离的，位置离该地不能更远。\
        过了时间的须写明 `late`，算作补记；做满规定次数即完成。",
    request_body = RecordDuty,
    responses((status = 200, description = "已记下", body = Duty, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("duty.record")))
)]
#[post("/duties/{id}/record")]
pub(crate) async fn record_duty(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::DutyRecord>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<RecordDuty>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let RecordDuty { text, position, photos, raised, attendance, late, occurred_at } = body.value;
    let said = (text, position, photos, raised);
    let said = Said::new(&state, now, said, (attendance, late.unwrap_or(false), occurred_at))?;
    let view = seen::<duty::Duty>(&state, &permit, path.0).await?;
    let code = view.place.code;
    let (spot, county) = ((view.matter.place, view.matter.point), county_of(&state, &code)?);
    let times = times(&state, &code, now)?;
    let told = said.told(&state, spot).await?;
    let know = || wrong(&state, &permit, &told, &county);
    let decide = |view: &MatterView<duty::Duty>, wrong| {
        let change = view.matter.record(&told, request.actor, times)?;
        unless(wrong).map(|()| change)
    };
    let show = |view: &MatterView<_>| Duty::new(view, lang);
    matter::change_knowing(&state, &request, path.0, know, decide, show).await
}

/// What duties came to below a place.
#[utoipa::path(
    tag = "履职",
    operation_id = "place_duties",
    summary = "一地的履职情况",
    description = "该地及其下各级一期内某项履职：谁做了、谁没做，覆盖了多少个地点（敲门行动即多少栋楼）。",
    params(DutiesOf),
    responses((status = 200, description = "履职情况", body = PlaceDuties)),
    extensions(("x-permission" = json!("duty.view")))
)]
#[get("/places/{id}/duties")]
pub(crate) async fn place_duties(
    state: web::Data<State>,
    permit: Permit<may::DutyView>,
    path: PlacePath,
    query: Query<DutiesOf>,
) -> ApiResult<web::Json<PlaceDuties>> {
    let Session { actor, grants_version, .. } = &*permit;
    let DutiesOf { key, period } = query.0;
    let found = state.store.place(path.0, actor, *grants_version).await?;
    let code = found.map(|(entry, _)| entry.place.code);
    let seen = code.filter(|code| actor.does_at(Action::DutyView, code));
    let code = seen.ok_or_else(|| fault(NetRefusal::NotFound, None))?;
    let playbook = state.store.playbook(code.county())?;
    let rule = playbook.duty(&key).ok_or_else(|| {
        fault(MatterRefusal::Unknown { field: "?key", allowed: playbook.duty_keys() }, None)
    })?;
    let period = period_of(rule, period, china_day(state.clock.now()))?;
    let (from, until) = period.span();
    let all = state.store.duty_coverage((&code, &key), (from, until), actor, *grants_version).await?;
    let items = all.rows.into_iter().map(|row| {
        let (Holder::Person(UserId(id)) | Holder::Unit(UnitId(id))) = row.who;
        let (person, unit) = sides(row.who, TiedTo { id, name: row.name });
        let place = TiedPlace { code: row.place.to_string(), name: row.place_name };
        PlaceDuty { place, person, unit, due: row.due, done: row.done, late: row.late, missed: row.missed }
    });
    Ok(web::Json(PlaceDuties {
        key,
        name: rule.name.clone(),
        period: period.to_string(),
        from,
        until,
        places: all.places,
        places_done: all.places_done,
        due: all.due,
        done: all.done,
        late: all.late,
        missed: all.missed,
        items: items.collect(),
        more: all.more,
    }))
}

/// The period that is asked for; of a duty that is never planned this month.
fn period_of(rule: &DutyRule, asked: Option<String>, today: NaiveDate) -> Result<Period, Fault> {
    let none = |text: String| {
        Fault::of("?period", "request.invalid_value", vec![]).with("reason", format!("no period: {text}"))
    };
    match asked {
        Some(text) => Period::parse(&text).ok_or_else(|| none(text)),
        None => {
            let every = if rule.every == Every::None { Every::Month } else { rule.every };
            Period::of(every, today).ok_or_else(|| none(today.to_string()))
        }
    }
}
