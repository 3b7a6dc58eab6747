//! What changes about a person. Pure: whom it concerns and all that a rule needs are arguments.

use super::event::Fact;
use super::grant::{Held, PlacedGrant, by_county, can_succeed, may_grant, may_revoke};
use super::profile::Profile;
use super::refusal::{GrantRefusal, PersonRefusal};
use super::sight::Whereabouts;
use crate::actor::{Actor, Scope};
use crate::id::{GrantId, UnitId, UserId};
use crate::permission::{Action, reaches};
use crate::phone::Phone;
use crate::place::{Levels, PlaceCode};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// What stands in the place of the name of somebody who was erased.
pub const ERASED_NAME: &str = "已注销";

/// A person with all that is held on them in the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identity.
    pub id: UserId,
    /// In plain.
    pub name: String,
    /// In plain.
    pub phone: Option<Phone>,
    /// What they can do, want to do, and when they are free.
    pub profile: Option<Profile>,
    /// What they were granted, and where else they have been seen.
    pub place: Whereabouts,
    /// How many events they have: what `ETag` carries.
    pub version: i32,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// Since when nothing personal is left.
    pub erased_at: Option<Timestamp>,
}

/// Who is to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Who.
    pub id: UserId,
    /// What they may, with the counties of their units; `None` when there is nobody of that id.
    pub known: Option<(Actor, Vec<(UnitId, PlaceCode)>)>,
}

/// What is to be done with a person who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// 改档: replaces name and phone number.
    Edit {
        /// In plain.
        name: String,
        /// In plain; without one they have none from then on.
        phone: Option<Phone>,
    },
    /// 完善档案: replaces the profile.
    Profile {
        /// The new one.
        profile: Profile,
    },
    /// 完善档案, by themselves.
    ProfileOwn {
        /// The new one.
        profile: Profile,
    },
    /// 授权.
    Grant {
        /// Identity of the grant, drawn by the caller.
        id: GrantId,
        /// What.
        new: PlacedGrant,
    },
    /// 撤权.
    Revoke {
        /// Which one.
        grant: GrantId,
    },
    /// 离岗: all grants within the actor's scope end, and open tickets are handed over.
    Leave {
        /// To whom.
        successor: Option<Successor>,
        /// Why.
        reason: Text,
    },
    /// 查看明文.
    Unmask {
        /// Why.
        reason: Text,
    },
    /// 注销, on their request.
    Erase {
        /// Why.
        reason: Text,
    },
    /// 注销, by themselves.
    EraseOwn,
}

/// Something that happened to a person, and where it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The county or a place in it; `None` for what belongs to no place.
    pub at: Option<PlaceCode>,
    /// What.
    pub fact: Fact,
}

/// What a command leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The person from then on.
    pub after: Person,
    /// One and more.
    pub events: Vec<Happened>,
    /// Grants that are new.
    pub given: Vec<Held>,
    /// Grants that end.
    pub taken: Vec<Held>,
    /// Whether their open tickets go to somebody else; and to whom, where that is said.
    pub handover: Option<Option<UserId>>,
}

impl Command {
    /// The permission that it needs.
    pub fn action(&self) -> Action {
        match self {
            Self::Edit { .. } | Self::Profile { .. } => Action::PersonEdit,
            Self::ProfileOwn { .. } => Action::MeProfile,
            Self::Grant { .. } | Self::Revoke { .. } | Self::Leave { .. } => Action::PersonGrant,
            Self::Unmask { .. } => Action::PersonUnmask,
            Self::Erase { .. } => Action::PersonErase,
            Self::EraseOwn => Action::MeErase,
        }
    }

    /// Whether it is for themselves alone.
    fn is_own(&self) -> bool {
        matches!(self, Self::ProfileOwn { .. } | Self::EraseOwn)
    }

    /// What was written with it.
    pub fn text(&self) -> Option<&Text> {
        match self {
            Self::Leave { reason, .. } | Self::Unmask { reason } | Self::Erase { reason } => Some(reason),
            Self::Edit { .. }
            | Self::Profile { .. }
            | Self::ProfileOwn { .. }
            | Self::Grant { .. }
            | Self::Revoke { .. }
            | Self::EraseOwn => None,
        }
    }
}

