//! A person (人员): who they are, what they were granted and by whom, and what is left of them once erased. To add a rule:
//! a row in the tests beside it, its refusal in `refusal.rs`.

mod change;
mod event;
mod grant;
mod profile;
mod refusal;
mod search;
mod sight;
#[cfg(test)]
mod tests;
mod view;

pub use change::{Change, Command, ERASED_NAME, Happened, Person, Successor, decide, register};
pub use event::{EVENT_VERSION, Fact, Headline};
pub use grant::{
    Held, MAX_PLACES, PlacedGrant, by_county, can_succeed, may_grant, may_revoke, reduced, scope_of,
};
pub(crate) use profile::words;
pub use profile::{
    FreeSpan, GivenSpan, MAX_FREE, MAX_WORD, MAX_WORDS, Profile, ProfileFault, ProfileRefusal,
};
pub use refusal::{GrantRefusal, PersonRefusal};
pub use search::{Asked, as_asked};
pub use sight::Whereabouts;
pub use view::{AuditEntry, Export, ExportedMatter, ExportedSession, ExportedStep, ExportedTicket};
