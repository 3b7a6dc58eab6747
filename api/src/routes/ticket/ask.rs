//! 按图索骥: whom a submission asks directly (practices F04).

use crate::app::State;
use crate::auth::Session;
use crate::error::{ApiError, ApiResult, fault};
use domain::place::PlaceCode;
use domain::post::{ClaimStatus, PostClaim, PostRefusal};
use domain::ticket::{Assignee, Assignment};
use uuid::Uuid;

/// Who holds a post by this claim, in the community of the ticket, with what is known of them.
pub(super) async fn asked(
    state: &State,
    session: &Session,
    claim: Option<Uuid>,
    at: &PlaceCode,
) -> ApiResult<Option<Assignment>> {
    let Some(claim) = claim else { return Ok(None) };
    let Session { actor, grants_version, .. } = session;
    let found = state.store.matter::<PostClaim>(claim, actor, *grants_version).await?;
    let held = found.filter(|view| view.matter.status == ClaimStatus::Open);
    let held = held.ok_or_else(|| fault(PostRefusal::AskOver, None))?;
    if !held.place.code.covers(at) {
        return Err(fault(PostRefusal::AskElsewhere, None).into());
    }
    let mut known = state.store.assignments(&[Assignee::Person(held.matter.member)]).await?;
    known.pop().map(Some).ok_or_else(|| ApiError::internal("no assignment"))
}