/// What a command leads to. `levels` are those of a county.
///
/// # Errors
/// [`PersonRefusal::NotFound`] out of sight, and what the rules of the command say.
pub fn decide(
    person: &Person,
    command: &Command,
    actor: &Actor,
    levels: impl Fn(&str) -> Levels,
    now: Timestamp,
) -> Result<Change, Refusal> {
    let own = command.is_own() && person.id == actor.user;
    let reached = actor.reaches_person(command.action(), &person.place);
    if !own && reached.is_empty() {
        let seen = !actor.reaches_person(Action::PersonView, &person.place).is_empty();
        return Err(if seen { PersonRefusal::BeyondScope } else { PersonRefusal::NotFound }.into());
    }
    if person.erased_at.is_some() {
        return Err(PersonRefusal::Erased.into());
    }
    let mut change =
        Change { after: person.clone(), events: vec![], given: vec![], taken: vec![], handover: None };
    let mut happens = |places: &[PlaceCode], fact: &dyn Fn(Vec<PlaceCode>) -> Fact| {
        let counties = by_county(places, &levels);
        change
            .events
            .extend(counties.into_iter().map(|(at, own)| Happened { at: Some(at), fact: fact(own) }));
    };
    match command {
        Command::Edit { name, phone } => {
            // Whoever proves to have the number is taken for this person, with all that they were granted.
            let theirs = |held: &Held| may_revoke(actor, &held.placed).is_ok();
            if person.phone != *phone && !person.place.grants.iter().all(theirs) {
                return Err(PersonRefusal::PhoneBeyondScope.into());
            }
            let fact = Fact::Edited { name: person.name != *name, phone: person.phone != *phone };
            happens(&reached, &|_| fact.clone());
            change.after.name.clone_from(name);
            change.after.phone = *phone;
        }
        Command::Profile { profile } => {
            happens(&reached, &|_| Fact::Profiled);
            change.after.profile = profile.clone().or_none();
        }
        Command::ProfileOwn { profile } => {
            let posts = person.place.grants.iter().flat_map(|held| held.placed.places());
            let posts: Vec<_> = posts.copied().collect();
            happens(&posts, &|_| Fact::Profiled);
            if change.events.is_empty() {
                change.events.push(Happened { at: person.place.traced, fact: Fact::Profiled });
            }
            change.after.profile = profile.clone().or_none();
        }
        Command::Grant { id, new } => {
            may_grant(actor, new)?;
            if person.place.grants.iter().any(|held| held.placed.grant == new.grant) {
                return Err(GrantRefusal::AlreadyHeld.into());
            }
            let held = Held { id: *id, placed: new.clone() };
            happens(held.placed.places(), &|places| held.granted(places));
            change.given.push(held);
        }
        Command::Revoke { grant } => {
            let held = person.place.grants.iter().find(|held| held.id == *grant);
            let held = held.ok_or(GrantRefusal::Unknown)?;
            may_revoke(actor, &held.placed)?;
            happens(held.placed.places(), &|places| held.revoked(places));
            change.taken.push(held.clone());
            // What they can no longer handle goes on; that is looked at a ticket at a time.
            if !reaches(held.placed.grant.role, Action::TicketAccept).is_empty() {
                change.handover = Some(None);
            }
        }
        Command::Leave { successor, reason } => {
            let theirs = |held: &&Held| may_revoke(actor, &held.placed).is_ok();
            change.taken = person.place.grants.iter().filter(theirs).cloned().collect();
            if change.taken.is_empty() {
                return Err(PersonRefusal::NotInPost.into());
            }
            if let Some(Successor { id: _, known }) = successor {
                let ended: Vec<_> = change.taken.iter().map(|held| held.placed.clone()).collect();
                let can = known
                    .as_ref()
                    .is_some_and(|(successor, units)| can_succeed(successor, units, person.id, &ended));
                if !can {
                    return Err(PersonRefusal::SuccessorCannotHandle.into());
                }
            }
            for held in &change.taken {
                happens(held.placed.places(), &|places| held.revoked(places));
            }
            let all: Vec<_> = change.taken.iter().flat_map(|held| held.placed.places()).copied().collect();
            let successor = successor.as_ref().map(|successor| successor.id);
            happens(&all, &|_| Fact::Left { successor, reason: reason.reference });
            change.handover = Some(successor);
        }
        Command::Unmask { reason } => {
            happens(&reached, &|_| Fact::Unmasked { reason: reason.reference });
        }
        Command::Erase { reason } => {
            for held in &person.place.grants {
                may_revoke(actor, &held.placed)?;
                happens(held.placed.places(), &|places| held.revoked(places));
            }
            happens(&reached, &|_| Fact::Erased { reason: Some(reason.reference) });
            change.erase(now);
        }
        Command::EraseOwn => {
            if person.place.is_staff() {
                return Err(PersonRefusal::StillInPost.into());
            }
            let at = person.place.traced;
            change.events.push(Happened { at, fact: Fact::Erased { reason: None } });
            change.erase(now);
        }
    }
    let after = &mut change.after;
    after.place.grants.retain(|held| !change.taken.contains(held));
    after.place.grants.extend(change.given.iter().cloned());
    after.version += i32::try_from(change.events.len()).expect("a change has few events");
    Ok(change)
}

