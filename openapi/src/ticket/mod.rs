//! Tickets on the wire (点单 → 派单 → 接单 → 办单 → 评单).

mod alike;
mod answer;
mod asked;
mod card;
mod delegate;
mod excluded;
mod ladder;
mod ledger;
mod list;
mod names;
mod refer;
mod request;
mod shown;
mod steps;
mod summary;
mod timeline;
mod whistle;

pub use alike::{AlikeTicket, AlikeTickets, AskAlike};
pub use answer::{Lead, Person, Place, Rating, Resolution, Ticket};
pub(crate) use asked::datum;
pub use asked::{ChatMessage, ClaimTicket, Contact, Origin, PlaceRef, Position};
pub use delegate::{Delegates, Observe, PlanText};
pub use excluded::Left;
pub use ladder::{Decide, Rung, Topic};
pub use ledger::{Assess, Assessment, Discuss, Discussion, Promise};
pub use list::ListTickets;
pub use names::TicketNames;
pub use refer::{FirstAsked, Refer, Referral};
pub use request::{
    Accept, ApproveExtension, Arrive, CreateTicket, Dispatch, Empty, Extend, Grade, LeadRef, Merge, Plan,
    Rate, Reason, ReplyText, Resolve, Supplement,
};
pub use shown::Clock;
pub use steps::{Step, TicketSteps};
pub use summary::{TicketPage, TicketSummary};
pub use timeline::{TimelineEntry, TimelinePage, TimelineQuery};
pub use whistle::{Called, Opine, OpinionOf, ReportIn, Whistle};
