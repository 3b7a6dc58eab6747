//! Who runs an errand.

use super::{Errand, ErrandFact, ErrandRefusal, ErrandStatus};
use crate::actor::Actor;
use crate::matter::{Change, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

impl Errand {
    /// 接办: whoever is first; never one's own. What somebody else runs whoever dispatches there takes over for a reason (接替):
    /// those who took it may have left.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn take(
        &self,
        reason: Option<&Text>,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        if !actor.does_at(Action::ErrandTake, at) || actor.user == self.requester {
            return Err(MatterRefusal::BeyondScope.into());
        }
        let mut after = self.clone();
        (after.status, after.taker, after.taken_at) = (ErrandStatus::Taken, Some(actor.user), Some(now));
        match (self.status, self.taker, reason) {
            (ErrandStatus::Asked, ..) => {
                Ok(self.told(Change::new(after, ErrandFact::ErrandTaken), Notice::MatterDecided))
            }
            (ErrandStatus::Taken, Some(from), Some(reason))
                if from != actor.user && actor.does_at(Action::TicketDispatch, at) =>
            {
                let fact = ErrandFact::ErrandTakenOver { from, reason: reason.reference };
                let change = Change::new(after, fact).with([reason.clone()]);
                Ok(self
                    .told(change, Notice::MatterDecided)
                    .telling(Recipient::Person(from), Notice::MatterDecided))
            }
            (ErrandStatus::Taken, ..) => Err(ErrandRefusal::Taken.into()),
            (ErrandStatus::Done | ErrandStatus::Closed | ErrandStatus::Cancelled, ..) => {
                Err(self.over().into())
            }
        }
    }
}