/// Whether the actor may enter somebody with these grants, and what that leads to. Without grants they belong where the
/// actor administers.
///
/// # Errors
/// [`GrantRefusal`], [`PersonRefusal::BeyondScope`] for who administers no place.
pub fn register(
    person: &Person,
    actor: &Actor,
    levels: impl Fn(&str) -> Levels,
) -> Result<Vec<Happened>, Refusal> {
    actor.has(Action::PersonEdit)?;
    for (i, held) in person.place.grants.iter().enumerate() {
        may_grant(actor, &held.placed)?;
        if person.place.grants[..i].iter().any(|other| other.placed.grant == held.placed.grant) {
            return Err(GrantRefusal::AlreadyHeld.into());
        }
    }
    let granted: Vec<_> = person.place.grants.iter().flat_map(|held| held.placed.places()).copied().collect();
    let places =
        if granted.is_empty() { actor.area_of(Action::PersonEdit).take(1).collect() } else { granted };
    if places.is_empty() {
        return Err(PersonRefusal::BeyondScope.into());
    }
    let mut events: Vec<_> = by_county(&places, &levels)
        .into_iter()
        .map(|(at, _)| Happened { at: Some(at), fact: Fact::Registered })
        .collect();
    for held in &person.place.grants {
        let counties = by_county(held.placed.places(), &levels);
        events
            .extend(counties.into_iter().map(|(at, own)| Happened { at: Some(at), fact: held.granted(own) }));
    }
    Ok(events)
}

impl Change {
    /// Nothing personal is left, and no way to sign in.
    fn erase(&mut self, now: Timestamp) {
        ERASED_NAME.clone_into(&mut self.after.name);
        self.after.phone = None;
        self.after.profile = None;
        self.after.erased_at = Some(now);
        self.taken.clone_from(&self.after.place.grants);
        self.handover = Some(None);
    }

    /// Whether the person was erased by it.
    pub fn erases(&self) -> bool {
        self.after.erased_at.is_some()
    }
}

impl Held {
    /// That it was granted, as far as these of its places go.
    pub fn granted(&self, places: Vec<PlaceCode>) -> Fact {
        Fact::Granted { grant: self.id, role: self.placed.grant.role, scope: self.part(places) }
    }

    /// That it was taken back.
    pub fn revoked(&self, places: Vec<PlaceCode>) -> Fact {
        Fact::Revoked { grant: self.id, role: self.placed.grant.role, scope: self.part(places) }
    }

    /// The scope as one county sees it.
    fn part(&self, places: Vec<PlaceCode>) -> Scope {
        match &self.placed.grant.scope {
            Scope::Places(_) => Scope::Places(places),
            Scope::Unit(unit) => Scope::Unit(*unit),
        }
    }
}
