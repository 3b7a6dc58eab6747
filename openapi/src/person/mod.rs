//! People on the wire: the roster, grants, and what PIPL asks for.

mod answer;
mod export;
mod profile;
mod request;

pub use answer::{Grant, PeoplePage, RosterEntry, Unmasked};
pub use export::{
    Export, ExportedContact, ExportedIdentity, ExportedMatter, ExportedSession, ExportedStep, ExportedTicket,
};
pub use profile::{EditProfile, FreeSpan, PersonProfile};
pub use request::{CreatePerson, EditPerson, GrantRef, Leave, ListPeople, ReasonGiven, Revoke};
