//! What others raised already, for whoever is about to file the same.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::Query;
use actix_web::{HttpRequest, get, web};
use domain::place::PlaceRefusal;
use domain::text::{FreeText, MAX_CATEGORY};
use infra::store::AlikeQuery;
use openapi::problem::Fault;
use openapi::ticket::{AlikeTicket, AlikeTickets, AskAlike};
use openapi::words::Spoken;

/// The longest text that is compared, in characters.
const MAX_ASKED: usize = 60;

/// What is like what somebody is about to file.
#[utoipa::path(
    tag = "工单",
    operation_id = "alike_tickets",
    summary = "同样的问题是否已有人反映",
    description = "提单之前：同一社区（村）近 30 天内未办结的、同类别或有相同词语的诉求，近处的在前，至多 10 件，以及一共几件。\
        他人反映的只有编号、类别、状态、地点（至多到社区以下一级）和几天前，没有内容和反映人；保密的、规程不公开的类别不列。\
        `q` 只比对其中与类别、服务事项名称相同的词，因此查不出他人写了什么。",
    params(AskAlike),
    responses((status = 200, description = "相似的诉求", body = AlikeTickets)),
    extensions(("x-permission" = json!("ticket.submit")))
)]
#[get("/tickets/alike")]
pub(crate) async fn alike_tickets(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::TicketSubmit>,
    query: Query<AskAlike>,
) -> ApiResult<web::Json<AlikeTickets>> {
    let AskAlike { place, category, q } = query.0;
    for (word, max, field) in [(&q, MAX_ASKED, "?q"), (&category, MAX_CATEGORY, "?category")] {
        let check = word.as_ref().map_or(Ok(()), |word| FreeText::check(word, max));
        check.map_err(|refusal| fault(refusal, Some(field.into())))?;
    }
    if q.is_none() && category.is_none() {
        let args = vec![("name", "q / category".to_owned())];
        return Err(Fault::of("?category", "request.missing_field", args).into());
    }
    let wrong = |refusal: PlaceRefusal| fault(refusal, Some("?place".into()));
    let code = state.store.place_code(&place).map_err(wrong)?;
    let playbook =
        state.store.playbook(code.county()).map_err(|refusal| fault(refusal, Some("?place".into())))?;
    let place = playbook.household(&code).map_or(code, |(building, _)| building);
    let community = place.community().ok_or_else(|| wrong(PlaceRefusal::TooWide { code: place }))?.len();
    let levels = playbook.code_levels();
    let below = |length: &&usize| **length > community && **length <= place.as_str().len();
    let undisclosed = playbook.categories.iter().filter(|category| category.undisclosed);
    let asked = AlikeQuery {
        undisclosed: undisclosed.map(|category| category.key.clone()).collect(),
        lengths: levels.lengths().iter().filter(below).copied().collect(),
        category,
        words: q.map(|q| playbook.common_words(&q)).unwrap_or_default(),
        place,
    };
    let Session { actor, grants_version, .. } = &*permit;
    let now = state.clock.now();
    let alike = state.store.alike(&asked, actor, *grants_version, now).await?;
    let spoken = Spoken::new(Some(playbook), language(&request));
    let items = alike.tickets.iter().map(|ticket| AlikeTicket::at(ticket, &spoken, now));
    Ok(web::Json(AlikeTickets { items: items.collect(), count: alike.count }))
}
