//! Tickets on the wire (点单 → 派单 → 接单 → 办单 → 评单).

mod answer;
mod request;
mod summary;
mod timeline;

pub use answer::{Clock, Lead, Person, Place, Rating, Resolution, Ticket};
pub(crate) use request::datum;
pub use request::{
    Accept, ApproveExtension, Arrive, Contact, CreateTicket, Dispatch, Empty, Extend, Grade, LeadRef,
    ListTickets, Merge, Origin, PlaceRef, Plan, Position, Rate, Reason, ReplyText, Resolve, Supplement,
};
pub use summary::{TicketPage, TicketSummary};
pub use timeline::{TimelineEntry, TimelinePage, TimelineQuery};
