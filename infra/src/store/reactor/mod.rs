//! Reactors: what follows from events. Each reads the log behind its own cursor and writes what follows into its own tables,
//! together with its cursor in one transaction, so it happens exactly once.
//!
//! A reactor does no I/O beside its reads and that one write. To add one: a file here with `effects`, a variant of
//! [`Reactor`] with its arms here, and, where its tables are made anew from the log, in `rebuild.rs` and `verify.rs`.

pub(super) mod appraisal;
mod call;
mod dispatch;
mod duty;
pub(super) mod figures;
mod flags;
mod fold;
mod history;
mod inbox;
mod lead;
mod rebuild;
mod recent;
mod retry;
mod run;
mod state;
mod verify;

pub use history::Memory;
pub(super) use lead::Leadership;
pub use lead::Share;
pub use rebuild::Rebuild;
pub(super) use recent::Recent;
pub use retry::Retried;
pub use run::Progress;
pub use state::ReactorState;
pub(super) use state::{make_missing, state_of};

use super::Store;
use super::error::StoreError;
use super::log::Cursor;
use domain::id::TicketId;
use domain::ticket::{Event, Ticket};
use domain::time::Timestamp;
use sea_orm::Statement;
use std::sync::Arc;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// Who follows the log, by the name in the table `reactor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Reactor {
    /// What the platform dispatches by itself (practices Z01). The others tell of it, so they come after it.
    Dispatch,
    /// Red flags (practices L09).
    Flags,
    /// Messages to whom it concerns.
    Inbox,
    /// The bell of whoever is on duty.
    Duty,
    /// Figures.
    Figures,
    /// How units answered whistles (practices M04, Z10).
    Appraisals,
}

/// An event of a ticket, with the ticket as it was before it and as it is after it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Happening {
    /// Where it stands in the log.
    pub(in crate::store) cursor: Cursor,
    /// Whose history it belongs to.
    pub(in crate::store) ticket: TicketId,
    /// Which event of that history it is.
    pub(in crate::store) version: i32,
    /// What happened.
    pub(in crate::store) event: Event,
    /// The ticket before; `None` at its submission.
    pub(in crate::store) before: Option<Ticket>,
    /// The ticket after.
    pub(in crate::store) after: Ticket,
}

impl Reactor {
    /// The name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its tables are made anew from the log. What others were told is told, and is not made anew.
    pub fn is_rebuilt(self) -> bool {
        match self {
            Self::Flags | Self::Figures | Self::Appraisals => true,
            Self::Inbox | Self::Duty | Self::Dispatch => false,
        }
    }

    /// What follows from these events, to be written in this order. `generation` is that of the rows of what is rebuilt.
    async fn effects(
        self,
        store: &Store,
        happenings: &[Arc<Happening>],
        generation: i32,
        now: Timestamp,
    ) -> Result<Vec<Statement>, StoreError> {
        match self {
            Self::Flags => flags::effects(store, happenings, generation).await,
            Self::Dispatch => dispatch::effects(store, happenings, now).await,
            Self::Inbox => inbox::effects(store, happenings, now).await,
            Self::Duty => duty::effects(store, happenings, now).await,
            Self::Figures => figures::effects(store, happenings, generation),
            Self::Appraisals => Ok(appraisal::effects(store, happenings, generation)),
        }
    }
}
