//! Red flags (红旗, 积旗制; practices L09): who completed a ticket earns one, and loses it when the ticket is opened again.
//!
//! A flag is earned by what somebody was at that moment: their grants as the log had them then, so that whoever counts
//! anew comes to the same.

use crate::actor::{Grant, Scope};
use crate::id::{GrantId, TicketId, UnitId, UserId};
use crate::permission::Role;
use crate::person;
use crate::place::PlaceCode;
use crate::ticket::{Assignee, Event, Fact, Outcome, Ticket};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a playbook says of flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRule {
    /// The roles that earn flags; estate party members and grid workers unless said.
    pub roles: Vec<Role>,
}

impl Default for FlagRule {
    fn default() -> Self {
        Self { roles: vec![Role::PartyMember, Role::GridWorker] }
    }
}

/// A red flag (红旗), held or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// Whose it is.
    pub person: UserId,
    /// The round of the ticket that earned it.
    pub round: u16,
    /// When the ticket was closed.
    pub earned_at: Timestamp,
    /// When it was opened again.
    pub taken_at: Option<Timestamp>,
}

/// A flag as a list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagView {
    /// The ticket that earned it.
    pub ticket: TicketId,
    /// Where that lay.
    pub place: PlaceCode,
    /// The flag.
    pub flag: Flag,
}

/// What an event does to the flags of its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagChange {
    /// Each of these who is eligible earns one.
    Earned {
        /// Who took it: the handler, and persons who assisted.
        by: Vec<UserId>,
        /// In which round.
        round: u16,
        /// When.
        at: Timestamp,
    },
    /// All that are held are taken back.
    TakenBack {
        /// When.
        at: Timestamp,
    },
    /// Those of a roster entry are those of whom it turned out to be.
    Moved {
        /// The roster entry.
        from: UserId,
        /// Whom it turned out to be.
        to: UserId,
    },
    /// They lie where their ticket lies now.
    Recoded {
        /// Where.
        place: PlaceCode,
    },
}

impl FlagChange {
    /// What `event` does, `after` which the ticket is this; `None` when it does nothing to flags.
    pub fn of(event: &Event, after: &Ticket) -> Option<Self> {
        let at = event.occurred_at;
        if let Fact::Closed = event.fact {
            let completed = matches!(after.resolution()?.outcome, Outcome::Solved | Outcome::Explained);
            let by = takers(after);
            return (completed && !by.is_empty()).then_some(Self::Earned { by, round: after.round, at });
        }
        if let Fact::Reopened { .. } = event.fact {
            return Some(Self::TakenBack { at });
        }
        if let Fact::Identified { from, to } = event.fact {
            return Some(Self::Moved { from, to });
        }
        if let Fact::Recoded { place } = event.fact {
            return Some(Self::Recoded { place: place.code });
        }
        None
    }

    /// The flags of a ticket after the change. `eligible` is asked of those who took it.
    pub fn apply(&self, flags: &mut Vec<Flag>, eligible: impl Fn(UserId) -> bool) {
        match self {
            Self::Earned { by, round, at } => {
                let earned = |person| Flag { person, round: *round, earned_at: *at, taken_at: None };
                flags.extend(by.iter().copied().filter(|who| eligible(*who)).map(earned));
            }
            Self::TakenBack { at } => {
                let held = flags.iter_mut().filter(|flag| flag.taken_at.is_none());
                held.for_each(|flag| flag.taken_at = Some(*at));
            }
            Self::Moved { from, to } => {
                // Who assisted as both has one.
                let has = |flags: &[Flag], round| {
                    flags.iter().any(|flag| flag.person == *to && flag.round == round)
                };
                let before = flags.clone();
                flags.retain(|flag| flag.person != *from || !has(&before, flag.round));
                for flag in flags.iter_mut().filter(|flag| flag.person == *from) {
                    flag.person = *to;
                }
            }
            // A flag lies where its ticket lies.
            Self::Recoded { .. } => {}
        }
    }
}

/// The handler, and the persons who assist, each once.
fn takers(ticket: &Ticket) -> Vec<UserId> {
    let assist = ticket.assist.iter().filter_map(|assignee| match assignee {
        Assignee::Person(person) => Some(*person),
        Assignee::Unit(_) => None,
    });
    let mut takers: Vec<_> = ticket.handler().into_iter().chain(assist).collect();
    let mut seen = Vec::with_capacity(takers.len());
    takers.retain(|taker| {
        !seen.contains(taker) && {
            seen.push(*taker);
            true
        }
    });
    takers
}

/// What somebody was granted as of some moment, made from the events of their history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing(Vec<(GrantId, Grant)>);

impl Standing {
    /// What an event of theirs makes of it. `roster` is how a roster entry stood then, where they turned out to be it.
    pub fn apply(&mut self, fact: &person::Fact, roster: impl Fn(UserId) -> Self) {
        if let person::Fact::Granted { grant, role, scope } = fact {
            self.0.push((*grant, Grant { role: *role, scope: scope.clone() }));
        } else if let person::Fact::Revoked { grant, .. } = fact {
            self.0.retain(|(held, _)| held != grant);
        } else if let person::Fact::Joined { roster: entry } = fact {
            // What they hold already they do not hold twice.
            for (id, grant) in roster(*entry).0 {
                if self.0.iter().all(|(_, own)| *own != grant) {
                    self.0.push((id, grant));
                }
            }
        }
    }

