//! The tables as sea-orm sees them. What is written through the journal or read in one fixed query has no entity.

#![expect(unreachable_pub, reason = "sea-orm's derives demand `pub`")]

pub(super) mod app_user;
pub(super) mod calendar_year;
pub(super) mod identity;
pub(super) mod place;
pub(super) mod place_code;
pub(super) mod playbook;
pub(super) mod secret_key;
