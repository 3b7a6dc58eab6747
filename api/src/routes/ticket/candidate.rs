//! 精准派单: whom a ticket fits, for whoever dispatches it (practices L05).

use super::seen_ticket;
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::TicketPath;
use actix_web::{HttpRequest, get, web};
use domain::permission::Action;
use domain::refusal::Refusal;
use infra::store::{Recommended, Wanted};
use openapi::matching::{Candidates, TicketCandidate};

/// Whom a ticket fits.
#[utoipa::path(
    tag = "工单",
    operation_id = "ticket_candidates",
    summary = "推荐承办人",
    description = "本社区到本网格的志愿者、党员、网格员中谁适合承办：按技能、岗位、服务意愿、值班、空闲时段和手头工单排序，至多二十人，\
        每人附理由；请假的不在其列。什么类别要什么技能由规程规定。",
    responses((status = 200, description = "推荐的人", body = Candidates)),
    extensions(("x-permission" = json!("ticket.dispatch")))
)]
#[get("/tickets/{id}/candidates")]
pub(crate) async fn ticket_candidates(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::TicketDispatch>,
    path: TicketPath,
) -> ApiResult<web::Json<Candidates>> {
    let Session { actor, grants_version, .. } = &*permit;
    let view = seen_ticket(&state, &permit, path).await?;
    let ticket = &view.ticket;
    actor.may(Action::TicketDispatch, &ticket.parties()).map_err(Refusal::from)?;
    let (lang, place) = (language(&http), ticket.place.code);
    let playbook = state.store.playbook(place.county())?;
    let needed = playbook.skills_for(ticket.category.as_deref());
    let but: Vec<_> = std::iter::once(ticket.requester).chain(ticket.joined.iter().copied()).collect();
    let wanted = Wanted { place, needed, but: &but };
    let found = state.store.recommended(&wanted, actor, *grants_version, state.clock.now()).await?;
    let item = |one: Recommended| {
        let Recommended { fit, name, roles } = one;
        TicketCandidate::new(fit.person.0, name, &roles, &fit.reasons, lang)
    };
    Ok(web::Json(Candidates { skills: needed.to_vec(), items: found.into_iter().map(item).collect() }))
}
