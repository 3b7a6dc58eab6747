//! Tickets on the wire (点单 → 派单 → 接单 → 办单 → 评单).

mod answer;
mod request;
mod timeline;

pub use answer::{Clock, Lead, Person, Place, Rating, Resolution, Ticket, TicketPage, TicketSummary};
pub use request::{
    Arrive, CreateTicket, Dispatch, Empty, LeadRef, ListTickets, PlaceRef, Position, Rate, Resolve,
};
pub use timeline::{TimelineEntry, TimelinePage, TimelineQuery};
