//! Tickets in the store: one read, one list, one history, one guarded write.

mod after;
mod alike;
mod change;
pub(super) mod contact;
mod filter;
mod lens;
mod list;
mod read;
mod refer;
mod source;
mod steps;
mod sweep;
mod timeline;
mod write;

pub use alike::{Alike, AlikeQuery};
pub use change::Carried;
pub(super) use change::Housekeeping;
pub(super) use lens::area;
pub use list::{End, Lens, TicketQuery};
pub(super) use read::BY_ID;
pub use sweep::{SWEPT_AT_ONCE, Swept};
pub(super) use write::{CURRENT, EXCERPT, FIXED, Participants};
