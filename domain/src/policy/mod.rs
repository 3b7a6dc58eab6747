//! The policy (时限规则) of a playbook: its clocks, windows and who may claim, as data. What a clock does with its rule is
//! `ticket/clock.rs` and `ticket/decide/clocks.rs`.
//!
//! To add something that a rule may say: a field of [`ClockRule`] with a default, its fault in [`Policy::faults`], and, where
//! clocks that run must remember it, a field of `Clock`.

mod faults;
mod rule;
#[cfg(test)]
mod tests;

pub use rule::{Act, ClockRule, Sorting, Start, TimeKind};

use crate::calendar::Calendar;
use crate::permission::{Role, Roles};
use crate::place::PlaceCode;
use crate::playbook::Level;
use crate::ticket::{Affair, ClockKind};
use serde::{Deserialize, Serialize};

/// How long things may take in a county, and who may take what (时限规则).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The version of the whole playbook: the store gives each change the next number, at least that of its seed. Tickets and
    /// clocks keep the one that they began under. 1 to 1,000,000,000.
    pub version: u32,
    /// What becomes of a clock that is still running when the ticket is resolved, and that resolving does not stop.
    pub arrive_unmet_at_resolve: Unmet,
    /// How long a requester may rate; then the ticket closes by itself. Seconds, 7 days unless said.
    #[serde(default = "seven_days")]
    pub rating_window_seconds: u32,
    /// How long a closed ticket may be reopened. Seconds, 10 days unless said.
    #[serde(default = "ten_days")]
    pub reopen_window_seconds: u32,
    /// The least time between two urgings. Seconds, 10 minutes unless said.
    #[serde(default = "ten_minutes")]
    pub urge_every_seconds: u32,
    /// How far back work done out of reach of the network may be dated. Seconds, 12 hours unless said; 0 for not at all.
    #[serde(default = "twelve_hours")]
    pub offline_seconds: u32,
    /// Who may claim what (practices L04, L07, Q09).
    #[serde(default)]
    pub claims: Vec<ClaimRule>,
    /// The affairs that a unit takes only once they were talked over (共商对策, practices L07); none unless said.
    #[serde(default)]
    pub discuss_first: Vec<Affair>,
    /// Which affairs may be referred to self-help, mutual help or the market (practices M02); private ones unless said.
    #[serde(default = "private")]
    pub refer: Vec<Affair>,
    /// What lies on a higher desk than that of its community from the start (practices M09).
    #[serde(default)]
    pub desks: Vec<DeskRule>,
    /// What working time is, for clocks that count it. Its days are not part of the playbook: the store puts them in.
    #[serde(default)]
    pub calendar: Calendar,
    /// For each kind the first that fits holds.
    pub clocks: Vec<ClockRule>,
}

fn seven_days() -> u32 {
    7 * 86_400
}

fn ten_days() -> u32 {
    10 * 86_400
}

fn ten_minutes() -> u32 {
    600
}

fn private() -> Vec<Affair> {
    vec![Affair::Private]
}

fn twelve_hours() -> u32 {
    12 * 3_600
}

/// Which roles may claim tickets of an affair, of a category, or of both, before anybody dispatched them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Of which affair; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// Of which category; all when left out. One of the two must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who; each a role that can claim at all.
    pub roles: Vec<Role>,
}

/// On whose desk tickets of a category lie from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRule {
    /// Of which category; each at most once.
    pub category: String,
    /// At which level.
    pub level: Level,
}

/// What becomes of a clock that nothing met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// It no longer matters: the problem was solved without it.
    Cancel,
    /// The promise was broken.
    Breach,
}

impl Policy {
    /// The rule for a clock of what is sorted so; none where there is no limit.
    pub fn rule(&self, kind: ClockKind, sorting: &Sorting<'_>) -> Option<&ClockRule> {
        self.clocks.iter().find(|rule| rule.kind == kind && rule.fits(sorting)).filter(|rule| !rule.off)
    }

    /// Who may claim a ticket that is sorted so; nobody while it has not been sorted.
    pub fn claim(&self, sorting: &Sorting<'_>) -> Roles {
        let rules = self.claims.iter().filter(|rule| {
            (rule.affair.is_none() || rule.affair == sorting.affair)
                && (rule.category.is_none() || rule.category.as_deref() == sorting.category)
        });
        rules.flat_map(|rule| rule.roles.iter().copied()).collect()
    }

    /// The desk on which tickets of a category lie from the start, where that is not the community's.
    pub fn desk(&self, category: Option<&str>, place: &PlaceCode) -> Option<PlaceCode> {
        let rule = self.desks.iter().find(|rule| Some(rule.category.as_str()) == category)?;
        rule.level.of(place)
    }
}