    /// Whether it earns flags for a ticket at `place` that `unit` leads: by a role of the rule that covers either.
    pub fn earns(&self, rule: &FlagRule, place: &PlaceCode, unit: Option<UnitId>) -> bool {
        self.0.iter().filter(|(_, grant)| rule.roles.contains(&grant.role)).any(|(_, grant)| {
            match &grant.scope {
                Scope::Places(places) => places.iter().any(|area| area.covers(place)),
                Scope::Unit(own) => unit == Some(*own),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Levels;
    use chrono::DateTime;
    use rstest::rstest;
    use uuid::Uuid;

    const UNIT: UnitId = UnitId(Uuid::from_u128(90));

    fn who(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn at(minute: i64) -> Timestamp {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn granted(n: u128, role: Role, scope: Scope) -> person::Fact {
        person::Fact::Granted { grant: GrantId(Uuid::from_u128(n)), role, scope }
    }

    fn there(code: &str) -> Scope {
        Scope::Places(vec![place(code)])
    }

    /// Whose flags there are, of which round, and whether they are held.
    fn after(changes: &[FlagChange], eligible: &[u128]) -> Vec<(UserId, u16, bool)> {
        let mut flags = Vec::new();
        for change in changes {
            change.apply(&mut flags, |person| eligible.iter().any(|n| who(*n) == person));
        }
        flags.iter().map(|flag| (flag.person, flag.round, flag.taken_at.is_none())).collect()
    }

    #[test]
    fn each_eligible_person_earns_one_and_reopening_takes_all() {
        let earned = |round| FlagChange::Earned { by: vec![who(1), who(2), who(3)], round, at: at(1) };
        let back = FlagChange::TakenBack { at: at(2) };
        assert_eq!(after(&[earned(1)], &[1, 3]), [(who(1), 1, true), (who(3), 1, true)]);
        assert_eq!(after(&[earned(1), back.clone()], &[1]), [(who(1), 1, false)]);
        assert_eq!(after(&[earned(1), back, earned(2)], &[1]), [(who(1), 1, false), (who(1), 2, true)]);
        assert_eq!(after(&[earned(1)], &[]), []);
    }

    #[test]
    fn whoever_worked_as_two_has_one() {
        let earned = FlagChange::Earned { by: vec![who(1), who(2)], round: 1, at: at(1) };
        let moved = FlagChange::Moved { from: who(1), to: who(2) };
        assert_eq!(after(&[earned.clone(), moved.clone()], &[1]), [(who(2), 1, true)]);
        assert_eq!(after(&[earned.clone(), moved.clone()], &[1, 2]), [(who(2), 1, true)]);
        assert_eq!(after(&[earned, moved], &[2]), [(who(2), 1, true)]);
    }

    #[rstest]
    #[case::worker_there(Role::GridWorker, there("532504001007"), true)]
    #[case::worker_of_the_street(Role::GridWorker, there("532504001"), true)]
    #[case::worker_next_door(Role::GridWorker, there("532504001008"), false)]
    #[case::member(Role::PartyMember, there("532504001007"), true)]
    #[case::volunteer(Role::Volunteer, there("532504001007"), false)]
    #[case::of_the_unit(Role::PartyMember, Scope::Unit(UNIT), true)]
    #[case::of_another_unit(Role::PartyMember, Scope::Unit(UnitId(Uuid::nil())), false)]
    fn who_earns_flags(#[case] role: Role, #[case] scope: Scope, #[case] earns: bool) {
        let nobody = |_| Standing::default();
        let (rule, here) = (FlagRule::default(), place("532504001007003"));
        let mut standing = Standing::default();
        standing.apply(&granted(1, role, scope.clone()), nobody);
        assert_eq!(standing.earns(&rule, &here, Some(UNIT)), earns);
        let joined = person::Fact::Joined { roster: who(9) };
        let mut user = Standing::default();
        user.apply(&joined, |_| standing.clone());
        assert_eq!(user.earns(&rule, &here, Some(UNIT)), earns, "an entry's grants are the user's");
        let revoked = person::Fact::Revoked { grant: GrantId(Uuid::from_u128(1)), role, scope };
        user.apply(&revoked, nobody);
        assert!(!user.earns(&rule, &here, Some(UNIT)));
    }

    #[test]
    fn what_two_entries_held_is_taken_once() {
        let nobody = |_| Standing::default();
        let mut entry = Standing::default();
        entry.apply(&granted(2, Role::GridWorker, there("532504001007")), nobody);
        let mut user = Standing::default();
        user.apply(&granted(1, Role::GridWorker, there("532504001007")), nobody);
        user.apply(&person::Fact::Joined { roster: who(9) }, |_| entry.clone());
        let grant = GrantId(Uuid::from_u128(1));
        let scope = there("532504001007");
        user.apply(&person::Fact::Revoked { grant, role: Role::GridWorker, scope }, nobody);
        assert!(!user.earns(&FlagRule::default(), &place("532504001007"), None));
    }
}
