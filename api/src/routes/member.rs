//! Points of in-service members of a community (在职党员积分, practices L08).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{PlacePath, Query, limit};
use actix_web::{get, web};
use domain::id::UserId;
use domain::matter::MatterRefusal;
use domain::member::MonthOf;
use domain::permission::{Action, Role};
use domain::place::NetRefusal;
use domain::post::must_be_a_community;
use domain::time::china_day;
use infra::store::{MemberRow, MembersQuery};
use openapi::member::{MemberScore, MemberScores, PointsOf};
use uuid::Uuid;

/// The bytes of a cursor: points, and who.
const END: usize = 8 + 16;

/// The members of a community by their points.
#[utoipa::path(
    tag = "承诺",
    operation_id = "member_points",
    summary = "在职党员积分",
    description = "一个社区的党员（在此任职或已报到）某月的积分和名次：按期与逾期践诺、办结工单、月末在岗各计几分由规程规定，当场从记录算出。\
        辖区工作人员和本社区的党员可看。",
    params(PointsOf),
    responses((status = 200, description = "积分", body = MemberScores)),
    extensions(("x-permission" = json!("member_points.view")))
)]
#[get("/places/{id}/member-points")]
pub(crate) async fn member_points(
    state: web::Data<State>,
    permit: Permit<may::MemberPointsView>,
    path: PlacePath,
    query: Query<PointsOf>,
) -> ApiResult<web::Json<MemberScores>> {
    let Session { actor, grants_version, .. } = &*permit;
    let PointsOf { month, cursor: after, limit: size } = query.0;
    let now = state.clock.now();
    let (this_month, limit, keys) = (MonthOf::at(now), limit(size)?, state.store.keys());
    let month = month.map_or(Ok(this_month), |month| month.parse());
    let month = month.ok().filter(|month| *month <= this_month).ok_or_else(|| {
        let earliest = "2000-01".parse::<MonthOf>().map_or(now, |first| first.moments().0);
        fault(MatterRefusal::Time { field: "?month", earliest, latest: now }, None)
    })?;
    let found = state.store.place(path.0, actor, *grants_version).await?;
    let place = found
        .map(|(entry, _)| entry.place)
        .ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let at = place.code;
    let belongs = actor.does_at(Action::MemberPointsView, &at)
        || actor.is_granted_at(&[Role::PartyMember], &at)
        || state.store.checked_in(actor.user, place.id, china_day(now)).await?;
    if !belongs {
        return Err(fault(MatterRefusal::BeyondScope, None).into());
    }
    must_be_a_community(&at).map_err(|refusal| fault(refusal, Some("id".into())))?;
    let points = state.store.playbook(at.county())?.member_points;
    let list = format!("member points {at} {month}");
    let after = after.map(|after| cursor::open::<END>(keys, &list, &after)).transpose()?;
    let after = after.map(opened).transpose()?;
    let query = MembersQuery { place: at, month, points, limit, after };
    let page = state.store.member_points(&query, actor, *grants_version).await?;
    let seal = |(points, person): (i64, UserId)| {
        cursor::seal(keys, &list, &[&points.to_le_bytes()[..], person.0.as_bytes()].concat())
    };
    let item = |row: MemberRow| {
        let MemberRow { person, name, rank, points: sum, tally } = row;
        MemberScore::new((person.0, name), (rank, sum), tally, points)
    };
    let items = page.items.into_iter().map(item).collect();
    Ok(web::Json(MemberScores { month: month.to_string(), items, next_cursor: page.next.map(seal) }))
}

fn opened(end: [u8; END]) -> ApiResult<(i64, UserId)> {
    let (points, person) =
        end.split_first_chunk().ok_or_else(|| ApiError::internal("a cursor without points"))?;
    let person = Uuid::from_slice(person).map_err(ApiError::internal)?;
    Ok((i64::from_le_bytes(*points), UserId(person)))
}
